"""Summaries: the tree, shapes, parameters each counted once, work; nothing is changed."""

from __future__ import annotations

import io

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import OperandError


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def no_hooks(model):
    return not any(any(m._hooks or []) for m in model.modules())


def test_the_mlp_of_the_lecture():
    found = nn.summary(mlp(), np.zeros((1, 784), np.float32))
    assert (found.parameters, found.trainable, found.multiply_adds) == (669_706, 669_706, 668_672)
    assert found.parameter_bytes == 4 * 669_706
    assert [line.output for line in found.lines] == ["(1, 10)", *["(1, 512)"] * 4, "(1, 10)"]
    assert "669,706 parameters (669,706 trainable, 0 frozen)" in str(found)


def test_frozen_and_shared_parameters():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 2))
    model[1].weight = model[0].weight
    model[2].requires_grad_(False)
    found = nn.summary(model)
    assert (found.parameters, found.trainable) == (9 + 3 + 3 + 8, 15)
    assert [line.parameters for line in found.lines] == [23, 12, 12, 8]
    assert found.lines[0].output == ""


def test_the_tree():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Tanh())
    found = nn.summary(model, np.zeros((5, 2), np.float32))
    assert [(line.path, line.kind, line.depth) for line in found.lines] == [
        ("", "Sequential", 0), ("0", "Sequential", 1), ("0.0", "Linear", 2), ("1", "Tanh", 1),
    ]  # fmt: skip
    assert "    0: Linear" in str(found)
    html = found._repr_html_()
    assert html.count("<tr>") == 5
    assert "0: Linear" in html


def test_nothing_is_changed():
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model[1].eval()
    before = {k: v.copy() for k, v in model.state_dict().items()}
    nn.summary(model, np.ones((2, 4), np.float32))
    assert (model.training, model[0].training, model[1].training) == (True, True, False)
    for k, v in model.state_dict().items():
        np.testing.assert_array_equal(v, before[k])
    assert all(p.grad is None for p in model.parameters())
    assert no_hooks(model)


def test_an_error_inside_leaves_no_trace():
    model = nn.Sequential(nn.Linear(4, 3))
    with pytest.raises(autograd.errors.ShapeError):
        nn.summary(model, np.ones((2, 5), np.float32))
    assert no_hooks(model)
    out = model(autograd.tensor(np.ones((2, 4), np.float32)))
    assert out.requires_grad


@pytest.mark.parametrize(
    ("module", "shape", "work"),
    [
        (lambda: nn.Conv2d(3, 8, 3, padding=1), (2, 3, 5, 5), 2 * 8 * 25 * 27),
        (lambda: nn.Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5), 8 * 9 * 18),
        (lambda: nn.ConvTranspose2d(3, 8, 3), (1, 3, 5, 5), 3 * 25 * 8 * 9),
        (lambda: nn.LSTM(3, 4), (7, 2, 3), 7 * 2 * 16 * 7),
        (lambda: nn.GRU(3, 4), (7, 2, 3), 7 * 2 * 12 * 7),
        (lambda: nn.RNN(3, 4), (7, 2, 3), 7 * 2 * 4 * 7),
    ],
)
def test_multiply_adds_by_hand(module, shape, work):
    assert nn.summary(module(), np.zeros(shape, np.float32)).multiply_adds == work


def test_attention_counts_projections_and_products():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    found = nn.summary(layer, np.zeros((2, 5, 8), np.float32)).multiply_adds
    projections = 2 * 5 * (8 * 24 + 8 * 8 + 8 * 16 + 16 * 8)
    assert found == projections + 2 * (2 * 5 * 5 * 8)


class Shared(nn.Module):
    """One layer at three places, and called three times."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = self.one
        self.both = nn.Sequential(self.one, nn.ReLU())

    def forward(self, x):
        return self.both(self.two(self.one(x)))


def test_a_module_at_several_places_is_listed_at_each_and_counted_once():
    found = nn.summary(Shared(), np.ones((2, 4), np.float32))
    assert [(line.path, line.shared, line.calls) for line in found.lines] == [
        ("", None, 1), ("one", None, 3), ("two", "one", 0), ("both", None, 1), ("both.0", "one", 0),
        ("both.1", None, 1),
    ]  # fmt: skip
    assert [line.parameters for line in found.lines] == [20, 20, 0, 20, 0, 0]
    assert [line.multiply_adds for line in found.lines] == [96, 96, 0, 32, 0, 0]
    lines = [line.split() for line in str(found).splitlines()]
    assert ["one:", "Linear", "(2,", "4)", "x3", "20", "20", "96", "32"] in lines
    assert ["two:", "Linear", "is", "one"] in lines
    assert (found.parameters, found.parameter_bytes, found.result_bytes) == (20, 80, 4 * 32)


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, batch, scale=1.0):
        for layer in self.layers:
            h = layer(batch["x"]) * scale
        return {"h": h, "all": (h, [h + batch["y"]])}


@pytest.mark.parametrize("by_name", [False, True])
def test_dicts_and_tuples_in_and_out(by_name):
    batch = {"x": np.ones((2, 4), np.float32), "y": autograd.tensor(np.ones(4, np.float32))}
    found = nn.summary(Nested(), batch=batch, scale=2.0) if by_name else nn.summary(Nested(), batch)
    assert found.lines[0].output == "h: (2, 4), all: (2, 4), all: (2, 4)"
    assert (found.lines[1].calls, found.lines[1].multiply_adds) == (0, 64)  # those of its modules
    assert found.multiply_adds == 64
    lstm = nn.summary(nn.LSTM(3, 4, 2), np.zeros((7, 2, 3), np.float32))
    assert lstm.lines[0].output == "(7, 2, 4), (2, 2, 4), (2, 2, 4)"
    assert lstm.multiply_adds == 7 * 2 * (16 * 7 + 16 * 8)
    bilinear = nn.summary(nn.Bilinear(3, 4, 5), np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32))
    assert bilinear.multiply_adds == 2 * 5 * 12


def test_buffers_and_generators_are_put_back():
    class Restless(nn.Module):
        def __init__(self):
            super().__init__()
            self.own = np.random.default_rng(0)
            self.noise = nn.Dropout(0.5)
            self.register_buffer("seen", autograd.tensor(np.zeros(1)))

        def forward(self, x):
            self.seen += 1
            np.random.rand()
            return nn.functional.dropout(x * self.own.random(), 0.5, training=True)

    model, x = Restless(), np.ones((2, 4))
    states = lambda: (nn.default_generator().bit_generator.state, model.own.bit_generator.state)
    before, legacy = states(), np.random.get_state()[2]
    nn.summary(model, x)
    assert states() == before
    assert np.random.get_state()[2] == legacy
    assert model.seen.numpy() == 0


def test_hooks_of_the_user_stay():
    model, seen = nn.Sequential(nn.Linear(4, 3)), []
    model[0].register_forward_hook(lambda *_: seen.append("forward"))
    model[0].register_full_backward_hook(lambda *_: seen.append("backward"))
    before = [list(hooks) for hooks in model[0]._hooks]
    nn.summary(model, np.ones((2, 4), np.float32))
    assert [list(hooks) for hooks in model[0]._hooks] == before
    assert seen == ["forward"]


def test_rich_shows_the_same_table():
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(nn.summary(Shared(), np.ones((2, 4), np.float32)))
    text = console.export_text()
    for cell in ("one: Linear", "(2, 4) x3", "is one", "96", "20 parameters (20 trainable, 0 frozen)"):
        assert cell in text


def test_what_is_refused():
    with pytest.raises(OperandError, match="expected a Module"):
        nn.summary(3)
