"""Padding: arrays with borders put around them, by slices; negative widths crop.

`widths` has (before, after) for each axis, "constant" borders hold `value`. Borders that repeat
the array are laid axis by axis, so that a later axis repeats the corners of the earlier ones.
What is reflected or replicated is cropped after its borders were laid, since these may show
what is cropped; a circle is cropped before, since it closes over what is left.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...declare import case, primitive
from ...errors import ShapeError
from . import batching

# Up to so many columns of the last axis are copied one by one: as a whole they would be copied
# row by row, a few numbers each.
_FEW = 4


class _Plan(NamedTuple):
    """What is done with an array of one shape."""

    first: tuple | None  # what is left by a crop before the borders are laid; None: all
    shape: tuple  # with the borders
    inner: tuple  # where the array lies between them
    borders: tuple  # (axis, a border, where its values come from), in the order they are laid
    last: tuple | None  # what is left by a crop after that


@lru_cache(maxsize=512)
def _plan(shape, widths, mode):
    _check(shape, widths, mode)
    grown = tuple((max(b, 0), max(a, 0)) for b, a in widths)
    kept = None
    if grown != widths:
        kept = tuple(slice(max(-b, 0), min(a, 0) or None) for b, a in widths)
    late = kept is not None and mode in ("reflect", "replicate")
    if kept is not None and not late:
        shape = tuple(n + min(b, 0) + min(a, 0) for n, (b, a) in zip(shape, widths, strict=True))
    padded = _resized(shape, grown)
    inner = tuple(slice(b, n - a) for n, (b, a) in zip(padded, grown, strict=True))
    borders = () if mode == "constant" else tuple(_borders(padded, inner, mode))
    return _Plan(None if late else kept, padded, inner, borders, kept if late else None)


def _check(shape, widths, mode):
    """Refuse borders longer than what they repeat, and crops of more than there is."""
    for axis, (n, (before, after)) in enumerate(zip(shape, widths, strict=True)):
        kept, longest = n + min(before, 0) + min(after, 0), max(before, after, 0)
        if kept < 0 or n + before + after < 0:
            raise ShapeError(f"pad: widths {(before, after)} crop more than axis {axis} has, of length {n}")
        most = {"reflect": max(n - 1, 0), "circular": kept, "replicate": longest if n else 0}.get(
            mode, longest
        )
        if longest > most:
            raise ShapeError(
                f"pad: mode {mode!r} can pad axis {axis}, of length {n}, by no more than {most}, got {longest}"
            )


def _resized(shape, widths, sign=1):
    return tuple(n + sign * (b + a) for n, (b, a) in zip(shape, widths, strict=True))


def _borders(shape, inner, mode):
    where = list(inner)
    for axis, (start, stop) in enumerate((s.start, s.stop) for s in inner):
        columns = _FEW if axis == len(shape) - 1 else 0
        for target in (slice(0, start), slice(stop, shape[axis])):
            for piece in _pieces(target, columns):
                pair = piece, _source(piece, start, stop, mode)
                yield axis, *((*where[:axis], s, *where[axis + 1 :]) for s in pair)
        where[axis] = slice(None)


def _pieces(border, columns):
    """A border as it is copied: as a whole, or column by column."""
    if border.start == border.stop:
        return []
    if border.stop - border.start > columns:
        return [border]
    return [slice(i, i + 1) for i in range(border.start, border.stop)]


def _source(border, start, stop, mode):
    """Where a border along one axis has its values from, the array lying in start:stop."""
    before = border.start < start
    if mode == "replicate":
        return slice(start, start + 1) if before else slice(stop - 1, stop)
    if mode == "circular":
        turn = stop - start if before else start - stop
        return slice(border.start + turn, border.stop + turn)
    mirror = 2 * start if before else 2 * (stop - 1)
    end = mirror - border.stop
    return slice(mirror - border.start, None if end < 0 else end, -1)


def _pad(x, widths, mode="constant", value=0.0):
    first, shape, inner, borders, last = _plan(x.shape, widths, mode)
    if first is not None:
        x = x[first]
    if mode == "constant":
        out = np.full(shape, value, x.dtype, like=x) if value else np.zeros(shape, x.dtype, like=x)
    else:
        out = np.empty(shape, x.dtype, like=x)
    out[inner] = x
    for _, target, source in borders:
        out[target] = out[source]
    return out if last is None else out[last].copy()


def _unpad(x, widths, mode="constant"):
    g, whole = x, _resized(x.shape, widths, -1)
    first, shape, inner, borders, last = _plan(whole, widths, mode)
    if last is not None:
        g = _embedded(g, shape, last)
    elif borders:
        g = g.copy()
    for axis, target, source in reversed(borders):
        g[source] += g[target] if mode != "replicate" else np.add.reduce(g[target], axis, keepdims=True)
    g = g[inner]
    return g if first is None else _embedded(g, whole, first)


def _embedded(values, shape, where):
    """Values in an array of zeros."""
    out = np.zeros(shape, values.dtype, like=values)
    out[where] = values
    return out


_CASES = [
    case((2, 3), widths=((0, 0), (1, 2))),
    case((3, 4), widths=((1, -1), (-1, 2))),
    *(
        case(shape, widths=widths, mode=mode)
        for mode in ("reflect", "replicate", "circular")
        for shape, widths in [
            ((2, 4), ((0, 0), (2, 1))),
            ((3, 4), ((2, 1), (0, 3))),
            ((2, 3, 4), ((0, 0), (1, 2), (1, 1))),
            ((3, 4), ((1, -1), (-1, 2))),
        ]
    ),
]

pad = primitive(
    _pad,
    ["x"],
    name="pad",
    vjp={"x": lambda g, widths, mode: unpad(g, widths, mode)},
    jvp={"x": lambda t, out, x, widths, mode, value: pad(t, widths, mode, 0.0)},
    batch=batching.widths,
    cases=[*_CASES, case((2, 3), widths=((1, 0), (0, 2)), value=1.5)],
    doc="""x with borders: of a `value`, or reflecting, replicating or circling round what is in x.

    Args:
        widths: (before, after) for each axis; negative ones crop.
        mode: "constant", "reflect", "replicate" or "circular".

    Gradient: that of the borders, added to where their values come from.""",
)
unpad = primitive(
    _unpad,
    ["x"],
    name="unpad",
    vjp={"x": lambda g, widths, mode: pad(g, widths, mode, 0.0)},
    linear=True,
    batch=batching.widths,
    cases=[
        case(_resized(c.args[0], c.statics["widths"]), **c.statics) for c in _CASES
    ],
    doc="The inverse of `pad`'s reach: borders added to where `pad` took their values from.",
)  # fmt: skip
