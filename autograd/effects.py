"""Tells who wants to know what is about to change beside results: random generators and buffers.

A function that is run again, as `checkpoint` does, must find everything as it was. So whoever draws
random numbers or writes into memory unrecorded says so beforehand, by `before_draw` and `before_write`,
to the keepers among `mode.keepers`; and a setting that functions run in, such as the parameters of
`nn.functional_call`, is among `mode.settings`, to be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .tape import mode


def before_draw(generator: Any) -> None:
    """Tell the keepers that a generator will be drawn from."""
    for keeper in mode.keepers:
        keeper.note_generator(generator)


def before_write(target: Any) -> None:
    """Tell the keepers that the values of a Tensor or an ndarray will be written, unrecorded."""
    for keeper in mode.keepers:
        keeper.note_buffer(target)


@contextmanager
def setting(make: Callable) -> Iterator[None]:
    """A block in a context `make()`, which is made again where what ran in the block runs again."""
    before = mode.settings
    with make():
        mode.settings = (*before, make)
        try:
            yield
        finally:
            mode.settings = before
