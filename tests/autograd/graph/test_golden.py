"""Six pictures as DOT, word for word: whoever changes them should look at them.

`python -m tests.autograd.graph.test_golden` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograd import graph

from . import models

FOLDER = Path(__file__).parent / "golden"
X = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]])


def neuron():
    out, names = models.neuron()
    return graph.draw(out, names=names, level="teach")


def mlp():
    return models.draw_mlp(X.astype(np.float32), level="teach", direction="right")


def loop():
    return graph.draw(models.loop, np.ones((1, 2)), np.eye(2) / 2, fold=True)


def flow():
    model = models.fill(models.nn.Sequential(*[models.nn.Linear(2, 2, bias=False) for _ in range(3)]))
    return graph.draw(model, np.ones((1, 2), np.float32), level="flow")


def second_derivative():
    return graph.draw(lambda x: (x * x * x).sum(), np.array([1.0, 2.0]), level="backward")


def transformer():
    return graph.draw(models.fill(models.Transformer(12, 2)), models.TOKENS, depth=3)


PICTURES = [neuron, mlp, loop, flow, second_derivative, transformer]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda f: f.__name__)
def test_golden(picture):
    assert picture().source == (FOLDER / f"{picture.__name__}.dot").read_text("utf-8")


if __name__ == "__main__":
    for picture in PICTURES:
        picture().save(FOLDER / f"{picture.__name__}.dot")
