"""What an optimiser keeps for one parameter."""

from __future__ import annotations

import math

import numpy as np

from autograd.addresses import aligned

# Arrays of so many bytes begin at a multiple of the second number.
LARGE, PAGE = 1 << 18, 4096


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array of zeros, a large one from the start of a page.

    malloc puts neighbours 16 bytes further apart than they are long. Just beside a multiple of 1 MiB, a
    processor may take what is read of one for what was written to the other just before, and wait.
    """
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE:
        return np.zeros(shape, dtype)
    return aligned(size, PAGE).view(dtype).reshape(shape)


class Slot:
    """What is kept for one parameter.

    Attributes:
        step: how many updates it has had.
        numbers: Python numbers that change from step to step.
        buffers: what `Optimizer.buffers` said when the state was made.
        state: arrays, in the order of `names`.
        scratch: arrays that a formula may overwrite, of a tile's size at most if it is tiled.
        lent: the dtype of the parameter that its scratch is for.
        ready: the same as `buffers` once there is scratch, else None.
        direct: whether the formula takes the arrays as they are.
        loaded: whether it was loaded, rather than made.
    """

    __slots__ = (
        "buffers", "direct", "lent", "loaded", "names", "numbers", "ready", "scratch", "state", "step",
    )  # fmt: skip

    def __init__(self) -> None:
        self.step = 0
        self.numbers: dict[str, float] = {}
        self.buffers: tuple[str, ...] = ()
        self.names: tuple[str, ...] = ()
        self.state: tuple[np.ndarray, ...] = ()
        self.scratch: tuple[np.ndarray, ...] = ()
        self.lent: np.dtype | None = None
        self.ready: tuple[str, ...] | None = None
        self.direct = True
        self.loaded = False
