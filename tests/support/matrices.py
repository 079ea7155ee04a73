"""Checks of functions of matrices: NumPy's values, and derivatives by the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import autograd.numpy as anp
from tests.nn.derivatives import check_derivatives


def drawn(seed: int, *shape: int, complex_too: bool = False) -> np.ndarray:
    """Normal numbers; complex ones on request."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if complex_too else x


def definite(x: np.ndarray) -> np.ndarray:
    """A positive definite matrix made of x."""
    return x @ x.conj().swapaxes(-1, -2) + np.eye(x.shape[-1])


def check_values(f: Callable, *args: np.ndarray, tolerance: float = 1e-12) -> None:
    """f(namespace, *args) is NumPy's in our namespace and in NumPy's, for arrays and Tensors."""
    expected = _parts(f(np, *args))
    for n in (anp, np):
        for needs in (False, True):
            found = _parts(f(n, *(autograd.tensor(a, requires_grad=needs) for a in args)))
            assert all(isinstance(part, (autograd.Tensor, np.ndarray, np.generic)) for part in found)
            _equal(found, expected, tolerance)
    _equal(_parts(f(anp, *args)), expected, tolerance)


def _parts(result: Any) -> tuple:
    return tuple(result) if isinstance(result, tuple) else (result,)


def _equal(found: tuple, expected: tuple, tolerance: float) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        a, b = np.asarray(getattr(a, "_data", a)), np.asarray(b)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, tolerance, tolerance)


def check_orders(f: Callable, *args: np.ndarray, tolerance: float = 1e-8) -> None:
    """Derivatives of f(*args) to second order; of complex arguments by both parts of them."""
    parts: list[np.ndarray] = []
    for a in args:
        parts += [a.real.copy(), a.imag.copy()] if np.iscomplexobj(a) else [a]

    def by_parts(*given: Any) -> Any:
        left, whole = list(given), []
        for a in args:
            re = left.pop(0)
            whole.append(re + 1j * left.pop(0) if np.iscomplexobj(a) else re)
        out = f(*whole)
        if getattr(out, "dtype", np.dtype(float)).kind != "c":
            return out
        return anp.stack([anp.real(out), anp.imag(out)])

    check_derivatives(by_parts, *parts, tolerance=tolerance)
