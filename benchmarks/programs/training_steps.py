"""Training steps of nine programs, in the vocabulary of whichever library CONTESTANT names.

`eager`, `numba` and `numpy` are ours: as written, and compiled with and without numba. `torch`,
`torch fused` (its fused optimisers), `torch compiled` and `jax` are the peers.
"""

from __future__ import annotations

import itertools
import os

import numpy as np

CONTESTANT = os.environ["CONTESTANT"]
RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


# ------------------------------------------------------------------ what the rows are

LAYERS = {
    "2-3-3-1 sigmoid/MSE, batch 50, SGD": ((2, 3, 3, 1), "Sigmoid", "MSELoss", 50, "SGD"),
    "64-10-10 sigmoid/CE, batch 1, SGD": ((64, 10, 10), "Sigmoid", "CrossEntropyLoss", 1, "SGD"),
    "784-20-20-10 ReLU, batch 8, SGD": ((784, 20, 20, 10), "ReLU", "CrossEntropyLoss", 8, "SGD"),
    "784-512-512-10 ReLU, batch 64, Adam": ((784, 512, 512, 10), "ReLU", "CrossEntropyLoss", 64, "Adam"),
    "784-100-200-10 ReLU, batch 5000, Adam": (
        (784, 100, 200, 10),
        "ReLU",
        "CrossEntropyLoss",
        5000,
        "Adam",
    ),
}
NETWORKS = ("LeNet, batch 64, SGD", "LSTM 32-64, 16x50, SGD", "transformer 2x64, 16x64, AdamW")
FORMULA = "gradient of a formula, 10^6 elements"


def batch(row):
    """The data of a row of LAYERS."""
    sizes, _, loss, n, _ = LAYERS[row]
    y = real(n, sizes[-1]) if loss == "MSELoss" else RNG.integers(0, sizes[-1], n)
    return real(n, sizes[0]), y


# ------------------------------------------------------------------ libraries of modules


def modules(library):
    """The models of all rows, by name: (model, what the loss is taken of, data, loss, optimiser)."""
    nn = library

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(32, 64, batch_first=True), nn.Linear(64, 1)

        def forward(self, x):
            return self.head(self.lstm(x)[0])

    class Characters(nn.Module):
        def __init__(self, mask, order):
            super().__init__()
            self.letters, self.places = nn.Embedding(65, 64), nn.Embedding(64, 64)
            layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, batch_first=True)
            self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(64, 65)
            self.mask, self.order = mask, order

        def forward(self, x):
            x = self.letters(x) + self.places(self.order)
            return self.head(self.encoder(x, mask=self.mask, is_causal=True)).reshape(-1, 65)

    def mlp(row):
        sizes, activation, loss, _, optimizer = LAYERS[row]

        def build(convert):
            layers = []
            for i, (a, b) in enumerate(itertools.pairwise(sizes)):
                layers.append(nn.Linear(a, b))
                if i < len(sizes) - 2:
                    layers.append(getattr(nn, activation)())
            return nn.Sequential(*layers)

        return build, batch(row), loss, optimizer

    def lenet(convert):
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, 10),
        )  # fmt: skip

    def characters(convert):
        return Characters(convert(np.triu(np.ones((64, 64), bool), 1)), convert(np.arange(64)))

    text = RNG.integers(0, 65, (16, 65))
    found = {row: mlp(row) for row in LAYERS}
    found[NETWORKS[0]] = lenet, (real(64, 1, 28, 28), RNG.integers(0, 10, 64)), "CrossEntropyLoss", "SGD"
    found[NETWORKS[1]] = lambda convert: Last(), (real(16, 50, 32), real(16, 50, 1)), "MSELoss", "SGD"
    data = text[:, :-1].copy(), text[:, 1:].reshape(-1)
    found[NETWORKS[2]] = characters, data, "CrossEntropyLoss", "AdamW"
    return found


