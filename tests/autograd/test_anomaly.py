"""`detect_anomaly` stops at the first NaN or infinity and says where it came from; else it is silent."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd import tensor
from autograd.errors import AnomalyError, ArgumentError, AutogradError, ShapeError
from autograd.sweeping import is_freed
from nn import functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 8, generator=0), nn.ReLU())
        self.head = nn.Linear(8, 2, generator=0)

    def forward(self, x):
        return self.head(anp.log(self.encoder(x)))  # a line of the user's


def found_in(run):
    with pytest.raises(AnomalyError) as caught, autograd.detect_anomaly():
        run()
    return caught.value


def test_forward_names_all_there_is_to_know():
    model, x = Model(), np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    error = found_in(lambda: model(x))
    with autograd.no_grad():
        zeros = int(np.sum(model.encoder(x).numpy() == 0))
    assert (error.op, error.phase, error.module_path) == ("log", "forward", "Model")
    assert error.source.startswith("test_anomaly.py:")
    assert error.code.endswith("# a line of the user's")
    assert list(error.inputs) == ["x"]
    assert error.inputs["x"].low == 0.0
    assert error.result.infinities == zeros
    text = str(error)
    assert text.startswith(f"in Model: log: gave {zeros} infinities among 24 elements")
    assert f"at {error.source}: return self.head" in text
    assert "x: float32(3, 8), from 0 to " in text


def test_a_module_deep_inside_is_named_by_its_path():
    class Root(nn.Module):
        def forward(self, x):
            return anp.sqrt(x - 1.0)

    model = nn.Sequential(nn.Identity(), nn.Sequential(Root()))
    error = found_in(lambda: model(tensor(np.zeros(2))))
    assert error.module_path == "1.0"
    assert "gave 2 NaN among 2 elements" in str(error)


def test_the_error_carries_the_graph_and_draws_it():
    model = Model()
    error = found_in(lambda: model(np.zeros((3, 4), np.float32) - 5))
    assert [r.op for r in error.tape if r.op] == ["linear", "relu", "log"]
    assert error.record.op == "log"
    assert {r.name for r in error.tape} >= {"encoder.0.weight", "encoder.0.bias"}
    picture = error.draw()
    assert "log" in picture.source
    red = set(picture.source.splitlines()) - set(error.draw(highlight=()).source.splitlines())
    assert len(red) == 1  # one node is drawn another way
    assert "log" in red.pop()


def test_backward_names_the_operation_the_line_and_the_cotangent():
    x = tensor([0.0, 4.0], requires_grad=True)

    def run():
        y = anp.sqrt(x)  # here
        (y * 3.0).sum().backward()

    error = found_in(run)
    assert (error.op, error.phase) == ("sqrt", "backward")
    assert error.code == "y = anp.sqrt(x)  # here"
    assert error.inputs["g"].low == error.inputs["g"].high == 3.0
    assert error.result.infinities == 1
    assert "its derivative gave, as the cotangent of x, 1 infinity among 2 elements" in str(error)
    assert error.record.op == "sqrt"
    assert [r.op for r in error.tape if r.op] == ["sqrt", "multiply", "sum"]
    assert x.grad is None


def test_backward_in_a_module():
    class Root(nn.Module):
        def forward(self, x):
            return anp.sqrt(x)

    x = tensor(np.zeros(3), requires_grad=True)
    error = found_in(lambda: nn.Sequential(nn.Identity(), Root())(x).sum().backward())
    assert error.module_path == "1"
    assert str(error).startswith("in 1: sqrt: its derivative")


def test_the_graph_is_whole_after_an_error_in_a_sweep():
    x = tensor([0.0, 4.0], requires_grad=True)
    y = anp.sqrt(x)
    loss = (y * 2.0).sum()
    with pytest.raises(AnomalyError, match="outside of detect_anomaly"), autograd.detect_anomaly():
        loss.backward()
    assert not is_freed(loss._node)
    loss.backward()
    assert x.grad.numpy()[1] == 0.5


def test_a_sum_of_finite_cotangents_that_overflows():
    x = tensor(np.array([1e-30], np.float32), requires_grad=True)
    big = np.float32(3e38)

    def run():
        y = x * np.array([1.0], np.float32)
        ((y * big) + (y * big) * np.float32(0.5)).sum().backward(tensor(np.float32(1.0)))

    error = found_in(run)
    assert error.phase == "backward"
    assert "what arrived at its result, summed, is 1 infinity" in str(error)
    assert error.op == "multiply"


def test_a_cotangent_that_was_given():
    x = tensor([1.0, 2.0], requires_grad=True)
    error = found_in(lambda: (x * 2.0).backward(np.array([1.0, np.nan])))
    assert "what arrived at its result, summed, is 1 NaN among 2 elements" in str(error)


def test_nan_that_came_in():
    error = found_in(lambda: tensor([1.0, np.nan]) * 2.0)
    assert "multiply: gave 1 NaN among 2 elements; x had such before" in str(error)
    assert "x: float64(2,), 1 NaN among 2 elements; the rest from 1 to 1" in str(error)


def test_a_parameter_that_has_diverged():
    layer = nn.Linear(2, 2)
    layer.weight.data[0, 0] = np.inf
    error = found_in(lambda: layer(np.ones((1, 2), np.float32)))
    assert error.op == "linear"
    assert "w had such before" in str(error)


def test_masks_of_infinities_pass_and_so_does_what_they_make():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = np.random.default_rng(0).standard_normal((2, 5, 8)).astype(np.float32)
    mask = np.triu(np.full((5, 5), -np.inf, np.float32), 1)
    scores = tensor(np.zeros((5, 5)), requires_grad=True)
    with autograd.detect_anomaly():
        attention(x, x, x, attn_mask=mask)[0].sum().backward()
        F.softmax(scores / 2.0 + mask, dim=-1)[0, 0].backward()
        masked = anp.where(mask < 0, -np.inf, scores)
        anp.exp(masked * 2.0).sum().backward()
    assert np.isfinite(scores.grad.numpy()).all()


def test_infinities_can_be_let_through():
    with autograd.detect_anomaly(inf=False):
        y = anp.log(tensor([0.0, 1.0]))
    assert np.isneginf(y.numpy()[0])
    with pytest.raises(AnomalyError, match="1 NaN"), autograd.detect_anomaly(inf=False):
        anp.log(tensor([-1.0, 1.0]))


def test_what_a_sweep_puts_right_is_no_anomaly():
    x = tensor([0.0, 4.0], requires_grad=True)
    for create_graph in (False, True):
        with autograd.detect_anomaly():
            y = anp.where(np.array([False, True]), anp.sqrt(x), 0.0)
            (g,) = autograd.gradients(y.sum(), x, create_graph=create_graph)
        np.testing.assert_array_equal(g.data, [0.0, 0.25])


def test_without_recording():
    with autograd.no_grad():
        error = found_in(lambda: anp.log(tensor([0.0])))
    assert error.op == "log"
    assert error.source.startswith("test_anomaly.py:")


def test_integers_booleans_and_arrays_are_not_looked_at():
    with autograd.detect_anomaly():
        tensor([1, 2]) + 1
        anp.greater(tensor([1.0, 2.0]), 1.5)
        anp.exp(np.array([1000.0]))  # plain NumPy, which is not on the tape
        assert autograd.numpy.isnan(tensor([np.nan])).tolist() == [True]


def test_a_refused_call_shows_line_and_graph_too():
    model = Model()
    with pytest.raises(ShapeError) as caught, autograd.detect_anomaly():
        model.head(anp.exp(tensor(np.ones((3, 5), np.float32), requires_grad=True)))
    assert [r.op for r in caught.value.tape if r.op] == ["exp"]
    assert caught.value.__notes__[0].startswith("at test_anomaly.py:")
    assert "exp" in caught.value.draw().source
    with pytest.raises(ShapeError) as caught:
        model.head(tensor(np.ones((3, 5), np.float32)))
    assert caught.value.tape is None


def leaf(*shape):
    return tensor(np.ones(shape), requires_grad=True)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda h: h @ leaf(2, 3),
        lambda h: anp.einsum("ij,jk->ik", h, leaf(2, 4)),
        lambda h: anp.linalg.solve(h, leaf(2, 3)),
        lambda h: anp.tensordot(h, leaf(2, 4), 1),
        lambda h: np.median(h, axis=3),
        lambda h: h[5],
        lambda h: h.backward(),
        lambda h: anp.concatenate([leaf(2, 4), h]),
        lambda h: F.max_pool2d(h, 7),
        lambda h: F.cross_entropy(h, np.array([0, 1, 2])),
        lambda h: nn.LSTM(4, 4, dtype=np.float64)(h),
        lambda h: nn.Conv2d(4, 4, 3, dtype=np.float64)(h),
        lambda h: nn.LayerNorm(4, dtype=np.float64)(h),
        lambda h: nn.MultiheadAttention(8, 2, dtype=np.float64)(h, h, h),
        lambda h: nn.Sequential(nn.Identity(), nn.BatchNorm1d(4, dtype=np.float64))(h),
    ],
)
def test_any_wrong_call_shows_what_it_was_given(wrong):
    def run():
        wrong(anp.tanh(leaf(2, 3) * 2.0))

    with pytest.raises(AutogradError) as caught, autograd.detect_anomaly():
        run()
    error = caught.value
    assert not isinstance(error, AnomalyError)
    assert [r.op for r in error.tape if r.op][-1] == "tanh"
    assert len(error.__notes__) == 1
    assert error.__notes__[0].startswith("at test_anomaly.py:")
    red = set(error.draw().source.splitlines()) - set(error.draw(highlight=()).source.splitlines())
    assert any("tanh" in line for line in red)
    with pytest.raises(type(error)) as caught:
        run()
    assert caught.value.tape is None


def test_errors_that_are_not_of_this_library_pass():
    with pytest.raises(ZeroDivisionError) as caught, autograd.detect_anomaly():
        1 / len([])
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(ArgumentError) as caught, autograd.detect_anomaly():
        autograd.explain(leaf(2).sum(), leaf(2), limit=0)  # it has tensors, but the user's line is here
    assert "limit=0" in caught.value.__notes__[0]


def test_a_hook_is_named_for_what_it_does():
    x = tensor(np.ones((2, 3), np.float32), requires_grad=True)
    replaced = tensor(np.full((2, 3), np.nan, np.float32))
    model = nn.Sequential(nn.Linear(3, 3, generator=0), nn.Tanh())
    model[0].register_full_backward_hook(lambda module, got, given: (replaced,))
    error = found_in(lambda: model(x).sum().backward())
    assert "in 0: identity: a hook of a module gave, as the cotangent of x, 6 NaN" in str(error)
    assert error.source.startswith("test_anomaly.py:")
    y = x * 2.0
    y.register_hook(lambda g: replaced)
    error = found_in(lambda: (y * 1.0).sum().backward())
    assert "multiply: what arrived at its result, summed, and after its hooks, is 6 NaN" in str(error)


def test_without_a_graph_the_result_itself_is_drawn_red():
    error = found_in(lambda: anp.log(tensor([0.0, 1.0])))
    assert error.record is error.tape[0]
    assert error.draw().source != error.draw(highlight=()).source


@pytest.mark.parametrize(
    ("run", "op", "phase"),
    [
        (lambda: anp.log(tensor(np.array([0j, 1j]), requires_grad=True)), "log", "forward"),
        (lambda: tensor(np.array([6e4], np.float16), requires_grad=True) * 2, "multiply", "forward"),
        (lambda: autograd.grad(lambda v: anp.sqrt(v).sum())(np.zeros(2)), "sqrt", "backward"),
        (lambda: autograd.vjp(anp.sqrt, np.zeros(2))[1](np.ones(2)), "sqrt", "backward"),
        (lambda: autograd.jacobian(anp.sqrt)(np.array([0.0, 1.0])), "sqrt", "backward"),
        (lambda: autograd.hessian(lambda v: (v**1.5).sum())(np.array([0.0, 1.0])), "power", "backward"),
        (lambda: anp.std(tensor([1.0, np.inf])), "std", "forward"),
        (lambda: np.trapezoid(tensor([1.0, np.nan])), "getitem", "forward"),
    ],
)
def test_dtypes_transforms_and_functions_of_numpy(run, op, phase):
    error = found_in(run)
    assert (error.op, error.phase) == (op, phase)
    assert error.source.startswith("test_anomaly.py:")
    assert error.draw().source != error.draw(highlight=()).source


def test_writes_in_place():
    y = leaf(2) * 1.0

    def divide():
        nonlocal y
        y /= np.array([0.0, 1.0])

    error = found_in(divide)
    assert (error.op, [r.op for r in error.tape if r.op]) == ("divide", ["multiply", "divide"])
    error = found_in(lambda: (leaf(2) * 1.0).__setitem__(0, np.nan))
    assert "setitem: gave 1 NaN among 2 elements; value had such before" in str(error)


def test_what_is_put_right_before_it_spreads_is_no_anomaly():
    x = tensor([1.0, np.nan, 3.0], requires_grad=True)
    for run in (anp.nanmean, anp.nan_to_num, lambda x: anp.where(np.isnan(x), 0.0, x)):
        with autograd.detect_anomaly():
            run(x).sum().backward()


def test_what_is_computed_but_not_chosen_is_looked_at():
    x = tensor([0.0, 1.0], requires_grad=True)
    assert found_in(lambda: anp.where(x > 0, anp.log(x), 0.0)).op == "log"
    with autograd.detect_anomaly(inf=False):
        anp.where(x > 0, anp.log(x), 0.0).sum().backward()
    with autograd.detect_anomaly():
        anp.where(x > 0, anp.log(anp.where(x > 0, x, 1.0)), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 2.0])


def test_a_training_step_is_the_same_and_grads_are_finite():
    def train(guard):
        model = Model()
        model.encoder[1] = nn.Sigmoid()
        step = optim.SGD(model.parameters(), lr=0.1)
        x, y = np.ones((3, 4), np.float32), np.zeros((3, 2), np.float32)
        for _ in range(3):
            with guard():
                step.zero_grad()
                F.mse_loss(model(x), y).backward()
                step.step()
        return [p.detach().numpy() for p in model.parameters()]

    for a, b in zip(train(contextlib.nullcontext), train(autograd.detect_anomaly), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_can_be_entered_again_and_nests():
    guard = autograd.detect_anomaly()
    x = tensor([0.0], requires_grad=True)
    with guard, guard, pytest.raises(AnomalyError):
        anp.sqrt(x).sum().backward()
    anp.log(x)  # nobody looks any more
    with pytest.raises(ArgumentError, match="inf must be True or False, got float 1"):
        autograd.detect_anomaly(inf=1.0)


def test_it_is_a_floating_point_error_too():
    with pytest.raises(FloatingPointError), autograd.detect_anomaly():
        anp.log(tensor([0.0]))
