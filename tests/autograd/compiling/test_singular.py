"""Derivatives where factors are infinite and cotangents zero: what NumPy reports decides, compiled too."""

from __future__ import annotations

import os

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from tests.support.compiling import outcome, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")

VALUES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, np.nan, 710, 2.0])
FUNCTIONS = {
    "sqrt": anp.sqrt,
    "log": anp.log,
    "arcsin": anp.arcsin,
    "quotient": lambda x: 1 / x,
    "power": lambda x: x**0.5,
    "norm": lambda x: anp.linalg.norm(x, axis=0),
}
MORE = {
    "cbrt": anp.cbrt,
    "log1p": anp.log1p,
    "exp": anp.exp,
    "sinh": anp.sinh,
    "prod": lambda x: anp.prod(x, axis=0),
    "std": lambda x: anp.std(x, axis=0),
    "arctan2": lambda x: anp.arctan2(x, x[::-1]),
}
if os.environ.get("HYPOTHESIS_PROFILE", "default") != "default":
    FUNCTIONS |= MORE


def weighted(f, v):
    return lambda z: (f(z) * v[0]).sum()


TRANSFORMS = {
    "jvp": lambda f, x, v: autograd.jvp(f, (x,), (v,)),
    "grad": lambda f, x, v: autograd.grad(weighted(f, v))(x),
    "grad of grad": lambda f, x, v: autograd.grad(lambda z: autograd.grad(weighted(f, v))(z).sum())(x),
    "jvp of grad": lambda f, x, v: autograd.jvp(autograd.grad(lambda z: (f(z) ** 2).sum()), (x,), (v,)),
    "grad of jvp": lambda f, x, v: autograd.grad(lambda z: autograd.jvp(f, (z,), (v,))[1].sum())(x),
    "hvp": lambda f, x, v: autograd.hvp(weighted(f, v))(x, v),
    "hessian": lambda f, x, v: autograd.hessian(weighted(f, v))(x),
}


# A direction of 0 masks for a program, where what it is multiplied by is infinite; eagerly it gives NaN.
# Where a program is made for such values it differs, and the function runs eagerly.
DIRECTIONS_OF_0 = {("arcsin", "jvp of grad")}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_compiled_as_eager(function, transform, order):
    def f(x, v):
        return TRANSFORMS[transform](FUNCTIONS[function], x, v)

    program, rng = autograd.compile(f), np.random.default_rng(1)
    for i in range(10):
        x = rng.choice(VALUES, size=(2, 3)) if i % 2 else rng.normal(size=(2, 3))
        v = rng.choice([0.0, 0.0, 1.0, -2.0], size=(2, 3)) if i % 3 else rng.normal(size=(2, 3))
        given = [np.asarray(a, order=order) for a in (x, v)]
        assert same(outcome(f, *given), quietly(outcome, program, *given))
    assert bool(program.fallback) == ((function, transform) in DIRECTIONS_OF_0)


def test_constants_do_not_take_the_names_that_guards_use():
    layer = nn.PReLU()
    opt = optim.NAdam(layer.parameters(), lr=0.01)

    def step(x):
        opt.zero_grad(set_to_none=False)
        out = F.softmax(np.hypot(layer(x), x + 2), dim=-1)
        np.log(np.exp(out - out.mean(axis=-1, keepdims=True)).sum()).backward()
        opt.step()

    program = autograd.compile(step, state=(layer, opt), strict=True)
    for i in range(6):
        program(np.random.default_rng(i).normal(size=(5, 3)).astype(np.float32))
    assert program.replays