def training(nn, optim, convert, finish, **fused):
    """A program for each model: one step of training."""

    def program(build, data, loss, optimizer):
        state = {}

        def make():
            model = build(convert)
            opt = getattr(optim, optimizer)(model.parameters(), lr=1e-3, **fused)
            loss_of, x, y = getattr(nn, loss)(), *map(convert, data)

            def step(x, y):
                opt.zero_grad()
                value = loss_of(model(x), y)
                value.backward()
                opt.step()
                return value

            step = finish(step, model, opt)
            for _ in range(5):
                step(x, y)
            state["run"] = lambda: step(x, y)
            run.parameters = sum(p.nbytes for p in model.parameters())

        def run():
            if not state:
                make()
            state["run"]()

        return run

    return {name: program(*parts) for name, parts in modules(nn).items()}


# ------------------------------------------------------------------ ours


def ours():
    import autograd
    import autograd.numpy as anp
    import nn
    import optim

    if CONTESTANT == "numpy":
        from autograd.compiling.kernels import native

        native.available = lambda: False
    compiled = CONTESTANT != "eager"

    def finish(step, model, opt):
        return autograd.compile(step, state=(model, opt), strict=True) if compiled else step

    def formula(x):
        return (anp.tanh(x) * anp.exp(-x * x) + anp.sin(x) / (1 + x * x)).sum()

    found = training(nn, optim, lambda array: array, finish)
    slope, x = autograd.grad(formula), real(10**6)
    slope = autograd.compile(slope, strict=True) if compiled else slope
    return found | {FORMULA: lambda: slope(x)}


# ------------------------------------------------------------------ the peers


def torch_():
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))

    def finish(step, model, opt):
        return torch.compile(step) if CONTESTANT == "torch compiled" else step

    def slope(x):
        x = x.detach().requires_grad_()
        (torch.tanh(x) * torch.exp(-x * x) + torch.sin(x) / (1 + x * x)).sum().backward()
        return x.grad

    fused = {"fused": True} if CONTESTANT == "torch fused" else {}
    found = training(torch.nn, torch.optim, torch.from_numpy, finish, **fused)
    slope = torch.compile(slope) if CONTESTANT == "torch compiled" else slope
    x = torch.from_numpy(real(10**6))
    return found | {FORMULA: lambda: slope(x)}


def jax_():
    import jax
    import jax.numpy as jnp

    activations = {"Sigmoid": jax.nn.sigmoid, "ReLU": jax.nn.relu}

    def mlp(row):
        sizes, activation, loss, _, optimizer = LAYERS[row]
        x, y = (jnp.asarray(a) for a in batch(row))
        layers = [(jnp.asarray(0.1 * real(b, a)), jnp.zeros(b)) for a, b in itertools.pairwise(sizes)]

        def loss_of(layers, x, y):
            for w, b in layers[:-1]:
                x = activations[activation](x @ w.T + b)
            x = x @ layers[-1][0].T + layers[-1][1]
            if loss == "MSELoss":
                return ((x - y) ** 2).mean()
            return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()

        @jax.jit
        def sgd(state, x, y):
            value, grads = jax.value_and_grad(loss_of)(state, x, y)
            return jax.tree.map(lambda p, g: p - 1e-3 * g, state, grads), value

        @jax.jit
        def adam(state, x, y):
            layers, m, v, t = state
            value, grads = jax.value_and_grad(loss_of)(layers, x, y)
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
            a, b = 1 - 0.9 ** (t + 1), 1 - 0.999 ** (t + 1)
            layers = jax.tree.map(
                lambda p, m, v: p - 1e-3 * (m / a) / (jnp.sqrt(v / b) + 1e-8), layers, m, v
            )
            return (layers, m, v, t + 1), value

        zeros = jax.tree.map(jnp.zeros_like, layers)
        state = [layers if optimizer == "SGD" else (layers, zeros, zeros, 0.0)]
        step = sgd if optimizer == "SGD" else adam

        def run():
            state[0], value = step(state[0], x, y)
            value.block_until_ready()

        return run

    @jax.jit
    @jax.grad
    def slope(x):
        return (jnp.tanh(x) * jnp.exp(-x * x) + jnp.sin(x) / (1 + x * x)).sum()

    x = jnp.asarray(real(10**6))
    return {row: mlp(row) for row in LAYERS} | {FORMULA: lambda: slope(x).block_until_ready()}


PROGRAMS = (
    ours() if CONTESTANT in ("eager", "numba", "numpy") else jax_() if CONTESTANT == "jax" else torch_()
)
