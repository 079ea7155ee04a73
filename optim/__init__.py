"""Optimisers in PyTorch's vocabulary. They take parameters, never modules."""

from __future__ import annotations

import autograd

if not hasattr(autograd, "Tensor"):
    raise ImportError(
        "the `autograd` that Python finds is not Wengert's: the distribution `autograd` (HIPS "
        "autograd) owns the same import name. Repair: pip uninstall -y autograd wengert && "
        "pip install wengert"
    )

from . import lr_scheduler, swa_utils
from .adafactor import Adafactor
from .adagrad import Adadelta, Adagrad
from .adam import Adam, AdamW
from .adam_kin import Adamax, NAdam, RAdam
from .asgd import ASGD
from .lbfgs import LBFGS
from .lion import Lion
from .muon import Muon
from .optimizer import Optimizer
from .rmsprop import RMSprop, Rprop
from .sgd import SGD
from .state import OptimizerStateError

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "OptimizerStateError",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]
