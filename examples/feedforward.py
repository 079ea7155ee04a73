"""Feed-forward network from scratch: Iris and MNIST, without biases, by plain SGD.

    python examples/feedforward.py [--small] [--out runs/feedforward]

The text's choices, kept here: layers have no bias; the cross-entropy on the softmax is summed over
a batch, not averaged, with 1e-8 added to the probabilities; a "loss" is the mean over batches of
such sums, so that it grows with the batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from images28 import mnist
from report import Report, command_line

import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from autograd import no_grad
from nn import plot
from nn.data import load_iris

EPSILON = 1e-8
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "ReLU": nn.ReLU,
    "LeakyReLU(0.01)": lambda: nn.LeakyReLU(0.01),
    "ELU(1)": lambda: nn.ELU(1.0),
}
Data = tuple[np.ndarray, np.ndarray]


def run(report: Report) -> None:
    """The whole course."""
    pictures_of_activations(report)
    iris(report)
    overflow(report)
    kaiming(report)
    batch_norm(report)


def network(sizes: Sequence[int], activation: Callable[[], nn.Module], norm: bool = False) -> nn.Sequential:
    """Linear layers without bias, an activation after each but the last; batch norm before it if asked."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers.append(nn.Linear(a, b, bias=False))
        if norm:
            # the text's momentum 0.9 keeps 0.9 of the running value: 0.1 in PyTorch's sense
            layers.append(nn.BatchNorm1d(b, eps=1e-5, momentum=0.1))
        layers.append(activation())
    return nn.Sequential(*layers[: -2 if norm else -1])


def draw(model: nn.Module, initialiser: Callable, seed: int) -> None:
    """Weights of all layers from an initialiser."""
    generator = np.random.default_rng(seed)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            initialiser(module.weight, generator=generator)


def naive_softmax(x: Any) -> Any:
    """exp(x) / sum(exp(x)), as the text has it: overflows for large x."""
    powers = anp.exp(x)
    return powers / powers.sum(axis=1, keepdims=True)


def stable_softmax(x: Any) -> Any:
    """The same with the largest element subtracted first."""
    return F.softmax(x, dim=1)


def summed_loss(scores: Any, y: np.ndarray, softmax: Callable = stable_softmax) -> Any:
    """-sum(one_hot(y) * log(softmax(scores) + 1e-8)), over a batch."""
    hot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
    return -(hot * anp.log(softmax(scores) + EPSILON)).sum()


def batches(data: Data, size: int, generator: Any = None):
    """Batches in order, or in a new order if a generator is given."""
    x, y = data
    order = np.arange(len(x)) if generator is None else generator.permutation(len(x))
    for start in range(0, len(x), size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]


def train(
    model: nn.Module,
    data: Data,
    held_out: Data,
    *,
    epochs: int,
    rate: float,
    size: int,
    seed: int | None = None,
    softmax: Callable = stable_softmax,
) -> dict[str, list[float]]:
    """SGD; the losses per epoch, and the share of validation rows that are right."""
    optimizer = optim.SGD(model.parameters(), lr=rate)
    generator = None if seed is None else np.random.default_rng(seed)
    history: dict[str, list[float]] = {"train": [], "validation": [], "right": []}
    for _ in range(epochs):
        losses = []
        for x, y in batches(data, size, generator):
            optimizer.zero_grad()
            loss = summed_loss(model(x), y, softmax)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train"].append(float(np.mean(losses)))
        model.eval()
        with no_grad():
            sums = [summed_loss(model(x), y, softmax).item() for x, y in batches(held_out, size)]
            right = (model(held_out[0]).numpy().argmax(1) == held_out[1]).mean()
        model.train()
        history["validation"].append(float(np.mean(sums)))
        history["right"].append(float(right))
    return history


# ---------------------------------------------------------------- the systems


def pictures_of_activations(report: Report) -> None:
    """LeakyReLU and ELU for several slopes and scales."""
    leaky = {f"LeakyReLU, alpha {a}": nn.LeakyReLU(a) for a in (0.01, 0.1, 0.2)}
    ax = plot.function({"ReLU": nn.ReLU(), **leaky}, low=-4, high=2)
    report.save(ax, "leaky_relu.svg")
    report.save(
        plot.function({f"ELU, alpha {a}": nn.ELU(a) for a in (0.5, 1.0, 2.0)}, low=-4, high=2), "elu.svg"
    )


