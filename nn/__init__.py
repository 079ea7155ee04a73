"""Neural networks in PyTorch's vocabulary, on `autograd`.

    import nn, optim
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

Parameters are float32 unless told otherwise. Every module takes ndarrays as well as Tensors.
"""

from __future__ import annotations

import autograd

if not hasattr(autograd, "Tensor"):
    raise ImportError(
        "the `autograd` that Python finds is not Wengert's: the distribution `autograd` (HIPS "
        "autograd) owns the same import name. Repair: pip uninstall -y autograd wengert && "
        "pip install wengert"
    )

from . import data, functional, init
from .activations import ELU, LeakyReLU, ReLU, Sigmoid, Tanh
from .containers import Sequential
from .linear import Linear
from .losses import CrossEntropyLoss, MSELoss
from .module import Module, StateDictError
from .parameter import Parameter
from .random import default_generator, manual_seed

__all__ = [
    "ELU",
    "CrossEntropyLoss",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "StateDictError",
    "Tanh",
    "data",
    "default_generator",
    "functional",
    "init",
    "manual_seed",
]
