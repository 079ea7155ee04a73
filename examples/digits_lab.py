"""NumPy lab on 8x8 digits: logistic regression and a perceptron by hand, then with `nn`.

    python examples/digits_lab.py [--small] [--out runs/digits_lab]

The digits are standardised, pixel by pixel, and 15 % are held out. Everything up to `with_nn` is
NumPy alone: one-hot targets, the softmax, the negative log likelihood, and their gradients.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from report import Report, command_line

import nn
import optim
from nn import plot
from nn.data import load_digits

CLASSES, SEEDS = 10, range(5)


def run(report: Report) -> None:
    """The whole course."""
    seeds = SEEDS[:1] if report.small else SEEDS
    basics(report)
    logistic_regression(report, seeds)
    perceptron(report, seeds)
    variants(report)
    with_nn(report)


@dataclass
class Digits:
    """Standardised pixels and labels, split."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    test_images: np.ndarray


def split(seed: int, small: bool = False) -> Digits:
    """15 % for the test; the pixels' means and deviations are those of the training images."""
    images, labels = load_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    order = order[:400] if small else order
    test, train = np.split(order, [round(0.15 * len(order))])
    pixels = images.reshape(len(images), -1).astype(float)
    mean, std = pixels[train].mean(0), pixels[train].std(0)
    pixels = (pixels - mean) / np.where(std == 0, 1, std)  # some corners are always white
    return Digits(pixels[train], labels[train], pixels[test], labels[test], images[test])


# ---------------------------------------------------------------- by hand


def one_hot(n_classes: int, y) -> np.ndarray:
    """1 at the class, else 0; for one label or many."""
    return np.eye(n_classes)[y]


def softmax(x) -> np.ndarray:
    """exp(x) / sum(exp(x)) over the last axis, of one vector or of a batch."""
    shifted = np.exp(x - x.max(-1, keepdims=True))  # the largest exponent is 0: no overflow
    return shifted / shifted.sum(-1, keepdims=True)


def nll(targets, p):
    """Minus the log of the probability of the true class: of one sample, or the mean of many."""
    return np.mean(-np.sum(targets * np.log(p + 1e-8), axis=-1))


def basics(report: Report) -> None:
    """What the three functions give where the answer is known."""
    vector, batch = np.array([10.0, 2.0, -3.0]), np.array([[10.0, 2.0, -3.0], [-1.0, 5.0, -20.0]])
    alike = np.abs(softmax(batch)[0] - softmax(vector)).max()
    report.add("softmax of a batch against softmax of its first row", alike, most=1e-15)
    report.add(
        "softmax of a batch: rows sum to 1, error", np.abs(softmax(batch).sum(1) - 1).max(), most=1e-15
    )
    sure, wrong = nll([1, 0, 0], np.array([0.99, 0.01, 0.0])), nll([1, 0, 0], np.array([0.01, 0.01, 0.98]))
    report.add(
        "NLL of a sure right, and of a sure wrong prediction", f"{sure:.4f}, {wrong:.4f}", text="0.01, 4.6"
    )
    many = nll(one_hot(3, [0, 1]), np.array([[0.99, 0.01, 0.0], [0.01, 0.01, 0.98]]))
    report.add(
        "NLL of many is the mean",
        abs(many - (sure + nll([0, 1, 0], np.array([0.01, 0.01, 0.98]))) / 2),
        most=1e-15,
    )


