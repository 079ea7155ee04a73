"""Random programs to compile, for hypothesis: functions under transforms, and what happens between calls.

A program is drawn as data, names and numbers, and built twice from that: one runs as it is, one compiled.
This file has the functions; `training.py` puts the same calls between layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
import nn.functional as F

from .compiling import outcome, quietly


def _written(x, y):
    z = x * 1
    z[0] = y[0] * 2
    z[:, 1:] += y[:, :1]
    z *= 0.5
    return z


def _unseen(x, y):
    with autograd.no_grad():
        scale = 1 / (1 + anp.abs(y).max())
    return x * scale


def _by_rows(x, y):
    return autograd.vmap(lambda a, b: anp.tanh(a) * b + (a * b).sum())(x, y)


# Each takes an array of two axes, and another of its shape, and gives one of that shape.
CALLS: dict[str, Callable] = {
    "tanh": lambda x, y: anp.tanh(x),
    "sine": lambda x, y: np.sin(x),
    "exp": lambda x, y: anp.exp(x) * 0.1,
    "exponential": lambda x, y: np.exp(-np.abs(x)),
    "relu": lambda x, y: F.relu(x),
    "gelu": lambda x, y: F.gelu(x),
    "log": lambda x, y: anp.log(x * x + 1),
    "sqrt": lambda x, y: anp.sqrt(x * x + 0.5),
    "quotient": lambda x, y: x / (1 + x * x),
    "power": lambda x, y: anp.power(anp.abs(x) + 0.1, 1.5),
    "root": lambda x, y: (x * x + 1) ** 0.5,
    "softmax": lambda x, y: F.softmax(x, dim=-1),
    "layer norm": lambda x, y: F.layer_norm(x, x.shape[-1:]),
    "where": lambda x, y: anp.where(x > 0, x, x * 0.3),
    "choice": lambda x, y: np.where(x > y, x, 2 * y),
    "mask": lambda x, y: x * (y > 0),
    "masked logarithm": lambda x, y: anp.where(x > 0, anp.log(anp.where(x > 0, x, 1)), y),
    "clip": lambda x, y: anp.clip(x, -0.7, 0.7),
    "sort": lambda x, y: anp.sort(x, axis=-1),
    "sorted": lambda x, y: np.sort(x, axis=1) + y,
    "ordered": lambda x, y: anp.take_along_axis(y, anp.argsort(x, axis=0), axis=0),
    "cumsum": lambda x, y: anp.cumsum(x, axis=-1) * 0.3,
    "accumulated": lambda x, y: np.cumsum(x, 0) - np.cumprod(y, 1),
    "centred": lambda x, y: x - x.mean(axis=-1, keepdims=True),
    "rows": lambda x, y: x - x.mean(0),
    "columns": lambda x, y: x / (1 + np.abs(y).sum(1, keepdims=True)),
    "scaled": lambda x, y: x / (x.std(axis=0, keepdims=True) + 1),
    "variance": lambda x, y: x + np.var(y, axis=0),
    "sums": lambda x, y: x.sum(axis=0, keepdims=True) + x * 0.2,
    "largest": lambda x, y: x.max(axis=1, keepdims=True) + x,
    "below the largest": lambda x, y: x - x.max(1, keepdims=True),
    "median": lambda x, y: anp.median(x, axis=0) + x,
    "product": lambda x, y: anp.prod(x, axis=1, keepdims=True) * 0.01 + x,
    "reversed": lambda x, y: x[::-1] * 1.1,
    "both reversed": lambda x, y: x[::-1] + y[:, ::-1],
    "rolled": lambda x, y: anp.roll(x, 1, axis=0),
    "joined": lambda x, y: anp.concatenate([x[:1], x[1:] * 2], axis=0),
    "shifted": lambda x, y: np.concatenate([x[1:], y[:1]]),
    "stacked": lambda x, y: np.stack([x, y])[1] + x,
    "padded": lambda x, y: anp.pad(x, ((0, 0), (1, 0)))[:, : x.shape[1]],
    "halved": lambda x, y: anp.take(x, np.arange(len(x)) // 2, axis=0),
    "taken": lambda x, y: x[np.array([0, 0, 1])[: len(x)].repeat(len(x))[: len(x)]] + y,
    "transposed": lambda x, y: (x.T * 1.5).T,
    "both transposed": lambda x, y: (x.T + y.T).T,
    "reshaped": lambda x, y: (x.reshape(-1) + y.ravel()).reshape(x.shape),
    "repeated": lambda x, y: anp.repeat(x, 2, axis=0)[::2],
    "tiled": lambda x, y: np.tile(x, (2, 1))[: len(x)] + y,
    "broadcast": lambda x, y: x + y[:1] + y[:, :1],
    "written": _written,
    "norms": lambda x, y: anp.linalg.norm(x, axis=1, keepdims=True) * 0.1 + x,
    "norm": lambda x, y: x / (1 + np.linalg.norm(y)),
    "spectrum": lambda x, y: anp.fft.ifft(anp.fft.fft(x, axis=0), axis=0).real,
    "solved": lambda x, y: anp.linalg.solve(x.T @ x * 0.1 + np.eye(x.shape[1], dtype=x.dtype), x.T).T,
    "nan_to_num": lambda x, y: anp.nan_to_num(x),
    "add": lambda x, y: x + y,
    "difference": lambda x, y: x - 0.5 * y,
    "multiply": lambda x, y: x * y * 0.5,
    "divide": lambda x, y: x / (y * y + 1),
    "maximum": lambda x, y: anp.maximum(x, y),
    "hypot": lambda x, y: anp.hypot(x, y + 2),
    "matmul": lambda x, y: x @ (y.T @ y) * 0.1,
    "product of matrices": lambda x, y: x @ (y.T @ x),
    "einsum": lambda x, y: anp.einsum("ij,kj->ik", x, y) @ y * 0.05,
    "arctan2": lambda x, y: anp.arctan2(x, y * y + 1),
    "stopped": lambda x, y: x * autograd.stop_gradient(anp.tanh(y)),
    "no_grad": _unseen,
    "vmap": _by_rows,
    "checkpoint": lambda x, y: autograd.checkpoint(lambda a: anp.sin(a) * y)(x),
}  # fmt: skip
NUMBERS = st.integers(0, 5)
PLANS = st.lists(st.tuples(st.sampled_from(sorted(CALLS)), NUMBERS, NUMBERS), min_size=1, max_size=6)


def applied(plan: list, seen: list) -> Any:
    """The last value of a chain of calls on what was seen, counted from the last; `seen` grows."""
    for name, i, j in plan:
        seen.append(CALLS[name](seen[-1 - i % len(seen)], seen[-1 - j % len(seen)]))
    return seen[-1]


def _squares(f: Callable) -> Callable:
    return lambda *a: (f(*a) ** 2).sum()


def _several(f: Callable) -> Callable:
    def results(x, w):
        found = f(x, w)
        return found, (found, found.T), found.sum(), found[0] * 2

    return results


TRANSFORMS: dict[str, Callable] = {
    "none": lambda f: f,
    "several": _several,
    "grad": lambda f: autograd.grad(_squares(f), (0, 1)),
    "grad of a sum": lambda f: autograd.grad(lambda *a: f(*a).sum(), (0, 1)),
    "value_and_grad": lambda f: autograd.value_and_grad(_squares(f)),
    "elementwise_grad": autograd.elementwise_grad,
    "vjp": lambda f: lambda x, w: autograd.vjp(lambda z: f(z, w), x)[1](np.ones(x.shape, x.dtype)),
    "jvp": lambda f: lambda x, w: autograd.jvp(lambda z: f(z, w), (x,), (np.ones_like(x) * 0.5,)),
    "checkpoint": lambda f: autograd.grad(_squares(autograd.checkpoint(f))),
    "hvp": lambda f: lambda x, w: autograd.hvp(lambda z: _squares(f)(z, w))(x, x * 0.5),
    "hessian": lambda f: lambda x, w: autograd.hessian(lambda z: _squares(f)(z, w))(x),
    "jacobian": lambda f: lambda x, w: autograd.jacobian(lambda z: f(x, z))(w),
    "grad of grad": lambda f: autograd.grad(_squares(autograd.grad(_squares(f)))),
    "vmap": lambda f: lambda x, w: autograd.vmap(f, in_axes=(0, None))(np.stack([x, x * 0.5]), w),
    "vmap of grad": lambda f: lambda x, w: autograd.vmap(autograd.grad(_squares(f)), in_axes=(0, None))(
        np.stack([x, x * 0.5]), w
    ),
}  # fmt: skip


class Kind(NamedTuple):
    """Arguments of a function: in C order, in Fortran order, or with gaps; arrays or Tensors."""

    shape: tuple
    dtype: str
    layout: str
    tensors: bool

    def arrays(self, rng: Any, zeros: bool) -> tuple:
        return tuple(self._array(rng, shape, zeros) for shape in (self.shape, self.shape[1:]))

    def _array(self, rng: Any, shape: tuple, zeros: bool) -> Any:
        x = rng.normal(size=shape).astype(self.dtype)
        if zeros:
            x[0] = 0
        x = (
            np.repeat(x, 2, axis=-1)[..., ::2]
            if self.layout == "gaps"
            else np.asarray(x, order=self.layout)
        )
        return autograd.tensor(x) if self.tensors else x


# What may change before a few calls of one kind, among what the function finds by name.
CHANGES = ["nothing", "a number", "an array", "its memory", "zeros"]


class Function(NamedTuple):
    """A chain of calls under a transform, and the periods of its life: kinds of arguments, and changes."""

    plan: list
    transform: str
    periods: list

    def run(self, wrap: Callable) -> tuple[list, Any]:
        """What all calls give, with the kind of their arguments; `wrap(function)` is what is called."""
        factor, offset = 1.0, np.zeros(1)

        def body(x, w):
            x = x * factor + offset.astype(x.dtype)
            return applied(self.plan, [x, x * w]) * w

        act, found, rng = wrap(TRANSFORMS[self.transform](body)), [], np.random.default_rng(len(self.plan))

        def call(kind, zeros):
            found.append((kind, quietly(outcome, act, *kind.arrays(rng, zeros))))

        for i, (kind, change) in enumerate(self.periods):
            if change == "a number":
                factor += 0.5
            elif change == "an array":
                offset = np.full(1, i / 4)
            elif change == "its memory":
                offset += 0.25
            for j in range(4 if i else 5):
                call(kind, change == "zeros" and j != 1)
        for kind, _ in self.periods:
            call(kind, False)
        return found, act


KINDS = st.builds(
    Kind,
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(["float64", "float32"]),
    st.sampled_from(["C", "F", "gaps"]),
    st.booleans(),
)
FUNCTIONS = st.builds(
    Function,
    PLANS,
    st.sampled_from(sorted(TRANSFORMS)),
    st.lists(st.tuples(KINDS, st.sampled_from(CHANGES)), min_size=1, max_size=3),
)
