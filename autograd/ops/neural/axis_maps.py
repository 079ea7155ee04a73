"""Linear maps along one axis, and those that interpolation is made of.

Each output is a weighted sum of a few inputs, its taps. A map is kept as its taps; where an axis
is short its dense matrix is faster to apply, since BLAS does that.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .pooling_windows import Windows

_DENSE = 32  # up to so many inputs per tap, a product with the dense matrix is faster
_BLOCK = 1 << 15  # how many outputs are made at a time


class AxisMap:
    """out[i] = sum over t of weight[t, i] * x[index[t, i]], along one axis.

    Args:
        length: of the axis that it is applied to.
        index: (taps, out), within the axis; taps of weight zero are left out.
        weight: (taps, out).
    """

    def __init__(self, length: int, index: np.ndarray, weight: np.ndarray):
        self.length, self.out = length, index.shape[1]
        tap, row = np.nonzero(weight)
        self.rows, self.columns, self.weights = row, index[tap, row], weight[tap, row]
        self._taps: dict[Any, list] = {}
        self._matrices: dict[Any, np.ndarray] = {}

    def __repr__(self) -> str:
        return f"AxisMap({self.length} -> {self.out})"

    @functools.cached_property
    def T(self) -> AxisMap:
        """The transposed map, from an axis of `out` to one of `length`."""
        turned = AxisMap.__new__(AxisMap)
        turned.length, turned.out = self.out, self.length
        turned.rows, turned.columns, turned.weights = self.columns, self.rows, self.weights
        turned._taps, turned._matrices = {}, {}
        turned.T = self
        return turned

    @functools.cached_property
    def width(self) -> int:
        """The most taps that an output has."""
        return int(np.bincount(self.rows, minlength=1).max())

    @property
    def is_short(self) -> bool:
        return self.length <= _DENSE * max(self.width, 1)

    @functools.cached_property
    def is_choice(self) -> bool:
        """Whether each output is just one of the inputs."""
        once = np.array_equal(np.sort(self.rows), np.arange(self.out))
        return once and self.out > 0 and bool((self.weights == 1).all())

    def matrix(self, dtype: Any) -> np.ndarray:
        """The dense matrix, (out, length)."""
        if dtype not in self._matrices:
            dense = np.zeros((self.out, self.length))
            np.add.at(dense, (self.rows, self.columns), self.weights)
            self._matrices[dtype] = dense.astype(dtype)
        return self._matrices[dtype]

    def taps(self, dtype: Any) -> list[tuple[Any, np.ndarray, np.ndarray]]:
        """For each tap: the outputs that have it (None: all), their inputs and weights."""
        if dtype not in self._taps:
            order = np.argsort(self.rows, kind="stable")
            rows, columns, weights = self.rows[order], self.columns[order], self.weights[order]
            turn = np.arange(len(rows)) - np.searchsorted(rows, rows)  # the how-manieth of its row
            found = []
            for t in range(self.width if len(rows) else 0):
                chosen = turn == t
                all_have = np.count_nonzero(chosen) == self.out
                place = None if all_have else rows[chosen]
                found.append((place, columns[chosen], weights[chosen].astype(dtype)))
            self._taps[dtype] = found
        return self._taps[dtype]

    def apply(self, x: np.ndarray, axis: int, dense: bool) -> np.ndarray:
        """The map along an axis of x; `dense` allows for a product that touches all inputs."""
        if self.is_choice:
            return x.take(self.taps(x.dtype)[0][1], axis)
        if dense and self.is_short:
            return self._by_product(x, axis)
        return self._by_taps(x, axis)

    def _by_product(self, x: np.ndarray, axis: int) -> np.ndarray:
        lead, rest = x.shape[:axis], x.shape[axis + 1 :]
        matrix = self.matrix(x.dtype)
        if not rest or math.prod(rest) == 1:
            out = x.reshape(math.prod(lead), self.length).dot(matrix.T)
        else:
            out = np.matmul(matrix, x.reshape(math.prod(lead), self.length, math.prod(rest)))
        return out.reshape(*lead, self.out, *rest)

    def _by_taps(self, x: np.ndarray, axis: int) -> np.ndarray:
        lead, rest = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
        rows = x.reshape(lead, self.length, rest)
        out = np.zeros((lead, self.out, rest), x.dtype, like=x)
        taps = self.taps(x.dtype)
        step = max(1, _BLOCK // max(self.out * rest, 1))  # parts that stay in cache
        for start in range(0, lead, step):
            part, into = rows[start : start + step], out[start : start + step]
            for number, (chosen, columns, weights) in enumerate(taps):
                values = part.take(columns, 1)
                values *= weights[:, None]
                if chosen is not None:
                    into[:, chosen] += values
                elif number:
                    into += values
                else:
                    into[...] = values
        return out.reshape(*x.shape[:axis], self.out, *x.shape[axis + 1 :])


# ------------------------------------------------------------------ the maps there are


def _scale(n: int, out: int, factor: float | None, align_corners: bool, real: Any) -> Any:
    """How far apart in the input two neighbours of the output are."""
    if align_corners:
        return real(n - 1) / real(out - 1) if out > 1 else real(0)
    return real(1 / factor) if factor else real(n) / real(out)


def _centres(n: int, out: int, factor: float | None, align_corners: bool, real: Any) -> np.ndarray:
    """Where in the input each element of the output lies."""
    i, scale = np.arange(out).astype(real), _scale(n, out, factor, align_corners, real)
    return i * scale if align_corners else scale * (i + real(0.5)) - real(0.5)


@functools.lru_cache(512)
def nearest_map(n: int, out: int, factor: float | None, exact: bool, real: Any) -> AxisMap:
    """The input at the left of each output's own place, or (exact) the one closest to its middle."""
    i = np.arange(out).astype(real) + real(0.5 if exact else 0)
    index = np.floor(i * _scale(n, out, factor, False, real)).astype(np.intp)
    return AxisMap(n, np.clip(index, 0, n - 1)[None], np.ones((1, out)))


