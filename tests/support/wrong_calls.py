"""Calls that are wrong for most functions, and right for a few; what counts is how they are refused."""

from __future__ import annotations

import numpy as np

from autograd import tensor


def leaf(*shape):
    """A tensor of 1, 2, 3, ... that requires grad."""
    return tensor(1.0 + np.arange(np.prod(shape, dtype=int)).reshape(shape), requires_grad=True)


WRONG = {
    "an unknown keyword": lambda f: f(leaf(2, 3), nonsense=1),
    "an unknown keyword of two": lambda f: f(leaf(2, 3), leaf(2, 3), nonsense=1),
    "text": lambda f: f("abc", leaf(2, 3)),
    "text as the second": lambda f: f(leaf(2, 3), "abc"),
    "an object": lambda f: f(leaf(2, 3), object()),
    "nothing": lambda f: f(leaf(2, 3), None),
    "a dict as the second": lambda f: f(leaf(2), {"a": leaf(2)}),
    "shapes that do not fit": lambda f: f(leaf(2, 3), leaf(4, 5)),
}
