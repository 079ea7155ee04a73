"""Whole training steps: compiled as eager, bit for bit, over many steps."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim

pytestmark = pytest.mark.usefixtures("numpy_alone")
RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


class Last(nn.Module):
    """A recurrent layer and a head on its last output."""

    def __init__(self, kind):
        super().__init__()
        self.recurrent, self.head = kind(5, 6, batch_first=True), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


class Text(nn.Module):
    """A small transformer over tokens."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x)).mean(1))


CLASSES = RNG.integers(0, 3, 7)
ROWS, IMAGES, SERIES = real(7, 4), real(7, 2, 8, 8), real(7, 5, 5)
TOKENS = RNG.integers(0, 11, (7, 5))


def chain(*modules):
    return lambda: nn.Sequential(*[kind(*arguments) for kind, *arguments in modules])


HEAD = (nn.Linear, 6, 3)
MODELS = {
    "linear": (chain((nn.Linear, 4, 3)), ROWS),
    "mlp": (chain((nn.Linear, 4, 6), (nn.ReLU,), (nn.Linear, 6, 6), (nn.Sigmoid,), HEAD), ROWS),
    "dropout": (chain((nn.Linear, 4, 6), (nn.Dropout, 0.4), (nn.Tanh,), HEAD), ROWS),
    "batch norm": (chain((nn.Linear, 4, 6), (nn.BatchNorm1d, 6), (nn.ELU,), HEAD), ROWS),
    "layer norm": (chain((nn.Linear, 4, 6), (nn.LayerNorm, 6), (nn.GELU,), HEAD), ROWS),
    "convolutions": (
        chain(
            (nn.Conv2d, 2, 3, 3, 1, 1), (nn.ReLU,), (nn.MaxPool2d, 2), (nn.Conv2d, 3, 6, 3),
            (nn.BatchNorm2d, 6), (nn.AvgPool2d, 2), (nn.Flatten,), HEAD,
        ),
        IMAGES,
    ),
    "lstm": (lambda: Last(nn.LSTM), SERIES),
    "gru": (lambda: Last(nn.GRU), SERIES),
    "rnn": (lambda: Last(nn.RNN), SERIES),
    "transformer": (Text, TOKENS),
}  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.05, lr_decay=0.1),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
}


def training(build, optimizer, loss=F.cross_entropy, scheduled=False):
    """A step, its state, and what to look at afterwards."""
    nn.manual_seed(3)
    model = build()
    opt = optimizer(model.parameters())
    scheduler = optim.lr_scheduler.CosineAnnealingLR(opt, 10) if scheduled else None

    def step(x, y):
        opt.zero_grad()
        value = loss(model(x), y)
        value.backward()
        opt.step()
        if scheduler is not None:
            scheduler.step()
        return value

    return step, (model, opt, *([scheduler] if scheduled else [])), model, opt


def trained_alike(build, batch):
    """A program of a training step with Adam, after float32 steps that took it where eager ones lead."""
    step, _, *trained = training(build, OPTIMIZERS["Adam"])
    wanted = trajectory(step, *trained, [batch] * 6)
    step, state, *trained = training(build, OPTIMIZERS["Adam"])
    compiled = autograd.compile(step, state=state, strict=True)
    found = trajectory(compiled, *trained, [batch] * 6)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())
    return compiled


def trajectory(step, model, opt, batches):
    losses = [np.array(step(x, y)._data) for x, y in batches]
    arrays = [np.array(p._data) for p in (*model.parameters(), *model.buffers())]
    grads = [np.array(p.grad._data) for p in model.parameters()]
    state = [np.array(a) for s in opt.state.values() for a in s.values()]
    return [*losses, *arrays, *grads, *state, np.array([g["lr"] for g in opt.param_groups])]


def compare(build, optimizer, data, steps=7, **options):
    batches = [(data[i % 2 :], CLASSES[i % 2 :]) for i in range(2 * steps)]
    step, _, model, opt = training(build, optimizer, **options)
    wanted = trajectory(step, model, opt, batches)
    step, state, model, opt = training(build, optimizer, **options)
    compiled = autograd.compile(step, state=state, strict=True)
    found = trajectory(compiled, model, opt, batches)
    assert compiled.replays >= 2 * steps - 8
    for a, b in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_trains_as_it_does_eagerly(name):
    build, data = MODELS[name]
    compare(build, OPTIMIZERS["Adam"], data)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_steps_as_it_does_eagerly(name):
    build, data = MODELS["mlp"]
    compare(build, OPTIMIZERS[name], data)


