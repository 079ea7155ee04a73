"""Linear maps of whole signals: trends taken out, analytic signals, other sampling rates."""

from __future__ import annotations

import itertools

import numpy as np

from ...errors import ArgumentError
from ...ops.fft import fft, ifft, irfft, rfft
from ...ops.joining import concatenate
from ...ops.reductions import mean
from ...ops.shapes import as_array, axis_index, moveaxis
from .. import load
from .._faces import spelled

theirs = load("signal")


@spelled(theirs.detrend)
def detrend(data, axis=-1, type="linear", bp=0, overwrite_data=False):
    """The data without their mean, or without the straight line that fits each part between `bp` best.

    Example:
        >>> detrend(np.array([1.0, 2.0, 4.0]), type="constant").round(6)
        array([-1.333333, -0.333333,  1.666667])
    """
    x = as_array(data)
    axis = axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    if type in ("constant", "c"):
        return moveaxis(rows - mean(rows, -1, keepdims=True), -1, axis)
    if type not in ("linear", "l"):
        raise ArgumentError(f"detrend: type must be 'linear' or 'constant', got {type!r}")
    n = x.shape[axis]
    cuts = np.unique(np.concatenate([[0], np.atleast_1d(bp), [n]]).astype(int))
    if cuts[0] < 0 or cuts[-1] > n:
        raise ArgumentError(f"detrend: bp {bp!r} must be inside the {n} elements of the axis")
    parts = [_without_line(rows[..., a:b]) for a, b in itertools.pairwise(cuts)]
    return moveaxis(concatenate(parts, -1), -1, axis)


def _without_line(x):
    n = x.shape[-1]
    line = np.stack([np.ones(n), np.arange(1, n + 1) / n], -1)
    basis = np.linalg.qr(line)[0].astype(x.dtype) if n > 1 else np.ones((1, 1), x.dtype)
    return x - (x @ basis) @ basis.T


@spelled(theirs.hilbert)
def hilbert(x, N=None, axis=-1):
    """The analytic signal of x: x itself, and its Hilbert transform as the imaginary part.

    Example:
        >>> hilbert(np.cos(np.arange(4) * np.pi / 2)).round(12).imag + 0.0
        array([ 0.,  1.,  0., -1.])
    """
    x = as_array(x)
    if x.dtype.kind == "c":
        raise ArgumentError("hilbert: x must be real")
    axis = axis_index(axis, x.ndim)
    n = x.shape[axis] if N is None else N
    if n <= 0:
        raise ArgumentError(f"hilbert: N must be positive, got {N!r}")
    weights = np.zeros(n, x.dtype)
    weights[0] = 1
    weights[1 : (n + 1) // 2] = 2
    if n % 2 == 0:
        weights[n // 2] = 1
    return moveaxis(ifft(fft(moveaxis(x, axis, -1), n) * weights), -1, axis)


@spelled(theirs.resample)
def resample(x, num, t=None, axis=0, window=None, domain="time"):
    """x as `num` samples of the same span, by its Fourier series.

    Args:
        t: the times of x; then those of the result are given too.

    Errors: ArgumentError for a window or the domain "freq", which have no derivative here.

    Example:
        >>> resample(np.array([1.0, 0.0, -1.0, 0.0]), 2).round(12)
        array([ 1., -1.])
    """
    if window is not None or domain != "time":
        raise ArgumentError("resample: with a tensor, window must be None and domain 'time'")
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    rows, n = moveaxis(x, axis, -1), x.shape[axis]
    if num <= 0:
        raise ArgumentError(f"resample: num must be positive, got {num!r}")
    y = moveaxis((_resampled_complex if x.dtype.kind == "c" else _resampled)(rows, n, num), -1, axis)
    if t is None:
        return y
    t = as_array(t)
    return y, np.arange(num) * (t[1] - t[0]) * n / num + t[0]


def _resampled(rows, n, num):
    fewer = min(n, num)
    spectrum = rfft(rows)[..., : fewer // 2 + 1]
    if fewer % 2 == 0 and n != num:  # the highest frequency stands for two, or one for it
        weights = np.ones(fewer // 2 + 1, rows.dtype)
        weights[-1] = 2 if num < n else 0.5
        spectrum = spectrum * weights
    return irfft(spectrum, num) * (num / n)


def _resampled_complex(rows, n, num):
    fewer = min(n, num)
    half = (fewer + 1) // 2
    spectrum = fft(rows)
    low, high = spectrum[..., :half], spectrum[..., n - (fewer - half) :] if fewer > half else None
    parts = [low]
    if fewer % 2 == 0:
        middle, high = (spectrum[..., n - half : n - half + 1], spectrum[..., n - half + 1 :])
        if num < n:
            parts.append(middle + spectrum[..., half : half + 1])
        elif num > n:
            parts.append(middle * 0.5)
        else:
            parts.append(middle)
    empty = num - fewer - (1 if num > n and fewer % 2 == 0 else 0)
    if empty > 0:
        parts.append(np.zeros((*rows.shape[:-1], empty), np.result_type(rows.dtype)))
    if num > n and fewer % 2 == 0:
        parts.append(middle * 0.5)
    if high is not None and high.shape[-1]:
        parts.append(high)
    return ifft(concatenate(parts, -1)) * (num / n)
