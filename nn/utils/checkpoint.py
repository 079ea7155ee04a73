"""Less memory for more time: parts of a model that keep nothing for the sweep, and run again in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import autograd
from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.transforms.replaying import twice

from ..containers import Sequential

__all__ = ["checkpoint", "checkpoint_sequential"]

CHECKS = ("default", "none")


def _no_contexts() -> tuple:
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable = _no_contexts,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which nothing is kept but the arguments; see `autograd.checkpoint`.

    Args:
        function: a module, or any function; what it refers to gets its gradients.
        use_reentrant, debug, early_stop: PyTorch's; there is one way here, and they change nothing.
        context_fn: gives two contexts, for the first run and for the one in the sweep.
        determinism_check: "default" compares the results of both runs, "none" only their shapes.
        preserve_rng_state: have dropout and its kin draw the same masks again.

    Errors: ArgumentError for an unknown determinism_check; in the sweep, GradientError if the function
    gives another result when it runs again.

    Example:
        >>> import numpy as np, nn
        >>> block = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Tanh())
        >>> checkpoint(block, np.ones((3, 2), np.float32), use_reentrant=False).sum().backward()
        >>> block[0].weight.grad.shape
        (8, 2)
    """
    if determinism_check not in CHECKS:
        raise ArgumentError(
            f"checkpoint: determinism_check must be one of {CHECKS}, got {determinism_check!r}"
        )
    if context_fn is not _no_contexts:
        function = twice(function, *context_fn())
    checks = determinism_check == "default"
    made = autograd.checkpoint(function, preserve_rng_state=preserve_rng_state, determinism_check=checks)
    return made(*args, **kwargs)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **options: Any,
) -> Any:
    """The functions one after another, in segments that keep their inputs alone.

    Args:
        functions: a `Sequential`, or modules or functions in order.
        segments: how many; all of the same length but for the last, which has what is over. That one is
            no checkpoint: the sweep needs it first.
        input: what the first function takes.
        use_reentrant, preserve_rng_state, options: as of `checkpoint`.

    Errors: ArgumentError for a number of segments that is not from 1 to that of the functions.

    Example:
        >>> import numpy as np, nn
        >>> model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU())
        >>> checkpoint_sequential(model, 2, np.ones((3, 2), np.float32)).shape
        (3, 4)
    """
    layers: Sequence = list(functions) if isinstance(functions, (Sequential, Iterable)) else []
    if not layers or not all(map(callable, layers)):
        raise OperandError(
            "checkpoint_sequential: functions must be a Sequential, or functions, got "
            f"{describe(functions)}"
        )
    if type(segments) is not int or not 1 <= segments <= len(layers):
        raise ArgumentError(
            f"checkpoint_sequential: segments must be from 1 to {len(layers)}, got {segments!r}"
        )
    size = len(layers) // segments
    for start in range(0, size * (segments - 1), size):
        part = _Run(layers[start : start + size])
        input = checkpoint(part, input, preserve_rng_state=preserve_rng_state, **options)
    return _Run(layers[size * (segments - 1) :])(input)


class _Run:
    """Some functions, one after another."""

    def __init__(self, functions: Sequence):
        self.functions = functions

    def __call__(self, input: Any) -> Any:
        for function in self.functions:
            input = function(input)
        return input
