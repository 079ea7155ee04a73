"""Training steps of three small networks, paired with PyTorch's, on one thread and on two.

    python benchmarks/networks.py [--write]

The models are written once, in the vocabulary that `nn` shares with PyTorch. `--write` records
the table in docs/benchmarks.md. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Row, record, table

LIMIT = 2.0
THREADS = (1, 2)


def main() -> None:
    """Run all networks on each number of threads, in a process of its own: BLAS reads it once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    parser.add_argument("--threads", type=int, help="run on this many threads only, and print JSON")
    parser.add_argument("--seconds", type=float, default=12.0, help="time for each network")
    options = parser.parse_args()
    if options.threads:
        print(json.dumps(run(options.threads, options.seconds)))
        return
    rows: list[Row] = []
    for threads in THREADS:
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(variables, str(threads))}
        command = [sys.executable, __file__, "--threads", str(threads), "--seconds", str(options.seconds)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout)
        rows += found["rows"]
    text = table(rows)
    print(text)
    if options.write:
        record("Networks", "python benchmarks/networks.py --write", found["taken"], text)


def run(threads: int, seconds: float) -> dict:
    """The rows of all networks on this many threads."""
    import torch

    import nn
    import optim
    from benchmarks.timing import machine, median, paired, ratio

    torch.set_num_threads(threads)
    rows = []
    for label, network in NETWORKS.items():
        print(f"... {label}, {threads} threads", file=sys.stderr)
        contestants = {
            "ours": network(nn, optim, lambda array: array),
            "torch": network(torch.nn, torch.optim, torch.from_numpy),
        }
        times = paired(contestants, seconds)
        figures = f"{median(times['ours']) / 1e3:.2f} ms / {median(times['torch']) / 1e3:.2f} ms"
        what = f"{label}, {threads} thread{'s' if threads > 1 else ''}: to PyTorch"
        rows.append((what, figures, ratio(times, "ours", "torch"), LIMIT))
    return {"rows": rows, "taken": f"{machine()}, PyTorch {torch.__version__}; float32."}


def training_step(model: Any, loss_of: Any, optimizer: Any, x: Any, y: Any) -> Callable[[], object]:
    """What every training loop does with a batch."""

    def step() -> object:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def lenet(nn: Any, optim: Any, array: Callable) -> Callable[[], object]:
    """LeNet-5 on 64 images of 28x28."""
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    random = numpy_generator()
    x = array(random.normal(size=(64, 1, 28, 28)).astype("float32"))
    y = array(random.integers(0, 10, 64))
    return training_step(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.01), x, y)


def lstm(nn: Any, optim: Any, array: Callable) -> Callable[[], object]:
    """LSTM 32 -> 64 over 16 sequences of 50."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(32, 64, batch_first=True)
            self.head = nn.Linear(64, 1)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(x)[0])

    model, random = Model(), numpy_generator()
    x = array(random.normal(size=(16, 50, 32)).astype("float32"))
    y = array(random.normal(size=(16, 50, 1)).astype("float32"))
    return training_step(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=1e-3), x, y)


def transformer(nn: Any, optim: Any, array: Callable) -> Callable[[], object]:
    """A character transformer of 2 layers, width 64, 4 heads, on 16 texts of 64."""
    letters, length, width = 65, 64, 64

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letters = nn.Embedding(letters, width)
            self.places = nn.Embedding(length, width)
            layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(width, letters)
            self.mask, self.order = array(mask), array(order)

        def forward(self, x: Any) -> Any:
            x = self.letters(x) + self.places(self.order)
            x = self.encoder(x, mask=self.mask, is_causal=True)
            return self.head(x).reshape(-1, letters)

    import numpy as np

    mask, order = np.triu(np.ones((length, length), bool), 1), np.arange(length)
    model, random = Model(), numpy_generator()
    text = random.integers(0, letters, (16, length + 1))
    x, y = array(text[:, :-1].copy()), array(text[:, 1:].reshape(-1))
    return training_step(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3), x, y)


def numpy_generator() -> Any:
    """The same numbers for both libraries."""
    import numpy as np

    return np.random.default_rng(0)


NETWORKS = {
    "LeNet, batch 64, SGD": lenet,
    "LSTM 32-64, 16x50, Adam": lstm,
    "transformer 2x64, 4 heads, 16x64, Adam": transformer,
}

if __name__ == "__main__":
    main()
