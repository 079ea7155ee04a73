"""Forward and backward, step by step: backpropagation by hand in four ways, against the tape.

    python examples/backpropagation.py [--small] [--out runs/backpropagation]

Notation: layer l has weights W (out, in), biases b, z = W a + b and activations a = s(z), with
the sigmoid s. The cost of a sample is C = 1/2 ||a - y||^2 of the last a. With delta = dC/dz,

    BP1   delta = (a - y) * s'(z)                     in the last layer
    BP2   delta = (W_next^T delta_next) * s'(z)       in those before
    BP3   dC/db = delta
    BP4   dC/dW = delta a_before^T
"""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure
from report import Report, command_line

import autograd
import nn
import optim
from nn import plot
from nn.data import DataLoader, TensorDataset, make_circles

Layers = list[tuple[np.ndarray, np.ndarray]]  # (W, b) of each layer
SIZES = (2, 3, 3, 1)


def run(report: Report) -> None:
    """The whole course."""
    chain(report)
    collapse(report)
    bias_column(report)
    circles(report)
    learn(report)


def sigmoid(z):
    """s(z), for arrays and Tensors."""
    return 1 / (1 + np.exp(-z))


def slope(a):
    """s'(z), from a = s(z)."""
    return a * (1 - a)


def draw_layers(sizes, seed: int) -> Layers:
    """Standard normal weights and biases."""
    random = np.random.default_rng(seed)
    return [(random.normal(size=(b, a)), random.normal(size=b)) for a, b in itertools.pairwise(sizes)]


# ---------------------------------------------------------------- one neuron a layer


def chain(report: Report) -> None:
    """1-1-1-1: nudge one weight, and follow the effect down the graph."""
    x, y, weights, biases = 0.8, 0.2, np.array([1.2, -0.7, 1.5]), np.array([0.1, 0.3, -0.2])

    def follow(first):
        """All quantities from the first weight to the cost."""
        values, a = {}, x
        for i, (w, b) in enumerate(zip([first, *weights[1:]], biases, strict=True), 1):
            z = w * a + b
            a = sigmoid(z)
            values |= {f"z{i}": z, f"a{i}": a}
        return values | {"C": 0.5 * (a - y) ** 2}

    w = autograd.tensor(weights[0], requires_grad=True)
    traced = follow(w)
    slopes = {name: autograd.gradients(v, w, retain_graph=True)[0].item() for name, v in traced.items()}
    nudges = np.linspace(-1.5, 1.5, 61)
    moved = [follow(weights[0] + d) for d in nudges]
    figure = Figure(figsize=(12, 2.6), layout="constrained")
    for ax, (name, start) in zip(figure.subplots(1, 7), traced.items(), strict=True):
        ax.plot(nudges, [m[name] - start.item() for m in moved], label="found")
        ax.plot(nudges, slopes[name] * nudges, "--", label="derivative")
        ax.set_title(name)
        ax.grid(alpha=0.3)
    ax.legend(fontsize=7)
    figure.supxlabel("change of the first weight")
    report.save(figure, "nudge.svg")
    by_hand = (traced["a3"].item() - y) * x * np.prod([slope(traced[f"a{i}"].item()) for i in (1, 2, 3)])
    by_hand *= weights[1] * weights[2]
    error = abs(by_hand - slopes["C"]) / abs(by_hand)
    report.add("1-1-1-1: dC/dw1 by the chain rule, relative difference to the tape", error, most=1e-12)


def collapse(report: Report) -> None:
    """Layers without an activation are one matrix: compose them."""
    layers, x = draw_layers((4, 6, 5, 3), 0), np.random.default_rng(1).normal(size=(20, 4))
    out, weight, bias = x, np.eye(4), np.zeros(4)
    for w, b in layers:
        out = out @ w.T + b
        weight, bias = w @ weight, w @ bias + b
    error = np.abs(out - (x @ weight.T + bias)).max()
    report.add("three linear layers against their product", error, most=1e-12)


def bias_column(report: Report) -> None:
    """A bias is a column of the weights that meets an input of 1."""
    ((w, b),) = draw_layers((4, 3), 2)
    x = np.random.default_rng(3).normal(size=(20, 4))
    extended = np.concatenate([w, b[:, None]], 1)
    ones = np.concatenate([x, np.ones((20, 1))], 1)
    report.add("bias as an extra column", np.abs(x @ w.T + b - ones @ extended.T).max(), most=1e-12)


# ---------------------------------------------------------------- the equations


