"""Values and derivatives at the ends of domains, at poles and at infinity."""

from __future__ import annotations

import numpy as np
import pytest

sc = pytest.importorskip("scipy.special")

import autograd
from autograd import grad, tensor
from autograd.scipy import special

INF, NAN = np.inf, np.nan
EULER = 0.57721566490153286061

# (name, arguments, derivatives by each; None: no derivative by it)
FIRST = [
    ("gammaln", (0.0,), (-INF,)), ("gammaln", (-1.0,), (NAN,)),
    ("gammaln", (-0.5,), (0.036489973978576520559,)),
    ("gamma", (0.0,), (-INF,)), ("rgamma", (-2.0,), (2.0,)), ("rgamma", (0.0,), (1.0,)),
    ("loggamma", (0.0,), (-INF,)), ("psi", (0.0,), (INF,)), ("poch", (1.0, 0.0), (0.0, -EULER)),
    ("kv", (1.0, 0.0), (None, -INF)), ("kv", (0.5, 0.0), (None, -INF)), ("k0", (0.0,), (-INF,)),
    ("jv", (0.0, 0.0), (None, 0.0)), ("jv", (1.0, 0.0), (None, 0.5)), ("jv", (0.5, 0.0), (None, INF)),
    ("iv", (1.0, 0.0), (None, 0.5)), ("yv", (0.0, 0.0), (None, INF)), ("ive", (1.0, 0.0), (None, 0.5)),
    ("gammainc", (0.5, 0.0), (0.0, INF)), ("gammainc", (1.0, 0.0), (0.0, 1.0)),
    ("gammainc", (2.0, 0.0), (0.0, 0.0)), ("gammainc", (2.0, INF), (0.0, 0.0)),
    ("gammaincc", (0.5, 0.0), (0.0, -INF)), ("gammaincc", (1.0, 0.0), (0.0, -1.0)),
    ("betainc", (2.0, 3.0, 0.0), (0.0, 0.0, 0.0)), ("betainc", (2.0, 3.0, 1.0), (0.0, 0.0, 0.0)),
    ("betainc", (1.0, 1.0, 0.0), (0.0, 0.0, 1.0)), ("betainc", (1.0, 1.0, 1.0), (0.0, 0.0, 1.0)),
    ("betainc", (0.5, 0.5, 0.0), (0.0, 0.0, INF)), ("betainc", (0.5, 0.5, 1.0), (0.0, 0.0, INF)),
    ("erfinv", (1.0,), (INF,)), ("erfinv", (-1.0,), (INF,)), ("erfcinv", (0.0,), (-INF,)),
    ("ndtri", (0.0,), (INF,)), ("ndtri", (1.0,), (INF,)),
    ("xlogy", (0.0, 0.0), (0.0, 0.0)), ("xlogy", (1.0, 0.0), (-INF, INF)),
    ("xlogy", (0.0, 1.0), (0.0, 0.0)),
    ("xlog1py", (0.0, -1.0), (0.0, 0.0)), ("rel_entr", (0.0, 0.0), (1.0, 0.0)), ("entr", (0.0,), (INF,)),
    ("logit", (0.0,), (INF,)), ("logit", (1.0,), (INF,)),
    ("expit", (1000.0,), (0.0,)), ("expit", (-1000.0,), (0.0,)),
    ("log_expit", (1000.0,), (0.0,)), ("log_expit", (-1000.0,), (1.0,)),
    ("softplus", (1000.0,), (1.0,)), ("softplus", (-1000.0,), (0.0,)),
    ("log_ndtr", (-1000.0,), (1000.0009999980000100,)), ("log_ndtr", (50.0,), (0.0,)),
    ("exprel", (0.0,), (0.5,)), ("ellipk", (0.0,), (np.pi / 8,)), ("ellipk", (1.0,), (INF,)),
    ("ellipkm1", (0.0,), (-INF,)), ("ellipe", (1.0,), (-INF,)), ("spence", (1.0,), (-1.0,)),
    ("sinc", (0.0,), (0.0,)), ("boxcox", (1.0, 0.0), (1.0, 0.0)),
    ("inv_boxcox", (1.0, 0.0), (np.e, -np.e / 2)),
    ("huber", (1.0, 0.0), (0.0, 0.0)), ("binom", (3.0, 0.0), (0.0, 11 / 6)), ("erfcx", (1e200,), (0.0,)),
    ("stdtr", (3.0, 0.0), (0.0, 0.36755259694786136634)),
    ("elliprc", (0.0, 1.0), (-INF, -np.pi / 4)),
    ("elliprf", (0.0, 1.0, 1.0), (-INF, -np.pi / 8, -np.pi / 8)),
    ("elliprg", (0.0, 1.0, 1.0), (np.pi / 8, np.pi / 16, np.pi / 16)),
    ("elliprg", (0.0, 0.0, 1.0), (INF, INF, 0.25)),
    ("tklmbda", (0.5, 0.0), (0.23500371220159448903, 0.08508038960103013812)),
    ("tklmbda", (1.5, 1.0), (0.0, 0.0)), ("tklmbda", (-2.0, 3.0), (0.0, 0.0)),
    ("boxcox", (0.0, 2.0), (0.0, 0.25)), ("boxcox1p", (-1.0, 2.0), (0.0, 0.25)),
    ("powm1", (0.0, 2.0), (0.0, 0.0)), ("pseudo_huber", (0.0, 2.0), (2.0, 0.0)),
    ("pseudo_huber", (0.0, 0.0), (0.0, 0.0)), ("huber", (0.0, 0.0), (0.0, 0.0)),
    ("btdtria", (1.0, 1.0, 0.5), (NAN, NAN, NAN)), ("pdtrik", (0.0, 1.0), (NAN, NAN)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "expected"), FIRST)
