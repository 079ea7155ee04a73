"""The lecture's second half: what helps a network on Fashion-MNIST, and how to watch it learn."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from images28 import Split, fashion_mnist
from matplotlib.figure import Figure
from report import Report

import nn
import optim
from autograd import graph, no_grad
from nn import plot
from nn.data import DataLoader, TensorDataset

History = dict[str, list[float]]


def run(report: Report) -> None:
    """All experiments on Fashion-MNIST.

    Those after the first large network train on 20,000 of the images, where overfitting shows sooner.
    """
    data = fashion_mnist(report.small)
    describe(report, data)
    large(report, data)
    train, held_out = divided(data)
    early_stopping(report, train, held_out)
    penalties(report, train, held_out)
    normalised(report, train, held_out)
    gap(report, train, held_out)
    transfer(report, data)


def dense(*sizes: int, norm: bool = False, dropout: tuple[float, ...] = ()) -> nn.Sequential:
    """Linear and ReLU; batch norm before each ReLU and dropout after it, if asked."""
    layers: list[nn.Module] = []
    pairs = list(itertools.pairwise(sizes))
    for i, (a, b) in enumerate(pairs):
        layers.append(nn.Linear(a, b))
        if i < len(pairs) - 1:
            layers += [nn.BatchNorm1d(b)] if norm else []
            layers.append(nn.ReLU())
            layers += [nn.Dropout(dropout[i])] if i < len(dropout) else []
    return nn.Sequential(*layers)


def fit(
    model: nn.Module,
    data: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    *,
    epochs: int,
    batch: int = 64,
    optimizer: optim.Optimizer | None = None,
    loss_of: Callable | None = None,
    penalty: Callable | None = None,
    patience: int | None = None,
    live: Callable | None = None,
    seed: int = 0,
) -> History:
    """Train; the mean loss of each epoch, and loss and accuracy on what is held out.

    Args:
        penalty: a function of the model that is added to the loss.
        patience: stop after so many epochs without a better validation loss, and take back the
            best parameters.
        live: called with the loss and accuracy of every batch.
    """
    optimizer = optimizer or optim.RMSprop(model.parameters(), lr=0.001)
    loss_of = loss_of or nn.CrossEntropyLoss()
    loader = DataLoader(TensorDataset(*data), batch, shuffle=True, generator=seed)
    history: History = {"train loss": [], "validation loss": [], "validation accuracy": []}
    best, waited, kept = float("inf"), 0, None
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)
            loss = loss_of(scores, y)
            (loss if penalty is None else loss + penalty(model)).backward()
            optimizer.step()
            losses.append(loss.item())
            if live is not None:
                live(loss=losses[-1], accuracy=float((scores.detach().numpy().argmax(1) == y).mean()))
        history["train loss"].append(float(np.mean(losses)))
        if held_out is None:
            continue
        loss, right = evaluate(model, *held_out)
        history["validation loss"].append(loss)
        history["validation accuracy"].append(right)
        best, waited, kept = (
            (loss, 0, copy.deepcopy(model.state_dict())) if loss < best else (best, waited + 1, kept)
        )
        if patience is not None and waited >= patience:
            model.load_state_dict(kept)
            break
    return history


def evaluate(model: nn.Module, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Cross-entropy and accuracy, in evaluation mode."""
    training = model.training
    model.eval()
    with no_grad():
        parts = [model(x[i : i + 5000]).numpy() for i in range(0, len(x), 5000)]
    model.train(training)
    scores = np.concatenate(parts)
    return float(nn.functional.cross_entropy(scores, y)), float((scores.argmax(1) == y).mean())


