"""Dense/ReLU network 784-100-200-10 on MNIST: plain SGD against Adam, by the initial weights.

    python examples/dense.py [--small] [--out runs/dense]

The text calls a normal distribution of scale 2 / fan_in "He"; He's has the variance 2 / fan_in,
and Glorot's the variance 2 / (fan_in + fan_out). All are tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from images28 import Split, mnist
from matplotlib.figure import Figure
from report import Report, command_line

import nn
import optim
from autograd import no_grad
from nn import plot
from nn.data import DataLoader, TensorDataset

SIZES = (784, 100, 200, 10)
# name -> the scale of a layer's weights, from its fan-in and fan-out
SCALES: dict[str, Callable[[int, int], float]] = {
    "scale 0.01": lambda a, b: 0.01,
    "scale 2/n_in (the text's He)": lambda a, b: 2 / a,
    "He": lambda a, b: (2 / a) ** 0.5,
    "Glorot": lambda a, b: (2 / (a + b)) ** 0.5,
}
RUNS = {
    "SGD, scale 0.01": ("sgd", "scale 0.01"),
    "Adam, the text's init": ("adam", "scale 2/n_in (the text's He)"),
    "Adam, He": ("adam", "He"),
    "Adam, Glorot": ("adam", "Glorot"),
}


def run(report: Report) -> None:
    """The whole course."""
    epochs, seeds = (3, range(1)) if report.small else (25, range(5))
    histories = {
        name: [train(mnist(report.small, s), *how, epochs, s) for s in seeds] for name, how in RUNS.items()
    }
    after = min(5, epochs) - 1
    for name, runs in histories.items():
        fifth, last = (float(np.median([h["test"][k] for h in runs])) for k in (after, -1))
        report.add(f"{name}: test accuracy after 5 epochs", fifth)
        report.add(f"{name}: test accuracy after {epochs}", last)
    adam, sgd = (
        np.median([h["test"][after] for h in histories[n]]) for n in ("Adam, He", "SGD, scale 0.01")
    )
    report.add("Adam (He) is ahead of SGD after 5 epochs by", float(adam - sgd), least=0.3, whole=True)
    figure = Figure(figsize=(10, 3.5), layout="constrained")
    for ax, part in zip(figure.subplots(1, 2), ("train", "test"), strict=True):
        plot.curves({n: h[0][part] for n, h in histories.items()}, ax, ylabel=f"{part} accuracy").legend(
            fontsize=7
        )
    report.save(figure, "accuracy.svg")
    data = mnist(report.small)
    titles = [str(label) for label in data.y[:24]]
    report.save(plot.images(data.x[:24].reshape(-1, 28, 28), titles=titles, columns=12), "samples.png")


def build(scale: Callable[[int, int], float], seed: int) -> nn.Module:
    """784-100-200-10 with ReLU; normal weights of this scale, zero biases."""
    generator = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(SIZES):
        linear = nn.Linear(a, b)
        nn.init.normal_(linear.weight, 0.0, scale(a, b), generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train(data: Split, rule: str, init: str, epochs: int, seed: int) -> dict[str, list[float]]:
    """Accuracies per epoch."""
    model = build(SCALES[init], seed)
    if rule == "sgd":
        optimizer: optim.Optimizer = optim.SGD(model.parameters(), lr=0.001)
    else:
        optimizer = optim.Adam(model.parameters(), lr=0.001, betas=(0.9, 0.999), eps=1e-8)
    batch = 5000 if len(data.x) > 5000 else 500
    loader = DataLoader(TensorDataset(data.x, data.y), batch, shuffle=True, generator=seed)
    history: dict[str, list[float]] = {"train": [], "test": []}
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        history["train"].append(accuracy(model, data.x, data.y))
        history["test"].append(accuracy(model, data.test_x, data.test_y))
    return history


def accuracy(model: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """The share of images whose most likely class is the right one."""
    with no_grad():
        return float((model(x).numpy().argmax(1) == y).mean())


if __name__ == "__main__":
    command_line(run, __doc__)
