"""`explain`: contributions of paths sum to the gradient, and a missing gradient has a cause."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
import nn
from autograd import explain, tensor
from autograd.errors import ArgumentError, GradientError, GraphFreedError, OperandError
from autograd.explaining import CAUSES, cuts
from autograd.primitive import REGISTRY
from nn import functional as F


def leaf(*values):
    return tensor(np.array(values, dtype=np.float64), requires_grad=True)


def check(found, param, loss):
    """The routes sum to what backward gives, and their shares to one."""
    (gradient,) = autograd.gradients(loss, param, retain_graph=True)
    np.testing.assert_allclose(found.gradient, gradient.data, rtol=1e-9, atol=1e-12)
    total = sum(r.contribution for r in found.routes)
    np.testing.assert_allclose(total, gradient.data, rtol=1e-9, atol=1e-12)
    assert sum(r.share for r in found.routes) == pytest.approx(1.0)
    assert found.norm == pytest.approx(np.linalg.norm(gradient.data))


# ---------------------------------------------------------------- routes


def test_parallel_paths_by_hand():
    x = leaf(2.0)
    loss = (x * x + 6.0 * x).sum()
    found = explain(loss, x, names={"x": x})
    assert [(r.norm, round(r.share, 6)) for r in found.routes] == [(6, 0.6), (4, 0.4)]
    assert [r.paths for r in found.routes] == [1, 1]  # x * x is one operation
    assert [r.text for r in found.routes] == ["multiply.2 > add:y", "multiply.1 > add:x"]
    assert x.grad is None
    loss.backward()  # the graph is whole
    assert x.grad.numpy() == [10.0]


def test_a_path_that_works_against_the_others_has_a_negative_share():
    x = leaf(1.0, 2.0)
    found = explain((5.0 * x - anp.exp(0.0 * x) * x).sum(), x)
    assert found.routes[0].share > 1
    assert min(r.share for r in found.routes) < 0
    assert sum(r.share for r in found.routes) == pytest.approx(1.0)


def test_one_path_is_the_gradient():
    x = leaf(1.0, 2.0)
    found = explain(anp.tanh(x * 3.0).sum(), x)
    assert [(r.paths, r.text) for r in found.routes] == [(1, "straight")]
    assert "on every path: multiply > tanh > sum" in str(found)


class Block(nn.Module):
    def __init__(self, seed):
        super().__init__()
        self.inner = nn.Linear(4, 4, dtype=np.float64, generator=seed)

    def forward(self, x):
        return x + anp.tanh(self.inner(x))


def residual(depth):
    model = nn.Sequential(nn.Linear(3, 4, dtype=np.float64, generator=0), *map(Block, range(depth)))
    x = np.random.default_rng(0).standard_normal((5, 3))
    return model, lambda: F.mse_loss(model(x), np.zeros((5, 4)))


def test_all_paths_through_skips_are_told_apart_with_their_modules():
    model, run = residual(3)
    with autograd.record():
        loss = run()
    found = explain(loss, model[0].weight, names=model)
    check(found, model[0].weight, loss)
    assert len(found.routes) == 8
    assert {r.paths for r in found.routes} == {1}
    assert found.name == "0.weight"
    texts = {r.text for r in found.routes}
    assert "1 (add:x) > 2 (add:x) > 3 (add:x)" in texts
    assert "1.inner (linear) > 1 (tanh, add:y) > 2 (add:x) > 3 (add:x)" in texts
    assert "on every path: 0 (linear) > mse_loss" in str(found)
    assert found.stages[0].source.startswith("test_explaining.py:")


@pytest.mark.parametrize("limit", [1, 2, 5, 12])
def test_paths_beyond_the_limit_are_put_together_and_still_counted(limit):
    model, run = residual(40)  # 2**40 paths
    loss = run()
    found = explain(loss, model[0].weight, names=model, limit=limit)
    check(found, model[0].weight, loss)
    assert len(found.routes) == limit
    assert sum(r.paths for r in found.routes) == 2**40
    assert "~1e12" in str(found)
    assert max(map(len, str(found).splitlines())) < 130


def test_without_recording_modules_are_known_by_their_parameters():
    model, run = residual(2)
    found = explain(run(), model[0].weight, names=model)
    assert any("1.inner (linear)" in r.text for r in found.routes)


def test_a_weight_that_is_used_at_every_step():
    w = tensor(np.random.default_rng(0).standard_normal((3, 3)), requires_grad=True)
    h = np.ones((2, 3))
    for _ in range(4):
        h = anp.tanh(h @ w)
    loss = h.sum()
    found = explain(loss, w)
    check(found, w, loss)
    assert len(found.routes) == 4
    assert sorted(r.text.split()[0] for r in found.routes) == [
        f"matmul.{i}" + ":y" * (i > 1) for i in (1, 2, 3, 4)
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("+*-t"), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12
    )
)
def test_routes_sum_to_the_gradient_in_any_graph(program):
    x = leaf(0.3, -0.7, 1.1)
    values = [x, tensor(np.array([0.5, 0.2, -0.4]), requires_grad=True)]
    for op, i, j in program:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append(
            a + b if op == "+" else a * b if op == "*" else a - 0.5 * b if op == "-" else anp.tanh(a + x[0])
        )
    loss = (values[-1] + 0.1 * x).sum()
    for limit in (3, 50):
        found = explain(loss, x, limit=limit)
        if found.norm:
            check(found, x, loss)


def test_a_tensor_that_is_no_leaf_and_the_loss_itself():
    x = leaf(1.0, 2.0)
    h = x * 3.0
    loss = (h * h).sum()
    check(explain(loss, h), h, loss)
    found = explain(loss, loss)
    assert found.gradient == 1.0
    assert found.routes[0].hops == []


def test_complex_and_float32_and_a_cotangent():
    z = tensor(np.array([1 + 2j, 3j]), requires_grad=True)
    loss = anp.real(z * z * 1j).sum()
    check(explain(loss, z), z, loss)
    x = tensor(np.ones(3, np.float32), requires_grad=True)
    y = x * x
    found = explain(y, x, gradient=np.array([1, 0, 2], np.float32))
    np.testing.assert_array_equal(found.gradient, [2, 0, 4])
    assert found.gradient.dtype == np.float32
    assert "1 of 3 elements are zero" in found.verdict
    with pytest.raises(GradientError, match="explain: a tensor of shape"):
        explain(y, x)


def test_hooks_count():
    x = leaf(1.0, 2.0)
    h = x * 3.0
    h.register_hook(lambda g: 10 * g)
    loss = (h * h).sum()
    check(explain(loss, x), x, loss)
    layer = nn.Linear(2, 2, dtype=np.float64, generator=0)
    layer.register_full_backward_hook(lambda m, gi, go: (2 * gi[0],))
    loss = (layer(x * x) + layer(x)).sum()
    check(explain(loss, x), x, loss)


def test_a_hook_that_sweeps_by_itself():
    x, other = leaf(1.0, 2.0), leaf(3.0)
    h = x * 3.0
    h.register_hook(lambda g: g * autograd.grad(lambda v: (v * v).sum())(other.data)[0])
    loss = (h * h).sum()
    check(explain(loss, x), x, loss)


def test_what_flows_is_listed_from_the_loss_on():
    x = leaf(1.0, 1.0)
    found = explain((x * 3.0).sum(), x)
    assert [(s.op, s.arrived) for s in found.stages] == [("sum", 1.0), ("multiply", pytest.approx(2**0.5))]
    assert [(name, value) for name, _, value in found.stages[1].passed] == [("x", pytest.approx(18**0.5))]
    assert found.flow().splitlines()[0].split() == ["operation", "line", "arrived", "passed", "on"]


def test_a_gradient_that_has_all_but_vanished():
    x = leaf(-1.0, -2.0)
    found = explain(F.sigmoid(x * 700.0).sum(), x)
    assert 0 < found.norm < 1e-290
    assert found.routes[0].share == pytest.approx(1.0)
    assert "most was lost at sigmoid, from 1.414 to " in found.verdict
    assert "lost" not in explain((x * 3.0).sum(), x).verdict


# ---------------------------------------------------------------- zero


def overwritten(y):
    y[:] = 1.0
    return y


def test_keys_that_are_masked():
    k, others = tensor(np.ones((1, 1, 4)), requires_grad=True), np.eye(2, 4)[None]
    mask = np.array([[False, True, True]] * 2)

    def run():
        values = np.arange(12.0).reshape(1, 3, 4)
        keys = anp.concatenate([k, others], 1)
        return (F.scaled_dot_product_attention(others, keys, values, attn_mask=mask) ** 2).sum()

    found = explain(run, k)
    assert (found.cause, found.cuts[0].op) == ("masked", "concatenate")  # it passed on none for these


def test_a_dropout_in_a_model_is_named():
    model = nn.Sequential(nn.Linear(2, 3, generator=0), nn.Dropout(1.0), nn.Linear(3, 1, generator=0))
    found = explain(lambda: model(np.ones((4, 2), np.float32)).sum(), model[0].weight, names=model)
    assert (found.cause, found.cuts[0].op, found.cuts[0].path) == ("masked", "multiply", "1")


@pytest.mark.parametrize(
    ("function", "op", "cause"),
    [
        (lambda a: F.relu(a), "relu", "masked"),
        (lambda a: anp.where(a > 0, a, 1.0), "where", "masked"),
        (lambda a: anp.clip(a, 0.0, 1.0), "clip", "masked"),
        (lambda a: anp.concatenate([a, np.ones(2)])[2:], "concatenate", "masked"),
        (lambda a: anp.tanh(a * 1e4), "tanh", "saturated"),
        (lambda a: F.softmax(a * 1e6, dim=0), "softmax", "saturated"),
        (lambda a: anp.exp(a * 1e6), "exp", "saturated"),
        (lambda a: anp.floor(a), "floor", "flat"),
        (lambda a: anp.sign(a), "sign", "flat"),
        (lambda a: a * 0.0, "multiply", "zero factor"),
        (lambda a: a * tensor(np.zeros(2), requires_grad=True), "multiply", "zero factor"),
        (lambda a: a * np.zeros(2), "multiply", "masked"),
        (lambda a: a * (a > 0), "multiply", "masked"),
        (lambda a: F.dropout(a, 1.0), "multiply", "masked"),
        (lambda a: anp.minimum(a, -5.0), "minimum", "masked"),
        (lambda a: F.hardsigmoid(a * 9.0), "hardsigmoid", "masked"),
        (lambda a: a[2:].sum(), "sum", "masked"),
        (lambda a: F.relu(a) + 2.0 * F.relu(3.0 * a), "relu", "masked"),
        (lambda a: overwritten(a * 1.0), "setitem", "masked"),
        (lambda a: F.sigmoid(a * -1e3), "sigmoid", "saturated"),
        (lambda a: F.sigmoid(a * -1e3) + F.sigmoid(-2e3 * a), "sigmoid", "saturated"),
        (lambda a: anp.round(a), "round", "flat"),
        (lambda a: anp.linalg.slogdet(a[:1].reshape(1, 1)).sign, "slogdet", "flat"),
        (lambda a: F.softmax(a, dim=0).sum(), "softmax", "cancelled"),
        (lambda a: a.reshape(1, 2) @ np.zeros((2, 2)), "matmul", "zero factor"),
        (lambda a: a - a, "subtract", "cancelled"),
        (lambda a: a * 3.0 - a * 3.0, "", "cancelled"),
    ],
)
def test_a_gradient_that_is_zero(function, op, cause):
    a = leaf(-1.0, -2.0)
    found = explain(anp.exp(function(a)).sum(), a, names={"a": a})
    assert found.norm == 0
    assert found.cause == cause
    assert found.cuts[0].op == op
    assert found.cuts[0].order is not None or not op
    assert found.verdict.startswith(f"the gradient of a is zero, {cause}")
    assert CAUSES[cause] in str(found)
    assert "arrived" in str(found)


def test_a_hook_that_makes_it_zero():
    a = leaf(1.0)
    h = a * 2.0
    h.register_hook(lambda g: 0 * g)
    assert explain(h.sum(), a).cause == "hook"


def test_the_cut_names_module_and_line():
    model = nn.Sequential(nn.Linear(2, 3, generator=0), nn.ReLU())
    model[0].bias.data[:] = -100
    with autograd.record():
        loss = model(np.ones((1, 2), np.float32)).sum()
    found = explain(loss, model[0].weight, names=model)
    assert (found.cause, found.cuts[0].op, found.cuts[0].path) == ("masked", "relu", "1")
    assert "masked at relu (1, test_explaining.py:" in found.verdict


# ---------------------------------------------------------------- none


def outside():
    return leaf(1.0, 3.0)


def test_frozen_and_integer_parameters():
    a, b = leaf(1.0, 2.0), outside()
    a.requires_grad_(False)
    assert explain((a * b).sum(), a).cause == "frozen"
    assert explain((tensor([1, 2]) * b).sum(), tensor([1, 2])).cause == "integer"


def test_detached_is_seen_on_the_tape():
    a, b = leaf(1.0, 2.0), outside()
    found = explain((a.detach() * b).sum(), a, names={"a": a})
    assert (found.gradient, found.cause, found.cuts[0].op) == (None, "detached", "multiply")


def test_unused():
    a, b = leaf(1.0, 2.0), outside()
    assert explain((b * b).sum(), a).cause == "unused"
    assert explain(lambda: (b * b).sum(), a).cause == "unused"
    assert explain(lambda: (anp.exp(a), (b * b).sum())[1], a).cause == "unused"


def test_a_loss_without_history():
    a = leaf(1.0, 2.0)
    with autograd.no_grad():
        loss = (a * a).sum()
    found = explain(loss, a)
    assert found.cause == "no history"
    assert "under no_grad()" in found.verdict


def written(y, values):
    y[:] = values
    return y


def by_no_grad(a, b):
    with autograd.no_grad():
        h = a * 2.0
    return (h * b).sum()


@pytest.mark.parametrize(
    ("function", "op", "cause"),
    [
        (by_no_grad, "multiply", "no_grad"),
        (lambda a, b: ((a * 2.0).detach() * b).sum(), "detach", "detached"),
        (lambda a, b: (autograd.Tensor((a * 2.0).data) * b).sum(), "multiply", "detached"),
        (lambda a, b: ((a * 2.0).astype(int) * b).sum(), "astype", "integer"),
        (lambda a, b: ((a * 2.0 > 1.0).astype(float) * b).sum(), "greater", "integer"),
        (lambda a, b: (anp.argmax(a) * b).sum(), "argmax", "integer"),
        (lambda a, b: b[anp.argmax(a)], "argmax", "integer"),
        (lambda a, b: (b * (a * 2.0).detach().numpy()[0]).sum(), "detach", "detached"),
        (lambda a, b: written(b * 1.0, a.detach()).sum(), "detach", "detached"),
        (lambda a, b: (b * (a * 2.0)[0].item()).sum(), "getitem", "unused"),
        (lambda a, b: (anp.exp(a), (b * b).sum())[1], "exp", "unused"),
        (lambda a, b: anp.stack([(a * 2.0).detach(), b]).sum(), "detach", "detached"),
    ],
)
def test_a_function_is_followed_to_where_the_history_ends(function, op, cause):
    a, b = leaf(1.0, 2.0), outside()
    found = explain(lambda: function(a, b), a, names={"a": a})
    assert found.gradient is None
    assert (found.cause, found.cuts[0].op) == (cause, op)
    assert found.cuts[0].source.startswith("test_explaining.py:")
    assert found.verdict.startswith(f"the gradient of a is None, {cause} at {op} (test_explaining.py:")
    picture = found.draw()
    if found.cuts[0].order is not None:  # an operation of the graph took what was cut off
        assert picture.source != found.draw(highlight=()).source


def test_the_names_in_the_tables_are_those_of_primitives():
    assert set(REGISTRY) >= cuts._SATURATING | cuts._MASKING | cuts._FLAT


def test_a_part_that_is_cut_off_is_told_too():
    a = leaf(1.0, 2.0)
    found = explain(lambda: (a * a + a.detach() * 3.0).sum(), a)
    np.testing.assert_array_equal(found.gradient, [2.0, 4.0])
    assert [(cut.cause, cut.op) for cut in found.cuts] == [("detached", "detach")]
    assert found.cause == ""
    assert "cut off elsewhere: detached at detach (test_explaining.py:" in str(found)


def test_a_function_that_is_whole_has_no_cuts():
    model, run = residual(2)
    found = explain(run, model[0].weight, names=model)
    assert found.cuts == []
    assert any("1.inner (linear) > 1 (tanh, add:y)" in r.text for r in found.routes)  # it was recorded
    assert found.stages[0].source.startswith("test_explaining.py:")
    assert found.norm > 0
    a = leaf(1.0, 2.0)
    assert explain(lambda: anp.stack([a, 2.0 * a]).sum() + (a + np.ones((3, 2))).sum(), a).cuts == []
    assert explain(lambda: anp.array([a[0], a[1]]).sum(), a).cuts == []


def test_the_flow_picture():
    a = leaf(-1.0, -2.0)
    found = explain((a * a * 3.0).sum(), a, names={"a": a})
    assert "<B>a</B>" in found.draw().source
    zero = explain((F.relu(a) * 3.0).sum(), a, names={"a": a})
    red = set(zero.draw().source.splitlines()) - set(zero.draw(highlight=()).source.splitlines())
    assert len(red) == 1  # one node is drawn another way
    assert "relu" in red.pop()
    none = explain((a.detach() * leaf(1.0, 2.0)).sum(), a)
    red = set(none.draw().source.splitlines()) - set(none.draw(highlight=()).source.splitlines())
    assert "multiply" in red.pop()
    assert a.grad is None


def test_bad_input():
    a = leaf(1.0, 2.0)
    with pytest.raises(OperandError, match=r"expected a Tensor as the parameter, got float64\(2,\)"):
        explain((a * a).sum(), np.ones(2))
    with pytest.raises(OperandError, match="expected a Tensor as the loss, got float 1"):
        explain(1.0, a)
    with pytest.raises(OperandError, match="expected a Tensor as the loss, got float 1"):
        explain(lambda: 1.0, a)
    with pytest.raises(ArgumentError, match="limit must be a positive int, got int 0"):
        explain((a * a).sum(), a, limit=0)
    loss = (a * a).sum()
    loss.backward()
    with pytest.raises(GraphFreedError, match="retain_graph=True"):
        explain(loss, a)
