"""Activations: values by hand, derivatives to second order, dtypes, what is taken and refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import Tensor, tensor
from autograd.errors import OperandError
from tests.nn.derivatives import check_derivatives

e = math.exp
# module, function, and y and dy/dx by hand at each x
AT = (-2.0, 0.0, 0.5)
CASES = {
    "relu": (nn.ReLU(), F.relu, (0, 0, 0.5), (0, 0, 1)),
    "sigmoid": (
        nn.Sigmoid(),
        F.sigmoid,
        (1 / (1 + e(2)), 0.5, 1 / (1 + e(-0.5))),
        (e(2) / (1 + e(2)) ** 2, 0.25, e(0.5) / (1 + e(0.5)) ** 2),
    ),
    "tanh": (
        nn.Tanh(),
        F.tanh,
        (math.tanh(-2), 0, math.tanh(0.5)),
        (math.cosh(2) ** -2, 1, math.cosh(0.5) ** -2),
    ),
    "leaky_relu": (nn.LeakyReLU(), F.leaky_relu, (-0.02, 0, 0.5), (0.01, 0.01, 1)),
    "leaky_relu 0.2": (nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2), (-0.4, 0, 0.5), (0.2, 0.2, 1)),
    "elu": (nn.ELU(), F.elu, (e(-2) - 1, 0, 0.5), (e(-2), 1, 1)),
    "elu 0.5": (nn.ELU(0.5), lambda x: F.elu(x, 0.5), ((e(-2) - 1) / 2, 0, 0.5), (e(-2) / 2, 0.5, 1)),
}
SMOOTH = {
    "softmax": F.softmax,
    "log_softmax": F.log_softmax,
    "softmax over rows": lambda x: F.softmax(x, 0),
}
FUNCTIONS = {name: case[1] for name, case in CASES.items()} | SMOOTH
each = pytest.mark.parametrize("name", CASES)
every = pytest.mark.parametrize("name", FUNCTIONS)


@each
def test_values_by_hand(name):
    module, function, values, _ = CASES[name]
    for f in (module, function):
        np.testing.assert_allclose(f(np.array(AT)), values, rtol=1e-14, atol=1e-300)
        np.testing.assert_allclose(f(tensor(AT)).numpy(), values, rtol=1e-14, atol=1e-300)


@each
def test_slopes_by_hand(name):
    module, _, _, slopes = CASES[name]
    x = tensor(AT, requires_grad=True)
    module(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-14, atol=1e-300)


@every
@pytest.mark.parametrize("shape", [(2, 3), (1,), (2, 1, 2)])
def test_derivatives(name, shape):
    x = np.linspace(-2.7, 3.1, math.prod(shape)).reshape(shape)
    check_derivatives(FUNCTIONS[name], x)


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes(name, dtype):
    function = FUNCTIONS[name]
    x = tensor(np.array([[-1.0, 2.0]], dtype), requires_grad=True)
    out = function(x)
    (out * out).sum().backward()
    assert out.dtype == x.grad.dtype == dtype
    assert function(x.detach().numpy()).dtype == dtype


@every
def test_kinds_in_and_out(name):
    function = FUNCTIONS[name]
    array = np.array([[-1.0, 2.0]])
    assert type(function(array)) is np.ndarray
    assert type(function(Tensor(array))) is Tensor
    assert not function(Tensor(array)).requires_grad
    assert function(tensor(array, requires_grad=True)).requires_grad
    np.testing.assert_array_equal(function([[-1.0, 2.0]]), function(array))
    np.testing.assert_array_equal(array, [[-1.0, 2.0]])


@every
@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_nothing_gives_nothing(name, shape):
    x = tensor(np.zeros(shape, np.float32), requires_grad=True)
    out = FUNCTIONS[name](x)
    out.sum().backward()
    assert out.shape == x.grad.shape == shape
    assert out.dtype == np.float32


@each
def test_scalars(name):
    module, _, values, slopes = CASES[name]
    x = tensor(AT[0], requires_grad=True)
    out = module(x)
    out.backward()
    assert out.shape == ()
    assert (out.item(), x.grad.item()) == pytest.approx((values[0], slopes[0]), rel=1e-12)


@each
def test_far_out(name):
    """No warnings, no NaN: the tail is the limit."""
    module = CASES[name][0]
    for dtype in (np.float32, np.float64):
        x = tensor(np.array([-1e30, -1e4, 1e4, np.inf], dtype), requires_grad=True)
        with np.errstate(all="raise", under="ignore"):
            out = module(x)
            out.sum().backward()
        assert np.isfinite(out.detach().numpy()[:3]).all()
        assert np.isfinite(x.grad.numpy()).all()


@each
def test_nan_passes_through(name):
    x = tensor(np.array([np.nan, 1.0]), requires_grad=True)
    out = CASES[name][0](x)
    assert np.isnan(out.detach().numpy()).tolist() == [True, False]


def test_options_from_numpy_do_not_widen():
    x = np.ones((1, 2), np.float32)
    assert nn.LeakyReLU(np.float64(0.1))(x).dtype == np.float32
    assert nn.ELU(np.float64(0.5))(x).dtype == np.float32
    assert F.leaky_relu(x, np.float64(0.1)).dtype == np.float32
    assert F.elu(x, np.float64(0.5)).dtype == np.float32


@every
@pytest.mark.parametrize("what", ["text", None, object()])
def test_what_is_refused(name, what):
    with pytest.raises(OperandError):
        FUNCTIONS[name](what)


@each
def test_python_numbers(name):
    module, _, values, _ = CASES[name]
    assert module(AT[0]) == pytest.approx(values[0], rel=1e-14)
    assert module(2) == module(2.0)


# ------------------------------------------------------------------ softmax


def test_softmax_by_hand():
    x = np.log([[1.0, 3.0], [2.0, 2.0]])
    np.testing.assert_allclose(F.softmax(x), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-14)
    np.testing.assert_allclose(F.softmax(x, dim=0), [[1 / 3, 0.6], [2 / 3, 0.4]], rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(x, dim=1), np.log([[0.25, 0.75], [0.5, 0.5]]), rtol=1e-14)


def test_softmax_does_not_overflow():
    x = tensor(np.array([1e4, 0.0, -1e4]), requires_grad=True)
    assert F.softmax(x).tolist() == [1, 0, 0]
    out = F.log_softmax(x)
    assert out.tolist() == [0, -1e4, -2e4]
    out.sum().backward()
    assert x.grad.tolist() == [-2, 1, 1]
