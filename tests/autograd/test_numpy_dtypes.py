"""NumPy's functions in every dtype: results as NumPy has them, gradients as what they belong to."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.autograd import (
    test_cumulative,
    test_differences,
    test_numpy_breadth,
    test_numpy_keywords,
    test_numpy_methods,
    test_polynomials,
    test_rearranging,
    test_sorting,
    test_statistics,
)
from tests.support.calls import each, parts

CALLS = [
    call
    for module in (
        test_cumulative, test_differences, test_numpy_breadth, test_numpy_methods, test_polynomials,
        test_rearranging, test_sorting, test_statistics,
    )
    for call in module.CALLS
] + test_numpy_keywords.SMOOTH_CALLS  # fmt: skip
DTYPES = [np.float16, np.float32, np.longdouble, np.complex64]


def _expected(call, arrays):
    """NumPy's result; None where it refuses the dtype, as it does of halves and of complex numbers."""
    try:
        with np.errstate(all="ignore"):
            return call.f(np, *[a.copy() for a in arrays])
    except (TypeError, ValueError, np.exceptions.ComplexWarning):
        return None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@each(CALLS)
def test_dtypes_of_results_and_gradients(call):
    for dtype in DTYPES:
        arrays = [a.astype(dtype) for a in call.arrays]
        expected = _expected(call, arrays)
        if expected is None or (call.name.startswith(("interp", "view")) and dtype is np.complex64):
            continue  # of points that are complex NumPy's interp takes the real part, with a warning
        leaves = [autograd.tensor(a, requires_grad=True) for a in arrays]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = parts(call.f(anp, *leaves))
        for ours, theirs in zip(found, parts(expected), strict=True):
            assert np.asarray(getattr(ours, "_data", ours)).dtype == np.asarray(theirs).dtype, dtype
        flowing = [p for p in found if getattr(p, "requires_grad", False)]
        with np.errstate(all="ignore"):
            seeds = [np.ones(p.shape, p.dtype) for p in flowing]
            for g, x in zip(
                autograd.gradients(flowing, leaves, seeds, allow_unused=True) if flowing else [], leaves
            ):
                assert g is None or (g.dtype, g.shape) == (x.dtype, x.shape), dtype


# ------------------------------------------------------------------ promotion, by NEP 50

OPERATORS = ["add", "sub", "mul", "truediv", "pow", "floordiv", "mod"]
NUMBERS = [
    True, 2, 2.5, np.True_, np.int8(2), np.int64(2), np.uint64(2), np.float16(2.5), np.float32(2.5),
    np.float64(2.5), np.longdouble(2.5), np.array(2), np.array(2.5), np.array(2.5, np.float32),
    np.array([2.5, 1.5]),
]  # fmt: skip
COMPLEX_NUMBERS = [1j, np.complex64(1j), np.array(1j)]
REAL = [np.float16, np.float32, np.float64, np.longdouble]


def _agrees(f, array, number):
    """Whether a call of a tensor promotes as the same of an array, in both orders; and the gradient not."""
    for swapped in (False, True):
        for other in (number, autograd.tensor(number) if isinstance(number, np.ndarray) else number):
            x = autograd.tensor(array, requires_grad=True)
            out = f(other, x) if swapped else f(x, other)
            expected = f(number, array) if swapped else f(array, number)
            assert isinstance(out, autograd.Tensor)
            assert out.dtype == expected.dtype, (f, array.dtype, number, swapped)
            (g,) = autograd.gradients(out, x, np.ones(out.shape, out.dtype))
            assert (g.dtype, g.shape) == (array.dtype, array.shape), (f, array.dtype, number, swapped)


@pytest.mark.parametrize("dtype", REAL, ids=lambda t: t.__name__)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_promote_as_numpys(name, dtype):
    array = np.array([1.5, 2.5], dtype)
    for number in NUMBERS:
        _agrees(getattr(operator, name), array, number)
        _agrees(getattr(operator, name), array[:1].reshape(()), number)  # of no axes: not a scalar


@pytest.mark.parametrize("dtype", [*REAL, np.complex64, np.complex128], ids=lambda t: t.__name__)
@pytest.mark.parametrize("name", OPERATORS[:5])
def test_operators_with_complex_numbers(name, dtype):
    array = np.array([1.5, 2.5]).astype(dtype)
    for number in COMPLEX_NUMBERS:
        _agrees(getattr(operator, name), array, number)


@pytest.mark.parametrize("f", [np.maximum, np.hypot, np.arctan2, np.copysign, np.logaddexp, np.fmax])
def test_ufuncs_promote_as_numpys(f):
    for dtype in REAL:
        for number in NUMBERS[1:]:
            _agrees(f, np.array([1.5, 2.5], dtype), number)


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">c16", "<f8"])
@pytest.mark.parametrize(
    "f", [lambda x: x, lambda x: x * 2.0, lambda x: anp.sin(x) * x, lambda x: x[1:] + 1], ids=range(4)
)
def test_gradients_have_the_byte_order_of_what_they_belong_to(f, dtype):
    data = np.array([0.5, 1.0, 2.0]).astype(dtype)
    loss = lambda x: anp.sum(anp.real(f(x)))
    exact = np.conjugate(autograd.grad(loss)(data.astype(data.dtype.newbyteorder("="))))
    x = autograd.tensor(data, requires_grad=True)
    for create_graph in (False, True):
        x.grad = None
        for _ in range(2):  # it is put down, then added to
            loss(x).backward(create_graph=create_graph)
        np.testing.assert_allclose(x.grad.detach().numpy(), 2 * exact, 1e-6)
        assert x.grad.dtype == data.dtype
    gradients = [autograd.gradients(loss(x), x)[0], autograd.gradients(loss(x), x, create_graph=True)[0]]
    gradients += [autograd.grad(loss)(data), autograd.grad(loss)(x)]
    assert all(g.dtype == data.dtype for g in gradients)
