"""What the engine costs: one command, one thread, paired with NumPy and, if installed, PyTorch.

    python benchmarks/engine.py [--write]

`--write` records the table in docs/benchmarks.md. Each row has a limit; the last column says
whether it was kept.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy loads its BLAS

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import autograd
import nn
import optim
from benchmarks import by_hand
from benchmarks.report import Row, record, table
from benchmarks.timing import machine, median, paired, ratio

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

LENGTH = 400


def main() -> None:
    """Run everything, print the table, and record it if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    rows: list[Row] = []
    for benchmark in (chains, sigmoid_mse, sigmoid_ce, relu_adam, long_chain, import_time):
        print(f"... {benchmark.__name__}", file=sys.stderr)
        rows += benchmark()
    text = table(rows)
    print(text)
    if options.write:
        taken = f"{machine()}{peer()}. One thread."
        record("The engine", "python benchmarks/engine.py --write", taken, text)


def peer() -> str:
    return f", PyTorch {torch.__version__}" if torch else "; PyTorch not installed"


# ---------------------------------------------------------------- chains


def chains() -> list[Row]:
    """400 multiplies of 10 elements, forward and backward, by a number and by a caller's array."""
    array, one = np.ones(10), np.ones(10)
    factor = np.full(10, 1.0001)
    x = autograd.tensor(array, requires_grad=True)

    def numpy_forward(by):
        def run():
            t = array
            for _ in range(LENGTH):
                t = t * by

        return run

    def both(leaf, by, seed):
        def run():
            t = leaf
            for _ in range(LENGTH):
                t = t * by
            t.backward(seed)

        return run

    contestants = {
        "numpy, number": numpy_forward(1.0001),
        "numpy, array": numpy_forward(factor),
        "ours, number": both(x, 1.0001, one),
        "ours, array": both(x, factor, one),
    }
    if torch:
        leaf = torch.ones(10, dtype=torch.float64, requires_grad=True)
        seed = torch.ones(10, dtype=torch.float64)
        contestants["torch, number"] = both(leaf, 1.0001, seed)
        contestants["torch, array"] = both(leaf, torch.full((10,), 1.0001, dtype=torch.float64), seed)
    times = paired(contestants, 8.0)
    per_op = {name: f"{median(t) / LENGTH:.3f} us" for name, t in times.items()}
    rows = []
    for by, limit in (("number", 3.5), ("array", 5.0)):
        label = f"multiply by {'a number' if by == 'number' else 'an ndarray, protected'}, per op"
        peers = [("NumPy's forward by a number", "numpy, number", limit)]
        if torch:
            peers.append(("PyTorch", f"torch, {by}", 0.4))
        for name, key, at_most in peers:
            figures = f"{per_op['ours, ' + by]} / {per_op[key]}"
            rows.append((f"{label}: to {name}", figures, ratio(times, f"ours, {by}", key), at_most))
    return rows


# ---------------------------------------------------------------- training steps


def step_rows(label: str, sizes: list[int], contestants: dict, limits: dict[str, float]) -> list[Row]:
    """A row for each peer that there is a limit for."""
    times = paired(contestants, 4.0)
    name = f"{label}, {'-'.join(map(str, sizes))}"
    figures = {k: f"{median(t):.1f} us" for k, t in times.items()}
    titles = {"hand": "NumPy by hand", "torch": "PyTorch"}
    return [
        (f"{name}: to {titles[k]}", f"{figures['ours']} / {figures[k]}", ratio(times, "ours", k), limit)
        for k, limit in limits.items()
        if k in times
    ]


def training(library, optimizer, sizes: list[int], activation: str, loss: str, rates: dict) -> tuple:
    """A model and its optimiser, in the vocabulary that `nn` shares with PyTorch."""
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers.append(library.Linear(a, b))
        if i < len(sizes) - 2 or loss == "MSELoss":
            layers.append(getattr(library, activation)())
    model = library.Sequential(*layers)
    return model, getattr(library, loss)(), optimizer(model.parameters(), **rates)


