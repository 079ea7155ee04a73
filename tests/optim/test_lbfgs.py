"""L-BFGS and its line search."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import optim
from autograd import tensor
from autograd.errors import ArgumentError
from optim.line_search import C1, C2, Point, cubic_minimum, strong_wolfe
from optim.state import OptimizerStateError


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def closure_of(optimizer, loss_of, *xs):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(*xs)
        loss.backward()
        return loss

    return closure


def test_the_line_search_brings_rosenbrock_to_its_least_value():
    x = tensor([-1.2, 1.0, -0.5, 2.0], requires_grad=True)
    optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=100)
    first = optimizer.step(closure_of(optimizer, rosenbrock, x))
    assert float(first) == pytest.approx(float(rosenbrock(np.array([-1.2, 1.0, -0.5, 2.0]))))
    assert float(rosenbrock(x)) < 1e-9
    np.testing.assert_allclose(x.detach().numpy(), 1.0, atol=1e-4)


def reference(x, gradient, steps, lr, size):
    """The directions from H as a matrix, without a line search."""
    pairs, before, t = [], None, None
    for k in range(steps):
        g = gradient(x)
        if before is not None:
            y, s = g - before[1], x - before[0]
            if y @ s > 1e-10:
                pairs = [*pairs, (y, s)][-size:]
        h = np.eye(len(x))
        if pairs:
            y, s = pairs[-1]
            h *= (y @ s) / (y @ y)
        for y, s in pairs:
            v = np.eye(len(x)) - np.outer(y, s) / (y @ s)
            h = v.T @ h @ v + np.outer(s, s) / (y @ s)
        t = min(1.0, 1.0 / np.abs(g).sum()) * lr if k == 0 else lr
        before, x = (x, g), x - t * h @ g
    return x


@pytest.mark.parametrize("calls", [(12,), (5, 4, 3), (1,) * 12])
def test_steps_follow_the_matrix_form(calls):
    a = np.diag([1.0, 3.0, 10.0, 0.5])
    start = np.array([1.0, -2.0, 0.5, 3.0])

    def loss_of(x, y):
        return 0.5 * (x * (a[:2, :2] @ x)).sum() + 0.5 * (y * (a[2:, 2:] @ y)).sum() + (x**4).sum()

    x, y = (tensor(v, requires_grad=True) for v in (start[:2].copy(), start[2:].copy()))
    optimizer = optim.LBFGS([x, y], lr=0.3, history_size=3, max_eval=100)
    for n in calls:
        optimizer.param_groups[0]["max_iter"] = n
        optimizer.step(closure_of(optimizer, loss_of, x, y))
    expected = reference(
        start, lambda v: a @ v + np.concatenate([4 * v[:2] ** 3, [0, 0]]), sum(calls), 0.3, 3
    )
    np.testing.assert_allclose(
        np.concatenate([x.detach().numpy(), y.detach().numpy()]), expected, rtol=1e-9
    )
    state = optimizer.state_dict()["state"][0]
    assert state["n_iter"] == sum(calls)
    assert len(state["ro"]) == 3


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_resuming_is_as_never_having_stopped(search):
    values = []
    for stop in (False, True):
        x = tensor([-1.2, 1.0, 0.3], requires_grad=True)
        options = {"lr": 0.01 if search is None else 1.0, "max_iter": 3, "history_size": 4}
        optimizer = optim.LBFGS([x], line_search_fn=search, **options)
        for step in range(6):
            if stop and step == 3:
                later = optim.LBFGS([x])
                later.load_state_dict(optimizer.state_dict())
                optimizer = later
            optimizer.step(closure_of(optimizer, rosenbrock, x))
        values.append(x.detach().copy().numpy())
    np.testing.assert_array_equal(*values)


def test_states_that_do_not_fit_are_refused():
    x, y = tensor([-1.2, 1.0, 0.3], requires_grad=True), tensor([-1.2, 1.0], requires_grad=True)
    optimizer, other = optim.LBFGS([x]), optim.LBFGS([y])
    optimizer.step(closure_of(optimizer, rosenbrock, x))
    with pytest.raises(OptimizerStateError, match="expected vectors of shape"):
        other.load_state_dict(optimizer.state_dict())
    saved = optimizer.state_dict()
    del saved["state"][0]["t"]
    with pytest.raises(OptimizerStateError, match="'t' is missing"):
        optimizer.load_state_dict(saved)
    fresh = optim.LBFGS([y])
    fresh.load_state_dict(other.state_dict())
    assert fresh.state_dict()["state"] == {}


def test_parameters_without_gradient_stay():
    x, y = tensor([3.0], requires_grad=True), tensor([5.0], requires_grad=True)
    optimizer = optim.LBFGS([x, y], line_search_fn="strong_wolfe")
    optimizer.step(closure_of(optimizer, lambda x: (x * x).sum(), x))
    np.testing.assert_allclose(x.detach().numpy(), 0.0, atol=1e-8)
    np.testing.assert_array_equal(y.detach().numpy(), 5.0)


def test_a_second_group_is_refused():
    optimizer = optim.LBFGS([tensor([3.0], requires_grad=True)])
    with pytest.raises(ArgumentError, match="one group"):
        optimizer.add_param_group({"params": [tensor([3.0], requires_grad=True)]})


def test_nothing_is_allocated_once_warm():
    n = 20000
    x = tensor(np.linspace(-1.0, 1.0, n), requires_grad=True)
    scale = np.linspace(1.0, 50.0, n)
    gradient, work = np.empty(n), np.empty(n)
    x.grad = gradient

    def closure():
        """Writes the gradient where the last one was: all that is allocated is the optimiser's."""
        np.multiply(scale, x._data, out=x.grad._data)
        return float(np.dot(x.grad._data, np.multiply(x._data, 0.5, work)))

    optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=1, history_size=2)
    for _ in range(5):
        optimizer.step(closure)
    tracemalloc.start()
    optimizer.step(closure)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16384