def divided(data: Split, train: int = 20_000, held_out: int = 6_000) -> tuple[tuple, tuple]:
    """Training images to learn from and others for validation; of few, four fifths and one."""
    n = min(held_out, len(data.x) // 5)
    return (data.x[n : n + train], data.y[n : n + train]), (data.x[:n], data.y[:n])


def medians(rows: list) -> list[float]:
    """The median over seeds of each figure."""
    return [float(m) for m in np.median(rows, axis=0)]


# ---------------------------------------------------------------- the experiments


def describe(report: Report, data: Split) -> None:
    """Samples, the model's summary, and the graph of its loss for one image."""
    names = nn.data.FASHION_LABELS if not report.small else [str(i) for i in range(10)]
    shown = data.x[:24].reshape(-1, 28, 28)
    report.save(plot.images(shown, titles=[names[k] for k in data.y[:24]], columns=12), "samples.png")
    model = dense(784, 512, 512, 10)
    found = nn.summary(model, data.x[:1])
    print(found)
    report.add(
        "784-512-512-10: parameters by its summary",
        f"{found.parameters:,}",
        text="669,706",
        true=found.parameters == 669_706,
    )
    loss = nn.CrossEntropyLoss()(model(data.x[:1]), data.y[:1])
    report.pictures.append(graph.draw(loss, names=model).save(report.out / "loss_of_one_image.svg"))


def large(report: Report, data: Split) -> None:
    """784-512-512-10, RMSprop 0.001, label smoothing 0.01, batches of 64 and 32, 5 epochs; live."""
    epochs = 1 if report.small else 5
    for batch in (64, 32):
        found = []
        for seed in seeds(report):
            nn.manual_seed(seed)
            model = dense(784, 512, 512, 10)
            live = Live(report, 200) if seed == 0 and batch == 64 else None
            smooth = nn.CrossEntropyLoss(label_smoothing=0.01)
            fit(model, (data.x, data.y), epochs=epochs, batch=batch, loss_of=smooth, live=live, seed=seed)
            found.append(
                [evaluate(model, *part)[1] for part in ((data.x, data.y), (data.test_x, data.test_y))]
            )
            if live is not None:
                live.save()
        train, test = medians(found)
        what = f"Fashion-MNIST, 784-512-512-10, batch {batch}, 5 epochs"
        report.add(f"{what}: training accuracy", float(train), least=0.89, whole=True)
        report.add(
            f"{what}: test accuracy",
            float(test),
            text="0.855, raw pixels" if batch == 64 else "",
            least=0.87,
            whole=True,
        )


class Live:
    """Loss and accuracy of every batch, drawn while they come; the mean over 100 on top."""

    def __init__(self, report: Report, every: int):
        self.figure, self.report = Figure(figsize=(9, 3), layout="constrained"), report
        left, right = self.figure.subplots(1, 2)
        options = {"window": 100, "every": every, "xlabel": "batch"}
        self.loss = plot.LiveCurves(left, ylabel="loss", **options)
        self.accuracy = plot.LiveCurves(right, ylabel="accuracy", **options)

    def __call__(self, loss: float, accuracy: float) -> None:
        self.loss.update(loss=loss)
        self.accuracy.update(accuracy=accuracy)

    def save(self) -> None:
        self.loss.draw()
        self.accuracy.draw()
        self.report.save(self.figure, "live.png")


def early_stopping(report: Report, train: tuple, held_out: tuple) -> None:
    """784-256-32-10, stopped when the validation loss has not fallen for 3 epochs."""
    nn.manual_seed(0)
    model = dense(784, 256, 32, 10)
    history = fit(model, train, held_out, epochs=3 if report.small else 30, patience=3)
    epochs = len(history["train loss"])
    best = int(np.argmin(history["validation loss"]))
    back = abs(evaluate(model, *held_out)[0] - history["validation loss"][best])
    stopped = report.small or (epochs == best + 4 and back < 1e-6)
    report.add("256-32, patience 3: stopped after, best epoch", f"{epochs}, {best + 1}", true=stopped)
    report.save(losses(history), "early_stopping.svg")


def losses(history: History) -> Any:
    return plot.curves({k: history[k] for k in ("train loss", "validation loss")}, ylabel="cross-entropy")


def penalties(report: Report, train: tuple, held_out: tuple) -> None:
    """L1, L2, weight decay and dropout on 784-256-32-10: the gap between the losses shrinks."""
    epochs = 1 if report.small else 8
    settings: dict[str, dict] = {
        "none": {},
        "L1 1e-5": {"penalty": lambda m: 1e-5 * sum(np.abs(p).sum() for p in weights(m))},
        "L2 1e-4": {"penalty": lambda m: 1e-4 * sum((p * p).sum() for p in weights(m))},
        "weight_decay 2e-4": {"weight_decay": 2e-4},
        "dropout 0.2, 0.1": {"dropout": (0.2, 0.1)},
    }
    curves = {}
    for name, setting in settings.items():
        found = []
        for seed in seeds(report):
            nn.manual_seed(seed)
            model = dense(784, 256, 32, 10, dropout=setting.get("dropout", ()))
            decay = setting.get("weight_decay", 0.0)
            optimizer = optim.RMSprop(model.parameters(), lr=0.001, weight_decay=decay)
            options = {"epochs": epochs, "optimizer": optimizer, "penalty": setting.get("penalty")}
            history = fit(model, train, held_out, seed=seed, **options)
            between = history["validation loss"][-1] - evaluate(model, *train)[0]
            found.append((history["validation accuracy"][-1], between))
            curves.setdefault(name, history["validation loss"])
        right, between = medians(found)
        report.add(f"256-32, {name}: validation accuracy; gap of losses", f"{right:.3f}; {between:.3f}")
    report.save(plot.curves(curves, ylabel="validation loss"), "penalties.svg")


def weights(model: nn.Module) -> list[Any]:
    """The matrices: biases are not penalised."""
    return [p for p in model.parameters() if p.ndim > 1]


def normalised(report: Report, train: tuple, held_out: tuple) -> None:
    """784-512-265-10 with batch norm and without."""
    epochs, curves = 1 if report.small else 5, {}
    for name, norm in (("plain", False), ("batch norm", True)):
        found = []
        for seed in seeds(report):
            nn.manual_seed(seed)
            history = fit(dense(784, 512, 265, 10, norm=norm), train, held_out, epochs=epochs, seed=seed)
            found.append(max(history["validation accuracy"]))
            curves.setdefault(name, history["train loss"])
        report.add(f"512-265, {name}: validation accuracy", float(np.median(found)))
    report.save(plot.curves(curves, ylabel="training loss"), "batch_norm.svg")


def gap(report: Report, train: tuple, held_out: tuple) -> None:
    """265-64-32 with batch norm and dropout 0.5, 10 epochs, against the same without."""
    epochs = 1 if report.small else 10
    gaps: dict[str, list[float]] = {"plain": [], "batch norm and dropout 0.5": []}
    for seed, (name, found) in itertools.product(seeds(report), gaps.items()):
        nn.manual_seed(seed)
        rich = name != "plain"
        model = dense(784, 265, 64, 32, 10, norm=rich, dropout=(0.5, 0.5, 0.5) if rich else ())
        history = fit(model, train, held_out, epochs=epochs, seed=seed)
        found.append(history["validation loss"][-1] - evaluate(model, *train)[0])
        if seed == 0:
            report.save(losses(history), f"gap_{'regularised' if rich else 'plain'}.svg")
    plain, rich = (float(np.median(v)) for v in gaps.values())
    report.add("265-64-32, 10 epochs: validation less training loss, plain", plain)
    what = "265-64-32 with batch norm and dropout 0.5: the same"
    report.add(what, rich, true=rich < plain, whole=True)


def transfer(report: Report, data: Split) -> None:
    """Features learnt on classes 0-4, used for 500 images of classes 5-9: frozen, then fine-tuned."""
    few = 60 if report.small else 500
    first, second = np.flatnonzero(data.y < 5)[:20_000], np.flatnonzero(data.y >= 5)[:few]
    test = data.test_y >= 5
    task = (data.x[second], data.y[second] - 5), (data.test_x[test], data.test_y[test] - 5)
    found, kept = [], True
    for seed in seeds(report):
        nn.manual_seed(seed)
        base = dense(784, 256, 32, 5)
        fit(base, (data.x[first], data.y[first]), epochs=1 if report.small else 5, seed=seed)
        right = []
        for how in ("from scratch", "frozen", "fine-tuned"):
            model = reused(base, how)
            trained = [p for p in model.parameters() if p.requires_grad]
            optimizer = optim.RMSprop(trained, lr=0.001)
            fit(model, task[0], epochs=4 if report.small else 20, optimizer=optimizer, seed=seed)
            right.append(evaluate(model, *task[1])[1])
            kept &= how != "frozen" or alike(model[0], base[0])
        found.append(right)
    report.add("transfer: frozen layers are as they were", "yes" if kept else "no", true=kept)
    scratch, frozen, tuned = medians(found)
    words = f"from scratch {scratch:.3f}, frozen {frozen:.3f}, fine-tuned {tuned:.3f}"
    report.add(f"classes 5-9 from {few} images: test accuracy", words)


def reused(base: nn.Sequential, how: str) -> nn.Sequential:
    """A new network with the first two layers of another, as they are or frozen; or none of it."""
    model = dense(784, 256, 32, 5)
    for i in (0, 2) if how != "from scratch" else ():
        model[i].load_state_dict(base[i].state_dict())
        model[i].requires_grad_(how != "frozen")
    return model


def alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether two layers have the same parameters."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all((a == b).all() for a, b in pairs)


def seeds(report: Report) -> range:
    return range(1 if report.small else 5)
