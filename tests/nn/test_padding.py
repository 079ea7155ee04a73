"""Padding: values worked by hand, shapes, gradients by counting, bad input, a trained model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
import optim
from autograd import tensor
from autograd.errors import ArgumentError, ShapeError

rng = np.random.default_rng(0)
ROW = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
TABLE = np.array([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]])


@pytest.mark.parametrize(
    ("mode", "widths", "expected"),
    [
        ("constant", (2, 1), [0, 0, 0, 1, 2, 3, 4, 0]),
        ("constant", (-1, 2), [1, 2, 3, 4, 0, 0]),
        ("reflect", (2, 1), [2, 1, 0, 1, 2, 3, 4, 3]),
        ("reflect", (4, 0), [4, 3, 2, 1, 0, 1, 2, 3, 4]),
        ("reflect", (0, 4), [0, 1, 2, 3, 4, 3, 2, 1, 0]),
        ("reflect", (-1, 4), [1, 2, 3, 4, 3, 2, 1, 0]),  # what is cropped is still reflected
        ("replicate", (2, 1), [0, 0, 0, 1, 2, 3, 4, 4]),
        ("replicate", (2, -1), [0, 0, 0, 1, 2, 3]),
        ("circular", (2, 1), [3, 4, 0, 1, 2, 3, 4, 0]),
        ("circular", (5, 5), [0, 1, 2, 3, 4] * 3),
        ("circular", (2, -1), [2, 3, 0, 1, 2, 3]),  # round what is left
    ],
)
def test_rows_by_hand(mode, widths, expected):
    np.testing.assert_array_equal(F.pad(ROW, widths, mode), [expected])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.ConstantPad2d((1, 0, 0, 1), 7), [[7, 0, 1, 2], [7, 3, 4, 5], [7, 7, 7, 7]]),
        (nn.ZeroPad2d((0, 1, 1, 0)), [[0, 0, 0, 0], [0, 1, 2, 0], [3, 4, 5, 0]]),
        (nn.ReflectionPad2d((1, 2, 1, 0)), [[4, 3, 4, 5, 4, 3], [1, 0, 1, 2, 1, 0], [4, 3, 4, 5, 4, 3]]),
        (nn.ReplicationPad2d((1, 0, 1, 0)), [[0, 0, 1, 2], [0, 0, 1, 2], [3, 3, 4, 5]]),
        (nn.CircularPad2d((1, 0, 1, 0)), [[5, 3, 4, 5], [2, 0, 1, 2], [5, 3, 4, 5]]),
        (nn.ZeroPad2d(-1), np.zeros((0, 1))),
    ],
    ids=lambda v: type(v).__name__,
)
def test_tables_by_hand(layer, expected):
    np.testing.assert_array_equal(layer(TABLE), [expected])


MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(MODES)),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
)
def test_as_numpy_pads(mode, axes, batched, dtype):
    most = {"reflect": -1, "circular": 0}.get(mode, 9)
    assume(all(max(b, a) <= n + most for n, b, a in axes))
    lead = (2, 3) if batched else (3,)
    x = rng.normal(size=(*lead, *(n for n, _, _ in axes))).astype(dtype)
    widths = [w for _, b, a in reversed(axes) for w in (b, a)]
    out = F.pad(x, widths, mode)
    expected = np.pad(x, [(0, 0)] * len(lead) + [(b, a) for _, b, a in axes], MODES[mode])
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == dtype


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MODES)), st.lists(st.integers(-2, 3), min_size=2, max_size=4))
def test_gradients_count_where_values_went(mode, widths):
    assume(len(widths) % 2 == 0)
    x = tensor(rng.normal(size=(2, 4, 4)), requires_grad=True)
    places = np.arange(1.0, 33.0).reshape(2, 4, 4)
    try:
        moved = F.pad(places, widths, mode)
    except ShapeError:
        assume(False)
    out = F.pad(x, widths, mode)
    v = rng.normal(size=out.shape)
    out.backward(v)
    expected = [v[moved == place].sum() for place in range(1, 33)]
    np.testing.assert_allclose(x.grad.numpy().reshape(-1), expected, atol=1e-14)


def test_integers_and_booleans_are_padded_too():
    np.testing.assert_array_equal(F.pad(np.arange(3), (1, 1), value=7), [7, 0, 1, 2, 7])
    assert F.pad(np.arange(3), (1, 1)).dtype == np.arange(3).dtype
    assert F.pad(np.array([True]), (1, 0)).tolist() == [False, True]


def test_special_values_pass():
    x = np.array([[np.nan, 1.0, np.inf]])
    np.testing.assert_array_equal(F.pad(x, (1, 1), "circular"), [[np.inf, np.nan, 1, np.inf, np.nan]])
    assert F.pad(ROW.astype(np.float32), (1, 1), value=np.float64(-np.inf)).dtype == np.float32


def test_the_input_stays_and_the_result_is_new():
    x = np.array(ROW)
    out = F.pad(x, (0, 0))
    out[...] = 9
    np.testing.assert_array_equal(x, ROW)
    kept = tensor(np.array(ROW), requires_grad=True)
    v = np.ones((1, 8))
    F.pad(kept, (1, 2), "reflect").backward(v)
    np.testing.assert_array_equal(v, np.ones((1, 8)))


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.pad(ROW, (1,)), ArgumentError, "even number of widths, got 1"),
        (lambda: F.pad(ROW, 1), ArgumentError, "tuple of integers, got 1"),
        (lambda: F.pad(ROW, (1.5, 1)), ArgumentError, "tuple of integers"),
        (lambda: F.pad(ROW, (1, 1), "mirror"), ArgumentError, "mode must be one of .*got 'mirror'"),
        (lambda: F.pad(ROW, (1, 1), value="x"), ArgumentError, "value must be a number, got 'x'"),
        (lambda: F.pad(ROW, (1, 1), "reflect", 2.0), ArgumentError, "only mode 'constant' takes a value"),
        (lambda: F.pad(ROW, (1,) * 6), ShapeError, r"6 widths are too many for input\(1, 5\)"),
        (
            lambda: F.pad(ROW, (-3, -3)),
            ShapeError,
            r"widths \(-3, -3\) crop more than axis 1 has, of length 5",
        ),
        (lambda: F.pad(ROW, (-6, 3)), ShapeError, "crop more than axis 1 has"),
        (lambda: F.pad(ROW, (-6, 3), "reflect"), ShapeError, "crop more than axis 1 has"),
        (
            lambda: F.pad(ROW, (5, 0), "reflect"),
            ShapeError,
            "can pad axis 1, of length 5, by no more than 4, got 5",
        ),
        (lambda: F.pad(ROW, (0, 6), "circular"), ShapeError, "by no more than 5, got 6"),
        (lambda: F.pad(ROW, (-1, 5), "circular"), ShapeError, "by no more than 4, got 5"),
        (lambda: F.pad(np.zeros((1, 0)), (1, 0), "replicate"), ShapeError, "by no more than 0, got 1"),
        (lambda: F.pad(ROW[0], (1, 1), "reflect"), ShapeError, r"one to three axes after C or \(N, C\)"),
        (lambda: F.pad(np.zeros((1, 2, 3, 4)), (1, 1), "circular"), ShapeError, "got 1 of input"),
        (lambda: nn.ReflectionPad1d(1)(np.zeros((1, 1, 1, 3))), ShapeError, "got 1 of input"),
        (lambda: nn.CircularPad2d(1)(np.zeros((3, 3))), ShapeError, "got 2 of input"),
        (lambda: nn.ZeroPad2d((1, 2)), ArgumentError, "ZeroPad2d: padding must be an integer or 4 of them"),
        (lambda: nn.ReplicationPad1d(1.0), ArgumentError, "ReplicationPad1d: padding"),
        (lambda: nn.ReflectionPad1d((1, True)), ArgumentError, "ReflectionPad1d: padding"),
        (lambda: nn.ConstantPad1d(1, "x"), ArgumentError, "ConstantPad1d: value must be a number"),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("mode", sorted(MODES))
def test_trains_through(mode):
    """A signal is found from what its padded differences should be."""
    goal = rng.normal(size=(1, 1, 6))
    model = nn.Parameter(np.zeros((1, 1, 6)))
    target = F.pad(goal, (2, 1), mode)
    optimiser = optim.SGD([model], lr=1.0)
    for _ in range(60):
        optimiser.zero_grad()
        loss = ((F.pad(model, (2, 1), mode) - target) ** 2).sum() * 0.2
        loss.backward()
        optimiser.step()
    assert loss.item() < 1e-6
    np.testing.assert_allclose(model.detach().numpy(), goal, atol=1e-2)


def test_second_derivatives_pass_through_the_border():
    x = tensor(np.array(ROW), requires_grad=True)
    out = (F.pad(x, (1, 1), "circular") ** 3).sum()
    (g,) = autograd.gradients(out, [x], create_graph=True)
    (gg,) = autograd.gradients(g.sum(), [x])
    np.testing.assert_allclose(gg.numpy(), 6 * ROW * [[2, 1, 1, 1, 2]])
