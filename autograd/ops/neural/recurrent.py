"""Recurrent layers: one loop under three kinds of layer, both ways through time.

A layer is one operation. Of sequences of different lengths, `sizes` tells how many are still
running at each time. The result is one array of one axis: the outputs of all steps, then the
final states; `split` takes it apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...declare import case, fused
from ...errors import ArgumentError, DtypeError, ShapeError
from ..joining import concatenate
from ..shapes import reshape, transpose
from . import batching
from .gates import RNNBackward, RNNForward, columns, rnn_formula
from .gru import GRUBackward, GRUForward, gru_formula
from .linear import linear
from .lstm import LSTMBackward, LSTMForward, lstm_formula
from .recurrence import runs_of, walk
from .recurrent_push import GRUPush, LSTMPush, RNNPush

# ------------------------------------------------------------------ kernels


def _checked(kind, x, initial, weights, sizes):
    """The rows of x, and the sizes; or a ShapeError."""
    name = kind.name
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if sizes is None:
        if x.ndim != 3:
            raise ShapeError(f"{name}: x must be (steps, sequences, features), got {x.shape}")
        sizes = x.shape[1:2] * x.shape[0]
    if not sizes or w_ih.ndim != 2 or w_hh.ndim != 2:
        raise ShapeError(f"{name}: no steps in x{x.shape}, or weights that are no matrices")
    rows = x.reshape(sum(sizes), x.shape[-1]) if x.ndim == 3 else x
    gates, width, most = len(w_ih), w_hh.shape[1], max(sizes)
    hidden = w_hr.shape[-1] if w_hr is not None else width
    expected = [
        ("x", rows, (sum(sizes), w_ih.shape[1])), ("h0", initial[0], (most, width)),
        *(("c0", c, (most, hidden)) for c in initial[1:]),
        ("w_hh", w_hh, (hidden * kind.gates, width)), ("w_ih", w_ih, (len(w_hh), w_ih.shape[1])),
        ("b_ih", b_ih, (gates,)), ("b_hh", b_hh, (gates,)), ("w_hr", w_hr, (width, hidden)),
    ]  # fmt: skip
    for what, array, shape in expected:
        if array is not None and array.shape != shape:
            raise ShapeError(f"{name}: {what} must be {shape}, got {array.shape}")
    if (b_ih is None) != (b_hh is None):
        raise ShapeError(f"{name}: b_ih and b_hh come together")
    return rows, sizes


def _cast(arrays):
    """All in the dtype that NumPy's promotion gives them."""
    dtype = np.result_type(*[a for a in arrays if a is not None])
    return [a if a is None else a.astype(dtype, copy=False) for a in arrays]


def _forward(kind, x, initial, weights, sizes, reverse, nonlinearity=None):
    """The result; the runs walked, and what each of them began with and saved."""
    x, sizes = _checked(kind, x, initial, weights, sizes)
    count = len(initial)
    x, *arrays = _cast([x, *initial, *weights])
    if x.dtype.kind != "f":
        raise DtypeError(f"{kind.name}: expected floating numbers, got {x.dtype}")
    initial, weights = arrays[:count], arrays[count:]
    layer = kind.forward(x, weights, reverse, nonlinearity)
    runs = runs_of(sizes, reverse)
    final = walk(runs, [state.T for state in initial], layer)
    out = np.empty(x.shape[0] * layer.width + sum(state.size for state in initial), x.dtype, like=x)
    places = split(out, [(x.shape[0], layer.width), *[state.shape for state in initial]])
    for run, states in zip(runs, layer.outputs, strict=True):
        columns(places[0], run)[...] = states
    for place, state in zip(places[1:], final, strict=True):
        place[...] = state.T
    return out, (runs, layer.saved)


def split(result, shapes):
    """The parts of a result, in these shapes: outputs, and the final states."""
    parts, start = [], 0
    for shape in shapes:
        end = start + math.prod(shape)
        parts.append(reshape(result[start:end], shape))
        start = end
    return parts


def _backward(kind, g, x, initial, weights, out, aux, wanted, reverse, nonlinearity=None):
    """The cotangents of x, the initial states and the weights, of those that are wanted."""
    (runs, saved), (w_ih, w_hh, _, _, w_hr) = aux, weights
    rows = sum([run.steps * run.rows for run in runs])
    shapes = [(rows, w_hh.shape[1]), *[state.shape for state in initial]]
    x_rows = x.reshape(rows, x.shape[-1])
    x_rows, w_ih, w_hh, w_hr = (
        a if a is None or a.dtype == g.dtype else a.astype(g.dtype) for a in (x_rows, w_ih, w_hh, w_hr)
    )
    d_out, *d_final = split(g, shapes)
    layer = kind.backward(d_out, saved, w_hh, w_hr, reverse, nonlinearity)
    d_initial = [d.T for d in walk(runs[::-1], [d.T for d in d_final], layer)]
    found = [None, *d_initial, *[None] * len(weights)]
    weights_at, ones = len(found) - len(weights), np.ones(rows, g.dtype, like=g)
    if 0 in wanted:
        found[0] = layer.of_input(lambda d: d.T.dot(w_ih)).reshape(x.shape)
    if weights_at in wanted:
        found[weights_at] = layer.of_input(lambda d: d.dot(x_rows))
    if weights_at + 1 in wanted:
        before = _before(split(out, shapes)[0], runs, saved, reverse)
        found[weights_at + 1] = layer.of_state(lambda d: d.dot(before))
    if weights_at + 2 in wanted:
        found[weights_at + 2] = layer.of_input(lambda d: d.dot(ones))
    if weights_at + 3 in wanted:
        found[weights_at + 3] = layer.of_state(lambda d: d.dot(ones))
    if weights_at + 4 in wanted:
        found[weights_at + 4] = layer.d_w_hr
    return found


