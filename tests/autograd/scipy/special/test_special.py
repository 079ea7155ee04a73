"""scipy.special: every public function in one class; public calls, refusals, keywords, vmap."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

sc = pytest.importorskip("scipy.special")

import autograd
from autograd import grad, tensor, vmap
from autograd.errors import NotDifferentiable, OperandError
from autograd.scipy import special
from autograd.scipy.special import _coverage
from autograd.scipy.special._declare import FUNCTIONS
from tests.support.bundles import bundled
from tests.support.samples import DIFFERENTIABLE, Sample

TABLES = {
    "differentiable": set(FUNCTIONS),
    "constant": set(_coverage.CONSTANT.split()),
    "of whole numbers": set(_coverage.COUNTS.split()),
    "refused": set(_coverage.REFUSED.split()),
    "no function": set(_coverage.OTHERS.split()),
}


@bundled("name", sc.__all__)
def test_in_exactly_one_class(name):
    assert sum(name in table for table in TABLES.values()) == 1, f"scipy.special.{name}: see _coverage.py"
    getattr(special, name)


@pytest.mark.parametrize("name", sorted(TABLES["refused"] & set(sc.__all__)))
def test_what_has_no_derivative_says_so(name):
    x = tensor([0.5], requires_grad=True)
    count = getattr(getattr(sc, name), "nin", 3)
    with pytest.raises(NotDifferentiable, match=f"scipy.special.{name} "):
        getattr(special, name)(*[x] * count)


REFUSING = [
    ("jv", 0, (1.0, 0.5)), ("kn", 0, (1, 0.5)), ("hyp2f1", 2, (1.0, 1.0, 2.0, 0.5)),
    ("polygamma", 0, (1, 0.5)), ("eval_legendre", 0, (2, 0.5)), ("chndtr", 1, (0.5, 2.0, 1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "place", "args"), REFUSING)
def test_an_argument_without_a_derivative_is_named(name, place, args):
    given = [tensor([float(a)], requires_grad=True) if i == place else a for i, a in enumerate(args)]
    with pytest.raises(
        NotDifferentiable, match=rf"scipy\.special\.{name} has no derivative here by its argument"
    ):
        getattr(special, name)(*given)
    constant = [tensor([float(a)]) if i == place else a for i, a in enumerate(args)]
    assert not getattr(special, name)(*constant).requires_grad


@pytest.mark.parametrize("name", ["gammaln", "erf", "expit", "j0"])
def test_half_precision(name):
    x = tensor(np.array([0.5, 1.5], np.float16), requires_grad=True)
    out = getattr(special, name)(x)
    assert out.dtype == getattr(sc, name)(x.detach().numpy()).dtype
    out.sum().backward()
    assert x.grad.dtype == np.float16


def test_out_and_scipys_own_functions():
    x = tensor([0.5, 1.5], requires_grad=True)
    out = tensor(np.zeros(2))
    assert special.erf(x, out=out) is out
    np.testing.assert_array_equal(out.detach().numpy(), sc.erf([0.5, 1.5]))
    assert sc.gammaln(x).requires_grad  # by NumPy's protocol


# ------------------------------------------------------------------ what is said of them


@pytest.mark.parametrize("name", sorted(n for n, f in FUNCTIONS.items() if ">>>" in (f.__doc__ or "")))
def test_examples_of_docstrings(name):
    example = doctest.DocTestParser().get_doctest(
        FUNCTIONS[name].__doc__, vars(special).copy(), name, None, 0
    )
    assert doctest.DocTestRunner().run(example, out=lambda text: None).failed == 0


@bundled("name", FUNCTIONS)
def test_docstrings_say_by_what_there_is_a_derivative(name):
    assert "Gradient: " in FUNCTIONS[name].__doc__


# ------------------------------------------------------------------ the functions that users call

PUBLIC = [
    s
    for s in DIFFERENTIABLE
    if FUNCTIONS.get(s.prim.name.removeprefix("scipy_")) is not None and s.prim.reference is not None
    and s.number == 0 and not s.prim.statics and s.prim.function.__module__ == "autograd.scipy"
]  # fmt: skip
public = pytest.mark.parametrize("sample", PUBLIC, ids=repr)


def _function(sample: Sample):
    f = getattr(special, sample.prim.name.removeprefix("scipy_"))
    return lambda *args: sample.chosen(f(*args))


def _flat(sample: Sample) -> list[np.ndarray]:
    return [np.ravel(a) for a in sample.args]


def test_nearly_all_have_samples():
    assert len({s.prim.name for s in PUBLIC}) > 200


@public
def test_what_users_call_is_scipys(sample: Sample):
    """Arrays give SciPy's arrays, Tensors give Tensors of them, and one among numbers does."""
    f, args = _function(sample), _flat(sample)
    theirs = sample.chosen(getattr(sc, sample.prim.name.removeprefix("scipy_"))(*args))
    found = f(*args)
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, theirs)
    leaves = [tensor(a, requires_grad=i in sample.active) for i, a in enumerate(args)]
    out = f(*leaves)
    assert out.requires_grad
    assert out.dtype == theirs.dtype
    np.testing.assert_array_equal(out.detach().numpy(), theirs)


@public
def test_what_users_call_runs_under_vmap(sample: Sample):
    f, args = _function(sample), _flat(sample)
    np.testing.assert_allclose(vmap(f)(*args), f(*args), 1e-13)
    leaves = [tensor(a, requires_grad=i in sample.active) for i, a in enumerate(args)]
    out = f(*leaves)
    if out.dtype.kind == "c":
        return  # grad takes real results
    whole = autograd.gradients(out.sum(), [leaves[i] for i in sample.active])
    for i, expected in zip(sample.active, whole, strict=True):
        np.testing.assert_allclose(vmap(grad(f, i))(*args), expected.numpy(), 1e-12, 1e-14)


def test_a_batch_of_orders_has_values_and_no_gradient():
    orders, z = np.array([0.5, 1.5]), np.array([1.0, 2.0])
    np.testing.assert_allclose(vmap(special.jv)(orders, z), sc.jv(orders, z), 1e-15)
    found = vmap(grad(special.jv, 1))(orders, z)
    np.testing.assert_allclose(found, sc.jvp(orders, z), 1e-14)
    with pytest.raises(NotDifferentiable, match="jv has no derivative here by its argument 'v'"):
        vmap(grad(special.jv))(orders, z)
    with pytest.raises(NotDifferentiable, match="jv has no derivative here by its argument 'v'"):
        autograd.jvp(lambda v: special.jv(v, z), (orders,), (z,))


def test_long_doubles_are_refused_by_name():
    x = tensor(np.array([0.5], np.longdouble), requires_grad=True)
    with pytest.raises(OperandError, match="gammaln"):
        special.gammaln(x)
    out = special.expit(x)  # which SciPy has for them
    out.sum().backward()
    assert out.dtype == x.grad.dtype == np.longdouble
