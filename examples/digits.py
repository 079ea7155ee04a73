"""Trains a multilayer perceptron on real handwritten digits; leaves a curve and a graph.

    python examples/digits.py [--epochs 40] [--seed 0] [--out runs/digits]

The data are the 1,797 images of 8 x 8 pixels that come with `nn.data`; 15 % are held out.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import nn
import optim
from autograd import graph, no_grad
from autograd.files import write_whole
from nn.data import DataLoader, TensorDataset, load_digits, random_split

matplotlib.use("svg")

from matplotlib.figure import Figure


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/digits"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    train_set, test_set = split(options.seed)
    model, history = train(train_set, test_set, options.epochs, options.seed)
    curve = draw_curve(history, options.out / "curve.svg")
    picture = draw_step(model, train_set, options.out / "graph.svg")

    print(f"train accuracy  {history[-1]['train']:.4f}   ({len(train_set)} images)")
    print(f"test accuracy   {history[-1]['test']:.4f}   ({len(test_set)} images)")
    print(f"loss and accuracy per epoch:         {curve}")
    print(f"computational graph of one step:     {picture}")


def split(seed: int) -> tuple[Any, Any]:
    """The digits, scaled to [0, 1] and flat, with 15 % held out."""
    digits = load_digits()
    pixels = digits.images.reshape(-1, 64) / np.float32(16)
    return random_split(TensorDataset(pixels, digits.labels), [0.85, 0.15], generator=seed)


def build(seed: int) -> nn.Module:
    """64 pixels -> 256 hidden units -> 10 classes."""
    nn.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))


def train(train_set: Any, test_set: Any, epochs: int, seed: int) -> tuple[nn.Module, list[dict]]:
    """Adam on cross-entropy, at a rate that falls to zero; notes loss and accuracies per epoch."""
    model, loss_of, rate = build(seed), nn.CrossEntropyLoss(), 5e-3
    optimizer = optim.Adam(model.parameters(), lr=rate, weight_decay=1e-3)
    loader = DataLoader(train_set, batch_size=32, shuffle=True, generator=seed)
    history = []
    with progress() as bar:
        task = bar.add_task("training", total=epochs, loss=float("nan"), test=float("nan"))
        for epoch in range(epochs):
            optimizer.param_groups[0]["lr"] = rate * (1 - epoch / epochs)
            losses = []
            for images, labels in loader:
                optimizer.zero_grad()
                loss = loss_of(model(images), labels)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            note = {
                "loss": float(np.mean(losses)),
                "train": accuracy(model, train_set),
                "test": accuracy(model, test_set),
            }
            history.append(note)
            bar.update(task, advance=1, loss=note["loss"], test=note["test"])
    return model, history


def progress() -> Progress:
    """A bar with the latest loss and test accuracy."""
    text = "loss {task.fields[loss]:.4f}  test accuracy {task.fields[test]:.4f}"
    columns = ("{task.description}", BarColumn(), "{task.completed}/{task.total} epochs")
    return Progress(*columns, TextColumn(text), TimeElapsedColumn())


def accuracy(model: nn.Module, data: Any) -> float:
    """The share of images whose most likely class is the right one."""
    images, labels = data[:]
    with no_grad():
        return float((model(images).argmax(1) == labels).mean())


def draw_curve(history: list[dict], path: Path) -> Path:
    """Loss on the left, accuracies on the right, over epochs."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    left.plot(epochs, [h["loss"] for h in history], color="tab:blue")
    left.set(xlabel="epoch", ylabel="cross-entropy on training batches", yscale="log")
    for name, colour in (("train", "tab:blue"), ("test", "tab:orange")):
        right.plot(epochs, [h[name] for h in history], color=colour, label=name)
    right.set(xlabel="epoch", ylabel="accuracy")
    right.legend()
    for axis in (left, right):
        axis.grid(alpha=0.3)
    buffer = BytesIO()
    figure.savefig(buffer, format="svg")
    write_whole(path, buffer.getvalue())
    return path


def draw_step(model: nn.Module, data: Any, path: Path) -> Path:
    """The graph of the loss of one batch."""
    images, labels = data[:32]
    loss = nn.CrossEntropyLoss()(model(images), labels)
    return graph.draw(loss, names=model).save(path)


if __name__ == "__main__":
    main()
