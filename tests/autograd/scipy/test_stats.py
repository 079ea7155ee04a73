"""scipy.stats' distributions, differentiable: every method of every law, its values and derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

import autograd
import autograd.numpy as anp
import autograd.scipy.stats as ours
from autograd import grad
from autograd.errors import ArgumentError, MatrixError, NotDifferentiable, OperandError, ShapeError
from autograd.scipy.stats import continuous, discrete
from tests.support import calls, scipy_calls

# shapes that are valid, and points of the standard form
SHAPES = {
    "gamma": (2.3,),
    "chi2": (3.4,),
    "invgamma": (2.6,),
    "beta": (1.7, 2.4),
    "t": (4.3,),
    "f": (3.2, 5.7),
    "lognorm": (0.8,),
    "weibull_min": (1.6,),
    "pareto": (2.2,),
    "lomax": (2.2,),
    "fisk": (2.7,),
    "vonmises": (1.4,),
    "truncnorm": (-1.2, 1.9),
    "poisson": (2.6,),
    "binom": (7.0, 0.35),
    "bernoulli": (0.3,),
    "nbinom": (3.5, 0.4),
    "geom": (0.3,),
}
POINTS = {
    "uniform": [0.2, 0.7],
    "beta": [0.2, 0.7],
    "truncnorm": [-0.7, 1.1],
    "pareto": [1.4, 2.7],
    "geom": [1.0, 4.0],
    "bernoulli": [0.0, 1.0],
}
LAWS = {law.name: law for law in continuous.LAWS + discrete.LAWS}
WHOLE = ("entropy", "mean", "median", "std", "var")  # methods of parameters alone
# where the derivatives of functions that others are made of are known to fewer digits
ROUGH = {"t-ppf": 1e-6, "t-isf": 1e-6, "f-ppf": 1e-6, "f-isf": 1e-6}


def _points(law):
    usual = [1.0, 4.0] if law.steps else ([0.3, 1.7] if law.low == 0 else [-0.8, 1.3])
    return np.array(POINTS.get(law.name, usual))


def _calls():
    found = []
    for name, law in LAWS.items():
        for method in law.methods:
            found.append(_call(name, law, method))
    return found


def _call(name, law, method):
    shapes = [np.array(s) for s in SHAPES.get(name, ())]
    place = [] if law.steps else [np.array(0.4), np.array(1.3)]
    counts = law.steps  # counts are constants
    fixed = [shapes.pop(0)] if name == "binom" else []
    if method in WHOLE:
        f = lambda m, *p: getattr(getattr(m, name), method)(*fixed, *p)
        return scipy_calls.ScipyCall(f"{name}-{method}", f, (*shapes, *place), ours, scipy.stats)
    if method in ("ppf", "isf"):
        points = np.array([0.15, 0.6])
    else:
        points = _points(law) if law.steps else _points(law) * 1.3 + 0.4
        points = (
            points[:1] if name == "bernoulli" and method.endswith(("cdf", "sf")) else points
        )  # at 1 there is no tail
    if counts:
        f = lambda m, *p: getattr(getattr(m, name), method)(points, *fixed, *p)
        return scipy_calls.ScipyCall(f"{name}-{method}", f, tuple(shapes), ours, scipy.stats)
    f = lambda m, x, *p: getattr(getattr(m, name), method)(x, *p)
    return scipy_calls.ScipyCall(f"{name}-{method}", f, (points, *shapes, *place), ours, scipy.stats)


CALLS = [c for c in _calls() if c.arrays]
every = calls.each(CALLS)


@every
def test_values(call):
    scipy_calls.check_values(call, 1e-12)


@every
def test_derivatives(call):
    scipy_calls.check_slopes(call, ROUGH.get(call.name, 1e-8))


@pytest.mark.parametrize("name", ["t", "f", "invgamma", "pareto", "lomax", "fisk"])
def test_moments_that_are_infinite_or_none(name):
    last = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.5, 4.0, 4.5])
    shapes = (*SHAPES[name][:-1], last)
    for method in ("mean", "var", "std"):
        xs = autograd.tensor(last, requires_grad=True)
        found = getattr(getattr(ours, name), method)(*shapes[:-1], xs)
        expected = getattr(getattr(scipy.stats, name), method)(*shapes)
        np.testing.assert_allclose(found.data, expected, 1e-12)
        found.sum().backward()
        assert np.isfinite(xs.grad.numpy()).all()
        assert not xs.grad.numpy()[~np.isfinite(expected)].any()


@pytest.mark.parametrize("ends", [(-np.inf, 0.5), (1.0, np.inf), (-np.inf, np.inf), (6.0, 7.0)])
def test_moments_of_what_is_cut_off_on_one_side(ends):
    for method in ("mean", "var"):
        xs = [autograd.tensor(v, requires_grad=True) for v in ends]
        found = getattr(ours.truncnorm, method)(*xs)
        np.testing.assert_allclose(found.item(), getattr(scipy.stats.truncnorm, method)(*ends), 1e-9)
        found.backward()
        assert np.isfinite([x.grad.item() for x in xs]).all()


@pytest.mark.parametrize("name", LAWS)
def test_narrow_parameters_get_narrow_gradients(name):
    law = LAWS[name]
    shapes = [np.float32(s) for s in SHAPES.get(name, ())]
    method = law.methods[[m.startswith("logp") for m in law.methods].index(True)]
    xs = [autograd.tensor(v, requires_grad=True) for v in (_points(law).astype(np.float32), *shapes)]
    out = getattr(getattr(ours, name), method)(*xs)
    assert out.dtype == np.float64  # as SciPy has it
    (out.sum() + 0 * sum(x.sum() for x in xs)).backward()
    assert {x.grad.dtype for x in xs} == {np.dtype(np.float32)}


# ------------------------------------------------------------------ outside, in the tails, at the ends

METHODS = ["pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf"]


def _slopes(f, x):
    x = autograd.tensor(np.array(x, float), requires_grad=True)
    out = f(x)
    (g,) = autograd.gradients(out.sum(), x, allow_unused=True)
    return out.detach().numpy(), np.zeros(x.shape) if g is None else g.numpy()


@pytest.mark.parametrize("name", LAWS)
def test_outside_of_the_support_gradients_are_zero(name):
    law, dist, theirs = LAWS[name], getattr(ours, name), getattr(scipy.stats, name)
    shapes = SHAPES.get(name, ())
    low, high = (end(*shapes) if callable(end) else end for end in (law.low, law.high))
    xs = [
        np.inf,
        -np.inf,
        np.nan,
        *([low - 1.5] if np.isfinite(low) else []),
        *([high + 1.5] if np.isfinite(high) else []),
    ]
    for method in set(METHODS) & set(law.methods):
        p = (
            [
                autograd.tensor(s, requires_grad=True)
                for s in (*shapes[1:], *([] if law.steps else [0.0, 1.0]))
            ]
            if name == "binom"
            else [autograd.tensor(s, requires_grad=True) for s in shapes]
        )
        fixed = shapes[:1] if name == "binom" else ()
        x = autograd.tensor(np.array(xs), requires_grad=True)
        out = getattr(dist, method)(x, *fixed, *p)
        with np.errstate(all="ignore"):
            expected = getattr(theirs, method)(np.array(xs), *shapes)
        if name != "vonmises":  # which SciPy gives densities at infinity
            known = ~np.isnan(expected) | np.isnan(xs)  # SciPy has NaN where it meets inf - inf
            np.testing.assert_array_equal(
                np.asarray(out.detach())[known], expected[known], f"{name}.{method}"
            )
        for g in autograd.gradients(out.sum(), [x, *p], allow_unused=True):
            assert g is None or not np.any(g.numpy()), f"{name}.{method}: {g}"


@pytest.mark.parametrize("name", LAWS)
def test_invalid_parameters_give_nan_and_no_gradient(name):
    law, dist = LAWS[name], getattr(ours, name)
    shapes = SHAPES.get(name, ())
    for method in law.methods:
        wrong = [[-abs(s) - 9 if j == i else s for j, s in enumerate(shapes)] for i in range(len(shapes))]
        wrong = [w for w in wrong if not law.valid(*w)]
        for w in [
            *[(*w, 0.0, 1.0)[: len(w) + (1 if law.steps else 2)] for w in wrong],
            *([] if law.steps else [(*shapes, 0.0, -1.0), (*shapes, 0.0, 0.0)]),
        ]:
            points = [] if method in WHOLE else [0.5 if method in ("ppf", "isf") else _points(law)[0]]
            xs = [autograd.tensor(v, requires_grad=True) for v in (*points, *w)]
            out = getattr(dist, method)(*xs)
            assert np.isnan(np.asarray(out.detach())), f"{name}.{method}{w}"
            for g in autograd.gradients(out, xs, allow_unused=True):
                assert g is None or g.item() == 0, f"{name}.{method}{w}: {g}"


TAILS = {
    "norm": (-40.0, "logcdf", (), 40.02495),
    "logistic": (-800.0, "logcdf", (), 1.0),
    "laplace": (-900.0, "logcdf", (), 1.0),
    "gumbel_r": (60.0, "logsf", (), -1.0),
    "expon": (900.0, "logsf", (), -1.0),
    "gumbel_l": (-60.0, "logcdf", (), 1.0),
    "lognorm": (1e-20, "logcdf", (1.0,), None),
    "truncnorm": (31.0, "logsf", (30.0, 40.0), None),
    "cauchy": (-1e12, "logcdf", (), None),
    "weibull_min": (40.0, "logsf", (2.0,), -80.0),
    "halfnorm": (40.0, "logsf", (), -40.02495),
}


@pytest.mark.parametrize("name", TAILS)
def test_tails(name):
    x, method, shapes, slope = TAILS[name]
    f = lambda x: getattr(getattr(ours, name), method)(x, *shapes)
    value, g = _slopes(f, x)
    expected = getattr(getattr(scipy.stats, name), method)(x, *shapes)
    assert np.isinf(expected) or abs(value - expected) <= 1e-9 * abs(expected)
    h = 1e-5 * abs(x)
    moved = [_slopes(f, x + s * h)[0] for s in (1, -1)]
    np.testing.assert_allclose(g, (moved[0] - moved[1]) / (2 * h), 1e-5)
    if slope is not None:
        np.testing.assert_allclose(g, slope, 1e-6)


def test_truncation_with_infinite_ends():
    ends = [(-1.0, np.inf), (-np.inf, 1.0), (2.0, np.inf), (-np.inf, np.inf), (-np.inf, -3.0)]
    for a, b in ends:
        x = 0.5 if a < 0.5 < b else (2.5 if a > 0 else -3.5)
        for method in ("logpdf", "logcdf", "logsf"):
            xs = [autograd.tensor(v, requires_grad=True) for v in (x, a, b)]
            out = getattr(ours.truncnorm, method)(*xs)
            expected = getattr(scipy.stats.truncnorm, method)(x, a, b)
            np.testing.assert_allclose(np.asarray(out.detach()), expected, 1e-10)
            for g in autograd.gradients(out, xs, allow_unused=True):
                assert g is None or np.isfinite(g.item()), (a, b, method)


def test_parameters_broadcast_by_position_and_name():
    x, loc = np.linspace(-1.0, 1.0, 4)[:, None], np.array([0.0, 0.5, 1.0])
    f = lambda x, loc, s: anp.sum(ours.norm.logpdf(x, loc=loc, scale=s) * np.arange(12.0).reshape(4, 3))
    gx, gl, gs = grad(f, (0, 1, 2))(x, loc, 1.5)
    w, z = np.arange(12.0).reshape(4, 3), (x - loc) / 1.5
    np.testing.assert_allclose(gx, np.sum(-w * z / 1.5, 1, keepdims=True), 1e-12)
    np.testing.assert_allclose(gl, np.sum(w * z / 1.5, 0), 1e-12)
    np.testing.assert_allclose(gs, np.sum(w * (z * z - 1)) / 1.5, 1e-12)


def test_frozen_distributions():
    f = lambda m: (
        ours.norm(m, 2.0).logpdf(1.0) + ours.gamma(a=2.0, scale=m).sf(1.5) + ours.norm(loc=m).entropy()
    )
    h = 1e-6
    slope = lambda m: (
        sum(
            s * (scipy.stats.norm(v, 2.0).logpdf(1.0) + scipy.stats.gamma(2.0, scale=v).sf(1.5))
            for s, v in ((1, m + h), (-1, m - h))
        )
        / (2 * h)
    )
    np.testing.assert_allclose(grad(f)(0.7), slope(0.7), 1e-7)
    assert ours.norm(1.0, 2.0).mean() == 1.0
    assert ours.norm(1.0, 2.0).rvs(3, random_state=0).shape == (3,)


# ------------------------------------------------------------------ several variables

A = np.array([[1.0, 0.3], [-0.5, 0.8]])
S = np.array([[1.2, 0.2], [0.2, 0.7]])
MANY = {
    "x": np.array([[0.3, -0.4], [1.1, 0.6], [-0.9, 0.2]]),
    "m": np.array([0.2, -0.3]),
    "s": A,
    "w": S + 0.1 * A @ A.T,
    "v": np.array([0.4]),
    "df": np.array(4.3),
    "alpha": np.array([1.4, 2.2, 0.8]),
    "p": np.array([0.2, 0.5, 0.3]),
    "dots": np.array([0.25, 0.35]),
    "k": np.array(0.8),
}


def symmetric(s):
    return s @ s.T + 0.4 * np.eye(2)


TABLE = {
    "multivariate_normal": [
        lambda m, x, m_, s: m.multivariate_normal.logpdf(x, m_, symmetric(s)),
        lambda m, x, m_, s: m.multivariate_normal.pdf(x[0], mean=m_, cov=symmetric(s)),
        lambda m, x, m_, k: m.multivariate_normal.logpdf(x, m_, k),
        lambda m, x, m_: m.multivariate_normal.logpdf(x, m_, m_**2 + 0.1),
        lambda m, x, k: m.multivariate_normal.logpdf(x[:, 0], k, k * k),
        lambda m, x, v: m.multivariate_normal.logpdf(
            x[:, :1] * np.ones(2), None, v * np.ones((2, 2)), True
        ),
        lambda m, s: m.multivariate_normal.entropy(cov=symmetric(s)),
        lambda m, x, m_, s: m.multivariate_normal(m_, symmetric(s)).logpdf(x),
    ],
    "multivariate_t": [
        lambda m, x, m_, s, df: m.multivariate_t.logpdf(x, m_, symmetric(s), df[()]),
        lambda m, x, s, df: m.multivariate_t.pdf(x[1], shape=symmetric(s), df=df[()]),
    ],
    "dirichlet": [
        lambda m, dots, alpha: m.dirichlet.logpdf(dots, alpha),
        lambda m, dots, alpha: m.dirichlet.pdf(np.stack([dots, dots[::-1]], 1), alpha),
        lambda m, alpha: m.dirichlet.entropy(alpha),
    ],
    "multinomial": [
        lambda m, alpha: m.multinomial.logpmf(np.array([[1, 2, 1], [0, 3, 1]]), 4, alpha / np.sum(alpha)),
        lambda m, alpha: m.multinomial.pmf(np.array([1, 2, 1]), 4, alpha / np.sum(alpha)),
    ],
    "wishart": [
        lambda m, s, w, df: m.wishart.logpdf(symmetric(s), df[()], symmetric(w)),
        lambda m, s, w, df: m.wishart.logpdf(
            np.stack([symmetric(s), symmetric(w)], 2), df[()], 0.5 * np.eye(2)
        ),
    ],
}
MANY["m_"] = MANY.pop("m")
SEVERAL = scipy_calls.listed(TABLE, MANY, ours, scipy.stats)
several = calls.each(SEVERAL)


@several
def test_values_of_several_variables(call):
    scipy_calls.check_values(call, 1e-10)


@several
def test_derivatives_of_several_variables(call):
    scipy_calls.check_slopes(call)


# ------------------------------------------------------------------ refusals

X = autograd.tensor(0.5, requires_grad=True)
V = autograd.tensor([0.5, 0.2], requires_grad=True)
REFUSED = {
    "a missing shape": (
        OperandError,
        r"beta\.logpdf: the parameter 'b' is missing",
        lambda: ours.beta.logpdf(X, 1.0),
    ),
    "an unknown parameter": (
        OperandError,
        r"norm\.logpdf: 'sigma' is no",
        lambda: ours.norm.logpdf(X, sigma=2.0),
    ),
    "twice": (OperandError, "given twice", lambda: ours.norm.logpdf(X, 0.0, loc=2.0)),
    "too many": (OperandError, r"norm\.cdf: takes", lambda: ours.norm.cdf(X, 0.0, 1.0, 2.0)),
    "text": (OperandError, "expected real numbers", lambda: ours.norm.cdf(X, "a")),
    "a method without a rule": (
        NotDifferentiable,
        r"scipy\.stats\.norm\.fit has",
        lambda: ours.norm.fit(V),
    ),
    "a distribution without": (NotDifferentiable, r"scipy\.stats\.levy\.pdf has", lambda: ours.levy.pdf(X)),
    "a function without": (
        NotDifferentiable,
        r"scipy\.stats\.kendalltau has",
        lambda: ours.kendalltau(V, V),
    ),
    "a frozen method": (NotDifferentiable, r"scipy\.stats\.norm\.stats has", lambda: ours.norm(X).stats()),
    "a singular covariance": (
        MatrixError,
        "cov is singular",
        lambda: ours.multivariate_normal.logpdf(V, cov=np.ones((2, 2))),
    ),
    "a negative covariance": (
        MatrixError,
        "cov must be positive",
        lambda: ours.multivariate_normal.logpdf(V, cov=-np.eye(2)),
    ),
    "components": (
        ShapeError,
        "must have 3 components",
        lambda: ours.multivariate_normal.logpdf(V, cov=np.eye(3)),
    ),
    "no shares": (
        ArgumentError,
        "dirichlet.logpdf: x must be shares",
        lambda: ours.dirichlet.logpdf(V * 9, [1.0, 1.0]),
    ),
    "degrees of freedom": (
        ArgumentError,
        "wishart.logpdf: df",
        lambda: ours.wishart.logpdf(np.eye(2), X, np.eye(2)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, text, call = REFUSED[name]
    with pytest.raises(error, match=text):
        call()
