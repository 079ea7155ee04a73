"""Functions of eigenvalues and singular values, and of their vectors, where values are equal.

What is smooth has its derivatives to second order, in both modes and all mixtures; the third is NaN.
Each function is the same as one without a decomposition, whose derivatives are exact.
"""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad, jvp, tensor, vjp, vmap
from autograd.errors import MatrixError

linalg = anp.linalg
RNG = np.random.default_rng(4)
TURNED = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
UNITARY = np.linalg.qr(RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3)))[0]
WEIGHTS = RNG.normal(size=(3, 3))
TWO = TURNED @ np.diag([2.0, 2.0, 5.0]) @ TURNED.T
SYMMETRIC = {
    "two of three": TWO, "all": 2 * np.eye(3), "the identity": np.eye(3),
    "a stack": np.stack([TWO, np.diag([3.0, 1.0, 1.0])]),
    "complex": UNITARY @ np.diag([2.0, 2.0, 5.0]) @ UNITARY.conj().T,
}  # fmt: skip


def _adjoint(x):
    return anp.conj(anp.swapaxes(x, -1, -2))


def _weighed(x):
    return anp.sum(WEIGHTS * anp.real(x)) + (anp.sum(WEIGHTS.T * anp.imag(x)) if x.dtype.kind == "c" else 0)


def _spectral(f):
    def function(x):
        w, v = linalg.eigh((x + _adjoint(x)) / 2)
        return _weighed(v * f(w)[..., None, :] @ _adjoint(v))

    return function


def _direct(f):
    return lambda x: _weighed(f((x + _adjoint(x)) / 2))


def _by_svd(f):
    def function(x):
        u, s, vh = linalg.svd(x, full_matrices=False)
        return _weighed(f(u, s, vh))

    return function


# by a decomposition, without one
OF_EIGENVALUES = {
    "the matrix": (_spectral(lambda w: w), _direct(lambda x: x)),
    "its cube": (_spectral(lambda w: w**3), _direct(lambda x: x @ x @ x)),
    "its inverse": (_spectral(lambda w: 1 / w), _direct(linalg.inv)),
    "less one": (_spectral(lambda w: w - 1), _direct(lambda x: x - np.eye(3))),
    "ones": (_spectral(lambda w: 0 * w + 1), _direct(lambda x: 0 * x)),
    "squares": (
        lambda x: anp.sum(linalg.eigvalsh((x + _adjoint(x)) / 2) ** 2),
        lambda x: anp.sum(anp.abs((x + _adjoint(x)) / 2) ** 2),
    ),
    "logarithms": (
        lambda x: anp.sum(anp.log(linalg.eigvalsh((x + _adjoint(x)) / 2))),
        lambda x: anp.sum(linalg.slogdet((x + _adjoint(x)) / 2)[1]),
    ),
}  # fmt: skip
OF_SINGULAR_VALUES = {
    "the matrix": (_by_svd(lambda u, s, vh: u * s[..., None, :] @ vh), _weighed),
    "its cube": (
        _by_svd(lambda u, s, vh: u * s[..., None, :] ** 3 @ vh), lambda x: _weighed(x @ _adjoint(x) @ x),
    ),
    "its inverse": (
        _by_svd(lambda u, s, vh: _adjoint(vh) / s[..., None, :] @ _adjoint(u)),
        lambda x: _weighed(linalg.inv(x)),
    ),
    "squares": (lambda x: anp.sum(linalg.svdvals(x) ** 2), lambda x: anp.sum(anp.abs(x) ** 2)),
    "logarithms": (
        lambda x: anp.sum(anp.log(linalg.svdvals(x))), lambda x: anp.sum(linalg.slogdet(x)[1]),
    ),
}  # fmt: skip


def _derivatives(f, x, t):
    slope = lambda x: anp.sum(anp.real(grad(f)(x) * t))
    along = lambda x: jvp(f, (x,), (t,))[1]
    yield "reverse", grad(f)(x)
    yield "forward", along(x)
    yield "reverse over reverse", grad(slope)(x)
    yield "forward over reverse", jvp(slope, (x,), (t,))[1]
    yield "reverse over forward", grad(along)(x)
    yield "forward over forward", jvp(along, (x,), (t,))[1]