@functools.lru_cache(512)
def linear_map(n: int, out: int, factor: float | None, align_corners: bool, real: Any) -> AxisMap:
    """Between the two inputs next to it, in proportion; an axis that keeps its length stays as it is."""
    if n == out:
        return AxisMap(n, np.arange(n)[None], np.ones((1, n)))
    place = np.maximum(_centres(n, out, factor, align_corners, real), 0)
    left = np.minimum(place.astype(np.intp), n - 1)
    share = np.clip(place - left.astype(real), 0, 1)
    return AxisMap(n, np.stack([left, np.minimum(left + 1, n - 1)]), np.stack([1 - share, share]))


def cubic_weights(t: Any, a: float = -0.75) -> list:
    """Keys's cubic convolution: the weights of the inputs at -1, 0, 1, 2 for an output at t.

    Source: Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981, eq. 15 with
    the free parameter a.
    """
    u = 1 - t
    return [
        ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
        ((a + 2) * t - (a + 3)) * t * t + 1,
        ((a + 2) * u - (a + 3)) * u * u + 1,
        ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a,
    ]


@functools.lru_cache(512)
def cubic_map(n: int, out: int, factor: float | None, align_corners: bool, real: Any) -> AxisMap:
    """Among the four inputs next to it; the first and last one go on beyond the borders."""
    place = _centres(n, out, factor, align_corners, real)
    left = np.floor(place)
    index = left.astype(np.intp) + np.arange(-1, 3)[:, None]
    return AxisMap(n, np.clip(index, 0, n - 1), np.stack(cubic_weights(place - left)))


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(x), 0)


def _keys(x: np.ndarray) -> np.ndarray:
    """Keys's kernel with a = -1/2."""
    x, a = np.abs(x), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_KERNELS: dict[str, tuple] = {"linear": (_triangle, 1), "cubic": (_keys, 2), "lanczos": (_lanczos, 3)}


@functools.lru_cache(512)
def smooth_map(
    kind: str, n: int, out: int, factor: float | None, align_corners: bool, real: Any
) -> AxisMap:
    """With a kernel as wide as the step between outputs, so that shrinking averages."""
    kernel, reach = _KERNELS[kind]
    scale = _scale(n, out, factor, align_corners, real)
    stretch = max(scale, real(1))
    support = real(reach) * stretch
    half = real(0.5)
    centre = scale * (np.arange(out).astype(real) + half)  # also where corners are aligned
    first = np.maximum((centre - support + half).astype(np.intp), 0)
    end = np.minimum((centre + support + half).astype(np.intp), n)
    index = first + np.arange(int(np.max(end - first, initial=1)))[:, None]
    weight = np.where(index < end, kernel((index - centre + half) / stretch), 0).astype(real)
    return AxisMap(n, np.minimum(index, n - 1), weight / np.add.reduce(weight, 0))


@functools.lru_cache(512)
def mean_map(windows: Windows) -> AxisMap:
    """The mean of each window, none of which is padded."""
    sizes = np.array(windows.sizes or (windows.size,) * len(windows.starts), np.intp)
    t = np.arange(windows.size)[:, None]
    index = np.minimum(np.array(windows.starts, np.intp) + t, windows.length - 1)
    return AxisMap(windows.length, index, (t < sizes) / sizes)
