"""Chains of transforms drawn at random, on functions that write, view, branch and loop.

The last transform of a chain must give what differences of the chain before it give, so that each link
is tested on all that may stand before it. The chains are of the table in `test_composition.py`.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
from autograd import Tensor, checkpoint, no_grad, stop_gradient, vmap

from .test_composition import TRANSFORMS, X

ONES = {"deriv", "jacobian", "jacobian, forward", "jvp", "linearize"}  # the derivative along ones
CURVED = {"hessian", "hvp", "hessian_tensor_product"}


def writes(x):
    y = anp.zeros_like(x) + 0 * x
    y[0] = anp.sin(x[1])
    y[1:] = x[:2] ** 2
    y[2] *= x[0]
    return y


def views(x):
    y = x * 1.0
    tail = y[1:]
    tail *= 2.0
    tail[0] += y[0] ** 2
    column = y.reshape(3, 1)[:, 0]
    column[2] = anp.exp(column[1])
    return y * x


def complexes(x):
    z = anp.exp(1j * x) * (x + 2j)
    return anp.real(z * anp.conj(z) * z) + anp.abs(z)


def loops(x):
    y = x
    for i in range(3):
        y = anp.tanh(1.3 * y + i * x)
    return y


def containers(x):
    d = {"a": x**2, "b": (x[0], [2 * x[1]])}
    return anp.stack([d["b"][0], d["b"][1][0], anp.sum(d["a"])]) * x


def constants(x):
    with no_grad():
        shift = anp.sum(x) * 1.0
    return anp.sin(x) + 0 * shift + stop_gradient(0 * x)


BODIES = {
    f.__name__: f for f in (writes, views, complexes, loops, containers, constants)
} | {
    "indices": lambda x: anp.take(x, np.array([2, 0, 0])) * x[np.array([1, 1, 2])] + x[::-1] ** 3,
    "sums": lambda x: anp.cumsum(anp.sin(x)) * anp.cumprod(x + 1.5),
    "masks": lambda x: anp.where(x > 0, anp.sqrt(anp.abs(x)), x**2) + anp.maximum(x, -0.05),
    "systems": lambda x: anp.linalg.solve(anp.outer(x, x) + 2 * anp.eye(3), anp.sin(x)),
    "order": lambda x: anp.sort(x) * anp.flip(x) + anp.median(x),
    "norms": lambda x: anp.linalg.norm(x) * x + anp.std(x) * anp.logaddexp(x, x[::-1]),
    "frequencies": lambda x: anp.real(anp.fft.ifft(anp.fft.fft(x) * np.arange(1, 4))) * x,
    "batches": lambda x: vmap(lambda a, b: anp.sin(a) * b + anp.sum(x))(x, x**2),
    "checkpoints": lambda x: checkpoint(lambda y: anp.sin(y) * x[0])(x) * x,
}  # fmt: skip


def plain(out):
    return np.asarray(out.detach() if isinstance(out, Tensor) else out)


def slopes(u, h=1e-5):
    return np.stack([(plain(u(X + e)) - plain(u(X - e))) / (2 * h) for e in h * np.eye(3)], -1)


def expected(name, u):
    """What a transform gives, by differences."""
    a, b = np.array(2.0), np.array(3.0)
    if TRANSFORMS[name][1](a, b) == (a, b):
        return plain(u(X))
    if name in ONES:
        return slopes(u).sum(1)
    if name == "ggnvp":
        return slopes(u).T @ slopes(u).sum(1)
    return slopes(TRANSFORMS["grad"][0](u) if name in CURVED else u).sum(0)


NAMES = sorted(set(TRANSFORMS) - {"holomorphic_grad"})


@given(st.sampled_from(sorted(BODIES)), st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_chains(body, names):
    u = BODIES[body]
    for name in names[:-1]:
        u = TRANSFORMS[name][0](u)
    found, wanted = plain(TRANSFORMS[names[-1]][0](u)(X)), expected(names[-1], u)
    size = max(1.0, np.abs(wanted).max())
    np.testing.assert_allclose(found / size, wanted / size, rtol=1e-4, atol=1e-4)