def steps(sizes: list[int], activation: str, loss: str, kind: str, rates: dict, x, y, by_hand_step) -> dict:
    """The same step three times: ours, by hand, and PyTorch's."""

    def stepper(model, loss_of, optimizer, x, y) -> Callable[[], object]:
        def step():
            optimizer.zero_grad()
            result = loss_of(model(x), y)
            result.backward()
            optimizer.step()

        return step

    model, loss_of, optimizer = training(nn, getattr(optim, kind), sizes, activation, loss, rates)
    parameters = [p.detach().copy().numpy() for p in model.parameters()]
    contestants = {
        "ours": stepper(model, loss_of, optimizer, x, y),
        "hand": by_hand_step(parameters, x, y, rates["lr"]),
    }
    if torch:
        theirs = training(torch.nn, getattr(torch.optim, kind), sizes, activation, loss, rates)
        contestants["torch"] = stepper(*theirs, torch.from_numpy(x), torch.from_numpy(y))
    return contestants


def sigmoid_mse() -> list[Row]:
    """2-3-3-1 sigmoid, squared error, SGD, batch 50."""
    random, sizes = np.random.default_rng(0), [2, 3, 3, 1]
    x, y = random.normal(size=(50, 2)).astype(np.float32), random.random((50, 1)).astype(np.float32)
    contestants = steps(sizes, "Sigmoid", "MSELoss", "SGD", {"lr": 0.01}, x, y, by_hand.sigmoid_mse_step)
    return step_rows("SGD step, sigmoid/MSE, batch 50", sizes, contestants, {"hand": 1.5, "torch": 0.35})


def sigmoid_ce() -> list[Row]:
    """64-10-10 sigmoid, cross-entropy, SGD, batch 1."""
    random, sizes = np.random.default_rng(0), [64, 10, 10]
    x, y = random.normal(size=(1, 64)).astype(np.float32), np.array([3])
    contestants = steps(
        sizes, "Sigmoid", "CrossEntropyLoss", "SGD", {"lr": 0.1}, x, y, by_hand.sigmoid_ce_step
    )
    return step_rows("SGD step, sigmoid/CE, batch 1", sizes, contestants, {"hand": 1.5, "torch": 0.35})


def relu_adam() -> list[Row]:
    """784-512-512-10 ReLU, cross-entropy, Adam, batch 64."""
    random, sizes = np.random.default_rng(0), [784, 512, 512, 10]
    x, y = random.random((64, 784)).astype(np.float32), random.integers(0, 10, 64)
    contestants = steps(
        sizes, "ReLU", "CrossEntropyLoss", "Adam", {"lr": 1e-3}, x, y, by_hand.relu_adam_step
    )
    return step_rows("Adam step, ReLU/CE, batch 64", sizes, contestants, {"hand": 1.0})


# ---------------------------------------------------------------- length, import


def long_chain() -> list[Row]:
    """A million operations: the time per operation must not grow with the length."""

    def per_op(length: int) -> float:
        start = time.perf_counter()
        t = autograd.tensor(1.0, requires_grad=True)
        for _ in range(length):
            t = t * 1.0
        t.backward()
        u = autograd.tensor(1.0, requires_grad=True)
        for _ in range(length):
            u = u + 1.0
        del t, u  # the second chain is freed without a sweep
        return (time.perf_counter() - start) / length * 1e6

    rounds = [(per_op(100_000), per_op(1_000_000)) for _ in range(3)]
    short, long = (statistics.median(r[i] for r in rounds) for i in (0, 1))
    growth = statistics.median(b / a for a, b in rounds)
    return [
        ("build, sweep and free 10^6 ops, per op: to 10^5", f"{long:.2f} us / {short:.2f} us", growth, 1.5)
    ]


def import_time() -> list[Row]:
    """What `import autograd` adds to `import numpy`, in a fresh process."""
    code = "import numpy, time; t = time.perf_counter(); import autograd; print(time.perf_counter() - t)"
    root = Path(__file__).resolve().parents[1]

    def once() -> float:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
        )
        return float(done.stdout) * 1e3

    added = statistics.median(once() for _ in range(11))
    return [("`import autograd` after `import numpy`, ms", "median of 11", added, 60.0)]


if __name__ == "__main__":
    main()
