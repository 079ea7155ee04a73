"""Norms and condition numbers of every order; products, chains and diagonals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
from autograd.errors import ArgumentError, MatrixError, MatrixShapeError, ShapeError
from tests.support.matrices import check_orders, check_values, drawn

VECTOR_ORDERS = [2, None, 1, np.inf, -np.inf, 0, 3, 2.5, 1.5, 0.5, -1, -2.5]
MATRIX_ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
kinds = pytest.mark.parametrize("complex_too", [False, True], ids=["real", "complex"])


# ------------------------------------------------------------------ norms


@given(
    order=st.sampled_from(VECTOR_ORDERS), axis=st.integers(-3, 2), keepdims=st.booleans(),
    complex_too=st.booleans(),
)  # fmt: skip
def test_values_of_vector_norms(order, axis, keepdims, complex_too):
    x = drawn(0, 2, 3, 4, complex_too=complex_too)
    check_values(lambda n, x: n.linalg.norm(x, order, axis, keepdims), x)
    if order is not None:
        check_values(lambda n, x: n.linalg.vector_norm(x, axis=axis, ord=order, keepdims=keepdims), x)
        check_values(lambda n, x: n.linalg.vector_norm(x, axis=(0, 2), ord=order, keepdims=keepdims), x)
        check_values(lambda n, x: n.linalg.vector_norm(x, ord=order, keepdims=keepdims), x)
        check_values(lambda n, x: n.linalg.norm(x[0, 0], order, keepdims=keepdims), x)


@given(
    order=st.sampled_from(MATRIX_ORDERS), axes=st.permutations([0, 1, -1]), keepdims=st.booleans(),
    complex_too=st.booleans(),
)  # fmt: skip
def test_values_of_matrix_norms(order, axes, keepdims, complex_too):
    x = drawn(0, 2, 3, 4, complex_too=complex_too)
    check_values(lambda n, x: n.linalg.norm(x, order, tuple(axes[:2]), keepdims), x)
    check_values(lambda n, x: n.linalg.norm(x[0], order, keepdims=keepdims), x)
    check_values(lambda n, x: n.linalg.norm(x, keepdims=keepdims), x)
    if order is not None:
        check_values(lambda n, x: n.linalg.matrix_norm(x, ord=order, keepdims=keepdims), x)


@kinds
@pytest.mark.parametrize("order", VECTOR_ORDERS)
def test_derivatives_of_vector_norms(order, complex_too):
    x = drawn(1, 3, 4, complex_too=complex_too)
    x += 0.5 * np.sign(x.real)  # differences of orders below 1 are rough near 0
    check_orders(lambda x: anp.linalg.norm(x, order, 1) + 0 * anp.sum(anp.real(x)), x)
    check_orders(lambda x: anp.linalg.norm(x, order, 0, True) + 0 * anp.sum(anp.real(x)), x)


@kinds
@pytest.mark.parametrize("order", MATRIX_ORDERS)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (2, 3, 2)], ids=str)
def test_derivatives_of_matrix_norms(shape, order, complex_too):
    x = drawn(2, *shape, complex_too=complex_too)
    check_orders(lambda x: anp.linalg.norm(x, order, axis=(-2, -1), keepdims=True), x)
    check_orders(lambda x: anp.linalg.norm(x, order, axis=(-1, 0)), x)


@pytest.mark.parametrize("order", [o for o in VECTOR_ORDERS if o != 0])
def test_zero_vectors_get_zero(order):
    x = autograd.tensor(np.zeros(3), requires_grad=True)
    with np.errstate(all="raise"):
        (g,) = autograd.gradients(anp.linalg.norm(x, order), x)
    assert g.numpy().tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("order", MATRIX_ORDERS)
def test_zero_matrices_get_zero(order):
    x = autograd.tensor(np.zeros((2, 3)), requires_grad=True)
    with np.errstate(all="raise"):
        (g,) = autograd.gradients(anp.linalg.norm(x, order, (0, 1)), x)
    assert g.numpy().tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("order", [3, 2.5, 2, 1, 0.5, -1])
def test_single_zeros_get_zero(order):
    x = autograd.tensor(np.array([2.0, 0.0, -1.0]), requires_grad=True)
    (g,) = autograd.gradients(anp.linalg.norm(x, order), x, create_graph=True)
    assert np.all(np.isfinite(g.detach().numpy()))
    assert g.detach().numpy()[1] == 0
    if order >= 1:
        (second,) = autograd.gradients(anp.sum(g), x)
        assert np.all(np.isfinite(second.numpy()))


def test_the_square_of_a_norm_at_zero():
    for f in (anp.linalg.norm, anp.linalg.vector_norm):
        assert autograd.grad(lambda x, f=f: f(x) ** 2)(np.zeros(2)).tolist() == [0.0, 0.0]


def test_equal_elements_share():
    x = autograd.tensor(np.array([1.0, -1.0]), requires_grad=True)
    (g,) = autograd.gradients(anp.linalg.norm(x, np.inf), x)
    assert g.numpy().tolist() == [0.5, -0.5]
    y = autograd.tensor(np.eye(2), requires_grad=True)
    (g,) = autograd.gradients(anp.linalg.norm(y, 2), y)
    np.testing.assert_allclose(g.numpy(), np.eye(2) / 2)


def test_dtypes_stay():
    for order in VECTOR_ORDERS:
        x = autograd.tensor(np.arange(3, dtype=np.float32), requires_grad=True)
        out = anp.linalg.norm(x, order)
        assert out.dtype == np.float32
        if out.requires_grad:
            assert autograd.gradients(out, x)[0].dtype == np.float32


# ------------------------------------------------------------------ condition


@kinds
@pytest.mark.parametrize("order", [None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc"])
def test_cond(order, complex_too):
    x = drawn(3, 2, 3, 3, complex_too=complex_too) + 2 * np.eye(3)
    check_values(lambda n, x: n.linalg.cond(x, order), x, tolerance=1e-11)
    check_orders(lambda x: anp.linalg.cond(x, order), x, tolerance=1e-7)


@pytest.mark.parametrize("order", [None, 2, -2, 1, -1, np.inf, "fro", "nuc"])
def test_cond_of_singular_matrices(order):
    x = np.stack([np.eye(2), np.zeros((2, 2))])
    leaf = autograd.tensor(x, requires_grad=True)
    out = anp.linalg.cond(leaf, order)
    assert np.isinf(out.detach().numpy()).tolist() == [False, True]
    if order != "nuc":  # NumPy's does not take it
        np.testing.assert_array_equal(out.detach().numpy(), np.linalg.cond(x, order))
    (g,) = autograd.gradients(out.sum(), leaf)
    assert np.all(np.isfinite(g.numpy()))
    assert not g.numpy()[1].any()


def test_rank_has_no_gradient():
    x = autograd.tensor(np.diag([1.0, 0.0, 2.0]), requires_grad=True)
    for n in (np, anp):
        found = n.linalg.matrix_rank(x)
        assert int(found) == 2
        assert not getattr(found, "requires_grad", False)


# ------------------------------------------------------------------ products

X, Y = drawn(0, 3, 3), drawn(1, 2, 3, 3)
PRODUCTS = {
    "cross": (lambda n, x, y: n.cross(x, y)),
    "cross along axes": (lambda n, x, y: n.cross(x, y, 1, -2, 0)),
    "cross of pairs": (lambda n, x, y: n.linalg.cross(x, y[0], axis=0)),
    "cross in linalg": (lambda n, x, y: n.linalg.cross(x, y)),
    "diagonal": (lambda n, x, y: n.linalg.diagonal(y, offset=1) * n.sum(x)),
    "inner": (lambda n, x, y: n.inner(x, y)),
    "kron": (lambda n, x, y: n.kron(x, y[0])),
    "matmul": (lambda n, x, y: n.linalg.matmul(x, y)),
    "matrix_transpose": (lambda n, x, y: n.matrix_transpose(y) @ n.linalg.matrix_transpose(x)),
    "matvec": (lambda n, x, y: n.matvec(y, x[:, None])),
    "multi_dot": (lambda n, x, y: n.linalg.multi_dot([x, y[0], x[:, :1], y[1][:1]])),
    "multi_dot of vectors": (lambda n, x, y: n.linalg.multi_dot([x[0], y[0], x, y[1, 0]])),
    "multi_dot of two": (lambda n, x, y: n.linalg.multi_dot([x[0], y[0]])),
    "outer": (lambda n, x, y: n.linalg.outer(x[0], y[0, 1])),
    "tensordot": (lambda n, x, y: n.linalg.tensordot(x, y, axes=([0, 1], [2, 1]))),
    "tensordot along one": (lambda n, x, y: n.linalg.tensordot(y, x, axes=1)),
    "trace": (lambda n, x, y: n.linalg.trace(y, offset=-1) * n.sum(x)),
    "vdot": (lambda n, x, y: n.vdot(x, y[1])),
    "vecdot": (lambda n, x, y: n.linalg.vecdot(x, y, axis=-2)),
    "vecmat": (lambda n, x, y: n.vecmat(x, y[:, None])),
}
products = pytest.mark.parametrize("f", PRODUCTS.values(), ids=PRODUCTS)


@products
@pytest.mark.parametrize(("x", "y"), [(X, Y), (X * (1 + 2j), Y + 0.5j)], ids=["real", "complex"])
def test_products(f, x, y):
    check_values(f, x, y)
    check_orders(lambda x, y: f(anp, x, y), x, y)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 3), (3, 2)])
def test_cross_of_shorter_vectors(m, n):
    x, y = drawn(0, 2, m), drawn(1, 2, n)
    check_values(lambda n, x, y: n.cross(x, y), x, y)
    check_orders(anp.cross, x, y)


@given(sizes=st.lists(st.integers(1, 5), min_size=3, max_size=7))
def test_chains_of_any_sizes(sizes):
    xs = [drawn(i, *pair) for i, pair in enumerate(itertools.pairwise(sizes))]
    tensors = [autograd.tensor(x, requires_grad=True) for x in xs]
    out = anp.linalg.multi_dot(tensors)
    np.testing.assert_allclose(out.detach().numpy(), np.linalg.multi_dot(xs), 1e-10, 1e-11)
    v = drawn(9, *out.shape)
    for i, g in enumerate(autograd.gradients(out, tensors, v)):
        left = np.linalg.multi_dot([np.eye(sizes[0]), *xs[:i]]) if i else np.eye(sizes[0])
        right = np.linalg.multi_dot([*xs[i + 1 :], np.eye(sizes[-1])]) if xs[i + 1 :] else np.eye(sizes[-1])
        np.testing.assert_allclose(g.numpy(), left.T @ v @ right.T, 1e-9, 1e-10)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: anp.linalg.norm(x, "nuc", 0), ArgumentError, r"norm: the order of a vector norm.*'nuc'"),
        (lambda x: anp.linalg.norm(x, 3), ArgumentError, r"norm: the order of a matrix norm.*got 3"),
        (lambda x: anp.linalg.norm(x[None], 2), ShapeError, "norm: expected one axis or two, got 3"),
        (lambda x: anp.linalg.norm(x, 2, (0, 0)), ArgumentError, "two different axes"),
        (lambda x: anp.linalg.norm(x, axis=5), np.exceptions.AxisError, "5"),
        (lambda x: anp.linalg.matrix_norm(x[0]), MatrixShapeError, "matrix_norm: expected matrices"),
        (lambda x: anp.linalg.cond(x[:0]), MatrixError, "cond: expected matrices that are not empty"),
        (lambda x: anp.linalg.cond(x, 1), MatrixShapeError, "cond: expected square"),
        (lambda x: anp.linalg.multi_dot([x]), ArgumentError, "multi_dot: expected at least two"),
        (lambda x: anp.linalg.multi_dot([x, x]), ShapeError, "multi_dot: arrays 0 and 1 do not fit"),
        (lambda x: anp.linalg.multi_dot([x, x[None], x]), MatrixShapeError, "multi_dot: array 1 must"),
        (lambda x: anp.cross(x, x[:, :1]), ShapeError, "cross: vectors have 2 or 3 elements, got 3 and 1"),
        (
            lambda x: anp.linalg.cross(x[:, :2], x),
            ShapeError,
            "cross: vectors have 3 elements, got 2 and 3",
        ),
        (lambda x: anp.linalg.outer(x, x), ShapeError, "outer: expected vectors"),
        (lambda x: anp.linalg.diagonal(x[0]), MatrixShapeError, "diagonal: expected matrices"),
        (lambda x: anp.vdot(x, x[0]), ShapeError, "vdot: 6 elements in a, 3 in b"),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call(autograd.tensor(np.ones((2, 3)), requires_grad=True))
