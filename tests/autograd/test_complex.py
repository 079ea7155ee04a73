"""Complex numbers: `.grad`, `gradient=` and hooks conjugate (PyTorch), `grad` does not (HIPS, JAX)."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad, gradients, tensor
from autograd.errors import DtypeError

Z = np.array([0.5 + 0.25j, -1.0 + 2.0j])


def leaf(value):
    return tensor(np.asarray(value), requires_grad=True)


def test_grad_of_a_holomorphic_function_is_its_derivative():
    np.testing.assert_allclose(grad(lambda z: anp.sin(z))(0.5 + 0.25j), np.cos(0.5 + 0.25j), 1e-15)
    np.testing.assert_allclose(grad(lambda z: (z**3).sum())(Z), 3 * Z**2, 1e-14)
    np.testing.assert_allclose(grad(grad(lambda z: z**3))(1j), 6j, 1e-14)


def test_backward_has_the_conjugate():
    z = leaf(Z)
    (z**3).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), np.conj(3 * Z**2), 1e-14)


def test_descent_along_grad_descends():
    z = leaf(Z)
    loss = (abs(z - (1 + 1j)) ** 2).sum()
    assert loss.dtype == float
    loss.backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * (Z - (1 + 1j)), 1e-14)


def test_grad_of_a_real_loss_is_the_conjugate_of_what_backward_has():
    def loss(z):
        return anp.real(z * anp.conj(z)).sum()

    z = leaf(Z)
    loss(z).backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * Z, 1e-15)
    np.testing.assert_allclose(grad(loss)(Z), 2 * np.conj(Z), 1e-15)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda z: z.real.sum(), np.ones(2)),
        (lambda z: z.imag.sum(), np.full(2, 1j)),
        (lambda z: anp.angle(z).sum(), 1j * Z / np.abs(Z) ** 2),
        (lambda z: abs(z).sum(), Z / np.abs(Z)),
        (lambda z: (z.conj() * (2 + 1j)).real.sum(), np.full(2, 2 + 1j)),
        (lambda z: (z * (2 + 1j)).real.sum(), np.full(2, 2 - 1j)),
    ],
    ids=["real", "imag", "angle", "abs", "conj", "product"],
)
def test_pytorch_values(f, expected):
    z = leaf(Z)
    f(z).backward()
    np.testing.assert_allclose(z.grad.numpy(), expected, 1e-14, 1e-15)


def test_gradient_argument_is_conjugated():
    z = leaf(Z)
    (z * 1j).backward(np.array([1j, 2.0 + 0j]))
    # PyTorch: gradient * conj(derivative)
    np.testing.assert_allclose(z.grad.numpy(), np.array([1j, 2.0]) * np.conj(1j), 1e-15)
    (g,) = gradients(leaf(Z) * 1, [w := leaf(Z)], np.ones(2, complex), allow_unused=True)
    assert g is None
    assert w.grad is None


def test_gradients_are_conjugated_as_grad_is():
    z = leaf(Z)
    (g,) = gradients(z * z, z, np.array([1j, 1.0 + 0j]))
    np.testing.assert_allclose(g.numpy(), np.array([1j, 1.0]) * np.conj(2 * Z), 1e-14)


def test_hooks_see_and_give_conjugates():
    z, seen = leaf(Z), []
    w = z * (1 + 1j)
    w.register_hook(lambda g: (seen.append(g.numpy().copy()), g * 1j)[1])
    w.backward(np.array([1j, 2.0 + 0j]))
    np.testing.assert_array_equal(seen[0], [1j, 2.0])
    np.testing.assert_allclose(z.grad.numpy(), np.array([1j, 2.0]) * 1j * np.conj(1 + 1j), 1e-15)


def test_accumulation_of_complex_gradients():
    z = leaf(Z)
    for _ in range(2):
        (z * 1j).backward(np.ones(2, complex))
    np.testing.assert_allclose(z.grad.numpy(), np.full(2, -2j), 1e-15)


def test_create_graph_conjugates_once_at_each_boundary():
    z = leaf(Z)
    (g,) = gradients((z**3).sum(), z, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), np.conj(3 * Z**2), 1e-14)
    loss = (g.real**2 + g.imag**2).sum()  # 9 |z|**4
    loss.backward()
    np.testing.assert_allclose(z.grad.numpy(), 36 * np.abs(Z) ** 2 * Z, 1e-13)


def test_real_numbers_in_complex_expressions_get_real_gradients():
    x = leaf(np.array([1.0, 2.0]))
    y = x * (1 + 2j)
    assert y.dtype == complex
    y.backward(np.array([1.0 + 0j, 1j]))
    assert x.grad.dtype == float
    np.testing.assert_allclose(x.grad.numpy(), [1.0, 2.0], 1e-15)


def test_complex64_stays():
    z = leaf(Z.astype(np.complex64))
    (abs(z) ** 2).sum().backward()
    assert z.grad.dtype == np.complex64


def test_derivative_at_zero_of_what_is_not_smooth_there():
    z = leaf(np.zeros(1, complex))
    for f in (abs, anp.sign, anp.angle):
        (g,) = gradients(anp.real(f(z)).sum(), z)
        assert np.isfinite(g.numpy()).all()
    (g,) = gradients(abs(z).sum(), z)
    assert g.numpy().tolist() == [0]


def test_complex_values_do_not_go_into_real_tensors():
    x = tensor([1.0, 2.0])
    with pytest.raises(DtypeError, match="complex128 values into a tensor of float64"):
        x[0] = 1j
    with pytest.raises(DtypeError, match="complex128"):
        x *= 1j
    assert x.tolist() == [1.0, 2.0]


def test_grad_of_a_real_argument_through_complex_numbers():
    g = grad(lambda x: anp.real(anp.exp(1j * x)))(0.3)
    assert g.dtype == float
    np.testing.assert_allclose(g, -np.sin(0.3), 1e-15)
