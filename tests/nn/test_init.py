"""Initialisers: statistics, fans, gains, generators, refusals; and the default generator."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, LeafWriteError, OperandError, ShapeError
from nn import init

SHAPE = (200, 300)
FAN_IN, FAN_OUT = 300, 200
N = 200 * 300
# function, and the standard deviation of the values and, if uniform, their bound
RANDOM = {
    "uniform": (lambda t, **g: init.uniform_(t, -2.0, 2.0, **g), None, 2.0),
    "normal": (lambda t, **g: init.normal_(t, 0.0, 0.3, **g), 0.3, None),
    "xavier_uniform": (init.xavier_uniform_, None, math.sqrt(6 / (FAN_IN + FAN_OUT))),
    "xavier_uniform, gain": (
        lambda t, **g: init.xavier_uniform_(t, 2.0, **g),
        None,
        2 * math.sqrt(6 / (FAN_IN + FAN_OUT)),
    ),
    "xavier_normal": (init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT)), None),
    "kaiming_uniform": (init.kaiming_uniform_, None, math.sqrt(2) * math.sqrt(3 / FAN_IN)),
    "kaiming_uniform, out": (
        lambda t, **g: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="linear", **g),
        None,
        math.sqrt(3 / FAN_OUT),
    ),
    "kaiming_uniform, a": (
        lambda t, **g: init.kaiming_uniform_(t, math.sqrt(5), **g),
        None,
        1 / math.sqrt(FAN_IN),
    ),
    "kaiming_normal": (init.kaiming_normal_, math.sqrt(2 / FAN_IN), None),
    "kaiming_normal, tanh": (
        lambda t, **g: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh", **g),
        5 / 3 / math.sqrt(FAN_OUT),
        None,
    ),
}
drawing = pytest.mark.parametrize("name", RANDOM)


def filled(name, seed=0, dtype=np.float64):
    t = tensor(np.zeros(SHAPE, dtype))
    return RANDOM[name][0](t, generator=seed).numpy()


@drawing
def test_statistics(name):
    """Mean and spread lie within four standard errors; uniform values fill their bounds."""
    _, std, bound = RANDOM[name]
    values = filled(name)
    if bound is not None:
        assert 0.999 * bound < abs(values).max() <= bound
        std = bound / math.sqrt(3)
    fourth = 3.0 if bound is None else 9 / 5
    assert abs(values.mean()) < 4 * std / math.sqrt(N)
    assert abs((values**2).mean() / std**2 - 1) < 4 * math.sqrt((fourth - 1) / N)
    neighbours = np.corrcoef(values.reshape(-1)[:-1], values.reshape(-1)[1:])[0, 1]
    assert abs(neighbours) < 4 / math.sqrt(N)


def test_a_uniform_interval_need_not_be_around_zero():
    values = init.uniform_(tensor(np.zeros(1000)), 3.0, 4.0, 0).numpy()
    assert 3 <= values.min() < 3.01
    assert 3.99 < values.max() < 4
    assert init.normal_(tensor(np.zeros(1000)), 5.0, 0.1, 0).numpy().mean() == pytest.approx(5, abs=0.02)


@drawing
def test_they_fill_in_place_and_return_the_tensor(name):
    p = nn.Parameter(np.zeros(SHAPE, np.float32))
    memory = p.data
    assert RANDOM[name][0](p, generator=0) is p
    assert p.dtype == np.float32
    assert p.is_leaf
    assert p.requires_grad
    np.testing.assert_array_equal(p.detach().numpy(), memory)
    np.testing.assert_array_equal(memory, filled(name).astype(np.float32))


@drawing
def test_generators(name):
    np.testing.assert_array_equal(filled(name, 3), filled(name, np.random.default_rng(3)))
    assert not np.array_equal(filled(name, 3), filled(name, 4))
    nn.manual_seed(3)
    first = filled(name, None)
    assert not np.array_equal(first, filled(name, None))
    nn.manual_seed(3)
    np.testing.assert_array_equal(first, filled(name, None))
    with pytest.raises(OperandError, match="Generator, a seed or None, got str"):
        filled(name, "0")
    with pytest.raises(ArgumentError, match="negative"):
        filled(name, -1)


def test_constants():
    t = tensor(np.full((2, 2), 5, np.float32))
    assert init.zeros_(t) is t
    assert t.tolist() == [[0, 0], [0, 0]]
    assert init.ones_(t).tolist() == [[1, 1], [1, 1]]
    assert init.constant_(t, 0.5).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert t.dtype == np.float32


def test_a_graph_that_is_alive_keeps_its_values():
    w = tensor([2.0], requires_grad=True)
    loss = (w * w).sum()
    init.constant_(w, 100.0)
    loss.backward()
    assert w.grad.item() == 4.0
    with pytest.raises(LeafWriteError):
        w[0] = 1.0  # what the initialisers may do, a user may not by accident


# ------------------------------------------------------------------ fans and gains


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 3), (3, 5)), ((5, 3, 2), (6, 10)), ((5, 3, 2, 4), (24, 40)), ((1, 1), (1, 1))],
)
def test_fans(shape, expected):
    assert init.fans(tensor(np.zeros(shape))) == expected


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize(
    "fill", [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_]
)
def test_fans_need_two_axes(shape, fill):
    t = tensor(np.zeros(shape))
    with pytest.raises(ShapeError, match="at least 2 axes, got shape"):
        fill(t)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv2d", None, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("leaky_relu", None, math.sqrt(2 / 1.0001)),
        ("leaky_relu", 0, math.sqrt(2)),
        ("leaky_relu", 1, 1),
        ("selu", None, 0.75),
    ],
)
def test_gains(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain, rel=1e-15)


def test_relu_keeps_its_variance_through_layers():
    """What Kaiming's gain is for: fifty layers neither blow up nor fade."""
    x = np.random.default_rng(0).normal(size=(64, 256))
    for seed in range(50):
        w = init.kaiming_normal_(tensor(np.zeros((256, 256))), nonlinearity="relu", generator=seed).numpy()
        x = np.maximum(x @ w.T, 0)
    assert 0.1 < (x**2).mean() * 2 < 10


