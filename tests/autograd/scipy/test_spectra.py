"""Spectra of scipy.signal, differentiable: values are SciPy's, derivatives those of differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

import autograd
import autograd.scipy.signal as ours
from autograd.errors import ArgumentError, NotDifferentiable
from tests.support import scipy_calls

RNG = np.random.default_rng(1)
ARRAYS = {
    "x": RNG.normal(size=19),
    "y": RNG.normal(size=16),
    "im": RNG.normal(size=(2, 11)),
    "cube": RNG.normal(size=(9, 2)),
    "z": RNG.normal(size=12) + 1j * RNG.normal(size=12),
    "w": RNG.uniform(0.5, 1.5, 6),
    "spectra": RNG.normal(size=(4, 5)) + 1j * RNG.normal(size=(4, 5)),
    "turned": RNG.normal(size=(5, 2, 3)) + 1j * RNG.normal(size=(5, 2, 3)),
}


def _half(v):
    return v - v.mean(-1, keepdims=True) / 2


TABLE = {
    "stft": [
        *[lambda m, x, *, b=b: m.stft(x, 2.0, nperseg=6, boundary=b)
          for b in ("even", "odd", "constant", None)],
        lambda m, x: m.stft(x, nperseg=7, noverlap=2, nfft=9, detrend="linear", padded=False),
        lambda m, cube: m.stft(cube, nperseg=4, axis=0, scaling="psd", return_onesided=False),
        lambda m, z: m.stft(z, nperseg=5, detrend="constant"),
        lambda m, x, w: m.stft(x, window=w, nperseg=6),
        lambda m, im: m.stft(im, nperseg=20),
    ],
    "istft": [
        lambda m, spectra: m.istft(spectra, 2.0, nperseg=6),
        lambda m, spectra: m.istft(spectra, nperseg=7, noverlap=4, scaling="psd"),
        lambda m, spectra: m.istft(spectra, nperseg=5),
        lambda m, spectra: m.istft(spectra, boundary=False, window="boxcar"),
        lambda m, spectra: m.istft(spectra, input_onesided=False, noverlap=1),
        lambda m, turned: m.istft(turned, time_axis=0, freq_axis=2),
        lambda m, turned: m.istft(turned, time_axis=1, freq_axis=0, nperseg=8),
        lambda m, spectra, w: m.istft(spectra, window=w, nperseg=6),
    ],
    "welch": [
        lambda m, x: m.welch(x, 3.0, nperseg=6),
        lambda m, x: m.welch(x, nperseg=5, average="median", scaling="spectrum"),
        lambda m, cube: m.welch(cube, nperseg=4, axis=0, nfft=7, detrend="linear"),
        lambda m, z: m.welch(z, window="boxcar", nperseg=4, noverlap=1, detrend=False),
        lambda m, x, w: m.welch(x, window=w),
    ],
    "csd": [
        lambda m, x, y: m.csd(x, y, nperseg=6),
        lambda m, im, y: m.csd(im, y[:11], nperseg=4, average="median"),
        lambda m, z, y: m.csd(z, y, nperseg=5),
        lambda m, y, x: m.csd(y, x, nperseg=7, return_onesided=False, detrend=_half),
        lambda m, x: m.csd(x, x, nperseg=8),
    ],
    "periodogram": [
        lambda m, x: m.periodogram(x),
        lambda m, im: m.periodogram(im, 2.0, "hann", 16, scaling="spectrum"),
        lambda m, x: m.periodogram(x, nfft=8),
        lambda m, cube: m.periodogram(cube, axis=0, detrend=False),
    ],
    "coherence": [
        lambda m, x, y: m.coherence(x, y, nperseg=6),
        lambda m, im, y: m.coherence(im, y[:11], nperseg=4),
    ],
    "spectrogram": [
        *[lambda m, x, *, k=k: m.spectrogram(x, nperseg=8, mode=k)
          for k in ("psd", "complex", "magnitude")],
        lambda m, x: m.spectrogram(x, nperseg=8, mode="angle", detrend=False),
        lambda m, x: m.spectrogram(x, 2.0, nperseg=8, mode="phase", noverlap=4),
        lambda m, cube: m.spectrogram(cube, window="hann", nperseg=4, axis=0, return_onesided=False),
    ],
}  # fmt: skip
CALLS = scipy_calls.listed(TABLE, ARRAYS, ours, scipy.signal)
pytestmark = pytest.mark.filterwarnings("ignore:nperseg:UserWarning", "ignore:.*onesided:UserWarning")
test_values, test_derivatives, test_narrow_dtypes = scipy_calls.tests_of(CALLS, 1e-12)


def test_there_and_back():
    x = autograd.tensor(ARRAYS["x"], requires_grad=True)
    back = ours.istft(ours.stft(x, nperseg=6)[2], nperseg=6)[1]
    back[:19].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.ones(19), 1e-12)


def test_what_is_refused():
    x = autograd.tensor(ARRAYS["x"], requires_grad=True)
    rate = autograd.tensor(2.0, requires_grad=True)
    with pytest.raises(NotDifferentiable, match="by fs"):
        ours.welch(x, rate)
    with pytest.raises(ArgumentError, match="scaling"):
        ours.welch(x, scaling="none", nperseg=4)
