"""What random training steps are made of: layers, losses, optimisers, schedulers, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from optim import lr_scheduler

from .programs import applied

# ---------------------------------------------------------------- models

LAYERS: dict[str, Callable] = {
    "linear": lambda d: nn.Linear(d, d),
    "linear without bias": lambda d: nn.Linear(d, d, bias=False),
    "layer norm": nn.LayerNorm,
    "batch norm": nn.BatchNorm1d,
    "average of batches": lambda d: nn.BatchNorm1d(d, momentum=None),
    "group norm": lambda d: nn.GroupNorm(1, d),
    "rms norm": nn.RMSNorm,
    "dropout": lambda d: nn.Dropout(0.3),
    "dropout of its own": lambda d: nn.Dropout(0.3, generator=5),
    "tanh": lambda d: nn.Tanh(),
    "sigmoid": lambda d: nn.Sigmoid(),
    "relu": lambda d: nn.ReLU(),
    "prelu": lambda d: nn.PReLU(),
    "gelu": lambda d: nn.GELU(),
    "softmax": lambda d: nn.Softmax(-1),
    "recurrent": lambda d: nn.RNNCell(d, d),
    "embedding": lambda d: _Looking(d),
    "spectral norm": lambda d: nn.utils.parametrizations.spectral_norm(nn.Linear(d, d)),
}
LOSSES: dict[str, Callable] = {
    "cross entropy": F.cross_entropy,
    "smoothed": lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1),
    "nll": lambda o, y: F.nll_loss(F.log_softmax(o, dim=1), y),
    "mse": lambda o, y: F.mse_loss(o, o.detach() * 0.5),
    "huber": lambda o, y: F.smooth_l1_loss(o, o.detach() * 0 + 0.2),
    "binary": lambda o, y: F.binary_cross_entropy_with_logits(o, anp.ones_like(o)),
    "logsumexp": lambda o, y: anp.log(anp.exp(o).sum()),
    "squares": lambda o, y: (o * o).mean(),
    "one column": lambda o, y: ((o - y[:, None]) ** 2).mean(),
}


class _Looking(nn.Module):
    """Adds a row of a table by where the largest is."""

    def __init__(self, d: int):
        super().__init__()
        self.table = nn.Embedding(d, d)

    def forward(self, x: Any) -> Any:
        return x + self.table(anp.argmax(x, axis=-1))


class Net(nn.Module):
    """Layers, calls of functions between them, parameters of its own; the last layer may be the first."""

    def __init__(self, layers: list, plan: list, d: int, tied: bool):
        super().__init__()
        self.layers = nn.ModuleList([LAYERS[name](d) for name in layers])
        if tied:
            self.layers.append(self.layers[0])
        self.scale, self.plan = nn.Parameter(np.linspace(0.5, 1.5, d).astype(np.float32)), plan
        self.offset = nn.Parameter(np.zeros(d, np.float32))
        self.unused = nn.Parameter(np.ones(2, np.float32))
        self.factors = {"k": 1.0}

    def forward(self, x: Any) -> Any:
        seen = [x]
        for i, layer in enumerate(self.layers):
            applied(self.plan[i : i + 1], seen)
            seen.append(layer(seen[-1]))
        return applied(self.plan[len(self.layers) :], seen) * self.scale * self.factors["k"] + self.offset


# ---------------------------------------------------------------- optimisers


def _groups(parameters: Any) -> list[dict[str, Any]]:
    parameters = list(parameters)
    return [{"params": parameters[:1], "lr": 0.03}, {"params": parameters[1:], "weight_decay": 0.01}]


def _matrices(parameters: Any) -> list[Any]:
    return [p for p in parameters if p.ndim == 2] or [nn.Parameter(np.ones((2, 2), np.float32))]


OPTIMIZERS: dict[str, Callable] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "SGD of groups": lambda p: optim.SGD(_groups(p), lr=0.05, momentum=0.5),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "damped": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.1),
    "decay": lambda p: optim.SGD(p, lr=0.02, weight_decay=0.1, maximize=True),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "Adam of groups": lambda p: optim.Adam(_groups(p), lr=0.01, maximize=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "AdamW, plain": lambda p: optim.AdamW(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.3),
    "RMSprop, centred": lambda p: optim.RMSprop(p, lr=0.01, centered=True),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.02, lr_decay=0.1),
    "Adadelta": optim.Adadelta,
    "Adafactor": lambda p: optim.Adafactor(p, lr=0.01),
    "Adamax": lambda p: optim.Adamax(p, lr=0.01),
    "ASGD": lambda p: optim.ASGD(p, lr=0.01, t0=2),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
    "RAdam": lambda p: optim.RAdam(p, lr=0.01),
    "Rprop": lambda p: optim.Rprop(p, lr=0.01),
    "Lion": lambda p: optim.Lion(p, lr=0.01),
    "Muon": lambda p: optim.Muon(_matrices(p), lr=0.01),
}
SCHEDULERS: dict[str, Callable] = {
    "none": lambda o: None,
    "step": lambda o: lr_scheduler.StepLR(o, 2, 0.7),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
    "lambda": lambda o: lr_scheduler.LambdaLR(o, lambda e: 0.9**e),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(
        o, 0.02, total_steps=99, cycle_momentum="momentum" in o.param_groups[0]
    ),
    "warm restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "in sequence": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o), lr_scheduler.ExponentialLR(o, 0.9)], [3]
    ),
    "chained": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
}
CLIPS: dict[str, Callable] = {
    "none": lambda p: None,
    "norm": lambda p: nn.utils.clip_grad_norm_(p, 1.0),
    "norm, largest": lambda p: nn.utils.clip_grad_norm_(p, 0.1, float("inf")),
    "value": lambda p: nn.utils.clip_grad_value_(p, 0.1),
    "scaled": lambda p: [q.grad.mul_(0.5) for q in p if q.grad is not None] and None,
}
