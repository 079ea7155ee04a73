"""Cholesky, QR, singular values: values, derivatives, equal and zero values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
from autograd.errors import ArgumentError, MatrixError, MatrixShapeError, NotDifferentiable
from autograd.ops import triangles
from autograd.ops.triangles import inverse_of_triangle
from tests.support.matrices import check_orders, check_values, definite, drawn

kinds = pytest.mark.parametrize("complex_too", [False, True], ids=["real", "complex"])
shapes = pytest.mark.parametrize(
    "shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (1, 3), (3, 1)], ids=str
)
batches = st.lists(st.integers(1, 3), max_size=2).map(tuple)


# ------------------------------------------------------------------ Cholesky


@kinds
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(upper, complex_too):
    x = drawn(0, 2, 3, 3, complex_too=complex_too)
    check_values(lambda n, a: n.linalg.cholesky(a, upper=upper), definite(x))
    check_orders(lambda a: anp.linalg.cholesky(a, upper=upper), definite(x))
    check_orders(
        lambda x: anp.linalg.cholesky(x @ anp.conj(anp.swapaxes(x, -1, -2)) + np.eye(3), upper=upper), x
    )


@pytest.mark.parametrize("dtype", ["f", "d", "F", "D"])
@pytest.mark.parametrize("lower", [False, True])
def test_inverses_of_triangles(lower, dtype, monkeypatch):
    full = drawn(0, 3, 3, complex_too=dtype in "FD") + 3 * np.eye(3)
    x = (np.tril if lower else np.triu)(full).astype(dtype)
    found = inverse_of_triangle("qr", x, "singular", lower)
    monkeypatch.setattr(triangles, "_lapacks", lambda kind: None)  # as without SciPy
    without = inverse_of_triangle("qr", x, "singular", lower)
    tolerance = 1e-6 if dtype in "fF" else 1e-14
    assert found.dtype == without.dtype == x.dtype
    np.testing.assert_allclose(found, without, tolerance, tolerance)
    np.testing.assert_allclose(x @ found, np.eye(3), atol=tolerance)


@pytest.mark.parametrize("scipy_too", [False, True])
def test_singular_triangles(scipy_too, monkeypatch):
    if not scipy_too:
        monkeypatch.setattr(triangles, "_lapacks", lambda kind: None)
    with pytest.raises(MatrixError, match=r"^qr: no derivative here, what is said$"):
        inverse_of_triangle("qr", np.triu(np.ones((3, 3)), 1), "what is said")


def test_cholesky_reads_one_triangle():
    for upper in (False, True):
        x = autograd.tensor(definite(drawn(0, 3, 3)), requires_grad=True)
        anp.linalg.cholesky(x, upper=upper).sum().backward()
        other = np.tril(x.grad.numpy(), -1) if upper else np.triu(x.grad.numpy(), 1)
        assert not other.any()


def test_cholesky_of_what_is_not_positive():
    with pytest.raises(MatrixError, match=r"cholesky.*not positive definite"):
        anp.linalg.cholesky(autograd.tensor(-np.eye(2), requires_grad=True))
    with pytest.raises(MatrixShapeError, match="cholesky"):
        anp.linalg.cholesky(autograd.tensor(np.ones((2, 3)), requires_grad=True))


# ------------------------------------------------------------------ QR


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)), batch=batches, complex_too=st.booleans(),
    mode=st.sampled_from(["reduced", "complete", "r"]),
)  # fmt: skip
def test_values_of_qr(shape, batch, complex_too, mode):
    check_values(lambda n, a: n.linalg.qr(a, mode), drawn(0, *batch, *shape, complex_too=complex_too))


@kinds
@shapes
def test_qr(shape, complex_too):
    a = drawn(1, *shape, complex_too=complex_too)
    check_orders(lambda a: anp.linalg.qr(a).Q, a)
    check_orders(lambda a: anp.linalg.qr(a).R, a)
    check_orders(lambda a: anp.linalg.qr(a, "r") ** 2, a)
    check_orders(lambda a: anp.sin(anp.sum(anp.linalg.qr(a)[0], -2)) * anp.sum(anp.linalg.qr(a)[1]), a)


@kinds
@shapes
def test_complete_qr(shape, complex_too):
    """Of the columns that are added, the space that they span."""
    a = drawn(1, *shape, complex_too=complex_too)
    k = min(shape[-2:])

    def projection(a):
        q = anp.linalg.qr(a, "complete").Q
        return q[..., k:] @ anp.conj(anp.swapaxes(q[..., k:], -1, -2)) + anp.sum(q[..., :k])

    check_orders(projection, a)
    check_orders(lambda a: anp.linalg.qr(a, "complete").R, a)


def test_qr_without_a_derivative():
    x = autograd.tensor(np.ones((3, 2)), requires_grad=True)
    with pytest.raises(NotDifferentiable, match="qr: mode='raw'"):
        anp.linalg.qr(x, "raw")
    assert len(anp.linalg.qr(x.detach(), "raw")) == 2
    with pytest.raises(ArgumentError, match=r"qr: mode must be .*'full'"):
        anp.linalg.qr(x, "full")
    for dependent in (np.zeros((3, 2)), [[0.1, 0.1], [0.7, 0.7], [-0.3, -0.3]]):  # exactly, and to rounding
        a = autograd.tensor(dependent, requires_grad=True)
        with pytest.raises(MatrixError, match="qr: no derivative here, the leading columns"):
            anp.linalg.qr(a).R.sum().backward()
        with pytest.raises(MatrixError, match="qr: no derivative here, the leading columns"):
            autograd.jvp(lambda a: anp.linalg.qr(a).Q, (a.detach(),), (np.ones((3, 2)),))


# ------------------------------------------------------------------ singular values


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)), batch=batches, complex_too=st.booleans(),
    full=st.booleans(),
)  # fmt: skip
def test_values_of_svd(shape, batch, complex_too, full):
    a = drawn(0, *batch, *shape, complex_too=complex_too)
    check_values(lambda n, a: n.linalg.svd(a, full_matrices=full), a)
    check_values(lambda n, a: n.linalg.svd(a, compute_uv=False), a)
    check_values(lambda n, a: n.linalg.svdvals(a), a)


@kinds
def test_values_of_hermitian_svd(complex_too):
    a = drawn(0, 2, 3, 4, 4, complex_too=complex_too)
    a = a + a.conj().swapaxes(-1, -2)
    check_values(lambda n, a: n.linalg.svd(a, hermitian=True), a)
    check_values(lambda n, a: n.linalg.svd(a, compute_uv=False, hermitian=True), a)


def _adjoint(x):
    return anp.conj(anp.swapaxes(x, -1, -2))


def _cosine(a, full=False, hermitian=False):
    """u cos(s) vh: a function of all three that no phase changes."""
    u, s, vh = anp.linalg.svd(a, full_matrices=full, hermitian=hermitian)
    k = s.shape[-1]
    return (u[..., :k] * anp.cos(s)[..., None, :]) @ vh[..., :k, :]


@kinds
@shapes
def test_svd(shape, complex_too):
    a = drawn(2, *shape, complex_too=complex_too)
    check_orders(_cosine, a, tolerance=1e-7)
    check_orders(anp.linalg.svdvals, a)
    check_orders(lambda a: anp.absolute(anp.linalg.svd(a, full_matrices=False).U) ** 2, a, tolerance=1e-7)
    check_orders(lambda a: anp.absolute(anp.linalg.svd(a, full_matrices=False).Vh) ** 2, a, tolerance=1e-7)


@kinds
@shapes
def test_svd_with_full_matrices(shape, complex_too):
    a = drawn(2, *shape, complex_too=complex_too)
    k = min(shape[-2:])

    def spaces(a):
        u, _, vh = anp.linalg.svd(a)
        left, right = u[..., k:], _adjoint(vh)[..., k:]
        return anp.sum(anp.absolute(left @ _adjoint(left)) ** 2) + anp.cos(right @ _adjoint(right))

    check_orders(lambda a: _cosine(a, full=True), a, tolerance=1e-7)
    check_orders(spaces, a, tolerance=1e-7)


@kinds
def test_hermitian_svd(complex_too):
    a = drawn(3, 2, 3, 3, complex_too=complex_too) / 4 + np.diag([1.0, -4.0, 9.0])
    check_orders(lambda a: _cosine(a + _adjoint(a), hermitian=True), a, tolerance=1e-7)
    check_orders(lambda a: anp.linalg.svd(a, compute_uv=False, hermitian=True), a)


# ------------------------------------------------------------------ equal values and zeros


def test_equal_singular_values():
    """Of functions that do not tell the vectors apart the derivatives are right, others are refused."""
    x = autograd.tensor(np.eye(3), requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.linalg.svdvals(x) ** 3), x)
    np.testing.assert_allclose(g.numpy(), 3 * np.eye(3), 1e-14)
    with pytest.raises(MatrixError, match="svd: no derivative where values are equal"):
        autograd.gradients(anp.linalg.svd(x).U.sum(), x)
    (g,) = autograd.gradients(anp.sum(anp.linalg.svdvals(x) ** 2), x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), 2 * np.eye(3), 1e-14)
    (g,) = autograd.gradients(g.sum(), x)
    np.testing.assert_allclose(g.numpy(), 2 * np.ones((3, 3)), 1e-13)


def test_singular_values_equal_but_for_rounding():
    q = np.linalg.qr(drawn(0, 3, 3))[0]
    x = autograd.tensor(2 * q, requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.log(anp.linalg.svdvals(x))), x)
    np.testing.assert_allclose(g.numpy(), q / 2, 1e-13, 1e-14)
    with pytest.raises(MatrixError, match="svd"):
        autograd.gradients(anp.sum(anp.linalg.svd(x).Vh * drawn(1, 3, 3)), x)


def test_singular_values_of_zero():
    x = autograd.tensor(np.zeros((3, 2)), requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.linalg.svdvals(x)), x)
    assert g.numpy().tolist() == [[0.0, 0.0]] * 3
    line = autograd.tensor(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), requires_grad=True)
    (g,) = autograd.gradients(anp.sum(anp.linalg.svdvals(line)), line)
    assert np.abs(g.numpy()).tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(MatrixError, match="svd: no derivative of the vectors of a singular value of 0"):
        autograd.gradients(anp.sum(anp.linalg.svd(line, full_matrices=False).U * drawn(0, 3, 2)), line)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 2), (0, 2, 2)], ids=str)
def test_empty(shape):
    for f in (
        lambda x: anp.linalg.svd(x, full_matrices=False).S, lambda x: anp.linalg.qr(x).R,
        lambda x: anp.linalg.svd(x, full_matrices=False).U,
    ):  # fmt: skip
        x = autograd.tensor(np.zeros(shape), requires_grad=True)
        f(x).sum().backward()
        assert x.grad.shape == shape


def test_float32_stays():
    x = autograd.tensor(drawn(0, 3, 2).astype(np.float32), requires_grad=True)
    for f in (_cosine, lambda x: anp.linalg.qr(x).Q @ anp.linalg.qr(x).R):
        out = f(x)
        (g,) = autograd.gradients(out.sum(), x)
        assert (out.dtype, g.dtype) == (np.float32, np.float32)