def _before(outputs, runs, saved, reverse):
    """The state before each step, row by row as the outputs are."""
    before = np.empty(outputs.shape, outputs.dtype, like=outputs)
    for run, (start, _) in zip(runs, saved, strict=True):
        shape = (run.steps, run.rows, outputs.shape[1])
        room, found = before[run.places].reshape(shape), outputs[run.places].reshape(shape)
        if reverse:
            room[:-1], room[-1] = found[1:], start.T
        else:
            room[1:], room[0] = found[:-1], start.T
    return before


def _pushed(kind, args, tangents, sizes, reverse, nonlinearity=None):
    """The tangent of the result on arrays; `args` and `tangents`: x, the initial states, the weights."""
    count = kind.states
    x, initial, weights = args[0], args[1 : 1 + count], _with_projection(args[1 + count :])
    _, sizes = _checked(kind, x, initial, weights, sizes)
    given = _cast([x, *initial, *weights])
    dtype = given[0].dtype
    d_x, *d_rest = [d if d is None else np.asarray(d, dtype) for d in tangents]
    rows = sum(sizes)
    x, d_x = given[0].reshape(rows, -1), d_x if d_x is None else d_x.reshape(rows, -1)
    d_initial, d_weights = d_rest[:count], _with_projection(d_rest[count:])
    layer = kind.push(x, given[1 + count :], d_x, d_weights, reverse, nonlinearity)
    return layer.along(runs_of(sizes, reverse), given[1 : 1 + count], d_initial)


def _with_projection(weights):
    """Five weights: a layer without projection takes four."""
    return [*weights, *[None] * (5 - len(weights))]


# ------------------------------------------------------------------ formula


class _Formula:
    """A layer by differentiable operations, for the same loop."""

    def __init__(self, kind, x, weights, reverse, nonlinearity):
        self.kind, self.weights, self.reverse, self.nonlinearity = kind, weights, reverse, nonlinearity
        w_ih, _, b_ih, b_hh, _ = weights
        if b_ih is not None and kind is not _GRU:  # a GRU adds b_hh in part within a gate
            b_ih = b_ih + b_hh
        self.x, self.outputs = linear(x, w_ih, b_ih), {}

    def enter(self, run, *states):
        starts = range(run.places.start, run.places.stop, run.rows) if run.rows else [0] * run.steps
        parts = [(start, transpose(self.x[start : start + run.rows])) for start in starts]
        return self.step, parts[::-1] if self.reverse else parts

    def step(self, *given):
        *states, start, x = given
        states = self.kind.formula(x, states, self.weights, self.nonlinearity)
        self.outputs[start] = transpose(states[0])
        return states

    def leave(self, run):
        """Nothing is left to do."""


def _formula(kind, x, initial, weights, sizes, reverse, nonlinearity=None):
    x, sizes = _checked(kind, x, initial, weights, sizes)
    layer = _Formula(kind, x, weights, reverse, nonlinearity)
    final = walk(runs_of(sizes, reverse), [transpose(state) for state in initial], layer)
    outputs = [layer.outputs[start] for start in sorted(layer.outputs)]
    return concatenate([reshape(part, (-1,)) for part in [*outputs, *map(transpose, final)]])


# ------------------------------------------------------------------ the three kinds


class Kind(NamedTuple):
    """What distinguishes a kind of layer: its step."""

    name: str
    gates: int
    forward: type
    backward: type
    formula: Callable
    push: type
    states: int = 1

    def pushed(self, args, tangents, *statics):
        """The tangent of the layer's result, on arrays."""
        return _pushed(self, args, tangents, *statics)


_DOC = """

    The result is one array of one axis: the outputs of all steps, then the final states. `split`
    takes it apart.

    Shapes: x (steps, sequences, features), or (rows, features) with `sizes`, the number of
    sequences still running at each step; states (sequences, width); weights (gates * hidden,
    features or width), gates in PyTorch's order; biases (gates * hidden,).

    Gradient: back through time, what is not sequential as one product over all steps."""


