"""Operations that users declare: docs/custom_ops.md as it stands, and declaring a name again."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import codegen, tensor
from autograd.declare import case, elementwise, primitive
from autograd.primitive import REGISTRY
from tests.support import checks
from tests.support.samples import samples_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "custom_ops.md"


@pytest.fixture(autouse=True)
def registry():
    """The registry as it was before, for the tests that walk it."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def test_the_page_is_right():
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert done.attempted > 20
    assert not done.failed


def test_a_declaration_takes_the_place_of_a_former_one():
    first = elementwise(np.sin, d=lambda x: np.cos(x), name="again")
    x = tensor([0.5, 1.0], requires_grad=True)
    y, unused = first(x).sum(), first(x).sum()
    second = elementwise(lambda x: x * x * x, d=lambda x: 3 * x * x, name="again", replaces=True)
    third = primitive(lambda x, k=2: x * k, ["x"], vjp={"x": lambda g, k: g * k}, name="again",
                      replaces=True, cases=[case((2,))])  # fmt: skip
    assert REGISTRY["again"] is third.primitive
    (g,) = autograd.gradients(second(x).sum() + third(x, 5).sum(), x)
    np.testing.assert_allclose(g.numpy(), 3 * x.detach().numpy() ** 2 + 5, 1e-15)
    for old in (y, unused):  # recorded before, also where no rule had run yet
        (g,) = autograd.gradients(old, x)
        np.testing.assert_allclose(g.numpy(), np.cos(x.detach().numpy()), 1e-15)
    (g,) = autograd.gradients(first(x).sum(), x)
    np.testing.assert_allclose(g.numpy(), np.cos(x.detach().numpy()), 1e-15)
    assert "def again(x, k=" in codegen.source("again")


def test_what_is_declared_works_everywhere():
    """In both modes, on every kind of argument, in containers, and in the checks of the registry."""
    cube = elementwise(lambda x: x * x * x, d=lambda x: 3 * x * x, name="cube", analytic=True,
                       reference=lambda x: x**3)  # fmt: skip
    for sample in samples_of(cube.primitive):
        checks.check_all(sample)
    assert cube(2.0) == 8.0
    assert isinstance(cube(np.ones(2)), np.ndarray)
    assert cube(tensor(np.ones(2, np.float32))).dtype == np.float32
    x = np.array([1.0, 2.0])
    _, tangent = autograd.jvp(cube, (x,), (np.ones(2),))
    np.testing.assert_array_equal(tangent, 3 * x**2)
    np.testing.assert_array_equal(autograd.hessian(lambda x: cube(x).sum())(x), np.diag(6 * x))
    with autograd.no_grad():
        assert not cube(tensor(x, requires_grad=True)).requires_grad
    assert "cube" in autograd.graph.to_dot(cube(tensor(x, requires_grad=True)))