@pytest.mark.parametrize("fill", [init.kaiming_uniform_, init.kaiming_normal_])
def test_unknown_options(fill):
    t = tensor(np.full((2, 2), 7.0))
    with pytest.raises(ArgumentError, match="mode must be 'fan_in' or 'fan_out', got 'fan'"):
        fill(t, mode="fan")
    with pytest.raises(ArgumentError, match="unknown nonlinearity 'softplus'"):
        fill(t, nonlinearity="softplus")
    with pytest.raises(ArgumentError, match="unknown nonlinearity"):
        init.calculate_gain("")
    assert (t.numpy() == 7).all()


# ------------------------------------------------------------------ the default generator


def test_manual_seed_makes_models_reproducible():
    def model(seed):
        nn.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 5), nn.ELU(), nn.Linear(5, 2)).state_dict()

    first, second, other = model(0), model(0), model(1)
    for path, value in first.items():
        np.testing.assert_array_equal(value, second[path])
        assert not np.array_equal(value, other[path])


def test_manual_seed_seeds_one_generator_in_place():
    generator = nn.default_generator()
    assert nn.manual_seed(5) is generator is nn.default_generator()
    drawn = generator.random(3).tolist()
    assert drawn == np.random.default_rng(5).random(3).tolist()


def test_the_state_can_be_saved():
    nn.manual_seed(0)
    nn.Linear(3, 3)
    state = nn.default_generator().bit_generator.state
    first = nn.Linear(3, 3).weight.tolist()
    nn.default_generator().bit_generator.state = state
    assert nn.Linear(3, 3).weight.tolist() == first


def test_numpys_global_seed_plays_no_part():
    nn.manual_seed(0)
    np.random.seed(0)
    first = nn.Linear(3, 3).weight.tolist()
    nn.manual_seed(0)
    np.random.seed(1)
    np.random.random(10)
    assert nn.Linear(3, 3).weight.tolist() == first


def test_tensors_that_share_memory_are_filled_through():
    memory = np.zeros(3)
    init.ones_(Tensor(memory))
    assert memory.tolist() == [1, 1, 1]
