"""Calls of NumPy's functions, and what each must do: NumPy's value, and right derivatives.

A call is `f(n, *arrays)` of a namespace `n`, which is NumPy's or `autograd.numpy`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import autograd.numpy as anp
from tests.nn.derivatives import check_derivatives, gradients
from tests.support.bundles import bundled
from tests.support.checks import close


class Call:
    """A function of a namespace and arrays, with the arrays to call it on."""

    def __init__(self, name: str, f: Callable, arrays: tuple):
        self.name, self.f, self.arrays = name, f, arrays

    def __repr__(self) -> str:
        return self.name

    def expected(self, dtype: Any = None) -> Any:
        arrays = [a if dtype is None else a.astype(dtype) for a in self.arrays]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return self.f(np, *arrays)


def listed(table: dict[str, list[Callable]], *arrays: np.ndarray) -> list[Call]:
    """The calls of a table, each of as many arrays as it has parameters after `n` without default."""
    return [
        Call(f"{name}-{i}", f, arrays[: f.__code__.co_argcount - 1 - len(f.__defaults__ or ())])
        for name, fs in table.items()
        for i, f in enumerate(fs)
    ]


def parts(out: Any) -> list:
    """The arrays of a result, which may be a sequence."""
    return [p for part in out for p in parts(part)] if isinstance(out, (tuple, list)) else [out]


def same(found: Any, expected: Any, tolerance: float = 1e-13) -> None:
    """Equal in shape and dtype, and close in value, part by part."""
    assert len(parts(found)) == len(parts(expected))
    for a, b in zip(parts(found), parts(expected), strict=True):
        a = np.asarray(getattr(a, "_data", a))
        assert (a.shape, a.dtype) == (np.shape(b), np.asarray(b).dtype)
        np.testing.assert_allclose(a, b, tolerance, tolerance)


def leaves(arrays: tuple) -> list:
    return [autograd.tensor(a, requires_grad=True) for a in arrays]


def check_values(call: Call) -> None:
    """NumPy's value, by NumPy's name and by ours, of tensors with and without gradient, and of arrays."""
    expected = call.expected()
    for n in (np, anp):
        found = call.f(n, *leaves(call.arrays))
        assert any(getattr(p, "requires_grad", False) for p in parts(found))
        same(found, expected)
        quiet = call.f(n, *[autograd.tensor(a) for a in call.arrays])
        assert all(isinstance(p, autograd.Tensor) for p in parts(quiet))
        same(quiet, expected)
    plain = call.f(anp, *[a.copy() for a in call.arrays])
    assert not any(isinstance(p, autograd.Tensor) for p in parts(plain))
    same(plain, expected)


def one(f: Callable) -> Callable:
    """f with the real parts of its results in one vector; those without gradient count for nothing."""

    def joined(*arrays: Any) -> Any:
        found = parts(f(anp, *arrays))
        floating = [p for p in found if np.asarray(getattr(p, "_data", p)).dtype.kind in "fc"]
        flat = []
        for p in floating:
            flat.append(anp.ravel(anp.real(p)))
            if np.iscomplexobj(getattr(p, "_data", p)):
                flat.append(anp.ravel(anp.imag(p)))
        return anp.concatenate(flat)

    return joined


def check_slopes(call: Call, tolerance: float = 1e-8) -> None:
    """The derivatives of both orders against differences."""
    check_derivatives(one(call.f), *call.arrays, tolerance=tolerance)


def check_narrow(call: Call) -> None:
    """float32 gives what NumPy gives for it, and float32 gradients that agree with those of float64."""
    narrow = [a.astype(np.float32) for a in call.arrays]
    found = call.f(anp, *leaves(tuple(narrow)))
    for a, b in zip(parts(found), parts(call.f(np, *narrow)), strict=True):
        assert (a.dtype, a.shape) == (np.asarray(b).dtype, np.shape(b))
    f = one(call.f)
    out = f(*leaves(tuple(narrow)))
    v = np.cos(np.arange(out.shape[0]))
    wide = gradients(f, [a.astype(np.float64) for a in narrow], v, False)
    for g, e, a in zip(gradients(f, narrow, v, False), wide, narrow, strict=True):
        assert (g.dtype, g.shape) == (np.float32, a.shape)
        close(g, e.numpy(), 2e-4, f"{call} in float32")


def each(calls: list) -> Callable:
    """A test for all calls of a function."""
    return bundled("call", calls, by=lambda call: call.name.rpartition("-")[0] or call.name)


def tests_of(calls: list, *checks: Callable) -> list[Callable]:
    """A test for each check; without any NumPy's values, both orders of derivatives, and float32."""
    every = each(calls)

    def of(check: Callable) -> Callable:
        @every
        def test(call: Any) -> None:
            check(call)

        return test

    return [of(check) for check in checks or (check_values, check_slopes, check_narrow)]