def test_first_derivatives(name, args, expected):
    if hasattr(special, name):  # of SciPy's later versions
        for place, value in enumerate(expected):
            if value is not None:
                np.testing.assert_allclose(grad(getattr(special, name), place)(*args), value, 1e-14)


SECOND = [
    ("expit", 1000.0, 0.0), ("expit", -1000.0, 0.0), ("softplus", -1000.0, 0.0),
    ("log_expit", -1000.0, 0.0),
    ("sinc", 0.0, -np.pi**2 / 3), ("j0", 0.0, -0.5), ("i0", 0.0, 0.5), ("exprel", 0.0, 1 / 3),
    ("erfinv", 0.0, 0.0), ("log_ndtr", -1000.0, -0.99999900000599995200), ("spence", 1.0, 0.5),
    ("ellipk", 0.0, 9 * np.pi / 64), ("rgamma", 0.0, 2 * EULER),
    ("i0e", 0.0, 1.5), ("i1e", 0.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "expected"), SECOND)
def test_second_derivatives(name, x, expected):
    np.testing.assert_allclose(grad(grad(getattr(special, name)))(x), expected, 1e-9, 1e-14)


# (name, arguments): where the first derivative is a number, and the second by both is none
NO_SECOND = [
    ("gammainc", (1.0, 0.0), (1, 0)), ("gammaincinv", (1.0, 0.0), (1, 0)),
    ("gammainccinv", (1.0, 1.0), (1, 0)),
    ("betainc", (1.0, 2.0, 0.0), (2, 0)), ("betainc", (0.5, 0.5, 1.0), (0, 2)),
    ("betaincinv", (1.0, 0.5, 0.0), (2, 0)), ("fdtr", (2.0, 1.0, 0.0), (2, 0)),
    ("gdtr", (1.0, 1.0, 0.0), (2, 1)),
    ("xlogy", (0.0, 0.0), (0, 1)), ("xlog1py", (0.0, -1.0), (1, 0)), ("rel_entr", (0.0, 0.0), (1, 0)),
    ("boxcox", (0.0, 1.0), (0, 1)), ("powm1", (0.0, 1.0), (0, 1)), ("pseudo_huber", (0.0, 0.0), (1, 0)),
    ("chdtriv", (1.0, 0.5), (1, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "by"), NO_SECOND)
def test_what_has_no_second_derivative_gives_nan(name, args, by):
    first = grad(getattr(special, name), by[0])
    assert np.isfinite(first(*args))
    assert np.isnan(grad(first, by[1])(*args))


def test_a_mask_keeps_out_what_a_search_did_not_find():
    import autograd.numpy as anp

    p = np.array([0.0, 0.6])
    slope = grad(lambda p: anp.sum(anp.where(p > 0, special.pdtrik(p, 1.0), p)))(p)
    np.testing.assert_allclose(slope, [1.0, grad(special.pdtrik)(0.6, 1.0)])


@pytest.mark.parametrize("z", [-1.5 + 0j, -2.5 + 0.25j, -2.5 - 0.25j, -0.5 + 1e-3j])
def test_loggamma_beside_and_on_its_cut(z):
    """On the negative axis the value jumps, and the derivative does not."""
    x = tensor(np.array([z]), requires_grad=True)
    out = special.loggamma(x)
    np.testing.assert_array_equal(out.detach().numpy(), sc.loggamma([z]))
    out.backward(np.ones(1, complex))
    np.testing.assert_allclose(x.grad.numpy(), np.conj(sc.psi([z])), 1e-14)


def test_logsumexp_of_what_is_masked():
    a = tensor([-np.inf, -np.inf], requires_grad=True)
    special.logsumexp(a).backward()
    np.testing.assert_array_equal(a.grad.numpy(), [0.0, 0.0])
    a = tensor([0.0, np.inf, 1.0], requires_grad=True)
    out = special.logsumexp(a, b=np.array([1.0, 0.0, 2.0]))
    out.backward()
    np.testing.assert_allclose(out.detach().numpy(), np.log(1 + 2 * np.e), 1e-15)
    np.testing.assert_allclose(a.grad.numpy(), np.array([1, 0, 2 * np.e]) / (1 + 2 * np.e), 1e-14)


def test_logsumexp_with_weights_of_zero():
    """By a weight of 0 the derivative is what the term would add: exp(a - out)."""
    a, b = tensor([0.0, 1.0], requires_grad=True), tensor([0.0, 2.0], requires_grad=True)
    special.logsumexp(a, b=b).backward()
    np.testing.assert_allclose(a.grad.numpy(), [0.0, 1.0], 1e-15)
    np.testing.assert_allclose(b.grad.numpy(), [0.5 / np.e, 0.5], 1e-14)
    zeros = tensor([0.0, 0.0], requires_grad=True)
    out = special.logsumexp(zeros, b=np.zeros(2))
    assert out == -np.inf
    out.backward()
    np.testing.assert_array_equal(zeros.grad.numpy(), [0.0, 0.0])


def test_logsumexp_of_masked_rows_to_second_order():
    a = np.array([[-np.inf, -np.inf], [0.0, -np.inf], [1.0, 1.0]])
    slope = autograd.grad(lambda a: special.logsumexp(a, axis=1).sum())
    np.testing.assert_allclose(slope(a), [[0, 0], [1, 0], [0.5, 0.5]], 1e-15)
    second = autograd.grad(lambda a: (slope(a) * np.array([1.0, 2.0])).sum())(a)
    np.testing.assert_allclose(second, [[0, 0], [0, 0], [-0.25, 0.25]], 1e-15)


def test_a_mask_keeps_what_is_infinite_out():
    """The derivative of the branch that is not taken is infinite; its share of the gradient is 0."""
    import autograd.numpy as anp

    x = tensor([0.0, 0.5], requires_grad=True)
    anp.where(x > 0, special.logit(x), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 4.0])


@pytest.mark.parametrize(
    "options", [{}, {"axis": 1}, {"axis": (0, 1), "keepdims": True}, {"axis": 0, "b": [[1], [2], [0.5]]}]
)
def test_logsumexp_of_complex_numbers(options):
    """HIPS autograd has it; it was refused."""
    rng = np.random.default_rng(0)
    z, v = (rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4)) for _ in range(2))
    found = special.logsumexp(tensor(z, requires_grad=True), **options)
    np.testing.assert_allclose(found.detach().numpy(), sc.logsumexp(z, **options), rtol=1e-12)
    size = lambda z: (abs(special.logsumexp(z, **options)) ** 2).sum()
    slope = (size(z + 1e-6 * v) - size(z - 1e-6 * v)) / 2e-6
    assert autograd.jvp(size, (z,), (v,))[1] == pytest.approx(slope, rel=1e-7)
    assert np.real(np.sum(autograd.grad(size)(z) * v)) == pytest.approx(slope, rel=1e-7)
    far = special.logsumexp(tensor(z + 1000, requires_grad=True), **options)
    np.testing.assert_allclose(far.detach().numpy(), found.detach().numpy() + 1000, rtol=1e-12)
