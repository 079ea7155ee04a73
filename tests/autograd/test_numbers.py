"""Derivatives of every primitive at many drawn arguments, against numbers that know no rules.

How many is the hypothesis profile's affair: `HYPOTHESIS_PROFILE=thorough` takes 500 of each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings

import autograd
from autograd.forward import jvp_of
from autograd.primitive import REGISTRY, Primitive
from tests.support import checks
from tests.support.examples import examples_of
from tests.support.numeric import directional
from tests.support.refined import kernel_of
from tests.support.samples import Sample

COUNT = settings().max_examples if settings().max_examples > 25 else 12  # each shape of `examples` twice
STEP = 1e-30
FIRST, SECOND, DIFFERENCES = 1e-12, 1e-8, 1e-9

# the axis of vectors whose signs LAPACK chooses, one way here and another way beside
SIGNS = {"eigh.eigenvectors": -2, "eig.eigenvectors": -2, "svd.u": -2, "svd.vh": -1}


PRIMITIVES = [p for p in REGISTRY.values() if p.is_differentiable]
analytic = pytest.mark.parametrize("prim", [p for p in PRIMITIVES if p.analytic], ids=repr)
others = pytest.mark.parametrize("prim", [p for p in PRIMITIVES if not p.analytic], ids=repr)
everything = pytest.mark.parametrize("prim", PRIMITIVES, ids=repr)


@analytic
def test_first_derivatives_by_complex_step(prim: Primitive):
    """Each gradient; and the forward derivative along a drawn direction of all arguments."""
    for sample in examples_of(prim, COUNT):
        checks.check_first(sample)
        t = _direction(sample)
        moved = [a if d is None else a + 1j * STEP * d for a, d in zip(sample.args, t, strict=True)]
        stepped = sample.kernel(*moved)
        found = sample.forward(t)
        tolerance = checks.COARSE_STEPS.get(prim.name, FIRST)
        _close(found, np.imag(stepped) / STEP, tolerance, sample, "first")


@analytic
def test_second_derivatives_by_complex_step(prim: Primitive):
    """That of the gradient along a drawn direction; itself taken at complex arguments."""
    for sample in examples_of(prim, COUNT):
        t, v = _direction(sample), checks.cotangent(sample)
        x, along = ([values[i] for i in sample.active] for values in (sample.args, t))
        stepped = _pulled(sample, [a + 1j * STEP * d for a, d in zip(x, along, strict=True)], v)
        found = autograd.jvp(lambda x, s=sample, v=v: _pulled(s, x, v), (x,), (along,))[1]
        for g, expected in zip(found, stepped, strict=True):
            _close(g, np.imag(expected) / STEP, SECOND, sample, "second")


@others
def test_first_derivatives_by_differences(prim: Primitive):
    """In long double if the kernel can, and by ever narrower stencils until one reaches over no kink."""
    for sample in examples_of(prim, COUNT):
        t = _direction(sample)
        found, line = sample.forward(t), _on_the_line(sample, t)
        tolerance = checks.difference_tolerance(sample, DIFFERENCES)
        tolerance *= 1 if tolerance == DIFFERENCES else 16  # of a result in single precision
        for width in (4, 1, 1 / 16, 1 / 256):
            expected = directional(line, [np.zeros(())], 0, np.full((), width)) / width
            if checks.is_close(found, expected, tolerance):
                break
        _close(found, expected, tolerance, sample, "differences")


@everything
def test_adjoint_identity(prim: Primitive):
    """<v, J t> = <J^T v, t> ties the gradients to the forward derivatives."""
    for sample in examples_of(prim, COUNT):
        checks.check_adjoint(sample)


def test_sinc_keeps_its_digits_near_zero():
    """(cos - sinc) / x cancels there; the series does not, and in long double it is exact enough."""
    x = np.geomspace(1e-9, 0.5, 60)
    y = np.pi * x.astype(np.longdouble)
    powers = np.arange(1, 14)
    terms = (-1.0) ** powers * 2 * powers * y[:, None] ** (2 * powers - 1)
    expected = np.pi * (terms / np.cumprod(np.arange(1, 29, dtype=np.longdouble))[2 * powers]).sum(1)
    np.testing.assert_allclose(autograd.elementwise_grad(np.sinc)(x), expected, FIRST)


def test_ignored_places_of_cross_entropy_do_not_move():
    """Nor do they count in higher derivatives, whatever stands there."""
    x, target = np.array([[0.5, -1.0, 2.0], [np.nan, np.inf, 0.0]]), np.array([2, -1])
    prim, options = REGISTRY["cross_entropy"], ("mean", -1, 0.0)
    t = np.ones((2, 3)) * [1.0, -2.0, 0.5]
    moved = jvp_of(prim, (x, target), (t, None), options)
    assert moved == jvp_of(prim, (x[:1], target[:1]), (t[:1], None), options)


# ------------------------------------------------------------------ parts of them


def _direction(sample: Sample) -> list:
    """A tangent for each argument that has a derivative, no longer than 1; None for the others."""
    t: list = [None] * len(sample.args)
    for i in sample.active:
        t[i] = np.asarray(np.tanh(checks.random(sample, sample.args[i].shape, f"direction{i}")))
    return t


def _filled(sample: Sample, values: list) -> list:
    """The arguments with other values for the active ones."""
    args = list(sample.args)
    for i, value in zip(sample.active, values, strict=True):
        args[i] = value
    return args


def _pulled(sample: Sample, x: list, v: np.ndarray) -> list:
    """J^T v by the active arguments, which are x; not conjugated."""
    out, pullback = autograd.vjp(lambda x: sample.call(*_filled(sample, x)), x)
    return pullback(v.astype(out.dtype))[0]


def _on_the_line(sample: Sample, t: list) -> Callable:
    """s -> the result at arguments + s t, in the widest dtype that the kernel takes."""

    kernel = kernel_of(sample)

    def result(s: np.ndarray) -> np.ndarray:
        args = [a if d is None else a.astype(s.dtype) + s * d for a, d in zip(sample.args, t, strict=True)]
        out = np.asarray(kernel(*args))
        if repr(sample).rpartition("-")[0] not in SIGNS:
            return out
        along = SIGNS[repr(sample).rpartition("-")[0]]
        return out * np.sign((out * sample.kernel()).sum(along, keepdims=True))

    return result


def _close(found: object, expected: np.ndarray, tolerance: float, sample: Sample, what: str) -> None:
    checks.close(found, expected, tolerance, f"{sample} {sample.args}: {what}")
