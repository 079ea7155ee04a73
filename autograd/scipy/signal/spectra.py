"""Spectra of segments of a signal, and the signal from them.

A segment z of nperseg elements, its trend taken out, has the spectrum s * fft(w * z), w a window and
1 / s**2 = sum(w)**2 ("spectrum") or fs * sum(w**2) ("density", "psd"); powers are squares of that, averaged
over the segments. Frequencies and times are SciPy's, and so are the errors.

Source: P. D. Welch, The use of the fast Fourier transform for the estimation of power spectra, IEEE Trans.
Audio Electroacoust. 15 (1967); D. W. Griffin and J. S. Lim, Signal estimation from modified short-time
Fourier transform, IEEE Trans. ASSP 32 (1984).
"""

from __future__ import annotations

import functools

import numpy as np

from ...errors import ArgumentError, NotDifferentiable
from ...ops.complex import angle, conjugate, imag, real
from ...ops.composed import flows, plain, wrapped
from ...ops.differences import unwrap
from ...ops.elementwise import absolute, sqrt
from ...ops.fft import fft, ifft, irfft, rfft
from ...ops.indexing import scatter_add
from ...ops.joining import concatenate
from ...ops.quantiles import median
from ...ops.reductions import mean, sum
from ...ops.shapes import as_array, axis_index, moveaxis
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .transforms import detrend as without_trend

theirs = load("signal")


class _Segments:
    """How a signal of n elements is cut, and what its spectra are multiplied with."""

    def __init__(self, n, dtype, fs, window, nperseg, noverlap, nfft, scaling, fewer=2):
        if flows(fs):
            raise NotDifferentiable(
                "a spectrum has no derivative here by fs; use .detach() if none is wanted"
            )
        named = isinstance(window, (str, tuple))
        size = (256 if nperseg is None else int(nperseg)) if named else as_array(window).shape[-1]
        self.size = min(size, n) if named else size
        kept = np.finfo(np.result_type(dtype, np.float32)).dtype
        self.window = theirs.get_window(window, self.size).astype(kept) if named else as_array(window)
        self.overlap = self.size // fewer if noverlap is None else int(plain(noverlap))
        self.nfft = self.size if nfft is None else int(nfft)
        w, fs = self.window, float(plain(fs))
        # of powers
        self.scale = 1 / (sum(w) * sum(w)) if scaling == "spectrum" else 1 / (fs * sum(w * w))

    def places(self, n):
        """Where the elements of each segment are among n."""
        step = self.size - self.overlap
        return np.arange(0, n - self.size + 1, step)[:, None] + np.arange(self.size)

    def of(self, rows, detrend, onesided):
        """The spectra, without their scale: (..., segments, frequencies)."""
        cut = rows[..., self.places(rows.shape[-1])]
        if callable(detrend):
            cut = detrend(cut)
        elif detrend:
            cut = without_trend(cut, -1, detrend)
        return (rfft if onesided else fft)(cut * self.window, self.nfft)


def _extended(x, boundary, size):
    """Half a segment more at both ends, and zeros until whole segments fill it."""
    if boundary is None:
        return x
    half = size // 2
    if boundary == "zeros":
        first = last = np.zeros((*x.shape[:-1], half), x.dtype)
    elif boundary == "constant":
        first, last = x[..., :1] + np.zeros(half, x.dtype), x[..., -1:] + np.zeros(half, x.dtype)
    else:
        first, last = x[..., half:0:-1], x[..., -2 : -half - 2 : -1]
        if boundary == "odd":
            first, last = 2 * x[..., :1] - first, 2 * x[..., -1:] - last
    return concatenate([first, x, last], -1)


def _filled(x, segments):
    n, step = x.shape[-1], segments.size - segments.overlap
    missing = -(n - segments.size) % step % segments.size
    return concatenate([x, np.zeros((*x.shape[:-1], missing), x.dtype)], -1) if missing else x


def _placed(x, axis):
    """(..., segments, frequencies) with the frequencies at the axis of the signal, segments last."""
    x = moveaxis(x, -1, -2)
    return moveaxis(x, -2, axis) if axis != x.ndim - 2 else x


def _one_sided(x, asked):
    return asked and x.dtype.kind != "c"


@spelled(theirs.stft)
def stft(x, fs=1.0, window="hann", nperseg=256, noverlap=None, nfft=None, detrend=False, return_onesided=True,
         boundary="zeros", padded=True, axis=-1, scaling="spectrum"):  # fmt: skip
    """Frequencies, times, and the spectra of overlapping segments of x: the short-time Fourier transform.

    Shapes: x (..., n) -> (f,), (t,), (..., f, t).

    Gradient: by x, in which it is linear, and by a window given as an array.

    Example:
        >>> stft(np.ones(8), nperseg=4)[2].real.round(3)[0]
        array([0.75, 1.  , 1.  , 1.  , 0.25])
    """
    x = as_array(x)
    f, t, _ = as_whole(theirs.stft, plain(x), plain(fs), plain(window), nperseg, noverlap, nfft, False,
                       return_onesided, boundary, padded, axis, scaling)  # fmt: skip
    axis = axis_index(axis, x.ndim)
    cut = _Segments(x.shape[axis], x.dtype, fs, window, nperseg, noverlap, nfft, scaling)
    rows = _extended(moveaxis(x, axis, -1), boundary, cut.size)
    rows = _filled(rows, cut) if padded else rows
    z = cut.of(rows, detrend, _one_sided(x, return_onesided)) * sqrt(cut.scale)
    return wrapped(f), wrapped(t), _placed(z, axis)


