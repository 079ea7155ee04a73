"""Fourier transforms: NumPy's values, and derivatives that are the transforms' own adjoints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
from autograd.errors import ArgumentError, AutogradError, AxisError
from tests.support.matrices import check_orders, check_values, drawn

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
TWO = ["fft2", "ifft2", "rfft2", "irfft2"]
MANY = ["fftn", "ifftn", "rfftn", "irfftn"]
SHIFTS = ["fftshift", "ifftshift"]
OF_REAL = {"rfft", "rfft2", "rfftn", "ihfft"}
NORMS = [None, "backward", "ortho", "forward"]


@st.composite
def calls(draw):
    """A function with an array and options that NumPy takes."""
    name = draw(st.sampled_from(ONE + TWO + MANY + SHIFTS))
    low = 2 if name in TWO else 1
    shape = tuple(draw(st.lists(st.integers(2, 4), min_size=low, max_size=3)))
    kinds = [False] if name in OF_REAL else [False, True]
    x = drawn(draw(st.integers(0, 99)), *shape, complex_too=draw(st.sampled_from(kinds)))
    axes = st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, max_size=len(shape))
    if name in SHIFTS:
        return name, x, {"axes": draw(st.none() | st.integers(-len(shape), len(shape) - 1))}
    options = {"norm": draw(st.sampled_from(NORMS))}
    if name in ONE:
        options |= {
            "axis": draw(st.integers(-len(shape), len(shape) - 1)),
            "n": draw(st.none() | st.integers(1, 6)),
        }
    else:
        chosen = draw(axes.filter(lambda a: len({i % len(shape) for i in a}) == len(a)))
        if name in MANY or len(chosen) == 2:
            options["axes"] = tuple(chosen)
        size = len(options.get("axes", shape[:2]))
        lengths = st.lists(st.integers(1, 6), min_size=size, max_size=size)
        if "axes" in options or name in TWO:
            options["s"] = draw(st.none() | lengths)
            if options["s"] is not None and "axes" not in options:
                options["axes"] = (-2, -1)
    return name, x, options


@given(calls())
def test_values(call):
    name, x, options = call
    check_values(lambda n, x: getattr(n.fft, name)(x, **options), x)


@given(calls(), st.integers(0, 99))
def test_adjoint(call, seed):
    """Re sum(v F(t)) = Re sum(w t), where w is what the sweep gives for v."""
    name, x, options = call
    f = getattr(anp.fft, name)
    leaf = autograd.tensor(x, requires_grad=True)
    out = f(leaf, **options)
    v = drawn(seed, *out.shape, complex_too=out.dtype.kind == "c")
    (g,) = autograd.gradients(out, leaf, v)
    assert (g.dtype, g.shape) == (x.dtype, x.shape)
    t = drawn(seed + 1, *x.shape, complex_too=x.dtype.kind == "c")
    left = np.sum(np.real(v.conj() * f(t, **options)))
    right = np.sum(np.real(g.numpy().conj() * t))
    assert abs(left - right) <= 1e-12 * (np.abs(v).sum() * np.abs(t).sum())


@pytest.mark.parametrize("name", ONE + TWO + MANY + SHIFTS)
def test_derivatives(name):
    f = getattr(anp.fft, name)
    x = drawn(3, 3, 4, complex_too=name not in OF_REAL)
    check_orders(f, x)
    check_orders(lambda x: anp.square(anp.real(f(x))) * anp.exp(anp.imag(f(x) * 0.1)), x)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_an_axis_named_twice_is_transformed_twice(name):
    x = drawn(5, 3, 4)
    check_values(lambda n, x: getattr(n.fft, name)(x, axes=(0, 0)), x)
    check_orders(lambda x: getattr(anp.fft, name)(x, axes=(0, 1, 0)), x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_dtypes_stay(dtype):
    x = autograd.tensor(np.arange(5).astype(dtype), requires_grad=True)
    for name in ("fft", "ifft", "irfft", "hfft", "fftshift"):
        out = getattr(anp.fft, name)(x)
        assert out.dtype == getattr(np.fft, name)(x.detach().numpy()).dtype
        (g,) = autograd.gradients(anp.sum(anp.real(out)), x)
        assert g.dtype == dtype


def test_power_is_kept():
    """Parseval: the squares of the spectrum sum to n times those of x, whose gradient is 2 n x."""
    x = autograd.tensor(drawn(0, 5), requires_grad=True)
    anp.sum(anp.absolute(anp.fft.fft(x)) ** 2).backward()
    np.testing.assert_allclose(x.grad.numpy(), 10 * x.detach().numpy(), 1e-13)


def test_imaginary_parts_of_mirrored_frequencies_get_nothing():
    z = autograd.tensor(drawn(1, 4, complex_too=True), requires_grad=True)
    anp.fft.irfft(z).backward(drawn(2, 6))
    assert z.grad.numpy()[[0, 3]].imag.tolist() == [0.0, 0.0]
    assert np.all(z.grad.numpy()[[1, 2]].imag != 0)


def test_convolution_by_spectra():
    a, b = drawn(3, 4), drawn(4, 3)

    def convolve(a, b):
        return anp.fft.irfft(anp.fft.rfft(a, 6) * anp.fft.rfft(b, 6), 6)

    np.testing.assert_allclose(convolve(a, b), np.convolve(a, b), 1e-13, 1e-14)
    check_orders(convolve, a, b)


def test_out_is_written():
    x, out = autograd.tensor(drawn(0, 4)), autograd.tensor(np.zeros(4, complex))
    assert np.fft.fft(x, out=out) is out
    np.testing.assert_array_equal(out.numpy(), np.fft.fft(x.numpy()))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: anp.fft.fft(x, norm="other"), ArgumentError, "fft: norm must be .*'other'"),
        (lambda x: anp.fft.fft(x, 0), ArgumentError, "fft: .* at least one point, got 0"),
        (lambda x: anp.fft.fft(x, axis=2), AxisError, "2"),
        (lambda x: anp.fft.rfft(x + 1j), ArgumentError, "rfft: expected real numbers, got complex128"),
        (lambda x: anp.fft.fftn(x, (2, 2), (0,)), AutogradError, "fftn: s=.* same length"),
        (lambda x: anp.fft.fftn(x, (2, 2, 2)), AxisError, "fftn: s="),
        (lambda x: anp.fft.irfft(x[:, :1]), ArgumentError, "irfft: .* got 0"),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call(autograd.tensor(np.ones((2, 3)), requires_grad=True))
    assert issubclass(error, ValueError) or error is AutogradError


def test_frequencies_are_numpys():
    np.testing.assert_array_equal(anp.fft.fftfreq(5), np.fft.fftfreq(5))
    np.testing.assert_array_equal(anp.fft.rfftfreq(5), np.fft.rfftfreq(5))
