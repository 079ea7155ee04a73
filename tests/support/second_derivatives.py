"""Matrices of second derivatives, by every mixture of modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

import autograd.numpy as anp
from autograd import grad, jvp


def ways(f: Callable, x: np.ndarray) -> dict[str, Callable]:
    """How to find the second derivatives of f at a vector, by the name of the mixture."""
    unit, g = np.eye(len(x)), grad(f)

    def slope(x, t):
        return jvp(f, (x,), (t,))[1]

    return {
        "reverse over reverse": lambda: [grad(lambda x, t=t: anp.sum(g(x) * t))(x) for t in unit],
        "forward over reverse": lambda: [jvp(g, (x,), (t,))[1] for t in unit],
        "reverse over forward": lambda: [grad(lambda x, t=t: slope(x, t))(x) for t in unit],
        "forward over forward": lambda: [
            [jvp(lambda x, t=t: slope(x, t), (x,), (u,))[1] for u in unit] for t in unit
        ],
    }


def hessians(f: Callable, x: np.ndarray) -> Iterator[tuple[str, list]]:
    """Each mixture, and what it gives."""
    for mode, found in ways(f, x).items():
        yield mode, found()