def test_schedulers_go_on():
    build, data = MODELS["mlp"]
    compare(build, OPTIMIZERS["Adam"], data, scheduled=True)


def test_gradients_may_accumulate():
    build, data = MODELS["mlp"]

    def run(compiled):
        _, state, model, opt = training(build, OPTIMIZERS["SGD"])

        def accumulate(x, y):
            F.cross_entropy(model(x), y).backward()

        act = autograd.compile(accumulate, state=state, strict=True) if compiled else accumulate
        for _ in range(3):
            opt.zero_grad()
            for _ in range(3):
                act(data, CLASSES)
            opt.step()
        return [np.array(p._data) for p in model.parameters()]

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_the_caller_holds_is_the_callers():
    build, data = MODELS["mlp"]
    step, state, model, _ = training(build, OPTIMIZERS["SGD"])
    compiled = autograd.compile(step, state=state, strict=True)
    for _ in range(5):
        compiled(data, CLASSES)
    weight = next(model.parameters())
    held, loss = weight.grad, compiled(data, CLASSES)
    grads, before = weight.grad, np.array(weight.grad._data)
    kept, value = np.array(held._data), np.array(loss._data)
    raw = grads.numpy()
    for _ in range(3):
        compiled(data, CLASSES)
    np.testing.assert_array_equal(held._data, kept)
    np.testing.assert_array_equal(grads._data, before)
    np.testing.assert_array_equal(raw, before)
    np.testing.assert_array_equal(loss._data, value)


def test_eager_and_compiled_steps_may_alternate():
    build, data = MODELS["batch norm"]

    def run(pattern):
        step, state, model, _ = training(build, OPTIMIZERS["Adam"])
        compiled = autograd.compile(step, state=state, strict=True)
        for use in pattern:
            (compiled if use else step)(data, CLASSES)
        return [np.array(p._data) for p in (*model.parameters(), *model.buffers())]

    for a, b in zip(run([0] * 12), run([1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_graph_that_is_alive_keeps_its_values():
    build, data = MODELS["mlp"]
    step, state, model, _ = training(build, OPTIMIZERS["SGD"])
    compiled = autograd.compile(step, state=state, strict=True)
    for _ in range(4):
        compiled(data, CLASSES)
    loss = F.cross_entropy(model(data), CLASSES)
    before = autograd.gradients(loss, list(model.parameters()), retain_graph=True)
    compiled(data, CLASSES)
    after = autograd.gradients(loss, list(model.parameters()))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_loaded_state_is_taken_up():
    build, data = MODELS["mlp"]

    def run(compile_it):
        step, state, model, opt = training(build, OPTIMIZERS["Adam"])
        if compile_it:
            step = autograd.compile(step, state=state, strict=True)
        for _ in range(5):
            step(data, CLASSES)
        weights, moments = model.state_dict(), opt.state_dict()
        weights = {k: v.copy() for k, v in weights.items()}
        for _ in range(3):
            step(data, CLASSES)
        model.load_state_dict(weights)
        opt.load_state_dict(moments)
        opt.param_groups[0]["lr"] = 0.05
        for _ in range(3):
            step(data, CLASSES)
        return [np.array(p._data) for p in model.parameters()]

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_parameters_and_evaluation_have_programs_of_their_own():
    build, data = MODELS["dropout"]

    def run(compile_it):
        step, state, model, _ = training(build, OPTIMIZERS["SGD"])
        if compile_it:
            step = autograd.compile(step, state=state, strict=True)
        found = []
        for mode in (True, False, True):
            model.train(mode)
            found += [np.array(step(data, CLASSES)._data) for _ in range(4)]
        next(model.parameters()).requires_grad_(False)
        found += [np.array(step(data, CLASSES)._data) for _ in range(4)]
        return found + [np.array(p._data) for p in model.parameters()]

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(a, b)