@dataclass
class Network:
    """Dense layers with sigmoids between them and a softmax; without hidden ones: logistic regression."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    velocity: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def drawn(cls, sizes, seed: int, spread: float = 0.1) -> Network:
        """Weights uniform in (-spread, spread), biases zero."""
        random = np.random.default_rng(seed)
        pairs = list(itertools.pairwise(sizes))
        weights = [random.uniform(-spread, spread, pair) if spread else np.zeros(pair) for pair in pairs]
        return cls(weights, [np.zeros(b) for _, b in pairs])

    def activations(self, x) -> list[np.ndarray]:
        """The input, what each hidden layer makes of it, and the probabilities."""
        found = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            found.append(1 / (1 + np.exp(-(found[-1] @ w + b))))
        return [*found, softmax(found[-1] @ self.weights[-1] + self.biases[-1])]

    def gradients(self, x, y) -> list[np.ndarray]:
        """The gradients of the mean NLL of a batch (n, pixels): weights first, then biases."""
        found = self.activations(x)
        delta = (found[-1] - one_hot(found[-1].shape[1], y)) / len(x)
        of_weights, of_biases = [], []
        for i in reversed(range(len(self.weights))):
            of_weights.insert(0, found[i].T @ delta)
            of_biases.insert(0, delta.sum(0))
            if i:
                delta = (delta @ self.weights[i].T) * found[i] * (1 - found[i])
        return of_weights + of_biases

    def step(self, x, y, rate: float, momentum: float = 0.0) -> None:
        """One step of gradient descent, with momentum if asked."""
        parameters, grads = self.weights + self.biases, self.gradients(x, y)
        if momentum:
            self.velocity = self.velocity or [np.zeros_like(p) for p in parameters]
            for v, g in zip(self.velocity, grads, strict=True):
                v *= momentum
                v += g
            grads = self.velocity
        for p, g in zip(parameters, grads, strict=True):
            p -= rate * g

    def loss(self, x, y) -> float:
        p = self.activations(x)[-1]
        return float(nll(one_hot(p.shape[1], y), p))

    def accuracy(self, x, y) -> float:
        return float((self.activations(x)[-1].argmax(1) == y).mean())


def train(
    network: Network,
    data: Digits,
    epochs: int,
    rate: float,
    batch: int = 1,
    momentum: float = 0.0,
    seed: int = 0,
):
    """Go through the training images in a new order each epoch; note the losses and more."""
    random = np.random.default_rng(seed)
    history: dict[str, list[float]] = {
        "train loss": [],
        "test loss": [],
        "train": [],
        "test": [],
        "gradient": [],
    }
    for _ in range(epochs):
        order = random.permutation(len(data.x))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            network.step(data.x[chosen], data.y[chosen], rate, momentum)
        norm = np.sqrt(sum((g**2).sum() for g in network.gradients(data.x, data.y)))
        history["gradient"].append(float(norm))
        for name, x, y in (("train", data.x, data.y), ("test", data.test_x, data.test_y)):
            history[f"{name} loss"].append(network.loss(x, y))
            history[name].append(network.accuracy(x, y))
    return history


# ---------------------------------------------------------------- the experiments


def logistic_regression(report: Report, seeds) -> None:
    """64-10, one sample at a time, one epoch at rate 0.01."""
    found = []
    for seed in seeds:
        data = split(seed, report.small)
        network = Network.drawn((64, CLASSES), seed)
        before = network.activations(data.test_x[:1])[-1][0]
        found.append(train(network, data, 1, 0.01, seed=seed)["test"][-1])
    after = network.activations(data.test_x[:1])[-1][0]
    figure = Figure(figsize=(9, 2.2), layout="constrained")
    first, second, third = figure.subplots(1, 3)
    plot.image(data.test_images[0], first, title=f"label {data.test_y[0]}")
    plot.probabilities(before, second, truth=data.test_y[0]).set_title("before training", fontsize=9)
    plot.probabilities(after, third, truth=data.test_y[0]).set_title("after one epoch", fontsize=9)
    report.save(figure, "probabilities.svg")
    report.add(
        "logistic regression, one epoch: test accuracy",
        float(np.median(found)),
        text="0.950",
        least=0.93,
        whole=True,
    )


def perceptron(report: Report, seeds) -> None:
    """64-10-10, sigmoid, one sample at a time, 15 epochs at rate 0.1."""
    epochs = 2 if report.small else 15
    histories = []
    for seed in seeds:
        data = split(seed, report.small)
        network = Network.drawn((64, 10, CLASSES), seed)
        histories.append(train(network, data, epochs, 0.1, seed=seed))
    test, training = (float(np.median([h[name][-1] for h in histories])) for name in ("test", "train"))
    report.add("MLP 64-10-10, 15 epochs: test accuracy", test, text="0.959", least=0.95, whole=True)
    report.add("MLP 64-10-10, 15 epochs: training accuracy", training, text="0.997", least=0.99, whole=True)
    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    last = histories[-1]
    plot.curves({n: last[f"{n} loss"] for n in ("train", "test")}, left, ylabel="NLL")
    plot.curves({n: last[n] for n in ("train", "test")}, right, ylabel="accuracy")
    report.save(figure, "perceptron.svg")
    worst_predictions(report, network, data)


def worst_predictions(report: Report, network: Network, data: Digits) -> None:
    """The test images whose true digit the network gives the least probability."""
    p = network.activations(data.test_x)[-1]
    of_truth = p[np.arange(len(p)), data.test_y]
    worst = of_truth.argsort()[:8]
    titles = [
        f"{data.test_y[i]} taken for {p[i].argmax()}\np({data.test_y[i]}) = {of_truth[i]:.3f}"
        for i in worst
    ]
    report.save(plot.images(data.test_images[worst], titles=titles, columns=4), "worst.svg")


def variants(report: Report) -> None:
    """Other initial weights, depths, batches and steps, side by side."""
    epochs = 2 if report.small else 15
    data = split(0, report.small)
    settings = {
        "uniform init": ((64, 10, CLASSES), 0.1, 0.1, 1, 0.0),
        "zero init": ((64, 10, CLASSES), 0.0, 0.1, 1, 0.0),
        "two hidden layers": ((64, 10, 10, CLASSES), 0.5, 0.1, 1, 0.0),
        "minibatch 32": ((64, 10, CLASSES), 0.1, 1.0, 32, 0.0),
        "minibatch 32, momentum": ((64, 10, CLASSES), 0.1, 0.2, 32, 0.9),
    }
    histories = {}
    for name, (sizes, spread, rate, batch, momentum) in settings.items():
        network = Network.drawn(sizes, 0, spread)
        histories[name] = train(network, data, epochs, rate, batch, momentum)
        report.add(f"{name}: test accuracy", histories[name]["test"][-1])
    alike = Network.drawn((64, 10, CLASSES), 0, 0.0)
    train(alike, data, 1, 0.1)
    # units that begin alike get the same gradients; in time rounding alone tells them apart
    apart = float(np.abs(alike.weights[0] - alike.weights[0][:, :1]).max())
    report.add("zero init, one epoch: largest difference between hidden units", apart, most=1e-9)
    zero, uniform = (histories[n]["test"][-1] for n in ("zero init", "uniform init"))
    report.add("uniform init is ahead of zero init by", uniform - zero, least=0.05, whole=True)
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot.curves({n: h["test"] for n, h in histories.items()}, left, ylabel="test accuracy").legend(
        fontsize=7
    )
    gradients = {n: h["gradient"] for n, h in histories.items()}
    plot.curves(gradients, right, ylabel="norm of the mean gradient", log=True).legend(fontsize=7)
    report.save(figure, "variants.svg")


def with_nn(report: Report) -> None:
    """The same network, weights and order of samples, as modules: the same losses."""
    data, epochs = split(1, report.small), 1 if report.small else 3
    by_hand = Network.drawn((64, 10, CLASSES), 1)
    model = nn.Sequential(
        nn.Linear(64, 10, dtype=np.float64), nn.Sigmoid(), nn.Linear(10, CLASSES, dtype=np.float64)
    )
    for layer, w, b in zip((model[0], model[2]), by_hand.weights, by_hand.biases, strict=True):
        layer.load_state_dict({"weight": w.T, "bias": b})
    optimizer, loss_of = optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    random, worst = np.random.default_rng(0), 0.0
    for _ in range(epochs):
        for i in random.permutation(len(data.x)):
            x, y = data.x[i : i + 1], data.y[i : i + 1]
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            p = by_hand.activations(x)[-1][0, y[0]]
            worst = max(worst, abs(loss.item() + float(np.log(p))))
            by_hand.step(x, y, 0.1)
    report.add("by hand and with nn: largest difference of a loss", worst, most=1e-9)
    trained = abs(loss_of(model(data.test_x), data.test_y).item() - by_hand.loss(data.test_x, data.test_y))
    report.add("by hand (epsilon 1e-8) and with nn: difference of the test loss", trained, most=1e-5)


if __name__ == "__main__":
    command_line(run, __doc__)
