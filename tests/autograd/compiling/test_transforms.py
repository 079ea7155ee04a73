"""Transforms inside compiled functions, of arguments and of what was computed from them."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")

RNG = np.random.default_rng(5)
X, V = RNG.normal(size=(2, 3, 4))


def cube(z):
    return z**3


def total(z):
    return (z**3).sum()


CASES = {
    "grad": lambda x, v: autograd.grad(total)(x),
    "value_and_grad": lambda x, v: autograd.value_and_grad(total)(x),
    "grad_and_aux": lambda x, v: autograd.grad_and_aux(lambda z: (total(z), z * 2))(x),
    "grad of a dict": lambda x, v: autograd.grad(lambda d: (d["a"] * d["b"][0]).sum())({"a": x, "b": [v]}),
    "grad by two": lambda x, v: autograd.grad(lambda a, b: (a * b**2).sum(), (0, 1))(x, v),
    "grad of an element": lambda x, v: autograd.grad(lambda s: (s * v).sum())(x[0, 0]),
    "grad of a constant": lambda x, v: autograd.grad(lambda z: 0.0 * z.sum() + 3.0)(x),
    "elementwise_grad": lambda x, v: autograd.elementwise_grad(cube)(x),
    "deriv": lambda x, v: autograd.deriv(cube)(x[0, 0]),
    "jacobian": lambda x, v: autograd.jacobian(lambda z: z.sum(0) ** 2)(x),
    "jacobian forward": lambda x, v: autograd.jacobian(lambda z: z.sum(0) ** 2, mode="forward")(x),
    "hessian": lambda x, v: autograd.hessian(total)(x),
    "vjp": lambda x, v: autograd.vjp(cube, x)[1](v),
    "vjp of something else": lambda x, v: autograd.vjp(lambda z: v * 1.0, x)[1](v),
    "jvp": lambda x, v: autograd.jvp(cube, (x,), (v,)),
    "jvp of something else": lambda x, v: autograd.jvp(lambda z: v, (x,), (v,)),
    "jvp of grad": lambda x, v: autograd.jvp(autograd.grad(total), (x,), (v,)),
    "grad of jvp": lambda x, v: autograd.grad(lambda z: autograd.jvp(total, (z,), (v,))[1])(x),
    "linearize": lambda x, v: autograd.linearize(cube, x)[1](v),
    "hvp": lambda x, v: autograd.hvp(total)(x, v),
    "hessian_tensor_product": lambda x, v: autograd.hessian_tensor_product(total)(x, v),
    "checkpoint": lambda x, v: autograd.grad(lambda z: autograd.checkpoint(total)(z))(x),
    "holomorphic_grad": lambda x, v: autograd.holomorphic_grad(lambda z: (z**2).sum())(x + 1j * v),
    "stop_gradient": lambda x, v: autograd.grad(lambda z: (z * autograd.stop_gradient(z)).sum())(x),
    "vmap": lambda x, v: autograd.vmap(lambda a, b: a * b.sum())(x, v),
    "vmap by keyword": lambda x, v: autograd.vmap(lambda a, b=None: a * b.sum())(x, b=v),
    "vmap along axes": lambda x, v: autograd.vmap(
        lambda a, b: (a * b, a.sum()), in_axes=(1, None), out_axes=(1, 0)
    )(x, v[:, 0]),
    "vmap of grad": lambda x, v: autograd.vmap(autograd.grad(lambda a, b: (a**2 * b).sum()))(x, v),
    "vmap of jacobian": lambda x, v: autograd.vmap(autograd.jacobian(lambda a: a**2))(x),
    "vmap of a constant": lambda x, v: autograd.vmap(lambda a: v)(x),
    # functions that look at values run for each example
    "vmap of median": lambda x, v: autograd.vmap(anp.median)(x),
    "vmap of average": lambda x, v: autograd.vmap(lambda a: anp.average(a, weights=np.arange(1.0, 5.0)))(x),
    "vmap of quantile": lambda x, v: autograd.vmap(lambda a: anp.quantile(a, 0.3))(x),
    "vmap of nan_to_num": lambda x, v: autograd.vmap(anp.nan_to_num)(x),
}
MADE = {
    "arguments": lambda x, v: (x, v),
    "results": lambda x, v: (x * 1.5, np.sin(v)),
    "ones": lambda x, v: (x * 1.5, np.ones_like(v)),
    "tensors": lambda x, v: (autograd.tensor(x * 1.5), autograd.tensor(np.sin(v))),
}


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("name", CASES)
def test_transforms(name, made):
    def f(x, v):
        return CASES[name](*MADE[made](x, v))

    program = autograd.compile(f, strict=True)
    for k in range(5):
        x, v = X * (k + 1.1), V * (k + 0.3)
        assert same(plain(program(x, v)), plain(f(x, v)))
    assert program.replays
