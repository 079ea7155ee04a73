"""Five epochs of Fashion-MNIST, 784-512-512-10, batches of 64, against the same loop in PyTorch.

    python benchmarks/fashion.py [--write] [--data DIRECTORY]

The two take turns, an epoch each. PyTorch's batches are indexed from whole tensors, which is the
fastest it can do; ours come from a DataLoader. Needs PyTorch and the data.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch

import nn
import optim
from benchmarks.report import record, table
from benchmarks.timing import machine
from nn.data import DataLoader, TensorDataset, load_fashion_mnist

EPOCHS, BATCH, LIMIT = 5, 64, 1.3


def main() -> None:
    """Run both, print the table, and record it if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    parser.add_argument("--data", type=Path, help="folder of the IDX files")
    options = parser.parse_args()
    images, labels = load_fashion_mnist(True, options.data)
    test_images, test_labels = load_fashion_mnist(False, options.data)
    x, test_x = (a.reshape(len(a), -1) / np.float32(255) for a in (images, test_images))
    ours = trainer(
        nn, optim, lambda: DataLoader(TensorDataset(x, labels), BATCH, shuffle=True, generator=0)
    )
    theirs = trainer(
        torch.nn, torch.optim, lambda: torch_batches(torch.from_numpy(x), torch.from_numpy(labels))
    )
    times: dict[str, list[float]] = {"ours": [], "torch": []}
    for _ in range(EPOCHS):
        for name, (_, epoch) in (("ours", ours), ("torch", theirs)):
            start = time.perf_counter()
            epoch()
            times[name].append(time.perf_counter() - start)
    scores = {
        "ours": ours[0].eval()(test_x).detach().numpy(),
        "torch": theirs[0].eval()(torch.from_numpy(test_x)).detach().numpy(),
    }
    right = {name: (s.argmax(1) == test_labels).mean() for name, s in scores.items()}
    figure = statistics.median(a / b for a, b in zip(times["ours"], times["torch"], strict=True))
    words = f"{sum(times['ours']):.1f} s / {sum(times['torch']):.1f} s; test accuracy "
    words += f"{right['ours']:.3f} / {right['torch']:.3f}"
    what = f"Fashion-MNIST, 784-512-512-10, {EPOCHS} epochs, batch {BATCH}: to PyTorch"
    text = table([(what, words, figure, LIMIT)])
    print(text)
    if options.write:
        taken = f"{machine()}, PyTorch {torch.__version__}; {torch.get_num_threads()} threads."
        record("A whole training run", "python benchmarks/fashion.py --write", taken, text)


def trainer(
    library: Any, optimisers: Any, batches: Callable[[], Iterable]
) -> tuple[Any, Callable[[], None]]:
    """A model, and what trains it for an epoch: the same words for both libraries."""
    linear, relu = library.Linear, library.ReLU
    model = library.Sequential(linear(784, 512), relu(), linear(512, 512), relu(), linear(512, 10))
    loss_of = library.CrossEntropyLoss(label_smoothing=0.01)
    optimizer = optimisers.RMSprop(model.parameters(), lr=0.001)

    def epoch() -> None:
        for x, y in batches():
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            optimizer.step()

    return model, epoch


def torch_batches(x: Any, y: Any) -> Iterable:
    """Batches in a new order."""
    order = torch.randperm(len(x))
    for start in range(0, len(x), BATCH):
        chosen = order[start : start + BATCH]
        yield x[chosen], y[chosen]


if __name__ == "__main__":
    main()
