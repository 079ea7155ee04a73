"""Optimisers in PyTorch's vocabulary. They take parameters, never modules."""

from __future__ import annotations

import autograd

if not hasattr(autograd, "Tensor"):
    raise ImportError(
        "the `autograd` that Python finds is not Wengert's: the distribution `autograd` (HIPS "
        "autograd) owns the same import name. Repair: pip uninstall -y autograd wengert && "
        "pip install wengert"
    )

from .adam import Adam
from .optimizer import Optimizer, OptimizerStateError
from .sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "OptimizerStateError"]
