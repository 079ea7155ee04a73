"""Optimisers in PyTorch's vocabulary. They take parameters, never modules."""

from __future__ import annotations

from .adam import Adam
from .optimizer import Optimizer, OptimizerStateError
from .sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "OptimizerStateError"]
