"""The table of gradient conventions, row by row: kinks, ties, and where formulas say 0 * inf."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad, gradients, tensor
from autograd.ops.neural.activations import elu, leaky_relu, relu, sigmoid
from autograd.ops.softmax import log_softmax, logsumexp, softmax

INF, NAN = np.inf, np.nan


def slope(f, *values):
    """The derivatives of the sum of f by each of its arguments."""
    xs = [tensor(np.asarray(v, float), requires_grad=True) for v in values]
    grads = gradients(f(*xs).sum(), xs)
    return grads[0].tolist() if len(xs) == 1 else [g.tolist() for g in grads]


def curvature(f, value):
    x = tensor(np.asarray(value, float), requires_grad=True)
    (g,) = gradients(f(x).sum(), x, create_graph=True)
    return gradients(g.sum(), x, allow_unused=True)[0] if g.requires_grad else tensor(np.zeros(x.shape))


# ------------------------------------------------------------------ kinks


@pytest.mark.parametrize("f", [abs, anp.abs, anp.fabs, anp.sign, relu], ids=lambda f: f.__name__)
def test_zero_at_zero(f):
    assert slope(f, [0.0, -0.0]) == [0.0, 0.0]


@pytest.mark.parametrize(
    "f",
    [anp.floor, anp.ceil, anp.trunc, anp.rint, anp.sign, anp.round, anp.fix, anp.spacing,
     lambda x: anp.heaviside(x, 0.5)],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_steps_have_no_slope(f):
    assert slope(f, [-1.0, -0.5, 0.0, 0.3, 2.0]) == [0.0] * 5


def test_activations_at_zero():
    assert slope(lambda x: leaky_relu(x, 0.2), [-1.0, 0.0, 1.0]) == [0.2, 0.2, 1.0]
    assert slope(lambda x: elu(x, 0.5), 0.0) == 0.5
    assert slope(relu, [-1.0, 0.0, 1.0]) == [0.0, 0.0, 1.0]


# ------------------------------------------------------------------ ties


@pytest.mark.parametrize("f", [anp.maximum, anp.minimum, anp.fmax, anp.fmin], ids=lambda f: f.__name__)
def test_two_that_tie_share(f):
    assert slope(f, [1.0, INF, -INF], [1.0, INF, -INF]) == [[0.5] * 3, [0.5] * 3]
    x = tensor([1.0, -2.0], requires_grad=True)
    assert gradients(f(x, x).sum(), x)[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("f", [anp.max, anp.min], ids=lambda f: f.__name__)
def test_many_that_tie_share(f):
    assert slope(f, [2.0, 2.0, 2.0, 2.0]) == [0.25] * 4
    assert slope(lambda x: f(x, axis=1), [[1.0, 1.0], [0.0, 3.0]])[0] == [0.5, 0.5]
    assert slope(f, np.zeros((2, 2))) == [[0.25, 0.25], [0.25, 0.25]]
    assert slope(lambda x: f(x, axis=(0, 1), keepdims=True), np.full((2, 2), INF)) == [[0.25] * 2] * 2


def test_the_winner_takes_all():
    assert slope(anp.maximum, [1.0, 3.0], [2.0, 2.0]) == [[0.0, 1.0], [1.0, 0.0]]
    assert slope(anp.max, [1.0, 3.0, 2.0]) == [0.0, 1.0, 0.0]
    assert slope(anp.min, [1.0, 3.0, 2.0]) == [1.0, 0.0, 0.0]


def test_numbers_win_against_nan_in_fmax_and_fmin():
    for f in (anp.fmax, anp.fmin):
        assert slope(f, [NAN, 1.0, NAN], [1.0, NAN, NAN]) == [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]]


def test_clip_passes_on_the_closed_interval():
    assert slope(lambda x: anp.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0]) == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert slope(lambda x: anp.clip(x, None, 1.0), [-5.0, 1.0, 5.0]) == [1.0, 1.0, 0.0]
    assert slope(lambda x: anp.clip(x, -1.0, None), [-5.0, -1.0, 5.0]) == [0.0, 1.0, 1.0]


def test_clip_gives_the_rest_to_the_bounds():
    x, low, high = slope(anp.clip, [-2.0, 0.0, 2.0], [-1.0] * 3, [1.0] * 3)
    assert (x, low, high) == ([0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])


# ------------------------------------------------------------------ constant input


@pytest.mark.parametrize("value", [[3.0, 3.0, 3.0], [0.0, 0.0], [5.0]], ids=str)
def test_std_at_a_constant(value):
    assert slope(anp.std, value) == [0.0] * len(value)


def test_std_at_a_constant_along_one_axis():
    g = slope(lambda x: anp.std(x, axis=1), [[1.0, 1.0], [1.0, 3.0]])
    assert g == [[0.0, 0.0], [-0.5, 0.5]]


# ------------------------------------------------------------------ branches not taken


def test_where_gives_exactly_zero_to_the_branch_not_taken():
    g = slope(lambda x: anp.where(x > 0, anp.log(anp.where(x > 0, x, 1.0)), x), [2.0, 0.0, -1.0])
    assert g == [0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    "f",
    [anp.log, anp.log2, anp.log10, anp.sqrt, anp.reciprocal, anp.cbrt, lambda x: 1 / x,
     lambda x: x**-1.5, lambda x: x**0.5, lambda x: anp.log1p(x - 1), lambda x: anp.arcsin(x + 1),
     lambda x: anp.arccos(1 - x), lambda x: anp.arctanh(x + 1), lambda x: anp.arccosh(x + 1)],
)  # fmt: skip
def test_where_around_a_pole(f):
    with np.errstate(all="ignore"):
        g = slope(lambda x: anp.where(x > 0, f(x), 0.0), [0.0, 0.0])
        h = curvature(lambda x: anp.where(x > 0, f(x), 0.0), [0.0, 0.0])
    assert g == [0.0, 0.0], "0 * inf must stay 0"
    assert h.tolist() == [0.0, 0.0]


def test_masks_around_a_pole():
    with np.errstate(all="ignore"):
        assert slope(lambda x: anp.log(x)[x > 0].sum() + x.sum(), [0.0, 2.0]) == [1.0, 1.5]
        assert slope(lambda x: anp.sqrt(x)[1:], [0.0, 4.0]) == [0.0, 0.25]


def test_an_infinite_slope_that_is_wanted_is_infinite():
    with np.errstate(all="ignore"):
        assert slope(anp.sqrt, [0.0]) == [INF]
        assert slope(anp.log, [0.0]) == [INF]


def test_nan_to_num_gives_nothing_to_what_it_replaced():
    assert slope(anp.nan_to_num, [1.0, NAN, INF, -INF]) == [1.0, 0.0, 0.0, 0.0]


def test_nan_passes_through():
    assert np.isnan(slope(lambda x: x * NAN, [1.0])).all()
    assert np.isnan(slope(anp.exp, [NAN])).all()


def test_what_is_constant_by_convention_stays_so_in_the_next_derivative():
    """The functions are x**2; only `abs` tells its two sides from the point between them."""
    for f, second in ((lambda x: abs(x) ** 2, 2), (lambda x: (x * anp.sign(x)) ** 2, 0),
                      (lambda x: anp.maximum(x, -x) ** 2, 0)):  # fmt: skip
        assert slope(f, [0.0]) == [0.0]
        assert curvature(f, [0.0]).tolist() == [second]


def test_a_clip_to_one_point():
    assert slope(lambda x: anp.clip(x, x, x), [2.0]) == [1.0]
    assert slope(anp.clip, [2.0], [2.0], [2.0]) == [[1.0], [0.0], [0.0]]


@pytest.mark.parametrize("f", [anp.remainder, anp.fmod])
def test_remainders_by_the_divisor(f):
    with np.errstate(all="ignore"):
        assert slope(f, [7.0, 6.0, 1.0], [2.0, 2.0, 0.0]) == [[1.0, 1.0, 1.0], [-3.0, -3.0, -INF]]


# ------------------------------------------------------------------ products and powers


def _prod_by_hand(x):
    """Gradient and matrix of second derivatives of the product, by leaving elements out."""
    n = len(x)
    first = [np.prod(np.delete(x, i)) for i in range(n)]
    second = [[0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(n)] for i in range(n)]
    return first, second


@pytest.mark.parametrize(
    "x",
    [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 0.0, 5.0], [0.0] * 3, [1e-200, 1e200, 0.0, 2.0], [0.0], []],
)
def test_prod_is_exact_at_zeros_to_second_order(x):
    first, second = _prod_by_hand(np.array(x))
    assert slope(anp.prod, x) == pytest.approx(first, rel=1e-15)
    for i in range(len(x)):
        row = grad(lambda x, i=i: grad(anp.prod)(x)[i])(np.array(x))
        np.testing.assert_allclose(row, second[i], 1e-15)


def test_prod_over_axes_with_zeros():
    x = np.array([[0.0, 2.0], [3.0, 0.0], [5.0, 7.0]])
    assert slope(lambda x: anp.prod(x, axis=0), x) == [[15.0, 0.0], [0.0, 14.0], [0.0, 0.0]]
    assert slope(lambda x: anp.prod(x, axis=1), x) == [[2.0, 0.0], [0.0, 3.0], [7.0, 5.0]]


@pytest.mark.parametrize("exponent", [0, 0.0, np.zeros(3), tensor(np.zeros(3))], ids=repr)
def test_power_zero_is_flat(exponent):
    assert slope(lambda x: x**exponent, [0.0, 2.0, -1.0]) == [0.0, 0.0, 0.0]
    assert curvature(lambda x: x**exponent, [0.0, 2.0, -1.0]).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("exponent", [2, 2.0, np.full(2, 2.0)], ids=repr)
def test_square_at_zero(exponent):
    assert slope(lambda x: x**exponent, [0.0, 3.0]) == [0.0, 6.0]
    assert curvature(lambda x: x**exponent, [0.0, 3.0]).tolist() == [2.0, 2.0]


def test_first_power_at_zero():
    for one in (1, 1.0, np.ones(2)):
        assert slope(lambda x, one=one: x**one, [0.0, 3.0]) == [1.0, 1.0]
        assert curvature(lambda x, one=one: x**one, [0.0, 3.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("base", [0, 0.0, np.zeros(3)], ids=repr)
def test_zero_to_a_power_is_flat_in_the_exponent(base):
    assert slope(lambda y: base**y, [0.0, 1.0, 2.5]) == [0.0, 0.0, 0.0]


def test_zero_to_the_zero():
    assert slope(lambda x, y: x**y, [0.0], [0.0]) == [[0.0], [0.0]]


def test_negative_base_with_an_integer_exponent():
    assert slope(lambda x: x**3, [-2.0]) == [12.0]
    assert slope(lambda x: x**-1, [-2.0]) == [-0.25]


# ------------------------------------------------------------------ limits


def test_sinc_at_zero():
    assert slope(anp.sinc, [0.0]) == [0.0]
    assert curvature(anp.sinc, [0.0]).tolist() == pytest.approx([-(np.pi**2) / 3], rel=1e-14)


@pytest.mark.parametrize("x", [1e-12, 1e-5, 9.99e-4, 1.001e-3, 1e-2, 0.3])
def test_sinc_near_zero(x):
    wide = np.longdouble(x)
    pi = np.longdouble("3.14159265358979323846264338327950288")
    series = sum(
        (-1) ** k * (pi * wide) ** (2 * k) * 2 * k / wide / _factorial(2 * k + 1) for k in range(1, 15)
    )
    assert slope(anp.sinc, x) == pytest.approx(float(series), rel=1e-9)


def _factorial(n):
    return np.prod(np.arange(1, n + 1, dtype=np.longdouble))


def test_logsumexp_of_nothing_but_minus_infinity():
    with np.errstate(all="ignore"):
        assert slope(logsumexp, [-INF, -INF]) == [0.0, 0.0]
        assert slope(anp.logaddexp, [-INF], [-INF]) == [[0.0], [0.0]]
        assert slope(anp.logaddexp2, [-INF], [-INF]) == [[0.0], [0.0]]
        rows = slope(lambda x: logsumexp(x, 1), [[-INF, -INF], [-INF, 2.0], [3.0, 3.0]])
    np.testing.assert_allclose(rows, [[0.0, 0.0], [0.0, 1.0], [0.5, 0.5]], 1e-15)


def test_logsumexp_does_not_overflow():
    for x in (1000.0, -1000.0):  # the result has few digits left behind the point
        assert slope(logsumexp, [x, x]) == pytest.approx([0.5, 0.5], rel=1e-12)
    assert slope(anp.logaddexp, [1000.0], [-1000.0]) == [[1.0], [0.0]]


@pytest.mark.parametrize("f", [softmax, log_softmax], ids=["softmax", "log_softmax"])
def test_softmax_does_not_overflow(f):
    out = f(tensor([1e4, 0.0, -1e4], requires_grad=True))
    assert np.isfinite(out.detach().numpy()).all()
    assert np.isfinite(slope(lambda x: f(x)[:2], [1e4, 0.0, -1e4])).all()


@pytest.mark.parametrize("x", [-1e4, -800.0, 0.0, 800.0, 1e4])
def test_saturating_functions_do_not_overflow(x):
    for f in (sigmoid, anp.tanh):
        with np.errstate(over="raise", invalid="raise"):
            assert 0 <= slope(f, x) <= 1


def test_remainder_is_minus_floor_in_the_divisor():
    assert slope(anp.remainder, [-1.5, 3.5], [2.0, 2.0]) == [[1.0, 1.0], [1.0, -1.0]]
    assert slope(anp.fmod, [-3.5, 3.5], [2.0, 2.0]) == [[1.0, 1.0], [1.0, -1.0]]


def test_the_origin():
    for f in (anp.hypot, anp.arctan2):
        assert slope(f, [0.0], [0.0]) == [[0.0], [0.0]]


def test_copysign():
    assert slope(anp.copysign, [2.0, -2.0, 0.0], [-1.0, -1.0, 1.0])[0] == [-1.0, 1.0, 0.0]


# ------------------------------------------------------------------ order


def test_among_equal_elements_a_stable_sort_decides():
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    assert slope(lambda x: anp.sort(x) * weights, [1.0, 0.0, 1.0, 0.0]) == [3.0, 1.0, 4.0, 2.0]
    assert slope(anp.median, [1.0, 0.0, 1.0]) == [1.0, 0.0, 0.0]
    assert slope(lambda x: anp.quantile(x, 0.25), [1.0, 1.0, 1.0]) == [0.5, 0.5, 0.0]
    assert slope(lambda x: anp.partition(x, 1)[1], [2.0, 1.0, 3.0]) == [1.0, 0.0, 0.0]


def test_a_nan_is_the_quantile_of_its_row():
    assert slope(anp.median, [1.0, NAN, 2.0]) == [0.0, 1.0, 0.0]
    assert slope(lambda x: anp.percentile(x, 30), [1.0, NAN, 2.0]) == [0.0, 1.0, 0.0]


def test_quantiles_by_their_share():
    values = np.array([0.0, 1.0, 5.0])
    for method, expected in (("linear", [2.0, 8.0, 8.0]), ("lower", None), ("hazen", [0.0, 12.0, 0.0])):
        q = tensor([0.0, 0.5, 1.0], requires_grad=True)
        out = anp.quantile(tensor(values, requires_grad=True), q, method=method)
        found = gradients(out.sum(), q, allow_unused=True)[0]
        assert (None if found is None else found.tolist()) == expected


def test_what_is_left_out_gets_nothing():
    for f in (anp.nansum, anp.nanmean, anp.nanstd, anp.nanmax, anp.nanmedian, anp.nanprod):
        assert slope(f, [1.0, NAN, 3.0])[1] == 0.0


# ------------------------------------------------------------------ numbers taken apart, chosen, written


def test_parts_of_numbers():
    assert slope(lambda x: anp.frexp(x)[0], [1.0, 3.0, -0.25]) == [0.5, 0.25, 2.0]
    assert slope(lambda x: anp.modf(x)[0], [1.0, -1.5, 0.0]) == [1.0] * 3
    assert slope(lambda x: anp.modf(x)[1], [1.0, -1.5, 0.0]) == [0.0] * 3
    assert slope(lambda x: anp.divmod(x, 2.0)[0], [4.0, 5.0]) == [0.0, 0.0]
    assert slope(lambda x: anp.divmod(x, 2.0)[1], [4.0, 5.0]) == [1.0, 1.0]
    assert slope(anp.nextafter, [1.0, 0.0], [2.0, 0.0]) == [[1.0, 1.0], [0.0, 0.0]]


def test_the_first_of_equal_elements_is_the_unique_one():
    assert slope(anp.unique, [2.0, 1.0, 2.0, 1.0]) == [1.0, 1.0, 0.0, 0.0]
    assert slope(lambda x: anp.intersect1d(x, [2.0, 3.0]), [2.0, 2.0]) == [1.0, 0.0]


def test_running_extrema_share_ties():
    for f in (anp.maximum.accumulate, anp.fmin.accumulate, anp.fmax.reduce):
        found = np.array(slope(lambda x, f=f: f(x)[-1:] if f(x).ndim else f(x), [1.0, 1.0, 1.0]))
        assert found.sum() == 1.0
        assert (found >= 0).all()


def test_what_is_not_chosen_gets_nothing():
    mask = np.array([True, False, True])
    for f in (anp.sum, anp.prod, anp.mean, anp.var, anp.std):
        assert slope(lambda x, f=f: f(x, where=mask), [1.0, NAN, 3.0])[1] == 0.0


def test_nan_to_num_in_place():
    x = tensor([1.0, NAN, INF], requires_grad=True)
    y = x * 1
    assert anp.nan_to_num(y, copy=False, posinf=5.0) is y
    assert y.tolist() == [1.0, 0.0, 5.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]