def scalar_equations(layers: Layers, x, y) -> Layers:
    """BP1-BP4 for one sample, a number at a time."""
    activations = [list(x)]
    for w, b in layers:
        before = activations[-1]
        z = [sum(w[j, k] * before[k] for k in range(len(before))) + b[j] for j in range(len(b))]
        activations.append([float(sigmoid(v)) for v in z])
    last = activations[-1]
    delta = [(a - t) * slope(a) for a, t in zip(last, y, strict=True)]  # BP1
    found: Layers = []
    for i in reversed(range(len(layers))):
        before = activations[i]
        weights = np.array([[d * a for a in before] for d in delta])  # BP4
        found.insert(0, (weights, np.array(delta)))  # BP3
        if i:
            w = layers[i][0]
            back = [sum(w[j, k] * delta[j] for j in range(len(delta))) for k in range(len(before))]
            delta = [s * slope(a) for s, a in zip(back, before, strict=True)]  # BP2
    return found


def vector_equations(layers: Layers, x, y) -> Layers:
    """BP1-BP4 for one sample, a vector at a time."""
    activations = [x]
    for w, b in layers:
        activations.append(sigmoid(w @ activations[-1] + b))
    delta = (activations[-1] - y) * slope(activations[-1])  # BP1
    found: Layers = []
    for i in reversed(range(len(layers))):
        found.insert(0, (np.outer(delta, activations[i]), delta))  # BP4, BP3
        if i:
            delta = (layers[i][0].T @ delta) * slope(activations[i])  # BP2
    return found


def batch_equations(layers: Layers, x, y) -> Layers:
    """BP1-BP4 for a batch: a stack of matrices, one for each sample, and their mean."""
    activations = [x]
    for w, b in layers:
        activations.append(sigmoid(np.einsum("ji,ni->nj", w, activations[-1]) + b))
    delta = (activations[-1] - y) * slope(activations[-1])  # BP1
    found: Layers = []
    for i in reversed(range(len(layers))):
        stack = np.einsum("nj,ni->nji", delta, activations[i])  # BP4
        found.insert(0, (stack.mean(0), delta.mean(0)))  # BP3
        if i:
            delta = np.einsum("ji,nj->ni", layers[i][0], delta) * slope(activations[i])  # BP2
    return found


def mean_over(equations, layers: Layers, x, y) -> Layers:
    """The mean of per-sample gradients over a batch."""
    per_sample = [equations(layers, a, b) for a, b in zip(x, y, strict=True)]
    return [tuple(np.mean(parts, axis=0) for parts in zip(*ws, strict=True)) for ws in zip(*per_sample)]


class Network:
    """The classic network: stochastic gradient descent, a sample at a time."""

    def __init__(self, layers: Layers):
        self.weights, self.biases = ([p.copy() for p in ps] for ps in zip(*layers, strict=True))

    def update(self, x, y, rate: float) -> None:
        """One step on a batch, by the mean gradient of its samples."""
        layers = list(zip(self.weights, self.biases, strict=True))
        sums = [(np.zeros_like(w), np.zeros_like(b)) for w, b in layers]
        for sample, target in zip(x, y, strict=True):
            for (dw, db), (gw, gb) in zip(sums, vector_equations(layers, sample, target), strict=True):
                dw += gw
                db += gb
        for w, b, (dw, db) in zip(self.weights, self.biases, sums, strict=True):
            w -= rate / len(x) * dw
            b -= rate / len(x) * db


# ---------------------------------------------------------------- on data


def circles(report: Report) -> None:
    """2-3-3-1 on two circles: all ways agree at every step of the training."""
    n, epochs = (100, 1) if report.small else (1000, 10)
    x, labels = make_circles(n, noise=0.1, factor=0.3, generator=0)
    y = labels[:, None].astype(float)
    layers = draw_layers(SIZES, 4)
    model, classic = build(layers), Network(layers)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(TensorDataset(x, y), 50, shuffle=True, generator=5)
    worst = {"scalar": 0.0, "vectors": 0.0, "einsum": 0.0, "classic": 0.0}
    costs = []
    for _ in range(epochs):
        for a, b in loader:
            optimizer.zero_grad()
            cost = 0.5 * ((model(a) - b) ** 2).sum() / len(a)
            cost.backward()
            costs.append(cost.item())
            tape = [(m.weight.grad.numpy(), m.bias.grad.numpy()) for m in linears(model)]
            now = [(m.weight.numpy(), m.bias.numpy()) for m in map(detached, linears(model))]
            found = {
                "scalar": mean_over(scalar_equations, now, a, b),
                "vectors": mean_over(vector_equations, now, a, b),
                "einsum": batch_equations(now, a, b),
            }
            for name, grads in found.items():
                worst[name] = max(worst[name], difference(tape, grads))
            optimizer.step()
            classic.update(a, b, 0.01)
            after = [(m.weight.numpy(), m.bias.numpy()) for m in map(detached, linears(model))]
            trained = list(zip(classic.weights, classic.biases, strict=True))
            worst["classic"] = max(worst["classic"], difference(after, trained))
    ways = {"scalar": "BP1-BP4, scalar", "vectors": "BP1-BP4, vectors", "einsum": "BP1-BP4, einsum"}
    for name, way in ways.items():
        report.add(f"circles: {way}, largest difference to the tape", worst[name], most=1e-12)
    report.add("circles: classic Network, largest difference of weights", worst["classic"], most=1e-12)
    report.add(
        "circles: central differences, relative", by_differences(model, x, y), text="1e-7", most=1e-8
    )
    report.save(plot.curves({"cost": costs}, xlabel="batch", ylabel="mean of 1/2 ||a - y||^2"), "cost.svg")


