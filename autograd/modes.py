"""Switching the recording of gradients off and on, per thread."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .tape import enter_unusual, leave_unusual, mode


class _GradMode:
    """A context manager, and a decorator, that sets whether calls are recorded."""

    recording: bool

    def __new__(cls, function: Callable | None = None) -> Any:
        mode = super().__new__(cls)
        mode._before = []
        # `@no_grad` without parentheses is handed the function
        return mode if function is None else mode(function)

    _before: list[bool]

    def __enter__(self) -> None:
        self._before.append(mode.grad)
        mode.grad = self.recording
        # even enabling is unusual: that it may end inside a no_grad() must not depend on order
        enter_unusual()

    def __exit__(self, *exception: Any) -> None:
        leave_unusual()
        mode.grad = self._before.pop()

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            with type(self)():
                return function(*args, **options)

        return inside


class no_grad(_GradMode):
    """Within, nothing is recorded: results do not require grad.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(2.0, requires_grad=True)
        >>> with no_grad():
        ...     y = x * x
        >>> y.requires_grad
        False
    """

    recording = False


class enable_grad(_GradMode):
    """Within, calls are recorded, also inside `no_grad()`.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(2.0, requires_grad=True)
        >>> with no_grad(), enable_grad():
        ...     y = x * x
        >>> y.requires_grad
        True
    """

    recording = True


def is_grad_enabled() -> bool:
    """Whether calls in this thread are recorded.

    Example:
        >>> is_grad_enabled()
        True
    """
    return mode.grad
