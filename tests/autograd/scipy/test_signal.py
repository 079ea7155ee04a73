"""scipy.signal, differentiable: values are SciPy's, derivatives those of differences, to second order."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

import autograd
import autograd.scipy.signal as ours
from autograd.errors import ArgumentError, NotDifferentiable, ShapeError
from tests.support import scipy_calls

RNG = np.random.default_rng(0)
ARRAYS = {
    "x": RNG.normal(size=9),
    "e": RNG.normal(size=8),
    "k": np.array([0.5, -1.0, 0.3, 0.7]),
    "im": RNG.normal(size=(4, 5)),
    "kern": RNG.normal(size=(2, 3)),
    "big": RNG.normal(size=(5, 6)),
    "z": RNG.normal(size=7) + 1j * RNG.normal(size=7),
    "a": np.array([2.0, -0.6, 0.3]),
    "state": np.array([0.3, -0.8, 0.1]),
    "sos": np.array([[1.0, 0.4, 0.2, 1.0, -0.3, 0.2], [0.5, 0.1, -0.2, 1.0, 0.4, 0.1]]),
    "cube": RNG.normal(size=(2, 4, 3)),
}
UNIT = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 1.0])


def sections(sos):
    """With the 1 that each must have, which differences must not move."""
    return sos * UNIT + (1 - UNIT)


IMAGES = [
    (mode, boundary, fill)
    for mode in ("full", "same", "valid")
    for boundary, fill in (("fill", 0), ("fill", 1.5), ("wrap", 0), ("symm", 0))
]


def images(name):
    made = [lambda m, im, kern, o=o: getattr(m, name)(im, kern, *o) for o in IMAGES]
    return [_without_default(f) for f in made]


def _without_default(f):
    return lambda m, im, kern: f(m, im, kern)


def modes(call):
    return [_with_mode(call, mode) for mode in ("full", "same", "valid")]


def _with_mode(call, mode):
    names = call.__code__.co_varnames[1 : call.__code__.co_argcount - 1]
    scope = {"call": call, "mode": mode}
    return eval(f"lambda m, {', '.join(names)}: call(m, {', '.join(names)}, mode)", scope)


TABLE = {
    "freqz": [
        lambda m, k, a: m.freqz(k, a, worN=7),
        lambda m, k: m.freqz(k, worN=[0.1, 2.0], fs=9.0)[1:],
        lambda m, k, a: m.freqz(a, k, 5, whole=True)[1:],
    ],
    "deconvolve": [lambda m, x, a: m.deconvolve(x, a), lambda m, z, a: m.deconvolve(z, a)],
    "upfirdn": [
        lambda m, k, x: m.upfirdn(k, x),
        lambda m, k, x: m.upfirdn(k, x, 3, 2),
        lambda m, k, cube: m.upfirdn(k, cube, up=2, down=3, axis=1),
    ],
    "convolve": [
        *modes(lambda m, x, k, mode: m.convolve(x, k, mode)),
        *modes(lambda m, k, x, mode: m.convolve(k, x, mode)),
        *modes(lambda m, im, kern, mode: m.convolve(im, kern, mode, "direct")),
        lambda m, z, k: m.convolve(z, k, method="fft"),
    ],
    "correlate": [
        *modes(lambda m, x, k, mode: m.correlate(x, k, mode)),
        *modes(lambda m, k, x, mode: m.correlate(k, x, mode)),
        *modes(lambda m, k, z, mode: m.correlate(k, z, mode)),
        *modes(lambda m, im, kern, mode: m.correlate(im, kern, mode, "fft")),
    ],
    "fftconvolve": [
        *modes(lambda m, im, kern, mode: m.fftconvolve(im, kern, mode)),
        *modes(lambda m, im, kern, mode: m.fftconvolve(im, kern[:1], mode, axes=1)),
        lambda m, z, k: m.fftconvolve(z, k, "same", axes=[0]),
    ],
    "oaconvolve": [*modes(lambda m, im, kern, mode: m.oaconvolve(im, kern, mode))],
    "convolve2d": images("convolve2d"),
    "correlate2d": images("correlate2d"),
    "lfilter": [
        lambda m, k, a, x: m.lfilter(k, a, x),
        lambda m, k, a, x, state: m.lfilter(k, a, x, zi=state),
        lambda m, k, a, im: m.lfilter(k, a, im, axis=0),
        lambda m, a, im: m.lfilter(a, 2.0, im),
        lambda m, k, a, x, state: m.lfilter(k, a, x[:2], zi=state),
        lambda m, k, x, state: m.lfilter(k, [2.0], x, zi=state),
        lambda m, a, z: m.lfilter([1.0], a, z),
    ],
    "lfilter_zi": [lambda m, k, a: m.lfilter_zi(k, a), lambda m, a, k: m.lfilter_zi(a, k)],
    "filtfilt": [
        lambda m, a, x: m.filtfilt(a[:2], a, x, padlen=3),
        lambda m, a, im: m.filtfilt(a[:1], a, im, axis=0, padtype="even", padlen=2),
        lambda m, k, x: m.filtfilt(k, [1.0], x, padtype="constant", padlen=4),
        lambda m, a, x: m.filtfilt(a, a[::-1] + 5, x, padtype=None),
    ],
    "sosfilt": [
        lambda m, sos, x: m.sosfilt(sections(sos), x),
        lambda m, sos, x, state: m.sosfilt(sections(sos), x, zi=np.stack([state[:2], state[1:]])),
        lambda m, sos, im: m.sosfilt(sections(sos), im, axis=0),
    ],
    "sosfilt_zi": [lambda m, sos: m.sosfilt_zi(sections(sos))],
    "sosfiltfilt": [
        lambda m, sos, x: m.sosfiltfilt(sections(sos), x, padlen=4),
        lambda m, sos, cube: m.sosfiltfilt(sections(sos), cube, axis=1, padtype="even", padlen=2),
    ],
    "savgol_filter": [
        lambda m, x: m.savgol_filter(x, 5, 2),
        lambda m, cube: m.savgol_filter(cube, 3, 1, deriv=1, delta=0.5, axis=1),
        *[
            _with_mode(lambda m, x, mode: m.savgol_filter(x, 5, 3, mode=mode, cval=2.0), mode)
            for mode in ("mirror", "nearest", "wrap", "constant")
        ],
    ],
    "detrend": [
        lambda m, x: m.detrend(x),
        lambda m, im: m.detrend(im, 0, "constant"),
        lambda m, x: m.detrend(x, bp=[3, 7]),
    ],
    "hilbert": [
        lambda m, x: m.hilbert(x),
        lambda m, e: m.hilbert(e),
        lambda m, im: m.hilbert(im, 6, axis=0),
    ],
    "resample": [
        lambda m, x: m.resample(x, 5),
        lambda m, x: m.resample(x, 6),
        lambda m, e: m.resample(e, 12),
        lambda m, e: m.resample(e, 8),
        lambda m, e: m.resample(e, 4),
        lambda m, e: m.resample(e, 11),
        lambda m, im: m.resample(im, 3, axis=1),
        lambda m, z: m.resample(z, 4),
        lambda m, z: m.resample(z, 10),
        lambda m, z: m.resample(z[:6], 9),
        lambda m, z: m.resample(z[:6], 4),
        lambda m, z: m.resample(z[:6], 6),
        lambda m, x: m.resample(x, 5, np.arange(9) * 0.5),
    ],
}
CALLS = scipy_calls.listed(TABLE, ARRAYS, ours, scipy.signal)
test_values, test_derivatives, test_narrow_dtypes = scipy_calls.tests_of(CALLS, 1e-12)


# ------------------------------------------------------------------ the axes of HIPS autograd


def by_loops(a, b):
    """a (p, n, q), b (q, r, k): convolved along n and k, summed over q."""
    rows = [
        [sum(np.convolve(a[p, :, q], b[q, r]) for q in range(a.shape[2])) for r in range(b.shape[1])]
        for p in range(a.shape[0])
    ]
    return np.array(rows)


def test_some_axes_are_convolved_and_some_summed_over():
    a, b = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(3, 4, 2))
    options = {"axes": ([1], [2]), "dot_axes": ([2], [0])}
    x, y = (autograd.tensor(v, requires_grad=True) for v in (a, b))
    for found in (ours.convolve(a, b, **options), ours.convolve(x, y, *options.values())):
        np.testing.assert_allclose(np.asarray(getattr(found, "_data", found)), by_loops(a, b), 1e-12, 1e-12)
    valid = ours.convolve(a, b, **options, mode="valid")
    np.testing.assert_allclose(valid, by_loops(a, b)[..., 1:-1], 1e-12, 1e-12)
    turned = ours.convolve(np.moveaxis(b, 0, -1), np.moveaxis(a, -1, 0), ([1], [2]), ([2], [0]), "valid")
    np.testing.assert_allclose(turned, np.swapaxes(valid, 0, 1), 1e-12, 1e-12)
    out = ours.convolve(x, y, **options)
    v = RNG.normal(size=out.shape)
    ga, gb = autograd.gradients(out, [x, y], v)
    ta, tb = RNG.normal(size=a.shape), RNG.normal(size=b.shape)
    np.testing.assert_allclose(np.sum(ga.numpy() * ta), np.sum(v * by_loops(ta, b)), 1e-12)
    np.testing.assert_allclose(np.sum(gb.numpy() * tb), np.sum(v * by_loops(a, tb)), 1e-12)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_middle_of_some_axes(n):
    a, b = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(3, 4, n))
    options = {"axes": ([1], [2]), "dot_axes": ([2], [0])}
    first = (n - 1) // 2
    found = ours.convolve(a, b, **options, mode="same")
    np.testing.assert_allclose(found, by_loops(a, b)[..., first : first + 5], 1e-12, 1e-12)


def test_without_pairs_every_axis_is_outer():
    a, b = RNG.normal(size=(2, 5)), RNG.normal(size=(3, 2))
    found = ours.convolve(a, b, axes=([1], [1]))
    expected = [[np.convolve(p, q) for q in b] for p in a]
    np.testing.assert_allclose(found, expected, 1e-12)


# ------------------------------------------------------------------ refusals

REFUSED = {
    "an unknown mode": (ArgumentError, "convolve: mode must", lambda x, k: ours.convolve(x, k, "most")),
    "an unknown method": (
        ArgumentError,
        "convolve: method must",
        lambda x, k: ours.convolve(x, k, "full", "slow"),
    ),
    "other axes": (ShapeError, "convolve: in1 .* as many axes", lambda x, k: ours.convolve(x, k[None])),
    "neither holds the other": (
        ShapeError,
        "'valid' mode",
        lambda x, k: ours.convolve(x[None, :2], k[:2, None], "valid"),
    ),
    "nothing": (ShapeError, "must have elements", lambda x, k: ours.convolve(x, k[:0])),
    "vectors for images": (ShapeError, "convolve2d: .* matrices", lambda x, k: ours.convolve2d(x, k)),
    "an unknown boundary": (
        ArgumentError,
        "boundary must",
        lambda x, k: ours.convolve2d(x[None], k[None], boundary="far"),
    ),
    "a[0] = 0": (ArgumentError, r"lfilter: a\[0\]", lambda x, k: ours.lfilter(k, [0.0, 1.0], x)),
    "a state that does not fit": (ShapeError, "lfilter: zi", lambda x, k: ours.lfilter(k, [1.0], x, zi=k)),
    "matrices as coefficients": (ShapeError, "lfilter: b", lambda x, k: ours.lfilter(k[None], [1.0], x)),
    "too short to extend": (
        ShapeError,
        "filtfilt: x must be longer",
        lambda x, k: ours.filtfilt(k, [1.0], x),
    ),
    "gust": (ArgumentError, "filtfilt: method", lambda x, k: ours.filtfilt(k, [1.0], x, method="gust")),
    "sections of five": (ShapeError, "sosfilt: sos", lambda x, k: ours.sosfilt(k[None], x)),
    "an unknown trend": (ArgumentError, "detrend: type", lambda x, k: ours.detrend(x, type="wavy")),
    "a window for resample": (ArgumentError, "resample", lambda x, k: ours.resample(x, 3, window="hann")),
    "what has no rule": (NotDifferentiable, "scipy.signal.medfilt has no", lambda x, k: ours.medfilt(x)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, text, call = REFUSED[name]
    x, k = (autograd.tensor(ARRAYS[n], requires_grad=True) for n in "xk")
    with pytest.raises(error, match=text):
        call(x, k)