def learn(report: Report) -> None:
    """The same network at a rate at which it learns to tell the circles apart."""
    n, epochs = (100, 2) if report.small else (1000, 120)
    x, labels = make_circles(n, noise=0.1, factor=0.3, generator=0)
    y, model = labels[:, None].astype(float), build(draw_layers(SIZES, 4))
    optimizer = optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    loader = DataLoader(TensorDataset(x, y), 50, shuffle=True, generator=5)
    hidden = [representation(model, x)]
    for _ in range(epochs):
        for a, b in loader:
            optimizer.zero_grad()
            (0.5 * ((model(a) - b) ** 2).sum() / len(a)).backward()
            optimizer.step()
        hidden.append(representation(model, x))
    with autograd.no_grad():
        right = float(((model(x).numpy() > 0.5) == (y > 0.5)).mean())
    report.add(
        f"circles at rate 1, momentum 0.9, {epochs} epochs: training accuracy",
        right,
        least=0.99,
        whole=True,
    )
    report.save(plot.network(model, inputs=x[0], bias=True), "network.svg")
    regions = plot.decision_regions(lambda p: (model(p).numpy()[:, 0] > 0.5).astype(int), x, labels)
    report.save(regions, "circles.svg")
    animate(report, hidden, labels)


def build(layers: Layers) -> nn.Module:
    """The same network of modules."""
    parts = []
    for w, b in layers:
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=np.float64)
        linear.load_state_dict({"weight": w, "bias": b})
        parts += [linear, nn.Sigmoid()]
    return nn.Sequential(*parts)


def linears(model: nn.Module) -> list[nn.Linear]:
    return [m for m in model if isinstance(m, nn.Linear)]


class detached:
    """The parameters of a layer, away from the tape."""

    def __init__(self, layer: nn.Linear):
        self.weight, self.bias = layer.weight.detach(), layer.bias.detach()


def difference(one: Layers, other: Layers) -> float:
    """The largest difference of any weight or bias."""
    return max(
        np.abs(p - q).max() for a, b in zip(one, other, strict=True) for p, q in zip(a, b, strict=True)
    )


def by_differences(model: nn.Module, x, y, step: float = 1e-5) -> float:
    """The tape's gradient against central differences of the cost: |a - b| / (|a| + |b|), as norms."""

    def cost():
        return 0.5 * ((model(x) - y) ** 2).sum() / len(x)

    model.zero_grad()
    cost().backward()
    tape, found = [], []
    with autograd.no_grad():
        for p in model.parameters():
            for index in np.ndindex(p.shape):
                here = p[index].item()
                ends = []
                for sign in (1, -1):
                    p[index] = here + sign * step
                    ends.append(cost().item())
                p[index] = here
                found.append((ends[0] - ends[1]) / (2 * step))
                tape.append(p.grad[index].item())
    norm = np.linalg.norm
    return norm(np.subtract(tape, found)) / (norm(tape) + norm(found))


def representation(model: nn.Module, x) -> np.ndarray:
    """The activations of the last hidden layer, of three units."""
    with autograd.no_grad():
        for layer in list(model)[:-2]:
            x = layer(x)
    return np.asarray(x)


def animate(report: Report, hidden: list[np.ndarray], labels) -> None:
    """The points as the last hidden layer sees them, while it is trained."""
    figure = Figure(figsize=(4, 4), layout="constrained")
    ax = figure.add_subplot(projection="3d")
    colours = np.where(labels, "tab:orange", "tab:blue")
    frames = hidden[:: max(1, len(hidden) // 25)]
    dots = ax.scatter(*frames[0].T, c=colours, s=4)
    ax.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1), xlabel="a1", ylabel="a2", zlabel="a3")

    def show(frame):
        dots._offsets3d = tuple(frame.T)
        return (dots,)

    path = report.out / "hidden.gif"
    FuncAnimation(figure, show, frames=frames, interval=120).save(path, writer=PillowWriter(fps=8), dpi=70)
    report.pictures.append(path)
    report.save(figure, "hidden.png")


if __name__ == "__main__":
    command_line(run, __doc__)
