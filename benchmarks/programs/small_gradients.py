"""Programs whose gradients are many small operations; run with either package called `autograd`."""

from __future__ import annotations

import numpy

import autograd.numpy as np
from autograd import grad


def chain(x):
    """50 sines, one after the other."""
    for _ in range(50):
        x = np.sin(x)
    return x


_rng = numpy.random.default_rng(0)
WEIGHTS = tuple(_rng.normal(size=(64, 64)) * 0.1 for _ in range(2)), numpy.zeros(64)
INPUTS = _rng.normal(size=(20, 16, 64))


def recurrent(weights, inputs):
    """A recurrent network of width 64 over 20 steps."""
    (w, u), b = weights
    h = numpy.zeros(inputs.shape[1:])
    for x in inputs:
        h = np.tanh(np.dot(x, w) + np.dot(h, u) + b)
    return np.sum(h**2)


_chain, _recurrent = grad(chain), grad(recurrent)

PROGRAMS = {
    "50 sines of a scalar": lambda: _chain(1.0),
    "20-step RNN of width 64, batch 16": lambda: _recurrent(WEIGHTS, INPUTS),
    "20-step RNN of width 64, batch 1": lambda: _recurrent(WEIGHTS, INPUTS[:, :1]),
}
