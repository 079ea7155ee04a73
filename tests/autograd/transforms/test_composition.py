"""Every transform of every transform, on functions whose derivatives of all orders are known.

A function here is x -> a * exp(b * x), element by element, and a transform makes another one of it.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd.numpy as anp
import nn
from autograd import (
    Tensor,
    checkpoint,
    custom_jvp,
    custom_vjp,
    deriv,
    elementwise_grad,
    ggnvp,
    grad,
    grad_and_aux,
    hessian,
    hessian_tensor_product,
    holomorphic_grad,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    tensor,
    value_and_grad,
    vjp,
    vmap,
)
from tests.support.bundles import bundled

A, B = np.array([0.5, -1.5, 2.0]), np.array([0.7, -0.4, 1.1])
X = np.array([0.3, -0.2, 0.1])


def original(x):
    return A * anp.exp(B * x)


class Weighted(nn.Module):
    def __init__(self, u):
        super().__init__()
        self.u, self.x = u, nn.Parameter(np.zeros(3))

    def forward(self):
        return self.u(self.x)


def by_vjp(u):
    """u with the derivative that `vjp` finds, as the user's own."""
    made = custom_vjp(u)
    made.defvjp(lambda x: (u(x), x), lambda x, g: vjp(u, x)[1](g))
    return made


def by_jvp(u):
    made = custom_jvp(u)
    made.defjvp(lambda xs, ts: jvp(u, xs, ts))
    return made


def summed(u):
    return lambda x: anp.sum(u(x))


def ones(x):
    return anp.ones_like(x)


def in_dict(u):
    return lambda x: grad(lambda p: anp.sum(u(p["x"][0]) * p["y"]))({"x": (x,), "y": 1.0})["x"][0]


# name -> what it makes of u, and of the factors and rates (a, b)
first, second = (lambda a, b: (a * b, b)), (lambda a, b: (a * b * b, b))
same = lambda a, b: (a, b)
TRANSFORMS = {
    "grad": (lambda u: grad(summed(u)), first),
    "grad of containers": (in_dict, first),
    "grad by keyword": (lambda u: lambda x: grad(lambda *, k: anp.sum(u(k)), "k")(k=x), first),
    "grad by several": (
        lambda u: lambda x: sum(grad(lambda y, z: anp.sum(u(0.5 * y + 0.5 * z)), (0, 1))(x, x)),
        first,
    ),
    "value_and_grad": (lambda u: lambda x: value_and_grad(summed(u))(x)[1], first),
    "value of value_and_grad": (
        lambda u: lambda x: vmap(lambda e: value_and_grad(lambda y: anp.sum(u(y) * e))(x)[0])(np.eye(3)),
        same,
    ),
    "grad_and_aux": (lambda u: lambda x: grad_and_aux(lambda y: (anp.sum(u(y)), y))(x)[0], first),
    "aux of grad_and_aux": (lambda u: lambda x: grad_and_aux(lambda y: (anp.sum(y), u(y)))(x)[1], same),
    "elementwise_grad": (elementwise_grad, first),
    "deriv": (deriv, first),
    "jacobian": (lambda u: lambda x: jacobian(u)(x) @ ones(x), first),
    "jacobian, forward": (lambda u: lambda x: jacobian(u, mode="forward")(x) @ ones(x), first),
    "hessian": (lambda u: lambda x: hessian(summed(u))(x) @ ones(x), second),
    "hvp": (lambda u: lambda x: hvp(summed(u))(x, ones(x)), second),
    "hessian_tensor_product": (lambda u: lambda x: hessian_tensor_product(summed(u))(x, ones(x)), second),
    "ggnvp": (lambda u: lambda x: ggnvp(u)(x, ones(x)), lambda a, b: (a * a * b * b, 2 * b)),
    "vjp": (lambda u: lambda x: vjp(u, x)[1](ones(x))[0], first),
    "out of vjp": (lambda u: lambda x: vjp(u, x)[0], same),
    "jvp": (lambda u: lambda x: jvp(u, (x,), (ones(x),))[1], first),
    "out of jvp": (lambda u: lambda x: jvp(u, (x,), (ones(x),))[0], same),
    "linearize": (lambda u: lambda x: linearize(u, x)[1](ones(x)), first),
    "out of linearize": (lambda u: lambda x: linearize(u, x)[0], same),
    "holomorphic_grad": (
        lambda u: lambda x: anp.real(holomorphic_grad(summed(u))(x + 0j)),
        first,
    ),
    "stop_gradient": (lambda u: lambda x: u(x) + stop_gradient(u(x)) - stop_gradient(u(x)), same),
    "vmap": (lambda u: lambda x: vmap(u)(anp.stack([x, x]))[1], same),
    "vmap of grad": (lambda u: lambda x: vmap(grad(summed(u)))(anp.stack([x, x]))[1], first),
    "checkpoint": (checkpoint, same),
    "custom_vjp": (by_vjp, same),
    "custom_jvp": (by_jvp, same),
    "functional_call": (lambda u: lambda x: nn.functional_call(Weighted(u), {"x": x}), same),
}


def expected(*names):
    """The values of the composition, the last transform first."""
    a, b = A, B
    for name in names:
        a, b = TRANSFORMS[name][1](a, b)
    return a * np.exp(b * X), b


def composed(*names):
    u = original
    for name in names:
        u = TRANSFORMS[name][0](u)
    return u


@bundled("inner", TRANSFORMS)
@pytest.mark.parametrize("outer", TRANSFORMS)
def test_each_pair(outer, inner):
    found = composed(inner, outer)(X)
    if isinstance(found, Tensor):
        assert "functional_call" in (inner, outer)  # of a module, which gives Tensors
        found = found.numpy()
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, expected(inner, outer)[0], rtol=1e-11)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_inside_a_graph_that_backward_sweeps(name):
    x = tensor(X, requires_grad=True)
    values, rates = expected(name)
    found = composed(name)(x)
    found.sum().backward()
    np.testing.assert_allclose(found.detach().numpy(), values, rtol=1e-11)
    np.testing.assert_allclose(x.grad.numpy(), rates * values, rtol=1e-11)


ORDERS = (
    "grad",
    "jacobian, forward",
    "hvp",
    "vmap of grad",
    "linearize",
    "checkpoint",
    "custom_vjp",
    "custom_jvp",
)


@bundled("names", itertools.product(ORDERS, repeat=3), by=lambda names: names[0])
def test_three_deep(names):
    np.testing.assert_allclose(composed(*names)(X), expected(*names)[0], rtol=1e-11)


def test_the_table_has_every_transform():
    """A transform that is added must enter the table."""
    from autograd import transforms

    named = " ".join(TRANSFORMS)
    assert [n for n in transforms.__all__ if n not in named] == []
