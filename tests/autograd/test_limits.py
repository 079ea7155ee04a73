"""Second derivatives where a rule says 0 / 0 or 0 * inf, in every mixture of modes: right, or NaN."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad, gradients, jvp, tensor
from autograd.errors import MatrixError
from tests.support.second_derivatives import hessians, ways

INF, NAN, norm = np.inf, np.nan, anp.linalg.norm
EYE, ZERO = 2 * np.eye(2), np.zeros((2, 2))
SPREAD = np.array([[0.5, -0.5], [-0.5, 0.5]])
FIRST = np.diag([1.0, 1.0, 0.0])

# f, the point, the second derivatives
SMOOTH = {
    "norm squared": (lambda x: norm(x) ** 2, [0, 0], EYE),
    "norm times itself": (lambda x: norm(x) * norm(x), [0, 0], EYE),
    "square of a norm, scaled": (lambda x: anp.square(3 * norm(x)) / 9, [0, 0], EYE),
    "a norm's fourth power": (lambda x: norm(x) ** 4, [0, 0], ZERO),
    "cosine of a norm": (lambda x: -2 * anp.cos(norm(x)), [0, 0], EYE),
    "a bell": (lambda x: -anp.exp(-(norm(x) ** 2)), [0, 0], EYE),
    "norms of rows": (
        lambda x: anp.sum(norm(anp.reshape(x, (2, 2)), axis=1) ** 2), [0, 0, 1, 2], 2 * np.eye(4),
    ),
    "kept axes": (
        lambda x: anp.sum(anp.linalg.vector_norm(x[None], axis=1, keepdims=True) ** 2), [0, 0], EYE,
    ),
    "Frobenius": (lambda x: norm(anp.reshape(x, (2, 2)), "fro") ** 2, [0] * 4, 2 * np.eye(4)),
    "order 4": (lambda x: norm(x, 4) ** 4, [0, 0], ZERO),
    "order 3": (lambda x: norm(x, 3) ** 3, [0, 0], ZERO),
    "order 4, an element of 0": (lambda x: norm(x, 4) ** 4, [0, 1], [[0, 0], [0, 12]]),
    "norms left out": (
        lambda x: anp.sum(anp.where(np.array([False, True]), norm(anp.reshape(x, (2, 1)), axis=1), 0) ** 2),
        [0, 1], [[0, 0], [0, 2]],
    ),
    "std squared": (lambda x: anp.std(x) ** 2, [3, 3], SPREAD),
    "std squared, ddof": (lambda x: anp.std(x, ddof=1) ** 2, [3, 3], 2 * SPREAD),
    "std squared, where": (
        lambda x: anp.std(x, where=np.array([True, True, False])) ** 2, [3, 3, 5],
        np.pad(SPREAD, ((0, 1), (0, 1))),
    ),
    "nanstd squared": (lambda x: anp.nanstd(x) ** 2, [3, 3], SPREAD),
    "hypot squared": (lambda x: anp.hypot(x[0], x[1]) ** 2, [0, 0], EYE),
    "abs squared": (lambda x: anp.sum(anp.abs(x) ** 2), [0, 0], EYE),
    "fabs squared": (lambda x: anp.sum(anp.fabs(x) ** 2), [0, 0], EYE),
    "abs, and a square": (lambda x: anp.sum(anp.abs(x) + x**2), [0, 0], EYE),
    "copysign squared": (lambda x: anp.copysign(x[0], x[1]) ** 2, [0, 1], [[2, 0], [0, 0]]),
    "abs of a complex number, squared": (lambda x: anp.abs(x[0] + 1j * x[1]) ** 2, [0, 0], EYE),
    "root of a sum of squares, squared": (lambda x: anp.sqrt(anp.sum(x * x)) ** 2, [0, 0], EYE),
    "root of var, squared": (lambda x: anp.sqrt(anp.var(x)) ** 2, [3, 3], SPREAD),
    "cov of constants": (lambda x: anp.cov(x), [3, 3], 2 * SPREAD),
}  # fmt: skip
# f, the point: what has no second derivative there
KINKS = {
    "norm": (norm, [0, 0]),
    "norm and a square": (lambda x: norm(x) + norm(x) ** 2, [0, 0]),
    "norm times a sum": (lambda x: norm(x) * anp.sum(x), [0, 0]),
    "order 3, squared": (lambda x: norm(x, 3) ** 2, [0, 0]),
    "order 1.5, an element of 0": (lambda x: norm(x, 1.5), [0, 1]),
    "std": (anp.std, [3, 3]),
    "hypot": (lambda x: anp.hypot(x[0], x[1]), [0, 0]),
    "arctan2": (lambda x: anp.arctan2(x[0], x[1]), [0, 0]),
    "arctan2 times a square": (
        lambda x: anp.arctan2(x[0], x[1]) * anp.hypot(x[0], x[1]) ** 2, [0, 0],
    ),
    "angle": (lambda x: anp.angle(x[0] + 1j * x[1]), [0, 0]),
    "sign of a complex number": (lambda x: anp.real(anp.sign(x[0] + 1j * x[1])), [0, 0]),
    "abs of a complex number": (lambda x: anp.abs(x[0] + 1j * x[1]), [0, 0]),
    "angle times a square": (lambda x: anp.angle(x[0] + 1j * x[1]) * (x[0] ** 2 + x[1] ** 2), [0, 0]),
    "angle times what vanishes": (lambda x: anp.angle(x[0] + 1j * x[1]) * x[2], [0, 0, 0]),
    "sign times what vanishes": (lambda x: anp.real(anp.sign(x[0] + 1j * x[1])) * x[2], [0, 0, 0]),
    "norms of rows, squared": (lambda x: anp.sum(norm(anp.reshape(x, (2, 2)), axis=1)) ** 2, [0] * 4),
    "norm of complex numbers, squared": (lambda x: norm(x[:2] + 1j * x[2:], 1) ** 2, [0] * 4),
    "norm of squares": (lambda x: norm(x**2), [0, 0]),
    "hypot of squares": (lambda x: anp.hypot(x[0] ** 2, x[1] ** 2), [0, 0]),
    "deviation of squares": (lambda x: anp.std(x**2), [0, 0]),
    "angle of a square": (lambda x: anp.angle((x[0] + 1j * x[1]) ** 2), [0, 0]),
    "sign of a square": (lambda x: anp.real(anp.sign((x[0] + 1j * x[1]) ** 2)), [0, 0]),
    "abs of a square, smooth though it is": (lambda x: anp.abs((x[0] + 1j * x[1]) ** 2), [0, 0]),
    "root of a sum of squares": (lambda x: anp.sqrt(anp.sum(x * x)), [0, 0]),
    "root of a fourth power": (lambda x: anp.sum(anp.sqrt(x**4)), [0, 0]),
    "0**0": (lambda x: x[0] ** x[1], [0, 0]),
    "0**1 by both": (lambda x: x[0] ** x[1], [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives_of_what_is_smooth(name):
    f, at, expected = SMOOTH[name]
    with np.errstate(all="ignore"):
        for mode, found in hessians(f, np.asarray(at, float)):
            np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=mode)


@pytest.mark.parametrize("name", KINKS)
def test_what_has_no_second_derivative_gives_nan(name):
    f, at = KINKS[name]
    with np.errstate(all="ignore"):
        for mode, found in hessians(f, np.asarray(at, float)):
            assert not np.isfinite(np.asarray(found)).all(), mode


@pytest.mark.parametrize("f", [anp.abs, anp.fabs, lambda x: anp.maximum(x, 0), lambda x: norm(x, 1)])
def test_kinks_of_lines_have_no_curvature(f):
    for _, found in hessians(lambda x: anp.sum(f(x)), np.zeros(2)):
        np.testing.assert_array_equal(found, ZERO)


def test_what_is_smooth_beside_a_kink_stays_right():
    """Rows that are 0 get NaN, the others their second derivatives."""
    x = np.array([0.0, 0.0, 3.0, 4.0])
    for mode, found in hessians(lambda x: anp.sum(norm(anp.reshape(x, (2, 2)), axis=1)), x):
        found = np.asarray(found)
        assert np.isnan(np.diagonal(found)[:2]).all(), mode
        np.testing.assert_allclose(
            found[2:, 2:], np.array([[16, -12], [-12, 9]]) / 125, 1e-12, 1e-15, err_msg=mode
        )


def test_powers_of_zero_by_both():
    """x**y: by y and n times by x it has a logarithm from n = y on, which is infinite."""
    by_y = grad(anp.power, 1)
    for y, orders in ((0.5, 1), (1.0, 1), (1.5, 2), (2.0, 2), (2.5, 3), (3.0, 3)):
        f = by_y
        for n in range(1, orders + 1):
            f = grad(f)
            assert (f(0.0, y) == 0) if n < y else np.isnan(f(0.0, y)), (y, n)
    assert np.isnan(grad(grad(anp.power), 1)(0.0, 1.0))
    x, y = np.zeros(2), np.array([2.0, 1.0])  # of different orders in one call
    beneath = lambda x: anp.sum(grad(lambda y: anp.sum(x**y))(y))
    np.testing.assert_array_equal(grad(beneath)(x), [0, NAN])
    assert np.isnan(grad(lambda x: anp.sum(grad(beneath)(x)))(x)[0])


@pytest.mark.parametrize("order", [3, 4])
@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: norm(x[None]) ** 4, [0, 24]), (lambda x: norm(x[None], 4) ** 4, [NAN, NAN]),
        (lambda x: anp.exp(-norm(x[None]) ** 2), [0, NAN]), (lambda x: anp.cos(norm(x[None])), [0, NAN]),
        (lambda x: anp.hypot(x, 0.0) ** 4, [0, 24]), (lambda x: anp.abs(x) ** 4, [0, 24]),
    ],
)  # fmt: skip
def test_higher_orders(f, exact, order):
    for _ in range(order):
        f = grad(f)
    # NaN: of what is no polynomial the series is cut off
    np.testing.assert_allclose(f(0.0), exact[order - 3], 1e-12, 1e-12)


@pytest.mark.parametrize("dtype", "efdgFDG")
@pytest.mark.parametrize(
    "f", [lambda x: norm(x) ** 2, lambda x: 2 * anp.std(x) ** 2, lambda x: anp.sum(anp.abs(x) ** 2)]
)
def test_in_every_dtype(f, dtype):
    x = tensor(np.zeros(2, dtype), requires_grad=True)
    (g,) = gradients(f(x), x, create_graph=True)
    (h,) = gradients(anp.real(g[0]), x)
    assert h.dtype == x.dtype
    assert h[0] in (1, 2)


def test_derivatives_of_what_multiplies_a_norm():
    """The limit depends on more than the norm: theta**2 |x|**2 by theta, too."""
    slope = grad(lambda x, theta: (theta * norm(x)) ** 2)
    moved = grad(lambda theta: anp.sum(jvp(lambda x: slope(x, theta), (np.zeros(2),), (np.ones(2),))[1]))
    np.testing.assert_allclose(moved(3.0), 4 * 3.0 * 2)


def test_hooks_are_not_called_to_find_a_limit():
    x, calls = tensor(np.zeros(2), requires_grad=True), []
    n = norm(x)
    n.register_hook(lambda g: calls.append(g))
    (g,) = gradients(n**2, x, create_graph=True)
    assert len(calls) == 1
    np.testing.assert_array_equal(gradients(g[0], x)[0].numpy(), [2, 0])


@pytest.mark.parametrize("a", [
    np.diag([1.0, 0.0]), np.zeros((2, 2)), np.diag([2.0, 0.0, 0.0]),
    np.stack([np.diag([1.0, 0.0]), np.eye(2) + 1]), np.zeros((3, 1)),
], ids=["of rank 1", "nothing", "larger", "stacked", "a column"])  # fmt: skip
def test_smooth_functions_of_singular_values_that_vanish(a):
    """The sum of their squares is that of the elements; forward it may be refused, or NaN."""
    f = lambda x: anp.sum(anp.linalg.svdvals(anp.reshape(x, a.shape)) ** 2)
    for mode, way in ways(f, a.ravel()).items():
        try:
            found = np.asarray(way())
        except MatrixError:
            assert "forward" in mode
            continue
        if mode == "reverse over reverse" or np.isfinite(found).all():
            np.testing.assert_allclose(found, 2 * np.eye(a.size), 1e-12, 1e-12, err_msg=mode)


def test_kinks_of_singular_values_that_vanish():
    """The nuclear norm of a singular matrix has a gradient by convention, and no curvature."""
    x = tensor(np.diag([1.0, 0.0]), requires_grad=True)
    (g,) = gradients(norm(x, "nuc"), x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), np.diag([1.0, 0.0]))
    assert not np.isfinite(gradients(g[1, 1], x)[0].numpy()).all()


@pytest.mark.parametrize("dtype", "fdg")
@pytest.mark.parametrize("f", [
    anp.std, anp.nanstd, lambda x: anp.std(anp.stack([x, 2 * x]), axis=1)[1],
    lambda x: anp.std(x, where=np.array([True, True, False, True, True, True, True])),
])  # fmt: skip
def test_the_deviation_of_a_constant_whose_mean_is_rounded(f, dtype):
    """The mean of 0.7s is none but for rounding; the derivative is still 0, and has none itself."""
    x, t = np.full(7, 0.7, dtype), np.cos(np.arange(7)).astype(dtype)
    assert f(tensor(x, requires_grad=True)) == 0
    np.testing.assert_array_equal(grad(f)(x), np.zeros(7))
    with np.errstate(all="ignore"):
        assert np.isnan(jvp(grad(f), (x,), (t,))[1]).any()
        assert np.isnan(grad(lambda x: anp.sum(grad(f)(x) * t))(x)).any()
        second = grad(lambda x: anp.sum(grad(lambda x: f(x) ** 2)(x) * t))(x)
        assert np.isfinite(second).all()


@pytest.mark.parametrize("keywords", [{}, {"axis": 1}, {"axis": 1, "keepdims": True}])
def test_the_deviation_of_one_number_is_zero_whatever_it_is(keywords):
    x = np.array([[3.5], [-1.0]]) if keywords else np.array(3.5)

    def f(x):
        return anp.sum(anp.std(x, **keywords))

    slope = grad(f)
    along = lambda x: jvp(f, (x,), (np.ones_like(x),))[1]
    for second in (slope, grad(lambda x: anp.sum(slope(x))), grad(along)):
        np.testing.assert_array_equal(second(x), np.zeros_like(x))
    for first in (slope, along):
        np.testing.assert_array_equal(jvp(first, (x,), (np.ones_like(x),))[1], 0 * first(x))
