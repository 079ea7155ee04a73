"""Derivatives of both orders that other libraries are known to get wrong, each against its exact value."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import grad, gradients, hessian, no_grad, tensor
from autograd.errors import MatrixError
from autograd.ops.softmax import logsumexp

INF, NAN, PI = np.inf, np.nan, np.pi


def outer_pairs(*pairs, shape):
    """A matrix of second derivatives, of 0 but for the pairs of places (flat) that are named."""
    found = np.zeros(shape + shape)
    flat = found.reshape(int(np.prod(shape)), -1)
    for i, j, value in pairs:
        flat[i, j] = flat[j, i] = value
    return found


# f, the point, the gradient, the matrix of second derivatives
EXACT = {
    "prod of one zero": (anp.prod, [0, 2, 3], [6, 0, 0], [[0, 3, 2], [3, 0, 0], [2, 0, 0]]),
    "prod of two zeros": (anp.prod, [0, 2, 0], [0, 0, 0], [[0, 0, 2], [0, 0, 0], [2, 0, 0]]),
    "cumprod of a zero": (
        lambda x: anp.cumprod(x).sum(), [2, 0, 3], [1, 8, 0], [[0, 4, 0], [4, 0, 2], [0, 2, 0]],
    ),
    "det of a singular matrix": (
        anp.linalg.det, [[1, 2], [2, 4]], [[4, -2], [-2, 1]],
        outer_pairs((0, 3, 1), (1, 2, -1), shape=(2, 2)),
    ),
    "det of nothing": (
        anp.linalg.det, [[0, 0], [0, 0]], [[0, 0], [0, 0]],
        outer_pairs((0, 3, 1), (1, 2, -1), shape=(2, 2)),
    ),
    "norm at zero": (anp.linalg.norm, [0, 0], [0, 0], None),
    "the square of a norm at zero": (
        lambda x: anp.linalg.norm(x) ** 2, [0, 0], [0, 0], [[2, 0], [0, 2]],
    ),
    "the square of std of a constant": (
        lambda x: anp.std(x) ** 2, [3, 3], [0, 0], [[0.5, -0.5], [-0.5, 0.5]],
    ),
    "std of a constant": (anp.std, [3, 3, 3], [0, 0, 0], None),
    "a logarithm that is masked": (
        lambda x: anp.where(x > 0, anp.log(x), 0).sum(), [0, 2], [0, 0.5], [[0, 0], [0, -0.25]],
    ),
    "sinc at 0": (lambda x: anp.sinc(x).sum(), [0], [0], [[-(PI**2) / 3]]),
    "einsum of axes of length one": (
        lambda x: anp.einsum("i,i", x[:2], x[2:]), [1, 2, 3], [3, 3, 3], [[0, 0, 1], [0, 0, 1], [1, 1, 0]],
    ),
    "einsum of a repeated index": (
        lambda x: anp.einsum("ii", x) ** 2, [[1, 2], [3, 4]], [[10, 0], [0, 10]],
        outer_pairs((0, 0, 2), (3, 3, 2), (0, 3, 2), shape=(2, 2)),
    ),
    "einsum of a diagonal": (
        lambda x: (anp.einsum("ii->i", x) ** 2).sum(), [[1, 2], [3, 4]], [[2, 0], [0, 8]],
        outer_pairs((0, 0, 2), (3, 3, 2), shape=(2, 2)),
    ),
    "broadcast_to with a new axis": (
        lambda x: (anp.broadcast_to(x, (4, 2)) ** 2).sum(), [1, 2], [8, 16], [[8, 0], [0, 8]],
    ),
    "broadcast_to of a number": (
        lambda x: (anp.broadcast_to(x[0], (3, 2)) ** 2).sum(), [5], [60], [[12]],
    ),
    "maximum of a number and itself": (
        lambda x: (anp.maximum(x, x) ** 2).sum(), [1, 2], [2, 4], [[2, 0], [0, 2]],
    ),
    "minimum of a number and itself": (lambda x: anp.minimum(x, x).sum(), [1], [1], [[0]]),
    "var of one number": (lambda x: anp.var(x, ddof=1), [1], [NAN], [[NAN]]),
    "x**0": (lambda x: (x**0.0).sum(), [0, 1], [0, 0], [[0, 0], [0, 0]]),
    "x**2 at 0": (lambda x: (x**2.0).sum(), [0, 1], [0, 2], [[2, 0], [0, 2]]),
    "x**1 at 0": (lambda x: (x**1.0).sum(), [0, 1], [1, 1], [[0, 0], [0, 0]]),
    "0**0": (lambda x: x[0] ** x[1], [0, 0], [0, 0], [[0, NAN], [NAN, 0]]),
    "equal eigenvalues": (
        lambda x: (anp.linalg.eigvalsh(x) ** 2).sum(), np.eye(2), 2 * np.eye(2), np.diag([2, 0, 4, 2]),
    ),
    "equal singular values": (
        lambda x: (anp.linalg.svd(x, compute_uv=False) ** 2).sum(), np.eye(2), 2 * np.eye(2), 2 * np.eye(4),
    ),
    "logsumexp of nothing": (logsumexp, [-INF, -INF], [0, 0], [[0, 0], [0, 0]]),
    "logsumexp of masked numbers": (
        lambda x: logsumexp(anp.where(anp.isinf(x), -INF, x)), [-INF, 1, 1], [0, 0.5, 0.5],
        [[0, 0, 0], [0, 0.25, -0.25], [0, -0.25, 0.25]],
    ),
    "logaddexp of nothing": (anp.logaddexp.reduce, [-INF, -INF], [0, 0], [[0, 0], [0, 0]]),
    "duplicate indices": (lambda x: (x[[0, 0, 1]] ** 2).sum(), [1, 2], [4, 4], [[4, 0], [0, 2]]),
    "duplicate indices of take": (
        lambda x: (anp.take(x, [0, 0, 1]) ** 2).sum(), [1, 2], [4, 4], [[4, 0], [0, 2]],
    ),
    "duplicate indices added at": (
        lambda x: (_added_at(x) ** 2).sum(), [1, 2, 3], [6, 6, 6], [[2, 2, 0], [2, 2, 0], [0, 0, 2]],
    ),
}  # fmt: skip


def _added_at(x):
    total = anp.zeros_like(x) * 1
    np.add.at(total, [0, 0, 2], x)
    return total


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize("name", EXACT)
def test_first_and_second_derivatives_are_exact(name):
    f, at, first, second = EXACT[name]
    at = np.asarray(at, float)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(f)(at), first, 1e-14, 1e-14)
        if second is not None:
            np.testing.assert_allclose(np.reshape(hessian(f)(at), np.shape(second)), second, 1e-13, 1e-13)
        x = tensor(at, requires_grad=True)
        f(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), first, 1e-14, 1e-14)


def test_functions_that_tell_equal_eigenvalues_apart_raise():
    def first_vector(x):
        return anp.linalg.eigh(x).eigenvectors[1, 0]

    for derivative in (grad, hessian):
        with pytest.raises(MatrixError, match="values are equal"):
            derivative(first_vector)(np.eye(2))


def test_equal_values_are_not_one_leaf():
    x, y = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    assert hash(x) != hash(y)
    ((x * y).sum() + (x * 3).sum()).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([4.0, 5.0], [1.0, 2.0])
    two = grad(lambda a, b: (a * a * b).sum(), (0, 1))(np.array([2.0]), np.array([2.0]))
    assert [g.tolist() for g in two] == [[8.0], [4.0]]


def test_float32_stays_float32():
    x = tensor(np.array([0.5, 1.5], np.float32), requires_grad=True)
    y = ((x * 2.0 + 1) ** 2 / 3).mean() + np.float32(1) * x.sum() + 0.5
    assert y.dtype == np.float32
    y.backward()
    assert x.grad.dtype == np.float32
    (g,) = gradients((x**3).sum(), x, create_graph=True)
    (h,) = gradients(g.sum(), x)
    assert (g.dtype, h.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("size", [1, 100_000])
def test_an_array_scaled_between_forward_and_backward(size):
    """PyTorch and HIPS autograd give 400 where 8 is right; here it stays 8, or the write is refused."""
    a, x = np.full(size, 8.0), tensor(np.ones(size), requires_grad=True)
    y = (x * a).sum()
    if a.flags.writeable:
        a *= 50.0
    else:
        with pytest.raises(ValueError, match="read-only"):
            a *= 50.0
    y.backward()
    assert x.grad[0].item() == 8.0
    b = tensor(np.full(size, 2.0), requires_grad=True)
    z = (b * b).sum()
    with no_grad():
        b *= 100.0
    z.backward()
    assert b.grad[0].item() == 4.0


def test_one_leaf_twice_accumulates():
    x = tensor(3.0, requires_grad=True)
    (x * x).backward()
    (x * x).backward()
    assert x.grad.item() == 12.0
    assert autograd.grad(lambda x: x * x + x * x)(3.0) == 12.0


def test_a_zero_cotangent_beside_a_fault_keeps_its_slope():
    """d2/da db of a log(b) at a = 0 was 0 once any element of the sweep had met 0 * inf."""

    def f(a, b, c):
        return np.sum(a * np.log(b)) + np.sum(np.where(c > 0, np.sqrt(c), 0.0))

    a, b, c = np.zeros(2), np.array([2.0, 4.0]), np.zeros(2)
    by_b = lambda a: grad(f, 1)(a, b, c)
    np.testing.assert_allclose(grad(lambda a: np.sum(by_b(a)))(a), 1 / b)
    np.testing.assert_allclose(autograd.jvp(by_b, (a,), (np.ones(2),))[1], 1 / b)


def test_a_power_of_zero_has_a_slope_by_the_base_and_exponent():
    """d/dy of d/dx x**y = x**(y-1) (1 + y log x), which is 1/x at y = 0."""
    x, y = np.array([2.0, 5.0]), np.zeros(2)
    mixed = grad(lambda y: np.sum(grad(lambda x: np.sum(x**y))(x)))(y)
    np.testing.assert_allclose(mixed, 1 / x)
    np.testing.assert_allclose(grad(lambda x: np.sum(grad(lambda y: np.sum(x**y))(y)))(x), 1 / x)
    assert grad(lambda x: x**0.0)(0.0) == 0
    assert grad(grad(lambda x: x**2.0))(0.0) == 2
