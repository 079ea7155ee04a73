"""The training steps without modules: by hand in NumPy, and in libraries that have none.

CONTESTANT is `by hand`, `hips` (HIPS autograd) or `mygrad`. The rows are those of `training_steps`.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from pathlib import Path

import numpy as np

CONTESTANT = os.environ["CONTESTANT"]
RNG = np.random.default_rng(0)
LR = 1e-3
# a module of the folder above, whose package has the name of none of the contestants
_spec = importlib.util.spec_from_file_location("by_hand", Path(__file__).parents[1] / "by_hand.py")
by_hand = sys.modules["by_hand"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(by_hand)


def real(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def network(sizes):
    """Weights and biases."""
    pairs = [
        (real(b, a) / np.float32(np.sqrt(a)), np.zeros(b, np.float32)) for a, b in itertools.pairwise(sizes)
    ]
    return [p for pair in pairs for p in pair]


# name -> (sizes, activation, batch, update)
ROWS = {
    "2-3-3-1 sigmoid/MSE, batch 50, SGD": ((2, 3, 3, 1), "sigmoid", 50, by_hand.sgd),
    "64-10-10 sigmoid/CE, batch 1, SGD": ((64, 10, 10), "sigmoid", 1, by_hand.sgd),
    "784-20-20-10 ReLU, batch 8, SGD": ((784, 20, 20, 10), "relu", 8, by_hand.sgd),
    "784-512-512-10 ReLU, batch 64, Adam": ((784, 512, 512, 10), "relu", 64, by_hand.adam),
    "784-100-200-10 ReLU, batch 5000, Adam": ((784, 100, 200, 10), "relu", 5000, by_hand.adam),
}
FORMULA = "gradient of a formula, 10^6 elements"


def data(sizes, batch):
    """Inputs, and targets: numbers for one output, else classes."""
    return real(batch, sizes[0]), real(batch, 1) if sizes[-1] == 1 else RNG.integers(0, sizes[-1], batch)


def hand():
    found = {}
    for name, (sizes, activation, batch, update) in ROWS.items():
        parameters, (x, y) = network(sizes), data(sizes, batch)
        if activation == "relu":
            found[name] = by_hand.relu_step(parameters, x, y, update(parameters, LR))
        else:
            step = by_hand.sigmoid_mse_step if sizes[-1] == 1 else by_hand.sigmoid_ce_step
            found[name] = step(parameters, x, y, LR)
    x = real(10**6)
    return found | {FORMULA: lambda: by_hand.formula_slope(x)}


def hips():
    import autograd.numpy as anp
    from autograd import elementwise_grad, value_and_grad

    def loss_of(parameters, x, y, activation):
        for i in range(0, len(parameters), 2):
            x = x @ parameters[i].T + parameters[i + 1]
            if activation == "sigmoid" and (y.ndim == 2 or i < len(parameters) - 2):
                x = 1 / (1 + anp.exp(-x))
            elif i < len(parameters) - 2:
                x = anp.maximum(x, 0)
        if y.ndim == 2:
            return anp.mean((x - y) ** 2)
        x = x - anp.max(x, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(x), axis=1)) - x[anp.arange(len(y)), y])

    def program(sizes, activation, batch, update):
        parameters, (x, y) = network(sizes), data(sizes, batch)
        gradient, update = value_and_grad(loss_of), update(parameters, LR)

        def step():
            update(gradient(parameters, x, y, activation)[1])

        return step

    x = real(10**6)
    slope = elementwise_grad(lambda x: anp.tanh(x) * anp.exp(-x * x) + anp.sin(x) / (1 + x * x))
    return {name: program(*parts) for name, parts in ROWS.items()} | {FORMULA: lambda: slope(x)}


def mygrad():
    import mygrad as mg
    from mygrad.nnet import softmax_crossentropy
    from mygrad.nnet.activations import relu, sigmoid

    def program(sizes, activation, batch, update):
        parameters, (x, y) = [mg.tensor(p) for p in network(sizes)], data(sizes, batch)
        activate, update = (
            {"relu": relu, "sigmoid": sigmoid}[activation],
            update([p.data for p in parameters], LR),
        )

        def step():
            out = x
            for i in range(0, len(parameters), 2):
                out = mg.matmul(out, parameters[i].T) + parameters[i + 1]
                if i < len(parameters) - 2 or y.ndim == 2:
                    out = activate(out)
            loss = mg.mean((out - y) ** 2) if y.ndim == 2 else softmax_crossentropy(out, y)
            loss.backward()
            update([p.grad for p in parameters])

        return step

    def slope():
        x = mg.tensor(values)
        mg.sum(mg.tanh(x) * mg.exp(-x * x) + mg.sin(x) / (1 + x * x)).backward()
        return x.grad

    values = real(10**6)
    return {name: program(*parts) for name, parts in ROWS.items()} | {FORMULA: slope}


PROGRAMS = {"by hand": hand, "hips": hips, "mygrad": mygrad}[CONTESTANT]()
