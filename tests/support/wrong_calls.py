"""Calls that are wrong for most functions, and right for a few; what counts is how they are refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import tensor
from autograd.errors import AutogradError


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


def refused(wrong: dict[str, Callable], function: Callable[[], Any]) -> dict[str, Exception]:
    """What is refused of the wrong calls, and by which error; `function()` is what they call."""
    found = {}
    for what, call in wrong.items():
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(function())
        except Exception as error:
            found[what] = error
    return found


def faults(errors: dict[str, Exception], *names: str) -> list[str]:
    """Those of the errors that are not typed, or have none of the names."""
    return [
        f"{what}: {type(error).__name__}: {error}"
        for what, error in errors.items()
        if not isinstance(error, AutogradError) or not any(name in str(error) for name in names if name)
    ]
