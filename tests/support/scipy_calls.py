"""Calls of SciPy's functions, `f(m, *arrays)` of a module m of SciPy's or ours, and what each must do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

import autograd
import autograd.numpy as anp
from tests.nn.derivatives import check_derivatives, gradients
from tests.support import calls
from tests.support.calls import leaves, parts
from tests.support.checks import close


class ScipyCall:
    """A function of a module and the arrays to call it on."""

    def __init__(self, name: str, f: Callable, arrays: tuple, ours: Any, theirs: ModuleType):
        self.name, self.f, self.arrays = name, f, arrays
        self.ours, self.theirs = ours, theirs

    def __repr__(self) -> str:
        return self.name

    def expected(self, dtype: Any = None) -> list:
        arrays = [a if dtype is None else a.astype(dtype) for a in self.arrays]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return parts(self.f(self.theirs, *arrays))

    def one(self, *arrays: Any) -> Any:
        """The real and imaginary parts of all floating results, in one vector."""
        flat = []
        for p in parts(self.f(self.ours, *arrays)):
            data = np.asarray(getattr(p, "_data", p))
            if data.dtype.kind in "fc":
                flat.append(anp.ravel(anp.real(p)))
            if data.dtype.kind == "c":
                flat.append(anp.ravel(anp.imag(p)))
        return anp.concatenate(flat)


def listed(
    table: dict[str, list[Callable]], arrays: dict[str, np.ndarray], ours: Any, theirs: ModuleType
) -> list[ScipyCall]:
    """The calls of a table, each of the arrays that its parameters after `m` name."""
    found = []
    for name, fs in table.items():
        for i, f in enumerate(fs):
            names = f.__code__.co_varnames[1 : f.__code__.co_argcount]
            found.append(ScipyCall(f"{name}-{i}", f, tuple(arrays[n] for n in names), ours, theirs))
    return found


def changed(call: ScipyCall, change: Callable) -> ScipyCall:
    """The call with its floating results changed."""

    def f(m: Any, *arrays: Any) -> Any:
        floating = [
            p for p in parts(call.f(m, *arrays)) if np.asarray(getattr(p, "_data", p)).dtype.kind in "fc"
        ]
        return [change(p) for p in floating]

    return ScipyCall(call.name, f, call.arrays, call.ours, call.theirs)


def same(found: list, expected: list, tolerance: float) -> None:
    """Equal in shape and dtype, and close in value, part by part."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        a, b = np.asarray(getattr(a, "_data", a)), np.asarray(b)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        scale = np.max(np.abs(b[np.isfinite(b)]), initial=0.0)
        np.testing.assert_allclose(a, b, tolerance, tolerance * scale)


def check_values(call: ScipyCall, tolerance: float = 1e-11) -> None:
    """SciPy's values: of tensors with and without gradient, and of arrays, which give no tensors."""
    expected = call.expected()
    found = parts(call.f(call.ours, *leaves(call.arrays)))
    assert any(getattr(p, "requires_grad", False) for p in found)
    same(found, expected, tolerance)
    quiet = parts(call.f(call.ours, *[autograd.tensor(a) for a in call.arrays]))
    assert not any(getattr(p, "requires_grad", False) for p in quiet)
    same(quiet, expected, 1e-14)
    bare = parts(call.f(call.ours, *[a.copy() for a in call.arrays]))
    assert not any(isinstance(p, autograd.Tensor) for p in bare)
    same(bare, expected, 1e-14)


def check_slopes(call: ScipyCall, tolerance: float = 1e-8) -> None:
    """The derivatives of both orders against differences; by both parts of what is complex."""
    given, whole = [], []
    for a in call.arrays:
        whole.append(len(given))
        given += [a.real.copy(), a.imag.copy()] if a.dtype.kind == "c" else [a]

    def of_parts(*reals: Any) -> Any:
        kinds = [a.dtype.kind for a in call.arrays]
        pairs = zip(whole, kinds, strict=True)
        reals = [
            np.asarray(r, float) if isinstance(r, (np.ndarray, np.generic)) else r for r in reals
        ]  # not all take long doubles
        return call.one(*[reals[i] + 1j * reals[i + 1] if kind == "c" else reals[i] for i, kind in pairs])

    check_derivatives(of_parts, *given, tolerance=tolerance)


def check_narrow(call: ScipyCall, tolerance: float = 1e-3) -> None:
    """Narrow arguments: dtypes as SciPy has them, narrow gradients, which agree with wide ones."""
    narrow = [a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in call.arrays]
    found = parts(call.f(call.ours, *leaves(tuple(narrow))))
    for a, b in zip(found, parts(call.f(call.theirs, *narrow)), strict=True):
        a = np.asarray(getattr(a, "_data", a))
        assert (a.dtype, a.shape) == (np.asarray(b).dtype, np.shape(b))
    v = np.cos(np.arange(call.one(*leaves(tuple(narrow))).shape[0]))
    wide = gradients(call.one, [a.astype(np.result_type(a, np.float64)) for a in narrow], v, False)
    for g, e, a in zip(gradients(call.one, narrow, v, False), wide, narrow, strict=True):
        assert (g.dtype, g.shape) == (a.dtype, a.shape)
        close(g, e.numpy(), tolerance, f"{call} in float32")


def tests_of(table: list[ScipyCall], values: float) -> list[Callable]:
    """The tests of a table: SciPy's values to this tolerance, both orders of derivatives, narrow dtypes."""
    return calls.tests_of(table, partial(check_values, tolerance=values), check_slopes, check_narrow)
