"""How much arithmetic a call is: multiply-adds, counted, and floating-point operations, estimated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def multiply_adds(prim: Any, args: Sequence, statics: tuple, out: Any) -> int:
    """The multiply-adds of one call: of matrix products, convolutions and what is made of them."""
    if prim.name not in _WORK:
        return 0
    return count(prim, [shape_of(a) for a in args], shape_of(out), statics)


def shape_of(value: Any) -> Shape:
    """The shape of a Tensor, an array or a number."""
    return np.shape(getattr(value, "_data", value))


def needs_statics(prim: Any) -> bool:
    """Whether the work of a primitive depends on more than the shapes of its arguments."""
    return prim.name in _WORK or prim.name in _FLOPS


def count(prim: Any, shapes: Sequence[Shape], out: Shape, statics: tuple) -> int:
    """The multiply-adds of a counted primitive, from the shapes of its arguments and its result."""
    options = dict(zip(prim.statics, statics, strict=True))
    return int(_WORK[prim.name](out, list(shapes), options))


def flops(prim: Any, shapes: Sequence[Shape], out: Shape, statics: tuple = ()) -> int:
    """An estimate of the floating-point operations of one call.

    Two for a multiply-add where these are counted; the leading terms for linear algebra and Fourier
    transforms; nothing for what only moves or compares places; else one for each element of the
    largest of arguments and result, as often as the operation passes over it.
    """
    if prim.name in _FLOPS:
        options = dict(zip(prim.statics, statics, strict=True))
        return int(_FLOPS[prim.name](out, list(shapes), options))
    if prim.name in _WORK:
        return 2 * count(prim, shapes, out, statics)
    if prim.view is not None or prim.name in _MOVES:
        return 0
    return _PASSES.get(prim.name, 1) * max(math.prod(s) for s in [out, *shapes])


def backward_flops(
    prim: Any, active: Sequence[int], shapes: Sequence[Shape], out: Shape, statics: tuple = ()
) -> int:
    """An estimate for one step of the sweep: each matrix product has one like it per factor."""
    if prim.name in _BIASED and tuple(active) == (2,):
        return math.prod(out)  # summed for the bias
    forward = flops(prim, shapes, out, statics)
    if prim.name not in _WORK or prim.name == "einsum":
        return forward * len(active)
    # a product for the input and one for the weights; biases are summed, which is nothing beside
    both = prim.name == "self_attention" or (0 in active and len(active) > 1)
    return 2 * forward if both else forward


def _steps(x: Shape, *weights: Shape) -> int:
    """Each weight once for every step of every sequence."""
    return math.prod(x[:-1]) * sum(math.prod(w) for w in weights if w)


def _self_attention(out: Shape, s: list[Shape], options: dict) -> int:
    """Scores, and sums of values: twice length**2 for every sequence and unit."""
    length = s[0][1] if options["batch_first"] else s[0][0]
    return 2 * math.prod(out) * length


def _contractions(s: list[Shape], subscripts: str) -> Iterator[tuple[int, int, bool]]:
    """The steps of an einsum: turns of a loop over all labels, operands, and whether it sums.

    More than two operands are taken in the order that NumPy finds for them.
    """
    left, _, output = subscripts.partition("->")
    terms = left.split(",")
    lengths = {c: n for term, shape in zip(terms, s, strict=True) for c, n in zip(term, shape, strict=True)}
    path: Sequence[Sequence[int]] = [range(len(terms))]
    if len(terms) > 2:
        stand_ins = [np.broadcast_to(0.0, shape) for shape in s]
        path = np.einsum_path(subscripts, *stand_ins, optimize=True)[0][1:]
    for places in path:
        taken = [terms[i] for i in places]
        terms = [term for i, term in enumerate(terms) if i not in places]
        labels = dict.fromkeys("".join(taken))
        kept = "".join(c for c in labels if c in output or any(c in term for term in terms))
        terms.append(kept)
        yield math.prod(lengths[c] for c in labels), len(taken), len(kept) < len(labels)


def _einsum(out: Shape, s: list[Shape], options: dict) -> int:
    """One for each turn of the loops that multiply."""
    steps = _contractions(s, options["subscripts"])
    return sum(turns * (operands - 1) for turns, operands, _ in steps)


def _einsum_flops(out: Shape, s: list[Shape], options: dict) -> int:
    """The products, and a sum where there is one."""
    steps = _contractions(s, options["subscripts"])
    return sum(turns * (operands - 1 + summed) for turns, operands, summed in steps)


# From the shape of the result, the shapes of the arguments, and the statics.
_WORK: dict[str, Callable[[Shape, list[Shape], dict], int]] = {
    "linear": lambda out, s, _: math.prod(out) * s[1][1],
    **dict.fromkeys(
        ("matmul", "each_matmul", "matvec", "vecmat", "vecdot"),
        lambda out, s, _: math.prod(out) * s[0][-1],
    ),
    "convolution": lambda out, s, _: math.prod(out) * math.prod(s[1][1:]),
    "transposed_convolution": lambda out, s, _: math.prod(s[0]) * math.prod(s[1][1:]),
    "convolution_weight": lambda out, s, _: math.prod(s[1]) * math.prod(out[1:]),
    "einsum": _einsum,
    "attention": lambda out, s, _: math.prod(out[:-1]) * s[1][-2] * (s[0][-1] + s[2][-1]),
    "self_attention": _self_attention,
    "rnn": lambda out, s, _: _steps(s[0], s[2], s[3]),
    "gru": lambda out, s, _: _steps(s[0], s[2], s[3]),
    "lstm": lambda out, s, _: _steps(s[0], s[3], s[4], s[7]),
}
_BIASED = frozenset({"linear", "convolution", "transposed_convolution"})


def _convolve(out: Shape, s: list[Shape], options: dict) -> int:
    """Full: every pair; valid: the shorter at every place; same: about as many."""
    long, short = max(s[0][0], s[1][0]), min(s[0][0], s[1][0])
    return 2 * (long * short if options["mode"] == "full" else out[0] * short)


def _matrices(terms: Callable[[int, int], float]) -> Callable[[Shape, list[Shape], dict], float]:
    """The work for each matrix of a stack, from its longer and its shorter side."""

    def of(out: Shape, s: list[Shape], _: dict) -> float:
        return math.prod(s[0][:-2]) * terms(max(s[0][-2:]), min(s[0][-2:]))

    return of


def _solve(out: Shape, s: list[Shape], _: dict) -> float:
    n = s[0][-1]
    return math.prod(out[:-2]) * 2 / 3 * n**3 + 2 * n * math.prod(out)


def _fft(values: int, length: int, share: float = 1.0) -> float:
    return 5 * share * values * math.log2(max(length, 1))


# Leading terms. Matrices: Golub and Van Loan, Matrix Computations (4th ed.), sections 3.2, 4.2, 5.2,
# 7.5, 8.3 and 8.6; the transform of length n: 5 n log2(n), half of it for real numbers.
_FLOPS: dict[str, Callable[[Shape, list[Shape], dict], float]] = {
    "einsum": _einsum_flops,
    "convolve": _convolve,
    "cholesky": _matrices(lambda m, n: n**3 / 3),
    "det": _matrices(lambda m, n: 2 / 3 * n**3),
    "slogdet": _matrices(lambda m, n: 2 / 3 * n**3),
    "inv": _matrices(lambda m, n: 2 * n**3),
    "qr": _matrices(lambda m, n: 4 * m * n**2 - 4 / 3 * n**3),
    "svd": _matrices(lambda m, n: 14 * m * n**2 + 8 * n**3),
    "pinv": _matrices(lambda m, n: 16 * m * n**2 + 8 * n**3),
    "lstsq": _matrices(lambda m, n: 4 * m * n**2 + 8 * n**3),
    "eigh": _matrices(lambda m, n: 9 * n**3),
    "eig": _matrices(lambda m, n: 25 * n**3),
    "roots": lambda out, s, _: 10 * math.prod(out) ** 3,
    "solve": _solve,
    "solve_triangular": lambda out, s, _: s[0][-1] * math.prod(out),
    "fftn": lambda out, s, o: _fft(math.prod(out), math.prod(out[axis] for axis in o["axes"])),
    "rfft": lambda out, s, o: _fft(math.prod(out) // out[o["axis"]] * _real(s, o), _real(s, o), 0.5),
    "irfft": lambda out, s, o: _fft(math.prod(out), out[o["axis"]], 0.5),
}


def _real(s: list[Shape], options: dict) -> int:
    return s[0][options["axis"]] if options["n"] is None else options["n"]


# How often an operation passes over its elements, where that is not once.
_PASSES = {
    "softmax": 5, "log_softmax": 5, "logsumexp": 4, "cross_entropy": 6, "weighted_cross_entropy": 6,
    "soft_cross_entropy": 7, "normalise": 7, "std": 4, "var": 4, "power_norm": 2, "mse_loss": 3,
    "l1_loss": 3,
}  # fmt: skip
_MOVE = """
    broadcast_cast astype copy detach reshape transpose broadcast_to flip roll tril triu conjugate real imag
    getitem setitem concatenate stack repeat pick place embedding unfold pad unpad max_unpool
    take_along_axis
"""
_MOVES = frozenset(_MOVE.split())
