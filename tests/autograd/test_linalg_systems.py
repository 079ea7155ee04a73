"""Linear systems, inverses, determinants, least squares: values, derivatives, singular matrices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
from autograd.errors import ArgumentError, MatrixError, MatrixShapeError, ShapeError
from tests.support.matrices import check_orders, check_values, definite, drawn


def _lstsq(n, a, b):
    return n.linalg.lstsq(b.reshape(-1, 3, 2)[0], a.reshape(-1, 3, 3)[0])


CALLS = {
    "solve": lambda n, a, b: n.linalg.solve(a, b),
    "solve of vectors": lambda n, a, b: n.linalg.solve(a, b[..., 0].reshape(-1)[:3]),
    "inv": lambda n, a, b: n.linalg.inv(a),
    "pinv": lambda n, a, b: n.linalg.pinv(b),
    "pinv by rtol": lambda n, a, b: n.linalg.pinv(b, rtol=None),
    "pinv of wide": lambda n, a, b: n.linalg.pinv(n.swapaxes(b, -1, -2), rcond=1e-12),
    "pinv of Hermitian": lambda n, a, b: n.linalg.pinv(a + 5 * np.eye(3), hermitian=True),
    "det": lambda n, a, b: n.linalg.det(a),
    "slogdet": lambda n, a, b: n.linalg.slogdet(a).logabsdet,
    "sign of slogdet": lambda n, a, b: n.linalg.slogdet(a)[0] * n.sum(a),
    "power 0": lambda n, a, b: n.linalg.matrix_power(a, 0),
    "power 1": lambda n, a, b: n.linalg.matrix_power(a, 1),
    "power 5": lambda n, a, b: n.linalg.matrix_power(a, 5),
    "power -2": lambda n, a, b: n.linalg.matrix_power(a, -2),
    "tensorinv": lambda n, a, b: n.linalg.tensorinv(a.reshape(-1, 3, 1, 3)[0]),
    "tensorsolve": lambda n, a, b: n.linalg.tensorsolve(
        a.reshape(-1, 3, 3)[0].reshape(1, 3, 3), b.reshape(-1)[:3], axes=(0,)
    ),
    "lstsq": lambda n, a, b: _lstsq(n, a, b)[0],
    "lstsq of a vector": lambda n, a, b: n.linalg.lstsq(b.reshape(-1, 3, 2)[0], a.reshape(-1, 3)[0])[0],
    "lstsq of wide": lambda n, a, b: n.linalg.lstsq(b.reshape(-1, 3, 2)[0].T, a.reshape(-1, 3)[:2])[0],
    "lstsq, what is left": lambda n, a, b: _lstsq(n, a, b)[1],
    "lstsq, values": lambda n, a, b: _lstsq(n, a, b)[3],
}  # fmt: skip
named = pytest.mark.parametrize("f", CALLS.values(), ids=CALLS)
kinds = pytest.mark.parametrize("complex_too", [False, True], ids=["real", "complex"])
batches = st.lists(st.integers(1, 3), max_size=2).map(tuple)


def _matrices(seed, batch, complex_too):
    return drawn(seed, *batch, 3, 3, complex_too=complex_too) + 2 * np.eye(3), drawn(
        seed + 50, *batch, 3, 2, complex_too=complex_too
    )


@kinds
@named
@given(batch=batches, seed=st.integers(0, 20))
def test_values(f, complex_too, batch, seed):
    check_values(f, *_matrices(seed, batch, complex_too), tolerance=1e-9)


@kinds
@named
@pytest.mark.parametrize("batch", [(), (2,)], ids=str)
def test_derivatives(f, complex_too, batch):
    check_orders(
        lambda a, b: f(anp, a, b) + 0 * anp.sum(a) + 0 * anp.sum(b), *_matrices(3, batch, complex_too)
    )


def test_solve_broadcasts():
    for left, right in itertools.product([(), (2,), (1, 2), (3, 1)], repeat=2):
        a, b = drawn(0, *left, 2, 2) + 3 * np.eye(2), drawn(1, *right, 2, 1)
        check_values(lambda n, a, b: n.linalg.solve(a, b), a, b)
        check_orders(anp.linalg.solve, a, b)


def test_mixed_kinds_keep_their_dtypes():
    a = autograd.tensor(np.eye(2, dtype=np.float32), requires_grad=True)
    b = autograd.tensor(np.ones((2, 1), np.complex64), requires_grad=True)
    anp.sum(anp.real(anp.linalg.solve(a, b))).backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.complex64)


# ------------------------------------------------------------------ singular matrices

SINGULAR = {
    "rank 2": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [5.0, 7.0, 9.0]]),
    "rank 1": np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]]),
    "rank 0": np.zeros((3, 3)),
    "a row of zeros": np.array([[1.0, 2.0], [0.0, 0.0]]),
    "a number": np.zeros((1, 1)),
    "some of several": np.stack([np.eye(2), np.zeros((2, 2)), np.ones((2, 2))]),
    "all but singular": np.array([[1.0, 1.0], [1.0, 1.0 + 1e-13]]),
    "complex": np.array([[1.0 + 1j, 2.0], [1j * (1 + 1j), 2j]]),
}


@pytest.mark.parametrize("x", SINGULAR.values(), ids=SINGULAR)
def test_det_of_singular_matrices(x):
    check_orders(anp.linalg.det, x)
    check_orders(lambda x: anp.linalg.det(x) ** 2, x)


def test_det_of_singular_matrices_to_third_order():
    """det(t b) = t**3 det(b), at t = 0."""
    b = drawn(0, 3, 3)

    def f(t):
        return anp.linalg.det(t * b)

    third = autograd.grad(autograd.grad(autograd.grad(f)))(0.0)
    np.testing.assert_allclose(third, 6 * np.linalg.det(b), 1e-12)
    assert autograd.grad(autograd.grad(f))(0.0) == 0


def test_cofactors_of_a_large_singular_matrix():
    x = drawn(1, 40, 40) / 6
    x[0] = x[1] + x[2]
    (g,) = autograd.gradients(anp.linalg.det(leaf := autograd.tensor(x, requires_grad=True)), leaf)
    minor = np.delete(np.delete(x, 0, 0), 5, 1)
    np.testing.assert_allclose(g.numpy()[0, 5], -np.linalg.det(minor), 1e-10)


def test_det_does_not_lose_digits_where_it_is_scaled():
    x = autograd.tensor(np.diag([1e-8, 1e8]), requires_grad=True)
    anp.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.diag([1e8, 1e-8]), 1e-13)


def test_slogdet_of_singular_matrices():
    x = np.stack([np.eye(2), np.zeros((2, 2))])
    leaf = autograd.tensor(x, requires_grad=True)
    out = anp.linalg.slogdet(leaf)
    assert out.logabsdet.detach().numpy().tolist() == [0.0, -np.inf]
    (g,) = autograd.gradients(anp.where(anp.isfinite(out.logabsdet), out.logabsdet, 0).sum(), leaf)
    np.testing.assert_array_equal(g.numpy(), [np.eye(2), np.zeros((2, 2))])
    with pytest.raises(MatrixError, match="slogdet: no derivative at a singular matrix"):
        anp.linalg.slogdet(leaf).logabsdet.sum().backward()


def test_the_complex_sign_turns():
    check_orders(lambda a: anp.linalg.slogdet(a)[0], drawn(1, 3, 3, complex_too=True))


# ------------------------------------------------------------------ ranks


def test_pinv_of_a_lower_rank():
    """Along changes that keep the rank."""
    u, v = drawn(0, 4, 2), drawn(1, 2, 3)
    check_orders(lambda u, v: anp.linalg.pinv(u @ v, 1e-10), u, v, tolerance=1e-7)


def test_lstsq_of_a_lower_rank():
    u, v, b = drawn(0, 4, 2), drawn(1, 2, 3), drawn(2, 4, 2)
    check_orders(lambda u, v, b: anp.linalg.lstsq(u @ v, b, 1e-10)[0], u, v, b, tolerance=1e-7)
    assert anp.linalg.lstsq(autograd.tensor(u @ v, requires_grad=True), b)[1].shape == (0,)


def test_pinv_of_zeros():
    x = autograd.tensor(np.zeros((2, 3)), requires_grad=True)
    out = anp.linalg.pinv(x)
    out.sum().backward()
    assert not out.detach().numpy().any()
    assert not x.grad.numpy().any()


def test_hermitian_functions_read_one_triangle():
    x = autograd.tensor(definite(drawn(0, 3, 3)), requires_grad=True)
    anp.linalg.pinv(x, hermitian=True).sum().backward()
    assert not np.triu(x.grad.numpy(), 1).any()
    assert x.grad.numpy()[np.tril_indices(3)].all()


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: anp.linalg.inv(x[:2]), MatrixShapeError, r"inv.*\(2, 3\).*square"),
        (
            lambda x: anp.linalg.det(x[0]),
            MatrixShapeError,
            r"det: expected square matrices, got shape \(3,\)",
        ),
        (lambda x: anp.linalg.slogdet(x[:2]), MatrixShapeError, "slogdet: expected square"),
        (lambda x: anp.linalg.inv(x), MatrixError, "inv.*Singular"),
        (lambda x: anp.linalg.solve(x, x), MatrixError, "solve.*Singular"),
        (lambda x: anp.linalg.solve(x, x[:2]), MatrixShapeError, r"solve: a is \(3, 3\), so b \(2, 3\)"),
        (lambda x: anp.linalg.matrix_power(x, 1.5), ArgumentError, "matrix_power: .*1.5"),
        (lambda x: anp.linalg.pinv(x, 1e-3, rtol=1e-3), ArgumentError, "pinv: give one"),
        (lambda x: anp.linalg.pinv(x[0]), MatrixShapeError, "pinv: expected matrices"),
        (lambda x: anp.linalg.lstsq(x, x[:2]), MatrixShapeError, "lstsq: a .* do not fit"),
        (lambda x: anp.linalg.tensorinv(x, 0), ArgumentError, "tensorinv: ind must be positive"),
        (lambda x: anp.linalg.tensorinv(x[:2], 1), MatrixShapeError, "tensorinv: "),
        (lambda x: anp.linalg.tensorsolve(x, x[0, :2]), ShapeError, "tensorsolve: "),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call(autograd.tensor(np.ones((3, 3)), requires_grad=True))


def test_singular_is_numpys_error_too():
    with pytest.raises(np.linalg.LinAlgError, match="inv"):
        np.linalg.inv(autograd.tensor(np.ones((2, 2)), requires_grad=True))
