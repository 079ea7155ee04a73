"""No float64 array arises inside a float32 training step, not even between two casts.

`test_no_float64.py` looks at what kernels and rules give. Here a profiler looks at every function
of the packages as it returns: what it returns, and what its local names stand for.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.codegen import FAST
from autograd.primitive import REGISTRY

ROOT = str(Path(autograd.__file__).parents[1])
PACKAGES = tuple(f"{ROOT}/{package}/" for package in ("autograd", "nn", "optim"))
WIDE = (np.dtype(np.float64), np.dtype(np.complex128), np.dtype(np.longdouble))

rng = np.random.default_rng(0)
X = rng.normal(size=(6, 3)).astype(np.float32)
IMAGES = rng.normal(size=(2, 5, 3)).astype(np.float32)
SHARES = np.full((6, 4), 0.25, np.float32)
ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.ELU]
# a loss, what the model is given, and the target
LOSSES = {
    "mse": (nn.MSELoss(), X, SHARES),
    "mse sum": (nn.MSELoss("sum"), X, SHARES),
    "mse none": (nn.MSELoss("none"), X, SHARES),
    "classes": (nn.CrossEntropyLoss(), X, np.arange(6) % 4),
    "classes sum": (nn.CrossEntropyLoss(reduction="sum"), X, np.arange(6) % 4),
    "classes none": (nn.CrossEntropyLoss(reduction="none"), X, np.arange(6) % 4),
    "one row": (nn.CrossEntropyLoss(), X[:1], np.array([2])),
    "many rows": (nn.CrossEntropyLoss(), np.tile(X, (10, 1)), np.arange(60) % 4),
    "unbatched": (nn.CrossEntropyLoss(), X[0], np.array(1)),
    "images": (
        nn.CrossEntropyLoss(),
        IMAGES,
        np.array([[0, 1, 2, 3], [4, 2, 1, 0]]),
    ),  # 5 classes, 4 places
    "probabilities": (nn.CrossEntropyLoss(), X, SHARES),
    "probabilities none": (nn.CrossEntropyLoss(reduction="none"), X, SHARES),
    "weighted": (nn.CrossEntropyLoss(np.float32([1, 2, 0.5, 1]), ignore_index=1), X, np.arange(6) % 4),
    "smoothed": (nn.CrossEntropyLoss(np.float32([1, 2, 3, 4]), label_smoothing=0.1), X, np.arange(6) % 4),
    "smoothed probabilities": (nn.CrossEntropyLoss(label_smoothing=np.float64(0.1)), X, SHARES),
    "likelihood": (nn.NLLLoss(np.float32([1, 2, 3, 4])), X, np.arange(6) % 4),
    "l1": (nn.L1Loss(), X, SHARES),
    "huber": (nn.HuberLoss(delta=np.float64(0.5)), X, SHARES),
    "smooth l1": (nn.SmoothL1Loss(beta=np.float64(0.5)), X, SHARES),
    "poisson": (nn.PoissonNLLLoss(full=True), X, SHARES),
    "binary": (nn.BCEWithLogitsLoss(np.float32(2), pos_weight=np.float32([1, 2, 3, 4])), X, SHARES),
    "soft margin": (nn.SoftMarginLoss(), X, 2 * SHARES - 1),
    "hinge": (nn.HingeEmbeddingLoss(), X, np.sign(SHARES)),
    "margins": (nn.MultiMarginLoss(2, np.float64(0.5)), X, np.arange(6) % 4),
    "labels": (nn.MultiLabelSoftMarginLoss(), X, SHARES),
}
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1, maximize=True),
    "dampening": lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.5),
    "nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, 0.1),
    "amsgrad": lambda p: optim.Adam(p, 0.1, amsgrad=True, weight_decay=0.1),
    "maximize": lambda p: optim.Adam(p, 0.1, maximize=True),
}


def is_wide(value) -> bool:
    if isinstance(value, (list, tuple)):
        return any(is_wide(v) for v in value)
    value = getattr(value, "_data", value)
    return isinstance(value, (np.ndarray, np.generic)) and value.dtype in WIDE and value.size > 0


@contextmanager
def inside(found: list):
    """Note every function of the packages that returns, or names, a float64 array or scalar."""

    def look(frame, event, arg):
        code = frame.f_code
        ours = code.co_filename.startswith(("<autograd ", *PACKAGES))
        if event != "return" or not ours:
            return
        if is_wide(arg):
            found.append(f"{code.co_name} returns it")
        found.extend(f"{code.co_name}: {k}" for k, v in frame.f_locals.items() if is_wide(v))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)


def trained(activation, loss, make, steps=3) -> list:
    """What a few steps show that is float64; the first is not looked at: it writes the code."""
    loss_of, x, target = LOSSES[loss]
    model = nn.Sequential(nn.Linear(3, 3), activation(), nn.Linear(3, 4))
    optimizer, found = make(list(model.parameters())), []

    def step():
        optimizer.zero_grad()
        value = loss_of(model(x), target)
        if is_wide(value):
            found.append("the loss")
        value.backward(np.ones(value.shape, value.dtype) if value.ndim else None)
        optimizer.step()

    step()
    with inside(found):
        for _ in range(steps):
            step()
    found += [f"a {what} kept" for what, values in kept(model, optimizer).items() if is_wide(values)]
    return found


def kept(model, optimizer) -> dict[str, list]:
    """What outlives a step."""
    slots = optimizer._slots.values()
    return {
        "parameter": [*model.parameters()],
        "gradient": [p.grad for p in model.parameters()],
        "state": [a for s in slots for a in (*s.state, *s.scratch)],
    }


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_forward_and_backward(activation, loss):
    assert trained(activation, loss, OPTIMIZERS["SGD"]) == []


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("loss", ["mse", "classes"])
def test_updates(name, loss):
    assert trained(nn.Tanh, loss, OPTIMIZERS[name]) == []


def test_a_rate_from_numpy_does_not_widen():
    p = nn.Parameter(np.ones(3, np.float32))
    p.grad = np.ones(3, np.float32)
    for optimizer in (
        optim.SGD([p], np.float64(0.1), momentum=np.float64(0.9)),
        optim.Adam([p], np.float64(0.1)),
    ):
        optimizer.step()
        optimizer.param_groups[0]["lr"] = np.float64(0.05)
        optimizer.step()
        slots = optimizer._slots.values()
        assert not is_wide([p, *(a for s in slots for a in (*s.state, *s.scratch))])


# ------------------------------------------------------------------ the watch itself


def patched(monkeypatch, name, function) -> list:
    trained(nn.Sigmoid, "mse", OPTIMIZERS["SGD"])  # the code exists from here on
    assert name in FAST
    monkeypatch.setitem(FAST, name, function)
    return trained(nn.Sigmoid, "mse", OPTIMIZERS["SGD"])


def test_a_kernel_that_widens_is_seen(monkeypatch):
    before = REGISTRY["sigmoid"].kernel
    found = patched(monkeypatch, "sigmoid_kernel", lambda x: before(x) * np.float64(2))
    assert {"sigmoid returns it", "sigmoid: out", "the loss"} <= set(found)


def test_a_rule_that_widens_is_seen(monkeypatch):
    found = patched(monkeypatch, "sigmoid__0_rule0", lambda g, out: g * (out - out * out) * np.float64(2))
    assert {"pull returns it", "a gradient kept"} <= set(found)


def test_what_widens_and_narrows_again_is_seen(monkeypatch):
    source = "def rule(g, out):\n    wide = out * float64(2)\n    return g * wide.astype(out.dtype)"
    names = {"float64": np.float64}
    exec(compile(source, PACKAGES[0] + "rule.py", "exec"), names)
    found = patched(monkeypatch, "sigmoid__0_rule0", names["rule"])
    assert set(found) == {"rule: wide"}


def test_a_first_cotangent_that_is_wide_is_seen(monkeypatch):
    monkeypatch.setattr(autograd.backward, "first_cotangent", lambda *a: autograd.tensor(1.0))
    assert "a gradient kept" in trained(nn.Sigmoid, "mse", OPTIMIZERS["SGD"])


def test_an_update_that_widens_is_seen():
    class Wide(optim.SGD):
        def update(self, p, g, state, scratch, scalars):
            super().update(p, g * np.float64(1), state, scratch, scalars)

    found = trained(nn.Sigmoid, "mse", lambda p: Wide(p, 0.1))
    assert set(found) == {"update: g"}