def iris(report: Report) -> None:
    """4-10-3 on Iris: the text's split, whose validation rows are all one class, and a fair one."""
    epochs, seeds = (20, range(1)) if report.small else (200, range(5))
    features, labels = load_iris()
    x = ((features - features.mean(0)) / features.std(0)).astype(np.float32)
    unshuffled, fair = [], []
    for seed in seeds:
        model = network((4, 10, 3), nn.Sigmoid)
        draw(model, nn.init.normal_, seed)
        held_out = (x[120:], labels[120:])
        unshuffled.append(train(model, (x[:120], labels[:120]), held_out, epochs=epochs, rate=0.01, size=8))
        chosen = stratified(labels, 0.2, seed)
        model = network((4, 10, 3), nn.Sigmoid)
        draw(model, nn.init.normal_, seed)
        parts = (x[~chosen], labels[~chosen]), (x[chosen], labels[chosen])
        fair.append(train(model, *parts, epochs=epochs, rate=0.01, size=8, seed=seed))
    ends = {k: float(np.median([h[k][-1] for h in unshuffled])) for k in ("train", "validation")}
    report.add(
        "Iris, first 120 rows: training loss per batch",
        ends["train"],
        text="0.62",
        least=0.4,
        most=0.9,
        whole=True,
    )
    report.add(
        "Iris, last 30 rows: validation loss",
        ends["validation"],
        text="1.89",
        least=1.4,
        most=2.4,
        whole=True,
    )
    right = float(np.median([h["right"][-1] for h in fair]))
    report.add("Iris, stratified: validation accuracy", right, least=0.93, whole=True)
    for name, history in (("iris_unshuffled", unshuffled[0]), ("iris_stratified", fair[0])):
        losses = {k: history[k] for k in ("train", "validation")}
        report.save(plot.curves(losses, ylabel="summed loss per batch of 8"), f"{name}.svg")


def stratified(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A mask that holds out the same share of each class."""
    random, chosen = np.random.default_rng(seed), np.zeros(len(labels), bool)
    for k in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == k))
        chosen[rows[: round(share * len(rows))]] = True
    return chosen


def overflow(report: Report) -> None:
    """784-20-20-10, standard normal weights: the naive softmax overflows, the stable one does not."""
    data = mnist(report.small)
    part, held_out = (data.x[:800], data.y[:800]), (data.test_x[:200], data.test_y[:200])
    for softmax, stable in ((naive_softmax, False), (stable_softmax, True)):
        broken = []
        for name, activation in ACTIVATIONS.items():
            model = network((784, 20, 20, 10), activation)
            draw(model, nn.init.normal_, 0)
            with np.errstate(all="ignore"):
                history = train(
                    model, part, held_out, epochs=1, rate=0.001, size=8, seed=0, softmax=softmax
                )
            if not np.isfinite(history["train"][-1]):
                broken.append(name)
        words = f"NaN with {', '.join(broken)}" if broken else "no NaN"
        what = "stable" if stable else "naive"
        asked = not broken if stable else bool(broken)
        report.add(
            f"standard normal weights, {what} softmax, rate 0.001",
            words,
            text="" if stable else "NaN",
            true=asked,
        )


def kaiming(report: Report) -> None:
    """The same with variance 2 / fan_in (the text's code has fan_out) and a rate of 0.0001."""
    epochs, seeds = (2, range(1)) if report.small else (20, range(5))
    curves: dict[str, list[float]] = {}
    for name, activation in ACTIVATIONS.items():
        falls, right = [], []
        for seed in seeds:
            data, model = mnist(report.small, seed), network((784, 20, 20, 10), activation)
            draw(model, he, seed)
            parts = (data.x, data.y), (data.test_x, data.test_y)
            history = train(model, *parts, epochs=epochs, rate=0.0001, size=8, seed=seed)
            falls.append(history["train"][-1] / history["train"][0])
            right.append(history["right"][-1])
            for k in ("train", "validation"):
                curves.setdefault(f"{name}, {k}", history[k])
        fall = float(np.median(falls))
        report.add(f"784-20-20-10 {name}: last training loss over the first", fall, most=0.98, whole=True)
        report.add(f"784-20-20-10 {name}: validation accuracy", float(np.median(right)))
    report.save(plot.curves(curves, ylabel="summed loss per batch of 8"), "kaiming.svg")


def he(weight: Any, generator: Any) -> Any:
    """Normal with variance 2 / fan_in."""
    return nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


def batch_norm(report: Report) -> None:
    """784-100-100-100-10 with ELU, batch 32, rate 0.0005: with batch norm and without."""
    epochs, seeds = (2, range(1)) if report.small else (20, range(5))
    ends: dict[bool, list] = {True: [], False: []}
    for seed, norm in itertools.product(seeds, (True, False)):
        data = mnist(report.small, seed)
        model = network((784, 100, 100, 100, 10), nn.ELU, norm)
        draw(model, he, seed)
        parts = (data.x, data.y), (data.test_x, data.test_y)
        ends[norm].append(train(model, *parts, epochs=epochs, rate=0.0005, size=32, seed=seed))
    losses = {
        (n, k): float(np.median([h[k][-1] for h in ends[n]])) for n in ends for k in ("train", "validation")
    }
    report.add("batch norm: training loss per batch of 32", losses[True, "train"], text="0.37")
    report.add("batch norm: validation loss", losses[True, "validation"], text="2.68")
    report.add("plain: training loss", losses[False, "train"])
    report.add("plain: validation loss", losses[False, "validation"])
    gain = losses[False, "validation"] / losses[True, "validation"]
    report.add("validation loss, plain over batch norm", gain, least=1.0, whole=True)
    names = {True: "batch norm", False: "plain"}
    curves = {f"{names[n]}, {k}": ends[n][0][k] for n in ends for k in ("train", "validation")}
    report.save(plot.curves(curves, ylabel="summed loss per batch of 32", log=True), "batch_norm.svg")


if __name__ == "__main__":
    command_line(run, __doc__)