LOSSES = [
    (lambda t: (t - 3.0) ** 2, lambda t: 2 * (t - 3.0)),
    (lambda t: (t + 0.1) ** 4 - 3 * (t + 0.1) ** 3, lambda t: 4 * (t + 0.1) ** 3 - 9 * (t + 0.1) ** 2),
    (lambda t: -t / (t**2 + 2), lambda t: (t**2 - 2) / (t**2 + 2) ** 2),
    (lambda t: np.cosh(t) - 40 * t, lambda t: np.sinh(t) - 40),
]


@pytest.mark.parametrize(("loss", "slope"), LOSSES)
@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 10.0, 30.0])
def test_the_point_found_meets_the_strong_wolfe_conditions(loss, slope, first):
    at = lambda t, *keep: Point(t, float(loss(t)), None, float(slope(t)))
    start = at(0.0)
    point, used = strong_wolfe(at, start, first, 1.0, 30)
    assert point.loss <= start.loss + C1 * point.t * start.slope
    assert abs(point.slope) <= C2 * abs(start.slope)
    assert used <= 31


def test_a_search_without_budget_takes_the_better_end():
    at = lambda t, *keep: Point(t, (t - 1.0) ** 2, None, 2 * (t - 1.0))
    assert strong_wolfe(at, at(0.0), 5.0, 1.0, 0) == (at(0.0), 1)
    assert strong_wolfe(at, at(0.0), 1.5, 1.0, 0) == (at(1.5), 1)


def test_cubics():
    cubic, slope = lambda t: t**3 - 3 * t, lambda t: 3 * t**2 - 3
    a, b = (Point(t, cubic(t), None, slope(t)) for t in (-0.5, 2.0))
    assert cubic_minimum(a, b) == pytest.approx(1.0)
    assert cubic_minimum(b, a) == cubic_minimum(a, b)
    assert cubic_minimum(a, b, (1.5, 3.0)) == 1.5
    assert cubic_minimum(Point(1.0, 1.0, None, 1.0), Point(1.0, 1.0, None, 1.0)) == 1.0
