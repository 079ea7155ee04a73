"""The gradient of each of 1,000 examples of a 64-32-10 network: with JAX if it is there, else ours."""

from __future__ import annotations

import importlib.util

import numpy as onp

WITH_JAX = importlib.util.find_spec("jax") is not None
if WITH_JAX:
    import jax
    import jax.numpy as np
else:
    import autograd as jax
    import autograd.numpy as np

RNG = onp.random.default_rng(0)


def _drawn(*shape: int) -> onp.ndarray:
    return RNG.normal(0, 0.1, shape).astype(onp.float32)


PARAMETERS = {"w1": _drawn(32, 64), "b1": _drawn(32), "w2": _drawn(10, 32), "b2": _drawn(10)}
X, Y = 10 * _drawn(1000, 64), RNG.integers(0, 10, 1000)


def loss(p, x, y):
    """The cross-entropy of one example."""
    scores = p["w2"] @ np.tanh(p["w1"] @ x + p["b1"]) + p["b2"]
    return np.log(np.sum(np.exp(scores))) - scores[y]


GRADIENT = jax.grad(loss)
EACH = jax.vmap(GRADIENT, in_axes=(None, 0, 0))
if WITH_JAX:
    EACH = jax.jit(EACH)


def vmapped():
    """All at once."""
    found = EACH(PARAMETERS, X, Y)
    return jax.block_until_ready(found) if WITH_JAX else found


def looped():
    """One after the other."""
    return [GRADIENT(PARAMETERS, x, y) for x, y in zip(X, Y, strict=True)]


PROGRAMS = {"vmap": vmapped, "loop": looped}
if not WITH_JAX:
    A, AT = RNG.normal(0, 0.1, (100, 100)), RNG.normal(size=100)

    def curved(x):
        """A function of 100 variables."""
        return np.log(np.sum(np.exp(A @ x))) + np.sum(x**3)

    SLOPE, CURVATURE = jax.grad(curved), jax.hessian(curved)
    PROGRAMS["100 gradients"] = lambda: [SLOPE(AT) for _ in range(100)]
    PROGRAMS["hessian"] = lambda: CURVATURE(AT)
