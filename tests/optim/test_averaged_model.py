"""AveragedModel and update_bn."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import optim
from autograd import no_grad
from autograd.errors import ArgumentError, OperandError, ShapeError
from optim.state import OptimizerStateError
from optim.swa_utils import (
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2, generator=0)
        self.register_buffer("mean", np.zeros(2, np.float32))
        self.register_buffer("count", np.array(0))

    def forward(self, x, scale=1.0):
        return self.layer(x) * scale + self.mean


def walk(average, model, steps=6):
    """Change a model step by step; the weights and buffers that it had."""
    rng, seen = np.random.default_rng(0), []
    for _ in range(steps):
        with no_grad():
            model.layer.weight += rng.normal(size=(2, 2)).astype(np.float32)
            model.mean += rng.normal(size=2).astype(np.float32)
            model.count += 1
        seen.append((model.layer.weight.detach().copy().numpy(), model.mean.copy().numpy()))
        average.update_parameters(model)
    return seen


def ema(values, decay=0.9):
    out = values[0]
    for v in values[1:]:
        out = decay * out + (1 - decay) * v
    return out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, lambda v: np.mean(v, axis=0)),
        ({"avg_fn": get_swa_avg_fn()}, lambda v: np.mean(v, axis=0)),
        ({"multi_avg_fn": get_swa_multi_avg_fn()}, lambda v: np.mean(v, axis=0)),
        ({"avg_fn": get_ema_avg_fn(0.9)}, ema),
        ({"multi_avg_fn": get_ema_multi_avg_fn(0.9)}, ema),
        ({"avg_fn": lambda average, value, n: value * n}, lambda v: v[-1] * 5),
    ],
)
@pytest.mark.parametrize("use_buffers", [False, True])
def test_averages(options, expected, use_buffers):
    model = Model()
    average = AveragedModel(model, use_buffers=use_buffers, **options)
    seen = walk(average, model)
    weights, means = zip(*seen)
    np.testing.assert_allclose(average.module.layer.weight.detach(), expected(weights), rtol=1e-5)
    wanted = expected(means) if use_buffers else means[-1]
    np.testing.assert_allclose(average.module.mean.numpy(), wanted, rtol=1e-5, atol=1e-6)
    assert average.module.count.item() == 6  # integers are copied
    assert average.n_averaged == 6
    assert average.module.layer.weight.dtype == np.float32


def test_it_is_a_copy():
    model = Model()
    average = AveragedModel(model)
    assert average.module is not model
    before = average.module.layer.weight.tolist()
    with no_grad():
        model.layer.weight += 1
    assert average.module.layer.weight.tolist() == before
    average.update_parameters(model)
    with no_grad():
        model.layer.weight += 1
    assert average.module.layer.weight.tolist() != model.layer.weight.tolist()


def test_it_is_used_as_the_model():
    model = Model()
    average, x = AveragedModel(model), np.ones((3, 2), np.float32)
    np.testing.assert_array_equal(average(x, scale=2.0).detach(), model(x, 2.0).detach())
    np.testing.assert_array_equal(average.forward(x).detach(), model(x).detach())
    assert average.eval() is average
    assert not average.training
    assert not average.module.layer.training
    assert model.training
    assert average.train().training
    assert [n for n, _ in average.named_parameters()] == ["module.layer.weight", "module.layer.bias"]
    assert next(average.named_parameters("net"))[0] == "net.module.layer.weight"
    assert len(list(average.parameters())) == 2
    assert len(list(average.buffers())) == 2
    assert list(average.modules()) == list(average.module.modules())
    assert repr(average).startswith("AveragedModel(\n  (module): Model(\n    (layer): Linear(")


def test_what_is_in_it_has_paths_and_can_be_frozen():
    average = AveragedModel(Model())
    assert [name for name, _ in average.named_modules()] == ["module", "module.layer"]
    assert [m for _, m in average.named_modules()] == list(average.modules())
    assert [name for name, _ in average.named_buffers()] == ["module.mean", "module.count"]
    assert average.requires_grad_(False) is average
    assert not any(p.requires_grad for p in average.parameters())
    average.requires_grad_()(np.ones((1, 2), np.float32)).sum().backward()
    assert average.module.layer.weight.grad is not None
    average.zero_grad()
    assert average.module.layer.weight.grad is None


def test_states_go_round():
    model = Model()
    one, two = AveragedModel(model), AveragedModel(Model())
    walk(one, model)
    state = {k: v.copy() for k, v in one.state_dict().items()}
    assert list(state) == [
        "n_averaged", "module.mean", "module.count", "module.layer.weight", "module.layer.bias"
    ]  # fmt: skip
    assert two.load_state_dict(state) == ([], [])
    for average in (one, two):
        average.update_parameters(model)
    for name, value in one.state_dict().items():
        np.testing.assert_array_equal(value, two.state_dict()[name])
    assert two.n_averaged == 7
    for bad in ({}, {**state, "more": 1}, {k: v for k, v in state.items() if k != "n_averaged"}):
        with pytest.raises(OptimizerStateError, match=r"n_averaged and names in module\."):
            two.load_state_dict(bad)
    with pytest.raises(nn.StateDictError, match="missing: mean"):
        two.load_state_dict({"n_averaged": 1})
    assert two.load_state_dict({"n_averaged": 3}, strict=False).missing_keys


def test_refusals():
    model = Model()
    with pytest.raises(ArgumentError, match="not both"):
        AveragedModel(model, avg_fn=get_swa_avg_fn(), multi_avg_fn=get_swa_multi_avg_fn())
    with pytest.raises(OperandError, match=r"avg_fn must be callable, got float 0\.9"):
        AveragedModel(model, 0.9)
    with pytest.raises(OperandError, match="expected a model, got int 3"):
        AveragedModel(3)
    with pytest.raises(ArgumentError, match="decay"):
        get_ema_avg_fn(-0.1)
    average = AveragedModel(model)
    before = average.module.layer.weight.tolist()
    with pytest.raises(ShapeError, match="have other shapes"):
        average.update_parameters(nn.Linear(3, 3))
    assert average.module.layer.weight.tolist() == before
    assert average.n_averaged == 0


def test_a_graph_that_is_alive_keeps_its_values():
    model = nn.Linear(1, 1, bias=False)
    average, x = AveragedModel(model), np.full((1, 1), 3.0, np.float32)
    average.update_parameters(model)
    y = average(x) * average.module.weight
    weight = average.module.weight.item()
    with no_grad():
        model.weight += 5
    average.update_parameters(model)
    y.sum().backward()
    np.testing.assert_allclose(average.module.weight.grad.item(), 2 * 3 * weight, rtol=1e-6)


def test_the_average_of_noisy_steps_is_the_better_model():
    rng = np.random.default_rng(0)
    model = nn.Linear(3, 1, bias=False, generator=0)
    goal = np.array([[1.0, -2.0, 0.5]], np.float32)
    optimizer, average = optim.SGD(model.parameters(), lr=0.1), AveragedModel(model)
    for t in range(400):
        x = rng.normal(size=(4, 3)).astype(np.float32)
        noise = rng.normal(size=(4, 1)).astype(np.float32)
        loss = ((model(x) - (x @ goal.T + noise)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if t >= 100:
            average.update_parameters(model)
    last = np.sum((model.weight.detach().numpy() - goal) ** 2)
    mean = np.sum((average.module.weight.detach().numpy() - goal) ** 2)
    assert mean < 0.3 * last


# ------------------------------------------------------------------ batch normalisation


@pytest.mark.parametrize("wrap", [lambda m: m, AveragedModel])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_statistics_over_all_batches(wrap, momentum):
    model = nn.Sequential(nn.Linear(3, 2, generator=0), nn.BatchNorm1d(2, momentum=momentum))
    model = wrap(model)
    inner = getattr(model, "module", model)
    inner[1].running_mean[...] = 99.0
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(8, 3)).astype(np.float32) for _ in range(5)]
    model.eval()
    update_bn([(b, "label") for b in batches], model)
    outs = [inner[0](b).detach().numpy() for b in batches]
    np.testing.assert_allclose(
        inner[1].running_mean.numpy(), np.mean([o.mean(0) for o in outs], 0), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        inner[1].running_var.numpy(), np.mean([o.var(0, ddof=1) for o in outs], 0), rtol=1e-4
    )
    assert inner[1].momentum == momentum
    assert not model.training
    assert inner[1].num_batches_tracked.item() == 5


def test_without_batch_normalisation_nothing_is_run():
    class Never(nn.Module):
        def forward(self, x):
            raise AssertionError

    update_bn([np.ones(2)], Never())
    model = nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False), Never())
    update_bn([np.ones((2, 2), np.float32)], model)


def test_an_error_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.BatchNorm1d(2)).eval()
    with pytest.raises(ShapeError):
        update_bn([np.ones((2, 7), np.float32)], model)
    assert model[0].momentum == 0.1
    assert not model.training
