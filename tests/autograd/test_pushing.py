"""Forward derivatives that go along with the calls of a function: what may happen inside it."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd.errors import MatrixError
from autograd.gates import gate
from autograd.tape import mode
from tests.support.matrices import drawn

X, T = np.array([0.3, -0.8, 1.4]), np.array([1.0, -2.0, 0.5])


def _moved(f, x=X, t=T):
    return autograd.jvp(f, (x,), (t,))[1]


def _by_transposing(f, x=X, t=T):
    return autograd.linearize(f, x)[1](t)


def _written(x):
    y = x * 2.0
    y[1:] += x[:2]
    y[0] = anp.sin(x[2])
    view = y[:2]
    view *= x[1]
    return y


def _several(x):
    q, r = anp.linalg.qr(anp.outer(x, x) + np.eye(3))
    return anp.sum(q * r) + q[0]


PROGRAMS = {
    "writes": _written,
    "several results": _several,
    "lists of tensors": lambda x: anp.concatenate([x, [x[0], x[1] * x[2]], np.ones(2)]) ** 2,
    "a gradient inside": lambda x: autograd.grad(lambda y: anp.sum(anp.sin(y) * x))(x * 2.0),
    "a gradient by a constant": lambda x: autograd.grad(lambda y: anp.sum(anp.exp(y * x)))(np.ones(3)),
    "a jvp inside": lambda x: autograd.jvp(lambda y: anp.exp(y * x), (x,), (x * x,))[1],
    "a linear map inside": lambda x: autograd.linearize(lambda y: y**3 * x, x)[1](anp.cos(x)),
    "eigenvectors under a gradient": lambda x: autograd.grad(
        lambda y: anp.sum(anp.linalg.eigh(anp.outer(y, y) + np.diag([1.0, 3.0, 7.0]))[1] ** 4)
    )(x),
    "one gate": lambda x: gate([x * x], lambda g: None)[0] * x,
    "a gate of two": lambda x: anp.prod(anp.stack(gate([x * x, anp.sin(x)], lambda g: None)), 0),
    "what does not move": lambda x: (x * 0.0 + 1.0, 5.0, np.arange(3.0)),
    "a constant part": lambda x: x * autograd.stop_gradient(x),
    "nothing recorded": lambda x: x + _unrecorded(x),
}


def _unrecorded(x):
    with autograd.no_grad():
        return anp.exp(x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_what_two_reverse_sweeps_give(name):
    f = PROGRAMS[name]
    found, expected = _moved(f), _by_transposing(f)
    for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, expected)), strict=True):
        assert (type(a), np.shape(a)) == (type(b), np.shape(b))
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)
    assert mode.interceptor is None


def test_variables_are_not_confused():
    """d/dx (x * d/dy (x + y)) is 1, whatever the mode of either."""
    for outer in (autograd.deriv, autograd.grad):
        for inner in (autograd.deriv, autograd.grad):
            assert outer(lambda x, inner=inner: x * inner(lambda y: x + y)(1.0))(2.0) == 1.0


def test_it_is_differentiable_by_what_is_outside():
    w = autograd.tensor(X, requires_grad=True)
    moved = _moved(lambda x: anp.sum(anp.sin(x * w)))
    moved.backward()
    expected = autograd.grad(lambda w: anp.sum(anp.cos(X * w) * w * T))(X)
    np.testing.assert_allclose(w.grad.numpy(), expected, 1e-13)
    t = autograd.tensor(T, requires_grad=True)
    _moved(lambda x: anp.sum(anp.sin(x)), t=t).backward()
    np.testing.assert_allclose(t.grad.numpy(), np.cos(X), 1e-14)


def test_through_modules():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.LayerNorm(4), nn.Linear(4, 2)).double()
    x, t = drawn(0, 5, 3), drawn(1, 5, 3)
    np.testing.assert_allclose(
        _moved(model, x, t).detach().numpy(), _by_transposing(model, x, t).detach().numpy(), 1e-11, 1e-12
    )


def test_arrays_stay_arrays_and_dtypes_stay():
    for dtype in (np.float16, np.float32, np.float64, np.complex64):
        out, moved = autograd.jvp(anp.sin, (X.astype(dtype),), (T.astype(dtype),))
        assert type(out) is type(moved) is np.ndarray
        assert out.dtype == moved.dtype == dtype


def test_an_error_leaves_nothing_behind():
    def failing(x):
        raise KeyError(anp.sin(x))

    with pytest.raises(KeyError):
        _moved(failing)
    assert mode.interceptor is None
    assert not autograd.tensor(X).requires_grad


def test_other_threads_are_not_intercepted():
    import threading

    found = []

    def elsewhere():
        y = autograd.tensor(2.0, requires_grad=True)
        (y * y).backward()
        found.append(float(y.grad))

    def f(x):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return x * x

    np.testing.assert_allclose(_moved(f), 2 * X * T, 1e-15)
    assert found == [4.0]


# ------------------------------------------------------------------ equal values


def test_values_alone_move_where_they_are_equal():
    t = drawn(0, 3, 3)
    lower = np.tril(t) + np.tril(t, -1).T
    for f in (
        lambda a: anp.sum(anp.exp(anp.linalg.eigh(a).eigenvalues)),
        lambda a: anp.sum(anp.exp(anp.linalg.eigvalsh(a))),
    ):
        np.testing.assert_allclose(_moved(f, 2 * np.eye(3), t), np.exp(2) * np.trace(lower), 1e-13)
    moved = _moved(lambda a: anp.sum(anp.linalg.svd(a).S ** 3), np.eye(3), t)
    np.testing.assert_allclose(moved, 3 * np.trace(t), 1e-13)
    moved = _moved(lambda a: anp.sum(anp.linalg.eigvals(a) ** 2), 2 * np.eye(3), t)
    np.testing.assert_allclose(moved, 4 * np.trace(t), 1e-13)


def _from_values_and_vectors(a):
    w, v = anp.linalg.eigh(a)
    return anp.sum(drawn(1, 3, 3) * ((v * w) @ v.T))


def _from_singular_values(a):
    u, s, vh = anp.linalg.svd(a)
    return anp.sum(drawn(1, 3, 3) * ((u * s) @ vh))


def _from_general(a):
    w, v = anp.linalg.eig(a)
    return anp.sum(drawn(1, 3, 3) * ((v * w) @ anp.linalg.inv(v)))


def _whole(a):
    return anp.sum(drawn(1, 3, 3) * a)


def _lower_half(a):
    return _whole(anp.tril(a) + anp.tril(a, -1).T)


MATRICES = {"0": np.zeros((3, 3)), "1": np.eye(3), "112": np.diag([1.0, 1.0, 2.0])}


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
def test_functions_of_equal_values_and_their_vectors_are_refused_in_both_modes(a):
    """What the vectors would say of how they turn cannot be had; at 0 it would be lost without a trace."""
    for derivative in (
        lambda: autograd.grad(_from_general)(a), lambda: _moved(_from_general, a, drawn(0, 3, 3))
    ):  # fmt: skip
        with pytest.raises(MatrixError, match="no derivative where values are equal"):
            derivative()


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize(
    ("f", "twin"), [(_from_values_and_vectors, _lower_half), (_from_singular_values, _whole)]
)
def test_a_matrix_put_together_again_is_smooth_at_equal_values(f, twin, a):
    t = drawn(0, 3, 3)
    if f is _from_singular_values and not a.any():
        for derivative in (lambda: autograd.grad(f)(a), lambda: _moved(f, a, t)):
            with pytest.raises(MatrixError, match="no derivative where values are equal"):
                derivative()
    else:
        np.testing.assert_allclose(autograd.grad(f)(a), autograd.grad(twin)(a), 1e-12, 1e-13)
        np.testing.assert_allclose(_moved(f, a, t), _moved(twin, a, t), 1e-12, 1e-13)


def test_a_singular_value_of_zero_with_its_vectors():
    """The kink of the value is undone by the sign of the vectors."""
    a, t = np.diag([2.0, 1.0, 0.0]), drawn(0, 3, 3)
    np.testing.assert_allclose(autograd.grad(_from_singular_values)(a), drawn(1, 3, 3), 1e-12, 1e-13)
    np.testing.assert_allclose(_moved(_from_singular_values, a, t), _moved(_whole, a, t), 1e-12)
    np.testing.assert_allclose(
        autograd.grad(lambda a: anp.sum(anp.linalg.svdvals(a)))(a), np.diag([1, 1, 0])
    )


def test_second_order_at_equal_values_in_all_mixtures():
    def f(a):
        return anp.sum(anp.linalg.eigvalsh(a) ** 2)

    def twin(a):
        return anp.sum((anp.tril(a) + anp.tril(a, -1).T) ** 2)

    a, t = 2 * np.eye(3), drawn(0, 3, 3)

    def along(f):
        return lambda a: autograd.jvp(f, (a,), (t,))[1]

    for second in (
        lambda f: autograd.grad(lambda a: anp.sum(autograd.grad(f)(a) * t))(a),
        lambda f: along(autograd.grad(f))(a),
        lambda f: autograd.grad(along(f))(a),
        lambda f: along(along(f))(a),
    ):
        np.testing.assert_allclose(second(f), second(twin), 1e-12)
