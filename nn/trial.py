"""Running a model only to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autograd.graph.state import unchanged
from autograd.modes import no_grad

from .module import Module


@contextmanager
def trial(model: Module) -> Iterator[None]:
    """Within, the model is in evaluation mode, and nothing is recorded.

    Afterwards each module is in the mode that it was in, and buffers and generators are what they were.
    """
    modes = {m: m.training for m in model.modules()}
    try:
        for module in modes:
            module.training = False
        with unchanged(model), no_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training