@spelled(theirs.istft)
def istft(Zxx, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, input_onesided=True, boundary=True,
          time_axis=-1, freq_axis=-2, scaling="spectrum"):  # fmt: skip
    """Times and the signal that has these short-time spectra, or those nearest to it.

    Shapes: Zxx (..., f, t) -> (n,), (..., n).

    Gradient: by Zxx, in which it is linear, and by a window given as an array.

    Example:
        >>> istft(stft(np.arange(8.0), nperseg=4)[2], nperseg=4)[1].round(12)
        array([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    z = as_array(Zxx)
    times, _ = as_whole(theirs.istft, plain(z), plain(fs), plain(window), nperseg, noverlap, nfft,
                        input_onesided, boundary, time_axis, freq_axis, scaling)  # fmt: skip
    last, first = axis_index(time_axis, z.ndim), axis_index(freq_axis, z.ndim)
    z = moveaxis(z, (last, first), (-2, -1))
    whole = 2 * (z.shape[-1] - 1) if input_onesided else z.shape[-1]
    size = whole if nperseg is None else int(nperseg)
    if nfft is None:
        nfft = size if input_onesided and size == whole + 1 else whole
    cut = _Segments(size, z.dtype, fs, window, size, noverlap, nfft, scaling)
    parts = (irfft if input_onesided else ifft)(z, cut.nfft)[..., : cut.size] * (
        cut.window / sqrt(cut.scale)
    )
    n = cut.size + (z.shape[-2] - 1) * (cut.size - cut.overlap)
    places = cut.places(n)
    x = scatter_add(parts, (Ellipsis, places), (*parts.shape[:-2], n))
    weights = scatter_add(
        cut.window * cut.window + np.zeros(places.shape, cut.window.dtype), (places,), (n,)
    )
    if boundary:
        inside = slice(cut.size // 2, n - cut.size // 2)
        x, weights = x[..., inside], weights[inside]
    x = x / (weights + (plain(weights) <= 1e-10) * (1 - plain(weights)))
    last -= first < last
    return wrapped(times), moveaxis(x, -1, last) if x.ndim > 1 and last != x.ndim - 1 else x


def _powers(name, x, y, options, modes=None):
    """Frequencies, times, and powers of x and y, or of x alone, for each segment: (..., segments, f)."""
    fs, window, nperseg, noverlap, nfft, detrend, onesided, scaling, axis = options
    if scaling not in ("density", "spectrum"):
        raise ArgumentError(f"{name}: scaling must be 'density' or 'spectrum', got {scaling!r}")
    rows = [moveaxis(v, axis, -1) for v in ((x,) if y is None else (x, y))]
    n = max(v.shape[-1] for v in rows)
    rows = [
        v if v.shape[-1] == n
        else concatenate([v, np.zeros((*v.shape[:-1], n - v.shape[-1]), v.dtype)], -1) for v in rows
    ]  # fmt: skip
    cut = _Segments(
        n, np.result_type(*[v.dtype for v in rows]), fs, window, nperseg, noverlap, nfft, scaling
    )
    onesided = onesided and all(v.dtype.kind != "c" for v in rows)
    first, second = (cut.of(v, detrend, onesided) for v in (rows if len(rows) == 2 else rows * 2))
    found = conjugate(first) * second
    found = (real(found) if y is None else found) * cut.scale
    return found * _doubled(cut) if onesided else found


def _doubled(cut):
    """A one-sided spectrum stands for both sides, but where there is one frequency."""
    weights = np.full(cut.nfft // 2 + 1, 2, cut.window.dtype)
    weights[0] = 1
    if cut.nfft % 2 == 0:
        weights[-1] = 1
    return weights


def _averaged(powers, average):
    """Over the segments; a median, of real and imaginary parts, less its bias."""
    if average == "mean":
        return mean(powers, -2)
    n = powers.shape[-2]
    even = 2.0 * np.arange(1, (n - 1) // 2 + 1)
    bias = float(1 + np.sum(1 / (even + 1) - 1 / even))
    if powers.dtype.kind == "c":
        return (median(real(powers), -2) + 1j * median(imag(powers), -2)) / bias
    return median(powers, -2) / bias


@spelled(theirs.csd)
def csd(x, y, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant",
        return_onesided=True, scaling="density", axis=-1, average="mean"):  # fmt: skip
    """Frequencies, and the cross power of x and y, averaged over segments.

    Gradient: by x, y and a window given as an array.

    Example:
        >>> csd(np.arange(4.0), np.arange(4.0), window="boxcar", nperseg=4)[1].real.round(3)
        array([0., 4., 1.])
    """
    return _cross(x, None if y is x else y, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling,
                  axis, average)  # fmt: skip


def _cross(x, y, fs, window, nperseg, noverlap, nfft, detrend, onesided, scaling, axis, average):
    x, y = as_array(x), None if y is None else as_array(y)
    other = x if y is None else y
    f, _ = as_whole(theirs.csd, plain(x), plain(other), plain(fs), plain(window), nperseg, noverlap, nfft,
                    False if callable(detrend) else detrend, onesided, scaling, axis, average)  # fmt: skip
    axis = axis_index(axis, x.ndim) - x.ndim
    powers = _powers("csd", x, y, (fs, window, nperseg, noverlap, nfft, detrend, onesided, scaling, axis))
    return wrapped(f), moveaxis(_averaged(powers, average), -1, axis)


@spelled(theirs.welch)
def welch(x, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant",
          return_onesided=True, scaling="density", axis=-1, average="mean"):  # fmt: skip
    """Frequencies, and the power of x, averaged over segments.

    Gradient: by x and a window given as an array.

    Example:
        >>> welch(np.arange(4.0), window="boxcar", nperseg=4)[1].round(3)
        array([0., 4., 1.])
    """
    return _cross(
        x, None, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average
    )


@spelled(theirs.periodogram)
def periodogram(x, fs=1.0, window="boxcar", nfft=None, detrend="constant", return_onesided=True,
                scaling="density", axis=-1):  # fmt: skip
    """Frequencies, and the power of x as one segment.

    Gradient: by x and a window given as an array.

    Example:
        >>> periodogram(np.arange(4.0))[1].round(3)
        array([0., 4., 1.])
    """
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    n = x.shape[axis]
    size = n if nfft is None else min(n, int(nfft))
    rows = x if size == n else moveaxis(moveaxis(x, axis, -1)[..., :size], -1, axis)
    window = "boxcar" if window is None else window
    return _cross(rows, None, fs, window, size, 0, nfft, detrend, return_onesided, scaling, axis, "mean")


@spelled(theirs.coherence)
def coherence(
    x, y, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant", axis=-1
):
    """Frequencies, and |cross power|**2 / (power of x * power of y).

    Gradient: by x, y and a window given as an array.

    Example:
        >>> coherence(np.arange(8.0) ** 2, np.arange(8.0), nperseg=4)[1].round(3)
        array([0.771, 0.84 , 1.   ])
    """
    spectrum = functools.partial(_cross, fs=fs, window=window, nperseg=nperseg, noverlap=noverlap, nfft=nfft,
                                 detrend=detrend, onesided=True, scaling="density", axis=axis, average="mean")  # fmt: skip
    f, both = spectrum(x, y)
    size = real(both) * real(both) + imag(both) * imag(both)
    return f, size / (spectrum(x, None)[1] * spectrum(y, None)[1])


@spelled(theirs.spectrogram)
def spectrogram(x, fs=1.0, window=("tukey", 0.25), nperseg=None, noverlap=None, nfft=None, detrend="constant",
                return_onesided=True, scaling="density", axis=-1, mode="psd"):  # fmt: skip
    """Frequencies, times, and the power of each segment of x; or by `mode` their spectra or parts of them.

    Shapes: x (..., n) -> (f,), (t,), (..., f, t).

    Gradient: by x and a window given as an array.

    Example:
        >>> spectrogram(np.arange(4.0), window="boxcar", nperseg=4)[2][:, 0].round(3)
        array([0., 4., 1.])
    """
    x = as_array(x)
    f, t, _ = as_whole(theirs.spectrogram, plain(x), plain(fs), plain(window), nperseg, noverlap, nfft, False,
                       return_onesided, scaling, axis, mode)  # fmt: skip
    axis = axis_index(axis, x.ndim)
    n = x.shape[axis]
    if noverlap is None:
        noverlap = _Segments(n, x.dtype, fs, window, nperseg, None, nfft, scaling, 8).overlap
    options = (fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis)
    if mode == "psd":
        return wrapped(f), wrapped(t), _placed(_powers("spectrogram", x, None, options), axis)
    cut = _Segments(n, x.dtype, fs, window, nperseg, noverlap, nfft, scaling)
    z = cut.of(moveaxis(x, axis, -1), detrend, _one_sided(x, return_onesided)) * sqrt(cut.scale)
    parts = {"complex": lambda z: z, "magnitude": absolute, "angle": angle,
             "phase": lambda z: unwrap(angle(z), axis=-1)}  # fmt: skip
    return wrapped(f), wrapped(t), _placed(parts[mode](z), axis)
