"""Eigenvalues and eigenvectors: values, derivatives, equal values, defective matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
from autograd.errors import ArgumentError, MatrixError, MatrixShapeError
from tests.support.matrices import check_orders, check_values, drawn

kinds = pytest.mark.parametrize("complex_too", [False, True], ids=["real", "complex"])
triangles = pytest.mark.parametrize("triangle", ["L", "U"])
batches = st.lists(st.integers(0, 3), max_size=2).map(tuple)


def _adjoint(x):
    return anp.conj(anp.swapaxes(x, -1, -2))


# ------------------------------------------------------------------ Hermitian


@given(n=st.integers(1, 4), batch=batches, complex_too=st.booleans(), triangle=st.sampled_from("LUlu"))
def test_values_of_hermitian_matrices(n, batch, complex_too, triangle):
    a = drawn(0, *batch, n, n, complex_too=complex_too)
    check_values(lambda m, a: m.linalg.eigh(a, triangle), a)
    check_values(lambda m, a: m.linalg.eigvalsh(a, UPLO=triangle), a)


@kinds
@triangles
def test_eigh(triangle, complex_too):
    a = drawn(1, 2, 3, 3, complex_too=complex_too) / 3 + np.diag([1.0, -2.0, 5.0])

    def sine(a):
        w, v = anp.linalg.eigh(a, triangle)
        return (v * anp.sin(w)[..., None, :]) @ _adjoint(v)

    check_orders(lambda a: anp.linalg.eigvalsh(a, triangle), a)
    check_orders(sine, a)
    check_orders(lambda a: anp.absolute(anp.linalg.eigh(a, triangle)[1]) ** 4, a)


def test_third_order_of_eigh():
    """A symmetric 2 x 2 matrix has its eigenvalues in closed form."""

    def ours(t):
        return anp.linalg.eigvalsh(anp.stack([anp.stack([1.0 + t, t]), anp.stack([t, 3.0 * t * t])]))[1]

    def closed(t):
        a, b, c = 1.0 + t, t, 3.0 * t * t
        return (a + c) / 2 + anp.sqrt((a - c) ** 2 / 4 + b * b)

    f, g = ours, closed
    for _ in range(3):
        f, g = autograd.grad(f), autograd.grad(g)
        np.testing.assert_allclose(f(0.3), g(0.3), 1e-11)


def test_the_triangle_that_is_read_gets_the_gradient():
    x = autograd.tensor(drawn(0, 3, 3), requires_grad=True)
    for triangle, other in (("L", np.triu), ("U", np.tril)):
        (g,) = autograd.gradients(anp.linalg.eigh(x, triangle).eigenvectors.sum(), x)
        off = other(g.numpy(), 1 if triangle == "L" else -1)
        assert not off.any()
        assert g.numpy().any()


def test_equal_eigenvalues():
    x = autograd.tensor(2 * np.eye(3), requires_grad=True)
    values, vectors = anp.linalg.eigh(x)
    (g,) = autograd.gradients(anp.sum(anp.exp(values)), x, retain_graph=True)
    np.testing.assert_allclose(g.numpy(), np.exp(2) * np.eye(3), 1e-14)
    with pytest.raises(MatrixError, match="eigh: no derivative where values are equal"):
        autograd.gradients(anp.sum(vectors * drawn(0, 3, 3)), x)
    (g,) = autograd.gradients(anp.sum(anp.linalg.eigvalsh(x) ** 2), x, create_graph=True)
    weights = drawn(1, 3, 3)
    (g,) = autograd.gradients(anp.sum(g * weights), x)
    lower = np.tril(weights)  # the triangle that is read: an element off the diagonal stands for two
    np.testing.assert_allclose(g.numpy(), 2 * lower + 2 * np.tril(weights, -1), 1e-13)


def test_some_equal_eigenvalues():
    """What does not tell the equal ones apart has its derivative, of the first order, as any other."""
    turn = np.linalg.qr(drawn(2, 3, 3))[0]
    a = turn @ np.diag([1.0, 1.0, 4.0]) @ turn.T

    def largest(x):  # the projection on the vector of the value that has no equal
        v = anp.linalg.eigh(x).eigenvectors[:, 2]
        return anp.outer(v, v)

    x = autograd.tensor(a, requires_grad=True)
    weights = drawn(3, 3, 3)
    (g,) = autograd.gradients(largest(x), x, weights)
    step = 1e-5 * np.tril(drawn(4, 3, 3))
    moved = [np.sum(weights * largest(a + sign * step)) for sign in (1, -1)]
    np.testing.assert_allclose(np.sum(g.numpy() * step), (moved[0] - moved[1]) / 2, 1e-7)


def test_equal_but_for_rounding():
    turn = np.linalg.qr(drawn(2, 4, 4))[0]
    x = autograd.tensor(turn @ np.diag([1.0, 1.0, 1.0, 4.0]) @ turn.T, requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.linalg.eigvalsh(x) ** 3), x)
    expected = 3 * turn @ np.diag([1.0, 1.0, 1.0, 16.0]) @ turn.T
    np.testing.assert_allclose((g.numpy() + g.numpy().T) / 2, expected, 1e-12, 1e-13)
    with pytest.raises(MatrixError, match="eigh"):
        autograd.gradients(anp.sum(anp.linalg.eigh(x)[1][:, 0] ** 4), x)


# ------------------------------------------------------------------ general


def _close_sets(found, expected):
    found = getattr(found, "_data", found)
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), 1e-9, 1e-11)


@given(n=st.integers(1, 4), batch=batches, complex_too=st.booleans(), seed=st.integers(0, 20))
def test_values_of_general_matrices(n, batch, complex_too, seed):
    a = drawn(seed, *batch, n, n, complex_too=complex_too)
    check_values(lambda m, a: m.linalg.eig(a), a)
    for needs in (False, True):
        _close_sets(anp.linalg.eigvals(autograd.tensor(a, requires_grad=needs)), np.linalg.eigvals(a))


MATRICES = {
    "real values": np.diag([1.0, -2.0, 5.0]) + drawn(0, 3, 3) / 4,
    "a complex pair": np.array([[1.0, 2.0, 0.3], [-2.0, 1.5, 0.1], [0.2, -0.4, 4.0]]),
    "complex": drawn(1, 2, 3, 3, complex_too=True) + np.diag([1.0, -3.0, 5.0]),
}


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
def test_eig(a):
    def sine(a):
        w, v = anp.linalg.eig(a)
        return (v * anp.sin(w)[..., None, :]) @ anp.linalg.inv(v)

    check_orders(anp.linalg.eigvals, a)
    check_orders(sine, a)
    check_orders(lambda a: anp.absolute(anp.linalg.eig(a)[1]) ** 2, a)
    check_orders(lambda a: anp.absolute(_adjoint(anp.linalg.eig(a)[1]) @ anp.linalg.eig(a)[1]) ** 2, a)


def test_the_gradient_of_a_real_matrix_is_real():
    x = autograd.tensor(MATRICES["a complex pair"].astype(np.float32), requires_grad=True)
    out = anp.linalg.eigvals(x)
    assert out.dtype == np.complex64
    anp.sum(anp.imag(out) ** 2).backward()
    assert x.grad.dtype == np.float32


def test_defective_matrices():
    x = autograd.tensor(np.array([[0.0, 1.0], [0.0, 0.0]]), requires_grad=True)
    with pytest.raises(MatrixError, match="eig: no derivative here, the matrix is defective"):
        autograd.gradients(anp.linalg.eigvals(x)[0], x)


def test_equal_eigenvalues_of_a_general_matrix():
    x = autograd.tensor(np.eye(2), requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.linalg.eigvals(x) ** 2), x)
    np.testing.assert_allclose(g.numpy(), 2 * np.eye(2))
    with pytest.raises(MatrixError, match="eig: no derivative where values are equal"):
        autograd.gradients(anp.sum(anp.linalg.eig(x)[1]), x)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_empty(n):
    for f in (anp.linalg.eigvalsh, lambda x: anp.linalg.eigh(x)[1], anp.linalg.eigvals):
        x = autograd.tensor(np.zeros((0, n, n)), requires_grad=True)
        f(x).sum().backward()
        assert x.grad.shape == (0, n, n)


def test_bad_input():
    x = autograd.tensor(np.ones((2, 3)), requires_grad=True)
    for f in (anp.linalg.eig, anp.linalg.eigh, anp.linalg.eigvals, anp.linalg.eigvalsh):
        with pytest.raises(MatrixShapeError, match=f"{f.__name__}: expected square matrices, got shape"):
            f(x)
        with pytest.raises(np.linalg.LinAlgError):
            f(x)
    with pytest.raises(ArgumentError, match="eigh: UPLO must be 'L' or 'U', got 'X'"):
        anp.linalg.eigh(x[:, :2], "X")
