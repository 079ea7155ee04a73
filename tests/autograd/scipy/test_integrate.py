"""scipy.integrate, differentiable: samples, integrals, differential equations by the adjoint method."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate

import autograd
import autograd.numpy as anp
import autograd.scipy.integrate as ours
from autograd import grad, hessian, jacobian
from autograd.errors import ArgumentError, DtypeError, NotDifferentiable, OperandError, ShapeError
from tests.support import scipy_calls
from tests.support.checks import close
from tests.support.numeric import along_basis

RNG = np.random.default_rng(0)
ARRAYS = {
    "y": RNG.normal(size=9),
    "e": RNG.normal(size=8),
    "im": RNG.normal(size=(3, 5)),
    "x": np.cumsum(0.3 + RNG.random(9)),
    "xs": np.cumsum(0.3 + RNG.random((3, 5)), 1),
    "dx": np.array(0.4),
}
TABLE = {
    "trapezoid": [
        lambda m, y: m.trapezoid(y),
        lambda m, y, x: m.trapezoid(y, x),
        lambda m, im: m.trapezoid(im, axis=0),
    ],
    "cumulative_trapezoid": [
        lambda m, y: m.cumulative_trapezoid(y, dx=0.5),
        lambda m, y, x: m.cumulative_trapezoid(y, x, initial=0),
        lambda m, im, xs: m.cumulative_trapezoid(im, xs),
        lambda m, im: m.cumulative_trapezoid(im, axis=0, initial=0),
    ],
    "simpson": [
        lambda m, y: m.simpson(y),
        lambda m, e: m.simpson(e, dx=0.5),
        lambda m, y, x: m.simpson(y, x),
        lambda m, e, x: m.simpson(e, x[:8]),
        lambda m, im, xs: m.simpson(im, xs),
        lambda m, im: m.simpson(im, axis=0),
        lambda m, im, x: m.simpson(im[:, :4], x[:4]),
        lambda m, y: m.simpson(y[:2]),
    ],
    "cumulative_simpson": [
        lambda m, y: m.cumulative_simpson(y),
        lambda m, e, x: m.cumulative_simpson(e, x=x[:8], initial=1.5),
        lambda m, im, xs: m.cumulative_simpson(im, x=xs),
        lambda m, im: m.cumulative_simpson(im, dx=2.0, axis=0, initial=0.0),
        lambda m, y: m.cumulative_simpson(y[:2]),
    ],
    "romb": [lambda m, y: m.romb(y), lambda m, im: m.romb(im, 0.5), lambda m, y: m.romb(y[:2])],
}
CALLS = scipy_calls.listed(TABLE, ARRAYS, ours, scipy.integrate)
test_values_of_samples, test_slopes_of_samples, test_narrow_samples = scipy_calls.tests_of(CALLS, 1e-12)


# ------------------------------------------------------------------ integrals of functions


def test_quad_by_limits_and_arguments():
    f = lambda a, b, k: ours.quad(lambda x, k: anp.exp(-k * x) * x, a, b, (k,))[0]
    a, b, k = 0.3, 2.0, 1.3
    expected = scipy.integrate.quad(lambda x: np.exp(-k * x) * x, a, b)[0]
    assert abs(f(a, b, k) - expected) < 1e-14
    whole = lambda v: -(v + 1 / k) * np.exp(-k * v) / k  # an antiderivative
    by_k = lambda v: np.exp(-k * v) * (k * k * v * v + 2 * k * v + 2) / k**3
    ga, gb, gk = grad(f, (0, 1, 2))(a, b, k)
    np.testing.assert_allclose(expected, whole(b) - whole(a), 1e-13)
    np.testing.assert_allclose([ga, gb], [-np.exp(-k * a) * a, np.exp(-k * b) * b], 1e-13)
    np.testing.assert_allclose(gk, by_k(b) - by_k(a), 1e-12)
    second = grad(grad(f, 2), 2)(a, b, k)
    integral = scipy.integrate.quad(lambda x: np.exp(-k * x) * x**3, a, b)[0]
    np.testing.assert_allclose(second, integral, 1e-11)
    np.testing.assert_allclose(grad(grad(f, 1), 2)(a, b, k), -b * b * np.exp(-k * b), 1e-12)


def test_quad_to_infinity_with_containers():
    p = {"rate": np.array([1.0, 2.0]), "scale": 3.0}
    f = lambda p: ours.quad(lambda x, q: q["scale"] * anp.sum(anp.exp(-q["rate"] * x)), 0.0, np.inf, (p,))[
        0
    ]
    g = grad(f)(p)
    np.testing.assert_allclose(f(p), 4.5, 1e-9)
    np.testing.assert_allclose(g["rate"], -3 / p["rate"] ** 2, 1e-7)
    np.testing.assert_allclose(g["scale"], 1.5, 1e-9)


def test_fixed_quad():
    f = lambda a, b, k: ours.fixed_quad(lambda x, k: anp.sin(k * x), a, b, (k,), n=8)[0]
    theirs = lambda a, b, k: scipy.integrate.fixed_quad(lambda x, k: np.sin(k * x), a, b, (k,), n=8)[0]
    v = (0.2, 1.1, 1.7)
    np.testing.assert_allclose(f(*v), theirs(*v), 1e-14)
    for i in range(3):
        h = 1e-5
        moved = [theirs(*[x + s * h * (j == i) for j, x in enumerate(v)]) for s in (1, -1)]
        np.testing.assert_allclose(grad(f, i)(*v), (moved[0] - moved[1]) / (2 * h), 1e-8)


# ------------------------------------------------------------------ differential equations

Y0, T = np.array([0.7, 0.2]), np.array([0.0, 0.4, 1.0, 1.3])
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def pendulum(y, t, p, q):
    return anp.stack([y[1], -p["k"] * anp.sin(y[0]) - p["c"][0] * y[1] + q * anp.cos(t)])


def solved(y0, t, k, c, q):
    return ours.odeint(pendulum, y0, t, ({"k": k, "c": [c]}, q), **EXACT)


def by_scipy(y0, t, k, c, q):
    return scipy.integrate.odeint(pendulum, y0, t, ({"k": k, "c": [c]}, q), **EXACT)


VALUES = (Y0, T, np.array(1.3), np.array(0.2), np.array(0.6))
V = RNG.normal(size=(4, 2))


def test_odeint_gives_what_scipy_gives():
    np.testing.assert_array_equal(solved(*VALUES), by_scipy(*VALUES))
    found = solved(*[autograd.tensor(v, requires_grad=True) for v in VALUES])
    np.testing.assert_array_equal(found.detach().numpy(), by_scipy(*VALUES))


def test_odeint_by_everything():
    loss = lambda *vs: anp.sum(V * solved(*vs))
    found = grad(loss, tuple(range(5)))(*VALUES)
    for i, g in enumerate(found):
        expected = along_basis(lambda *vs: np.sum(V * by_scipy(*[v.astype(float) for v in vs])), VALUES, i)
        close(g, expected, 1e-7, f"argument {i}")
        assert g.shape == VALUES[i].shape


@pytest.mark.parametrize(("i", "j"), [(0, 0), (0, 2), (2, 1), (1, 1), (3, 4)])
def test_odeint_to_second_order(i, j):
    y0, t, *rest = VALUES
    few = (y0, t[:2], *rest)
    loss = lambda *vs: anp.sum(V[:2] * solved(*vs) ** 2)
    found = jacobian(grad(loss, i), j)(*few)
    slope = lambda k: lambda *vs: np.asarray(grad(loss, i)(*[np.asarray(v, float) for v in vs])).ravel()[k]
    for k in range(few[i].size):
        close(found.reshape(few[i].size, -1)[k], along_basis(slope(k), few, j).ravel(), 1e-6, f"{i} {j}")


def test_exponential_growth_to_third_order():
    f = lambda k: ours.odeint(lambda y, t, k: k * y, np.array([1.0]), np.array([0.0, 1.0]), (k,), **EXACT)[
        1, 0
    ]
    for order in range(4):
        np.testing.assert_allclose(f(0.5), np.exp(0.5), 1e-9, err_msg=str(order))
        f = grad(f)


def test_backward_in_time_with_tfirst_and_one_time():
    f = lambda y: ours.odeint(lambda t, y: -t * y, y, np.array([1.0, 0.0]), tfirst=True, **EXACT)[1, 0]
    np.testing.assert_allclose(grad(f)(np.array([1.0])), [np.exp(0.5)], 1e-10)
    g = grad(lambda y, t, k: anp.sum(ours.odeint(lambda y, t, k: k * y, y, t, (k,))), (0, 1, 2))
    assert [v.tolist() for v in g(np.array([2.0]), np.array([0.5]), 3.0)] == [[1.0], [0.0], 0.0]


def test_narrow_numbers_keep_their_dtype():
    xs = [autograd.tensor(v.astype(np.float32), requires_grad=True) for v in VALUES]
    out = solved(*xs)
    assert out.dtype == np.float64  # as SciPy has it
    assert {g.dtype for g in autograd.gradients(out.sum(), xs)} == {np.dtype(np.float32)}


def test_solve_ivp():
    f = lambda y0, k, end: ours.solve_ivp(
        lambda t, y, k: -k * y,
        (0.0, 2.0),
        y0,
        t_eval=anp.stack([0.5, end]),
        args=(k,),
        rtol=1e-10,
        atol=1e-12,
    )
    loss = lambda *vs: anp.sum(f(*vs).y[0] * np.array([1.0, 2.0]))
    y0, k, end = np.array([1.5, 0.3]), 0.7, 1.25
    found = f(autograd.tensor(y0, requires_grad=True), k, end)
    plain = scipy.integrate.solve_ivp(
        lambda t, y: -k * y, (0.0, 2.0), y0, t_eval=[0.5, end], rtol=1e-10, atol=1e-12
    )
    assert found.success
    np.testing.assert_array_equal(found.y.detach().numpy(), plain.y)
    gy, gk, ge = grad(loss, (0, 1, 2))(y0, k, end)
    near, far = np.exp(-k * 0.5), np.exp(-k * end)
    np.testing.assert_allclose(gy, [near + 2 * far, 0], 1e-8, 1e-10)
    np.testing.assert_allclose(gk, -1.5 * (0.5 * near + 2 * end * far), 1e-8)
    np.testing.assert_allclose(ge, -2 * k * 1.5 * far, 1e-8)
    np.testing.assert_allclose(
        hessian(lambda k: loss(y0, k, end))(k), 1.5 * (0.25 * near + 2 * end**2 * far), 1e-7
    )


@pytest.mark.parametrize("method", ["RK23", "DOP853", "Radau", "BDF", "LSODA"])
def test_solve_ivp_at_its_own_steps(method):
    run = lambda y0: ours.solve_ivp(
        lambda t, y: y * anp.sin(t), (0.0, 1.5), y0, method, rtol=1e-8, atol=1e-10
    )
    y0 = autograd.tensor([1.0, 2.0], requires_grad=True)
    found = run(y0)
    plain = scipy.integrate.solve_ivp(
        lambda t, y: y * np.sin(t), (0.0, 1.5), [1.0, 2.0], method, rtol=1e-8, atol=1e-10
    )
    np.testing.assert_array_equal(np.asarray(found.t), plain.t)
    np.testing.assert_allclose(found.y.detach().numpy(), plain.y, 1e-6)
    (g,) = autograd.gradients(found.y[:, -1].sum(), y0)
    np.testing.assert_allclose(g.numpy(), np.exp(1 - np.cos(1.5)), 1e-5)


# ------------------------------------------------------------------ refusals

K = autograd.tensor(1.0, requires_grad=True)
Z = autograd.tensor([1.0 + 1j], requires_grad=True)
REFUSED = {
    "a tensor of the function's own": (
        NotDifferentiable,
        "odeint: the function uses a tensor",
        lambda x: ours.odeint(lambda y, t: K * y, [1.0], [0.0, 1.0]),
    ),
    "and beside one that is given": (
        NotDifferentiable,
        "odeint: the function uses a tensor",
        lambda x: ours.odeint(lambda y, t: K * y, x, [0.0, 1.0]),
    ),
    "its own in solve_ivp": (
        NotDifferentiable,
        "solve_ivp: the function",
        lambda x: ours.solve_ivp(lambda t, y: K * y, (0, 1), [1.0]),
    ),
    "its own in quad": (
        NotDifferentiable,
        "quad: the function uses",
        lambda x: ours.quad(lambda t: K * t, 0, 1),
    ),
    "events": (
        NotDifferentiable,
        "events",
        lambda x: ours.solve_ivp(lambda t, y: y, (0, 1), x, events=lambda t, y: y[0]),
    ),
    "full_output": (
        NotDifferentiable,
        "full_output",
        lambda x: ours.odeint(lambda y, t: y, x, [0.0, 1.0], full_output=1),
    ),
    "complex numbers": (
        DtypeError,
        "odeint: y0 must be real",
        lambda x: ours.odeint(lambda y, t: y, Z, [0.0, 1.0]),
    ),
    "a matrix": (
        ShapeError,
        "odeint: y0 must be a vector",
        lambda x: ours.odeint(lambda y, t: y, x[None], [0.0, 1.0]),
    ),
    "no times": (ShapeError, "odeint: t must be", lambda x: ours.odeint(lambda y, t: y, x, [])),
    "other lengths": (
        ShapeError,
        "odeint: the function gave 1 numbers for 2",
        lambda x: ours.odeint(lambda y, t: y[:1], x, [0.0, 1.0]),
    ),
    "a dict as args": (
        OperandError,
        "odeint: args must be a tuple",
        lambda x: ours.odeint(lambda y, t: y, x, [0.0], {"a": 1}),
    ),
    "a vector as a limit": (ShapeError, "quad: the limits", lambda x: ours.quad(lambda t: t, x, 1.0)),
    "weights": (
        ArgumentError,
        "quad: with a tensor",
        lambda x: ours.quad(lambda t: t, x[0], 1.0, weight="cos", wvar=1),
    ),
    "five samples": (ShapeError, r"romb: y must have 2\*\*k", lambda x: ours.romb(anp.concatenate([x, x]))),
    "other samples": (ShapeError, "simpson: x", lambda x: ours.simpson(x, np.arange(3.0))),
    "an initial value": (
        ArgumentError,
        "cumulative_trapezoid: initial",
        lambda x: ours.cumulative_trapezoid(x, initial=2.0),
    ),
    "what has no rule": (
        NotDifferentiable,
        "scipy.integrate.cubature has no",
        lambda x: ours.cubature(None, x[:1], x[1:]),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, text, call = REFUSED[name]
    with pytest.raises(error, match=text):
        call(autograd.tensor([1.0, 2.0], requires_grad=True))