def _rnn_kernel(x, h0, w_ih, w_hh, b_ih=None, b_hh=None, sizes=None, reverse=False, nonlinearity="tanh"):
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"rnn: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
    return _forward(_RNN, x, [h0], [w_ih, w_hh, b_ih, b_hh, None], sizes, reverse, nonlinearity)


def _rnn_backward(g, x, h0, w_ih, w_hh, b_ih, b_hh, out, aux, wanted, reverse, nonlinearity):
    weights = [w_ih, w_hh, b_ih, b_hh, None]
    return _backward(_RNN, g, x, [h0], weights, out, aux, wanted, reverse, nonlinearity)


def _rnn_formula(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, nonlinearity):
    return _formula(_RNN, x, [h0], [w_ih, w_hh, b_ih, b_hh, None], sizes, reverse, nonlinearity)


def _gru_kernel(x, h0, w_ih, w_hh, b_ih=None, b_hh=None, sizes=None, reverse=False):
    return _forward(_GRU, x, [h0], [w_ih, w_hh, b_ih, b_hh, None], sizes, reverse)


def _gru_backward(g, x, h0, w_ih, w_hh, b_ih, b_hh, out, aux, wanted, reverse):
    weights = [w_ih, w_hh, b_ih, b_hh, None]
    return _backward(_GRU, g, x, [h0], weights, out, aux, wanted, reverse)


def _gru_formula(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse):
    return _formula(_GRU, x, [h0], [w_ih, w_hh, b_ih, b_hh, None], sizes, reverse)


def _lstm_kernel(x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, sizes=None, reverse=False):
    return _forward(_LSTM, x, [h0, c0], [w_ih, w_hh, b_ih, b_hh, w_hr], sizes, reverse)


def _lstm_backward(g, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, out, aux, wanted, reverse):
    weights = [w_ih, w_hh, b_ih, b_hh, w_hr]
    return _backward(_LSTM, g, x, [h0, c0], weights, out, aux, wanted, reverse)


def _lstm_formula(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse):
    return _formula(_LSTM, x, [h0, c0], [w_ih, w_hh, b_ih, b_hh, w_hr], sizes, reverse)


_RNN = Kind("rnn", 1, RNNForward, RNNBackward, rnn_formula, RNNPush)
_GRU = Kind("gru", 3, GRUForward, GRUBackward, gru_formula, GRUPush)
_LSTM = Kind("lstm", 4, LSTMForward, LSTMBackward, lstm_formula, LSTMPush, 2)

rnn = fused(
    _rnn_kernel,
    ["x", "h0", "w_ih", "w_hh", "b_ih", "b_hh"],
    backward=_rnn_backward, formula=_rnn_formula, push=_RNN.pushed, name="rnn", batch=batching.recurrent(2), promotes=True, domain=(-1.0, 1.0),
    cases=[
        case((3, 2, 2), (2, 3), (3, 2), (3, 3), (3,), (3,)),
        case((4, 2), (2, 3), (3, 2), (3, 3), sizes=(2, 1, 1), reverse=True),
        case((3, 2, 1), (2, 2), (2, 1), (2, 2), (2,), (2,), nonlinearity="relu"),
    ],
    doc="""h' = tanh(w_ih x + b_ih + w_hh h + b_hh), or relu, step by step.""" + _DOC,
)  # fmt: skip
gru = fused(
    _gru_kernel,
    ["x", "h0", "w_ih", "w_hh", "b_ih", "b_hh"],
    backward=_gru_backward, formula=_gru_formula, push=_GRU.pushed, name="gru", batch=batching.recurrent(2), promotes=True, domain=(-1.0, 1.0),
    cases=[
        case((2, 2, 2), (2, 2), (6, 2), (6, 2), (6,), (6,)),
        case((4, 1), (2, 2), (6, 1), (6, 2), sizes=(2, 1, 1), reverse=True),
    ],
    doc="""n + z * (h - n) step by step, where r, z = sigmoid(w_ih x + b_ih + w_hh h + b_hh) and
    n = tanh(w_ih x + b_ih + r * (w_hh h + b_hh)).""" + _DOC,
)  # fmt: skip
lstm = fused(
    _lstm_kernel,
    ["x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr"],
    backward=_lstm_backward, formula=_lstm_formula, push=_LSTM.pushed, name="lstm", batch=batching.recurrent(3), promotes=True, domain=(-1.0, 1.0),
    cases=[
        case((2, 2, 2), (2, 2), (2, 2), (8, 2), (8, 2), (8,), (8,)),
        case((4, 1), (2, 1), (2, 2), (8, 1), (8, 1), (8,), (8,), (1, 2), sizes=(2, 1, 1)),
        case((4, 2), (2, 2), (2, 2), (8, 2), (8, 2), sizes=(2, 1, 1), reverse=True),
    ],
    doc="""c' = f * c + i * g and h' = w_hr (o * tanh(c')) step by step, where i, f, o are the
    sigmoid, g is the tanh of w_ih x + b_ih + w_hh h + b_hh; without w_hr, h' = o * tanh(c').""" + _DOC,
)  # fmt: skip
