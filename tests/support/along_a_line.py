"""Derivatives of a call of NumPy's along a drawn line: by every mode and of both orders, and by numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import autograd.numpy as anp
from autograd import tensor
from tests.support.calls import leaves, one, parts, same

FIRST, SECOND = 1e-8, 1e-6
_STENCIL, _STEP = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60)), 5e-4


def check_values(f: Callable, arrays: tuple, spaces: tuple = (anp, np), exact: float = 1e-12) -> None:
    """NumPy's value and dtype, by each namespace, of tensors with and without gradient."""
    expected = f(np, *[a.copy() for a in arrays])
    for n in spaces:
        found = f(n, *leaves(arrays))
        same(found, expected, exact)
        assert any(getattr(p, "requires_grad", False) for p in parts(found))
        same(f(n, *[tensor(a) for a in arrays]), expected, exact)
    narrow = tuple(a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = f(np, *[a.copy() for a in narrow])
    for ours, theirs in zip(parts(f(anp, *leaves(narrow))), parts(expected), strict=True):
        if isinstance(theirs, (np.ndarray, np.generic)):
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)


def check_dtypes(f: Callable, arrays: tuple) -> None:
    """Gradients of both orders have the dtypes of the arguments, tangents that of the result."""
    given, f = leaves(arrays), one(f)
    out = f(*given)
    grads = autograd.gradients(
        out, given, np.ones(out.shape, out.dtype), create_graph=True, allow_unused=True
    )
    total: Any = sum(anp.sum(anp.real(g)) for g in grads if g is not None)
    again = (
        autograd.gradients(total, given, allow_unused=True)
        if getattr(total, "requires_grad", False)
        else ()
    )
    for found in (grads, again):
        for g, a in zip(found, arrays, strict=False):
            assert g is None or g.dtype == a.dtype, f"a gradient is {g.dtype}, the argument {a.dtype}"
    tangent = autograd.jvp(f, arrays, tuple(np.ones_like(a) for a in arrays))[1]
    assert tangent.dtype == out.dtype, f"the tangent is {tangent.dtype}, the result {out.dtype}"


class Line:
    """A call at arrays + s * directions, its results as one vector of real numbers."""

    def __init__(self, f: Callable, arrays: tuple):
        rng = np.random.default_rng(len(arrays))
        self.f, self.arrays = one(f), arrays
        self.along, self.weights = ([self._like(rng, a) for a in arrays] for _ in range(2))
        self.out = self.f(*leaves(arrays))
        self.v = rng.normal(size=self.out.shape).astype(self.out.dtype)

    @staticmethod
    def _like(rng: Any, a: np.ndarray) -> np.ndarray:
        return rng.normal(size=a.shape) + (1j * rng.normal(size=a.shape) if a.dtype.kind == "c" else 0)

    def slope(self, f: Callable) -> np.ndarray:
        """The derivative of f along the line, by differences of sixth order."""

        def at(s: float) -> np.ndarray:
            out = f(*[np.asarray(a + s * t) for a, t in zip(self.arrays, self.along, strict=True)])
            return np.asarray(getattr(out, "_data", out))

        return sum(w * (at(k * _STEP) - at(-k * _STEP)) for k, w in _STENCIL) / _STEP

    def pulled(self, arrays: Any, recorded: bool) -> Any:
        """The gradients of sum(v * f) by all arguments."""
        given = [a if isinstance(a, autograd.Tensor) else tensor(a, requires_grad=True) for a in arrays]
        out = self.f(*given)
        return autograd.gradients(out, given, self.v, create_graph=recorded, allow_unused=True)

    def joined(self, grads: Any, others: Any) -> Any:
        """The real part of <grads, others>, of those that there are."""
        pairs = [(g, o) for g, o in zip(grads, others, strict=True) if g is not None]
        return sum(anp.sum(anp.real(anp.conj(o) * g)) for g, o in pairs)

    def first(self) -> None:
        expected, grads = self.slope(self.f), self.pulled(leaves(self.arrays), False)
        assert all(g is None or g.dtype == a.dtype for g, a in zip(grads, self.arrays, strict=True))
        near(self.joined(grads, self.along).item(), np.sum(self.v * expected), FIRST, "reverse")
        near(autograd.jvp(self.f, self.arrays, tuple(self.along))[1], expected, FIRST, "forward")

    def second(self) -> None:
        def total(*arrays: Any, recorded: bool = True) -> Any:
            return self.joined(self.pulled(arrays, recorded), self.weights)

        expected = self.slope(lambda *a: total(*a, recorded=False))
        given = leaves(self.arrays)
        found, by_reverse = total(*given), 0.0
        if getattr(found, "requires_grad", False):
            grads = autograd.gradients(found, given, allow_unused=True)
            by_reverse = np.asarray(getattr(self.joined(grads, self.along), "_data", 0.0))
        near(by_reverse, expected, SECOND, "reverse over reverse")
        near(
            autograd.jvp(total, self.arrays, tuple(self.along))[1], expected, SECOND, "forward over reverse"
        )


def near(found: Any, expected: Any, tolerance: float, what: str) -> None:
    """Close, relative to the largest element."""
    found, scale = (
        np.asarray(getattr(found, "_data", found)),
        max(np.max(np.abs(expected), initial=0.0), 0.1),
    )
    np.testing.assert_allclose(found, expected, tolerance, tolerance * scale, err_msg=what)
