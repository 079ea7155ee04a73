"""Typical calls of NumPy's families and the gradients of their sums, with either package called `autograd`.

A call is written once, for NumPy, ours and HIPS autograd, and a second time as PyTorch has it; None
where PyTorch has nothing like it.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy

import autograd.numpy
from autograd import grad

SIZES = (10, 1_000, 1_000_000)
WITH_SPECIAL = importlib.util.find_spec("scipy") is not None


@dataclasses.dataclass(frozen=True)
class Call:
    """A call: its family and name, what makes its arguments for a size, and how it is spelled."""

    family: str
    name: str
    given: Callable[[int], tuple]
    body: Callable
    torch: Callable | None
    module: str = "numpy"


def loss(body: Callable, module: Any, np: Any) -> Callable:
    """The sum of all that a call gives."""

    def summed(*xs: Any) -> Any:
        found = body(module, *xs)
        if isinstance(found, (tuple, list)):
            total = np.sum(found[0])
            for part in found[1:]:
                total = total + np.sum(part)
            return total
        return np.sum(found)

    return summed


# ---------------------------------------------------------------- arguments


def _random(n: int) -> numpy.random.Generator:
    return numpy.random.default_rng(n)


def vector(n: int) -> tuple:
    """Positive numbers, no two alike."""
    return (_random(n).uniform(0.5, 1.5, n),)


def vectors(n: int) -> tuple:
    """Two of them."""
    return tuple(_random(n).uniform(0.5, 1.5, (2, n)))


def small(n: int) -> tuple:
    """Between -0.9 and 0.9."""
    return (_random(n).uniform(-0.9, 0.9, n),)


def complex_vector(n: int) -> tuple:
    """Complex numbers."""
    real, imaginary = _random(n).normal(size=(2, n))
    return (real + 1j * imaginary,)


def _sides(n: int) -> tuple[int, int]:
    rows = max(d for d in range(1, math.isqrt(n) + 1) if n % d == 0)
    return rows, n // rows


def matrix(n: int) -> tuple:
    """Rows and columns, n elements in all."""
    return (_random(n).uniform(0.5, 1.5, _sides(n)),)


def matrices(n: int) -> tuple:
    """Two of them, which can be multiplied."""
    (x,) = matrix(n)
    return x, x.T.copy()


def square(n: int) -> tuple:
    """A square matrix of about n elements, well conditioned and with simple singular values."""
    side = math.isqrt(n)
    return (_random(n).normal(size=(side, side)) / side**0.5 + 3 * numpy.diag(numpy.linspace(1, 2, side)),)


def symmetric(n: int) -> tuple:
    """The same, symmetric and positive definite."""
    (x,) = square(n)
    return ((x + x.T) / 2 + numpy.eye(len(x)),)


def squares(n: int) -> tuple:
    """Two square matrices."""
    return (*square(n), *square(n))


def system(n: int) -> tuple:
    """A square matrix and a right-hand side."""
    (x,) = square(n)
    return x, numpy.ones(len(x))


def tall(n: int) -> tuple:
    """A matrix with more rows than columns, and a right-hand side."""
    columns = max(2, math.isqrt(n // 2))
    x = _random(n).normal(size=(n // columns, columns))
    return x, numpy.ones(len(x))


def halves(n: int) -> tuple:
    """Two vectors whose outer product has n elements."""
    rows, columns = _sides(n)
    return numpy.linspace(0.5, 1.5, rows), numpy.linspace(1.0, 2.0, columns)


def quarters(n: int) -> tuple:
    """Two matrices whose Kronecker product has about n elements."""
    side = max(2, math.isqrt(math.isqrt(n)))
    return _random(n).normal(size=(side, side)), _random(n).normal(size=(side, side))


def signal(n: int) -> tuple:
    """A vector, and a kernel of nine."""
    return _random(n).normal(size=n), numpy.hanning(9)


# ---------------------------------------------------------------- calls


def _places(n: int) -> numpy.ndarray:
    return _random(n).integers(0, n, n)


_cache: dict[tuple, Any] = {}


def _once(make: Callable, *key: Any) -> Any:
    """What does not belong to the call that is timed: indices and masks."""
    found = _cache.get((make, *key))
    if found is None:
        found = _cache[make, *key] = make(*key)
    return found


def _mask(n: int) -> numpy.ndarray:
    return _random(n).random(n) < 0.5


def _torch_of(make: Callable, t: Any, n: int) -> Any:
    return t.from_numpy(_once(make, n))


def _placed_in_torch(t: Any, n: int) -> Any:
    return _once(_torch_of, _places, t, n)


def _masked_in_torch(t: Any, n: int) -> Any:
    return _once(_torch_of, _mask, t, n)


def _order_of_rows(rows: int, columns: int) -> numpy.ndarray:
    return _random(rows).permuted(numpy.tile(numpy.arange(columns), (rows, 1)), axis=1)


def _order_in_torch(t: Any, rows: int, columns: int) -> Any:
    return t.from_numpy(_once(_order_of_rows, rows, columns))


def _grid(n: int) -> numpy.ndarray:
    return numpy.linspace(0.0, 1.0, n)


def _between(n: int) -> numpy.ndarray:
    return _random(n).random(n)


def _convolve_in_torch(t: Any, x: Any, k: Any) -> Any:
    full = len(k) - 1
    return t.nn.functional.conv1d(x[None, None], k.flip(0)[None, None], padding=full)[0, 0]


def _log_sum_exp(np: Any, x: Any) -> Any:
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def _same(family: str, given: Callable, names: str) -> list[Call]:
    """Calls of one argument that NumPy and PyTorch have under one name."""

    def call(name: str) -> Callable:
        return lambda module, x: getattr(module, name)(x)

    return [Call(family, name, given, call(name), call(name)) for name in names.split()]


CALLS = [
    Call("arithmetic", "x + y", vectors, lambda np, x, y: x + y, lambda t, x, y: x + y),
    Call("arithmetic", "x * y", vectors, lambda np, x, y: x * y, lambda t, x, y: x * y),
    Call("arithmetic", "x / y", vectors, lambda np, x, y: x / y, lambda t, x, y: x / y),
    Call("arithmetic", "x ** 3", vector, lambda np, x: x**3, lambda t, x: x**3),
    Call("arithmetic", "x ** y", vectors, lambda np, x, y: x**y, lambda t, x, y: x**y),
    Call("arithmetic", "remainder", vectors, lambda np, x, y: np.remainder(x, y),
         lambda t, x, y: t.remainder(x, y)),
    Call("arithmetic", "hypot", vectors, lambda np, x, y: np.hypot(x, y), lambda t, x, y: t.hypot(x, y)),
    *_same("arithmetic", vector, "sqrt square reciprocal abs negative"),
    *_same("exponential", vector, "exp exp2 expm1 log log2 log10 log1p"),
    Call("exponential", "logaddexp", vectors, lambda np, x, y: np.logaddexp(x, y),
         lambda t, x, y: t.logaddexp(x, y)),
    *_same("trigonometric", small, "sin cos tan arcsin arccos arctan sinc"),
    Call("trigonometric", "arctan2", vectors, lambda np, x, y: np.arctan2(x, y),
         lambda t, x, y: t.arctan2(x, y)),
    *_same("hyperbolic", small, "sinh cosh tanh arcsinh arctanh"),
    *_same("complex", complex_vector, "real imag abs angle"),
    Call("complex", "exp(z)", complex_vector, lambda np, z: np.abs(np.exp(z)),
         lambda t, z: t.abs(t.exp(z))),
    Call("complex", "z * conj(z)", complex_vector, lambda np, z: np.real(z * np.conj(z)),
         lambda t, z: t.real(z * t.conj(z))),
    *_same("reductions", vector, "sum mean max min prod std var"),
    Call("reductions", "sum(axis=0)", matrix, lambda np, x: np.sum(x, axis=0),
         lambda t, x: t.sum(x, dim=0)),
    Call("reductions", "mean(axis=-1)", matrix, lambda np, x: np.mean(x, axis=-1),
         lambda t, x: t.mean(x, dim=-1)),
    Call("reductions", "max(axis=-1)", matrix, lambda np, x: np.max(x, axis=-1),
         lambda t, x: t.amax(x, dim=-1)),
    Call("reductions", "var(axis=0)", matrix, lambda np, x: np.var(x, axis=0),
         lambda t, x: t.var(x, dim=0)),
    Call("reductions", "log sum exp", vector, _log_sum_exp, _log_sum_exp),
    Call("reductions", "average", vectors, lambda np, x, w: np.average(x, weights=w),
         lambda t, x, w: t.sum(x * w) / t.sum(w)),
    Call("reductions", "nansum", vector, lambda np, x: np.nansum(x), lambda t, x: t.nansum(x)),
    Call("reductions", "nanmean", vector, lambda np, x: np.nanmean(x), lambda t, x: t.nanmean(x)),
    Call("cumulative", "cumsum", vector, lambda np, x: np.cumsum(x), lambda t, x: t.cumsum(x, 0)),
    Call("cumulative", "cumprod", vector, lambda np, x: np.cumprod(x), lambda t, x: t.cumprod(x, 0)),
    Call("cumulative", "diff", vector, lambda np, x: np.diff(x), lambda t, x: t.diff(x)),
    Call("cumulative", "gradient", vector, lambda np, x: np.gradient(x), lambda t, x: t.gradient(x)),
    Call("cumulative", "trapezoid", vector, lambda np, x: np.trapezoid(x), lambda t, x: t.trapezoid(x)),
    Call("sorting", "sort", vector, lambda np, x: np.sort(x), lambda t, x: t.sort(x)[0]),
    Call("sorting", "partition", vector, lambda np, x: np.partition(x, len(x) // 2)[: len(x) // 2],
         lambda t, x: t.topk(x, len(x) // 2, largest=False)[0]),
    Call("sorting", "median", vector, lambda np, x: np.median(x), lambda t, x: t.median(x)),
    Call("sorting", "quantile", vector, lambda np, x: np.quantile(x, 0.3),
         lambda t, x: t.quantile(x, 0.3) if len(x) <= 1 << 24 else x),
    Call("selection", "take", vector, lambda np, x: np.take(x, _once(_places, len(x))),
         lambda t, x: t.take(x, _placed_in_torch(t, len(x)))),
    Call("selection", "take_along_axis", matrix,
         lambda np, x: np.take_along_axis(x, _once(_order_of_rows, *x.shape), -1),
         lambda t, x: t.take_along_dim(x, _once(_order_in_torch, t, *x.shape), -1)),
    Call("selection", "where", vectors, lambda np, x, y: np.where(_once(_mask, len(x)), x, y),
         lambda t, x, y: t.where(_masked_in_torch(t, len(x)), x, y)),
    Call("selection", "clip", vector, lambda np, x: np.clip(x, 0.7, 1.2), lambda t, x: t.clip(x, 0.7, 1.2)),
    Call("selection", "maximum", vectors, lambda np, x, y: np.maximum(x, y),
         lambda t, x, y: t.maximum(x, y)),
    Call("indexing", "x[1:-1]", vector, lambda np, x: x[1:-1], lambda t, x: x[1:-1]),
    Call("indexing", "x[::2]", vector, lambda np, x: x[::2], lambda t, x: x[::2]),
    Call("indexing", "x[3]", vector, lambda np, x: x[3], lambda t, x: x[3]),
    Call("indexing", "x[integers]", vector, lambda np, x: x[_once(_places, len(x))],
         lambda t, x: x[_placed_in_torch(t, len(x))]),
    Call("indexing", "x[mask]", vector, lambda np, x: x[_once(_mask, len(x))],
         lambda t, x: x[_masked_in_torch(t, len(x))]),
    Call("shapes", "reshape", vector, lambda np, x: np.reshape(x, (2, -1)),
         lambda t, x: t.reshape(x, (2, -1))),
    Call("shapes", "transpose", matrix, lambda np, x: np.transpose(x), lambda t, x: t.t(x)),
    Call("shapes", "broadcast_to", vector, lambda np, x: np.broadcast_to(x, (3, len(x))),
         lambda t, x: t.broadcast_to(x, (3, len(x)))),
    Call("shapes", "stack", vectors, lambda np, x, y: np.stack([x, y]), lambda t, x, y: t.stack([x, y])),
    Call("shapes", "concatenate", vectors, lambda np, x, y: np.concatenate([x, y]),
         lambda t, x, y: t.cat([x, y])),
    Call("shapes", "split", vector, lambda np, x: np.split(x, 2), lambda t, x: t.split(x, len(x) // 2)),
    Call("shapes", "pad", vector, lambda np, x: np.pad(x, 2), lambda t, x: t.nn.functional.pad(x, (2, 2))),
    Call("shapes", "tile", vector, lambda np, x: np.tile(x, 3), lambda t, x: t.tile(x, (3,))),
    Call("shapes", "repeat", vector, lambda np, x: np.repeat(x, 3), lambda t, x: t.repeat_interleave(x, 3)),
    Call("shapes", "roll", vector, lambda np, x: np.roll(x, 2), lambda t, x: t.roll(x, 2)),
    Call("shapes", "flip", vector, lambda np, x: np.flip(x), lambda t, x: t.flip(x, (0,))),
    Call("contractions", "dot", vectors, lambda np, x, y: np.dot(x, y), lambda t, x, y: t.dot(x, y)),
    Call("contractions", "matmul", matrices, lambda np, x, y: np.matmul(x, y),
         lambda t, x, y: t.matmul(x, y)),
    Call("contractions", "einsum", matrices, lambda np, x, y: np.einsum("ij,jk->ik", x, y),
         lambda t, x, y: t.einsum("ij,jk->ik", x, y)),
    Call("contractions", "tensordot", matrices, lambda np, x, y: np.tensordot(x, y, 1),
         lambda t, x, y: t.tensordot(x, y, 1)),
    Call("contractions", "inner", vectors, lambda np, x, y: np.inner(x, y), lambda t, x, y: t.inner(x, y)),
    Call("contractions", "outer", halves, lambda np, x, y: np.outer(x, y), lambda t, x, y: t.outer(x, y)),
    Call("contractions", "kron", quarters, lambda np, x, y: np.kron(x, y), lambda t, x, y: t.kron(x, y)),
    Call("contractions", "trace", square, lambda np, x: np.trace(x), lambda t, x: t.trace(x)),
    Call("linalg", "solve", system, lambda np, a, b: np.linalg.solve(a, b),
         lambda t, a, b: t.linalg.solve(a, b)),
    Call("linalg", "lstsq", tall, lambda np, a, b: np.linalg.lstsq(a, b)[0],
         lambda t, a, b: t.linalg.lstsq(a, b[:, None])[0]),
    Call("linalg", "svd", square, lambda np, a: np.linalg.svd(a)[1], lambda t, a: t.linalg.svd(a)[1]),
    Call("linalg", "svd, with vectors", square, lambda np, a: np.linalg.svd(a, full_matrices=False),
         lambda t, a: tuple(t.linalg.svd(a, full_matrices=False))),
    Call("linalg", "qr", square, lambda np, a: np.linalg.qr(a), lambda t, a: tuple(t.linalg.qr(a))),
    Call("linalg", "eigh", symmetric, lambda np, a: np.linalg.eigh(a),
         lambda t, a: tuple(t.linalg.eigh(a))),
    Call("linalg", "slogdet", square, lambda np, a: np.linalg.slogdet(a)[1],
         lambda t, a: t.linalg.slogdet(a)[1]),
    Call("linalg", "cholesky", symmetric, lambda np, a: np.linalg.cholesky(a),
         lambda t, a: t.linalg.cholesky(a)),
    *[
        Call("linalg", name, square, lambda np, a, f=name: getattr(np.linalg, f)(a),
             lambda t, a, f=name: getattr(t.linalg, f)(a))
        for name in ("inv", "det", "pinv", "norm")
    ],
    Call("linalg", "matrix_power", square, lambda np, a: np.linalg.matrix_power(a, 3),
         lambda t, a: t.linalg.matrix_power(a, 3)),
    Call("fft", "fft", vector, lambda np, x: np.abs(np.fft.fft(x)), lambda t, x: t.abs(t.fft.fft(x))),
    Call("fft", "rfft", vector, lambda np, x: np.abs(np.fft.rfft(x)), lambda t, x: t.abs(t.fft.rfft(x))),
    Call("fft", "irfft", complex_vector, lambda np, x: np.fft.irfft(x), lambda t, x: t.fft.irfft(x)),
    Call("fft", "fft2", matrix, lambda np, x: np.abs(np.fft.fft2(x)), lambda t, x: t.abs(t.fft.fft2(x))),
    Call("signals", "convolve", signal, lambda np, x, k: np.convolve(x, k), _convolve_in_torch),
    Call("signals", "interp", vector, lambda np, y: np.interp(_once(_between, len(y)), _once(_grid, len(y)), y),
         None),
]  # fmt: skip
if WITH_SPECIAL:
    CALLS += [
        dataclasses.replace(call, module="special")
        for call in [
            Call("special", "erf", small, lambda special, x: special.erf(x), lambda t, x: t.erf(x)),
            Call("special", "gammaln", vector, lambda special, x: special.gammaln(x),
                 lambda t, x: t.lgamma(x)),
            Call("special", "digamma", vector, lambda special, x: special.digamma(x),
                 lambda t, x: t.digamma(x)),
            Call("special", "expit", small, lambda special, x: special.expit(x), lambda t, x: t.sigmoid(x)),
            Call("special", "logsumexp", vector, lambda special, x: special.logsumexp(x),
                 lambda t, x: t.logsumexp(x, 0)),
        ]
    ]  # fmt: skip


def key(call: Call, n: int) -> str:
    """What a call at a size is asked for by."""
    return f"{call.family} {call.name} {n}"


def module_of(call: Call) -> Any:
    """What `body` gets first: the differentiable namespace."""
    return autograd.numpy if call.module == "numpy" else importlib.import_module("autograd.scipy.special")


def _program(call: Call, n: int) -> Callable:
    xs: list = []  # made at the first run, so that the others' need no memory
    gradient: Any = None

    def run() -> Any:
        nonlocal gradient
        if gradient is None:
            xs.extend(call.given(n))
            gradient = grad(loss(call.body, module_of(call), autograd.numpy), tuple(range(len(xs))))
        return gradient(*xs)

    return run


def _has_gradient(call: Call) -> bool:
    """Whether the package differentiates the call: HIPS autograd gives zeros for many."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return any(numpy.any(g) for g in _program(call, SIZES[0])())
        except Exception:
            return False


PROGRAMS = {key(call, n): _program(call, n) for call in CALLS if _has_gradient(call) for n in SIZES}
