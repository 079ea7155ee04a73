"""NumPy's Fourier transforms, spelled with those of `fourier.py`."""

from __future__ import annotations

from .arranging import roll
from .complex import conjugate
from .fourier import SWAPPED, normed, over_axes, plan, real_half, real_whole
from .matrices import conj
from .shapes import as_array, axis_index


def fft(a, n=None, axis=-1, norm=None, out=None):
    """out[k] = sum_j a[j] exp(-2 pi i j k / n), along an axis.

    Args:
        a: real or complex.
        n: how many points; a is cut or filled up with zeros.
        norm: "backward" (no factor), "ortho" (1 / sqrt(n)) or "forward" (1 / n).

    Example:
        >>> fft([1.0, 2.0])
        array([ 3.+0.j, -1.+0.j])
    """
    a = as_array(a)
    return over_axes(a, *plan("fft", a, [n], (axis,)), normed("fft", norm), False)


def ifft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of fft: sum_k a[k] exp(2 pi i j k / n) / n, along an axis.

    Example:
        >>> ifft([3.0, -1.0])
        array([1.+0.j, 2.+0.j])
    """
    a = as_array(a)
    return over_axes(a, *plan("ifft", a, [n], (axis,)), normed("ifft", norm), True)


def fftn(a, s=None, axes=None, norm=None, out=None):
    """fft over several axes, all for None.

    Example:
        >>> fftn([[1.0, 1.0], [1.0, 1.0]])[0, 0]
        np.complex128(4+0j)
    """
    a = as_array(a)
    return over_axes(a, *plan("fftn", a, s, axes), normed("fftn", norm), False)


def ifftn(a, s=None, axes=None, norm=None, out=None):
    """ifft over several axes, all for None.

    Example:
        >>> ifftn([[1.0, 1.0], [1.0, 1.0]])[0, 0]
        np.complex128(1+0j)
    """
    a = as_array(a)
    return over_axes(a, *plan("ifftn", a, s, axes), normed("ifftn", norm), True)


def fft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """fft over the last two axes.

    Example:
        >>> fft2([[1.0, 1.0], [1.0, 1.0]]).shape
        (2, 2)
    """
    return fftn(a, s, axes, norm)


def ifft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """ifft over the last two axes.

    Example:
        >>> ifft2([[1.0, 1.0], [1.0, 1.0]]).shape
        (2, 2)
    """
    return ifftn(a, s, axes, norm)


def rfft(a, n=None, axis=-1, norm=None, out=None):
    """The non-negative half of the spectrum of a real array: n // 2 + 1 frequencies.

    Example:
        >>> rfft([1.0, 2.0, 3.0]).shape
        (2,)
    """
    a = as_array(a)
    return real_half("rfft", a, n, axis_index(axis, a.ndim), normed("rfft", norm))


def irfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of rfft: n real points, 2 (m - 1) of m frequencies by default.

    The imaginary part of what is its own mirror image, as frequency 0, is not looked at.

    Example:
        >>> irfft([3.0 + 0j, -1.0])
        array([1., 2.])
    """
    a = as_array(a)
    return real_whole("irfft", a, n, axis_index(axis, a.ndim), normed("irfft", norm))


def rfftn(a, s=None, axes=None, norm=None, out=None):
    """rfft over the last of the axes, fft over the others.

    Example:
        >>> rfftn([[1.0] * 4] * 4).shape
        (4, 3)
    """
    a, norm = as_array(a), normed("rfftn", norm)
    lengths, axes = plan("rfftn", a, s, axes)
    half = real_half("rfftn", a, lengths[-1], axes[-1], norm)
    return over_axes(half, lengths[:-1], axes[:-1], norm, False) if axes[1:] else half


def irfftn(a, s=None, axes=None, norm=None, out=None):
    """ifft over all axes but the last of them, over which irfft.

    Example:
        >>> irfftn([[1.0] * 3] * 4).shape
        (4, 4)
    """
    a, norm = as_array(a), normed("irfftn", norm)
    lengths, axes = plan("irfftn", a, s, axes, mirrored=True)
    if axes[1:]:
        a = over_axes(a, lengths[:-1], axes[:-1], norm, True)
    return real_whole("irfftn", a, lengths[-1], axes[-1], norm)


def rfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """rfftn over the last two axes.

    Example:
        >>> rfft2([[1.0] * 4] * 4).shape
        (4, 3)
    """
    return rfftn(a, s, axes, norm)


def irfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """irfftn over the last two axes.

    Example:
        >>> irfft2([[1.0] * 3] * 4).shape
        (4, 4)
    """
    return irfftn(a, s, axes, norm)


def hfft(a, n=None, axis=-1, norm=None, out=None):
    """The real spectrum of what is Hermitian: a has its non-negative half.

    Example:
        >>> hfft([1.0, 2.0]).shape
        (2,)
    """
    return irfft(conj(as_array(a)), n, axis, SWAPPED[normed("hfft", norm)])


def ihfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of hfft, of a real spectrum.

    Example:
        >>> ihfft([5.0, -3.0])
        array([1.-0.j, 4.-0.j])
    """
    return conjugate(rfft(a, n, axis, SWAPPED[normed("ihfft", norm)]))


def fftshift(x, axes=None):
    """x with the frequency 0 moved to the middle of each axis.

    Example:
        >>> fftshift([0.0, 1.0, -1.0])
        array([-1.,  0.,  1.])
    """
    return _shifted(x, axes, lambda n: n // 2)


def ifftshift(x, axes=None):
    """The inverse of fftshift.

    Example:
        >>> ifftshift([-1.0, 0.0, 1.0])
        array([ 0.,  1., -1.])
    """
    return _shifted(x, axes, lambda n: -(n // 2))


def _shifted(x, axes, shift):
    x = as_array(x)
    axes = range(x.ndim) if axes is None else axes if isinstance(axes, (tuple, list)) else (axes,)
    axes = tuple(axis_index(a, x.ndim) for a in axes)
    return roll(x, tuple(shift(x.shape[a]) for a in axes), axes)