def _compare(pair, x):
    t = np.cos(np.arange(x.size)).reshape(x.shape) + (
        1j * np.sin(np.arange(x.size)).reshape(x.shape) if x.dtype.kind == "c" else 0
    )
    expected = _derivatives(pair[1], x, t)
    for (mode, found), (_, exact) in zip(_derivatives(pair[0], x, t), expected, strict=True):
        np.testing.assert_allclose(found, exact, 1e-9, 1e-9, err_msg=mode)


@pytest.mark.parametrize("at", SYMMETRIC)
@pytest.mark.parametrize("name", OF_EIGENVALUES)
def test_functions_of_equal_eigenvalues(name, at):
    _compare(OF_EIGENVALUES[name], SYMMETRIC[at])


@pytest.mark.parametrize(
    ("name", "at"),
    [*((name, "two") for name in OF_SINGULAR_VALUES), ("its cube", "all"), ("its cube", "complex")],
)
def test_functions_of_equal_singular_values(name, at):
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    _compare(OF_SINGULAR_VALUES[name], {"two": turn @ TWO, "all": 2 * turn, "complex": UNITARY * 1.5}[at])


@pytest.mark.parametrize("x", [TWO, 2 * np.eye(3)], ids=["two of three", "all"])
def test_the_third_derivative_is_right_or_nan(x):
    t = np.cos(np.arange(9.0)).reshape(3, 3)
    along = lambda f: lambda x: jvp(f, (x,), (t,))[1]
    by_values, exact = (along(along(along(f)))(x) for f in OF_EIGENVALUES["its cube"])
    assert np.isnan(by_values) or np.isclose(by_values, exact, 1e-9)


def test_many_cotangents_at_once():
    def turned(x):
        w, v = linalg.eigh((x + _adjoint(x)) / 2)
        return v @ anp.diag(anp.exp(w)) @ _adjoint(v)

    many = RNG.normal(size=(2, 3, 3))
    for x in (TWO, np.eye(3)):
        _, pull = vjp(turned, x)
        np.testing.assert_allclose(vmap(lambda g: pull(g)[0])(many), [pull(g)[0] for g in many])  # noqa: B023


def test_a_projector_on_all_of_equal_values():
    """1/(2 pi i) of the integral of the resolvent: of first order sum P G Q / gap over the others."""
    f = lambda x: anp.sum(WEIGHTS * (lambda v: v @ v.T)(linalg.eigh((x + x.T) / 2).eigenvectors[:, :2]))
    inside, outside = TURNED[:, :2] @ TURNED[:, :2].T, TURNED[:, 2:] @ TURNED[:, 2:].T
    mixed = inside @ (WEIGHTS + WEIGHTS.T) / 2 @ outside / -3.0
    np.testing.assert_allclose(grad(f)(TWO), mixed + mixed.T, 1e-9, 1e-12)


def test_backward_of_tensors_and_a_sweep_that_is_kept():
    x = tensor(TWO, requires_grad=True)
    y = OF_EIGENVALUES["its cube"][0](x)
    exact = grad(OF_EIGENVALUES["its cube"][1])(TWO)
    y.backward(retain_graph=True)
    np.testing.assert_allclose(x.grad.numpy(), exact, 1e-9)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * exact, 1e-9)


def test_what_tells_the_vectors_apart_is_refused():
    for f in (
        lambda x: linalg.eigh(x).eigenvectors[0, 0] ** 2,
        lambda x: linalg.svd(x)[0][0, 1] ** 2,
        lambda x: anp.sum(WEIGHTS * (lambda w, v: v * np.arange(3.0) @ v.T)(*linalg.eigh(x))),
    ):
        for derivative in (grad(f), lambda x, f=f: jvp(f, (x,), (WEIGHTS + WEIGHTS.T,))):
            with pytest.raises(MatrixError, match="values are equal"):
                derivative(TWO)
