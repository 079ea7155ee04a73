"""Models whose pictures the tests look at."""

from __future__ import annotations

import numpy as np

import autograd.numpy as anp
import nn
from autograd import graph, tensor


def fill(model):
    """The same parameters in every run, on every machine: quarters, so that sums are exact."""
    for n, parameter in enumerate(model.parameters()):
        values = (np.arange(parameter.data.size) * 7 + n * 3) % 9 - 4
        parameter.data[...] = values.reshape(parameter.shape) / 4
    return model


def neuron():
    """The neuron that micrograd's tutorial draws."""
    x1, x2, w1, w2, b = (tensor(v, requires_grad=True) for v in (2.0, 0.0, -3.0, 1.0, 6.5))
    names = {"x1": x1, "x2": x2, "w1": w1, "w2": w2, "b": b}
    return x1 * w1 + x2 * w2 + b, names


def mlp():
    return fill(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))


def draw_mlp(x, **options):
    """Its picture, with the input called `x`."""
    model = mlp()
    return graph.draw(lambda x: model(x), x, names=model, **options)


def loop(x, w, steps=20):
    """A recurrent network that is written as a loop."""
    for _ in range(steps):
        x = anp.tanh(x @ w)
    return x.sum()


class Heads(nn.Module):
    """Attention whose heads are written out, as in a tutorial."""

    def __init__(self, size, heads):
        super().__init__()
        width = size // heads
        self.heads = nn.ModuleList(Head(size, width) for _ in range(heads))
        self.out = nn.Linear(size, size)

    def forward(self, x):
        return self.out(anp.concatenate([head(x) for head in self.heads], axis=-1))


class Head(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(size, width, bias=False) for _ in range(3))

    def forward(self, x):
        query, key, value = self.query(x), self.key(x), self.value(x)
        scores = query @ key.transpose(0, 2, 1) * 0.5
        scores = anp.exp(scores - scores.max(axis=-1, keepdims=True))
        return scores / scores.sum(axis=-1, keepdims=True) @ value


class Norm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(np.ones(size, np.float32))

    def forward(self, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / anp.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 0.5) * self.weight


class Block(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.norm1, self.attention = Norm(size), Heads(size, heads)
        self.norm2 = Norm(size)
        self.mlp = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, blocks=12, heads=8):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        self.blocks = nn.ModuleList(Block(8, heads) for _ in range(blocks))
        self.norm, self.head = Norm(8), nn.Linear(8, 11)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


TOKENS = np.arange(10).reshape(2, 5)
