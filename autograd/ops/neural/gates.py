"""What the kinds of recurrent step share, and the simplest kind: h' = tanh(W x + U h + b), or relu.

States stand in columns here, (width, rows), and those of a run of steps as (steps, width,
rows), so that each gate of each step is one contiguous block. What a step needs of its own is
found for all steps of a run at once, and views of it are made before the loop.

`enter(run, *states)` prepares a run: it gives the function of one step, and for each step the
views that this takes after the states. See `recurrent.walk`, which calls both.
"""

from __future__ import annotations

import numpy as np

from ..elementwise import tanh
from .activations import relu


def columns(rows, run):
    """The rows of a run as columns: a view of shape (steps, width, rows)."""
    return rows[run.places].reshape(run.steps, run.rows, rows.shape[1]).transpose(0, 2, 1)


class Pass:
    """What both directions share: a dtype, and the order in which steps are walked."""

    def __init__(self, like, backwards):
        self.like, self.dtype, self.walking = like, like.dtype, slice(None, None, -1 if backwards else 1)

    def empty(self, *shape):
        return np.empty(shape, self.dtype, like=self.like)

    def number(self, value):
        """A number as NumPy takes it fastest."""
        return np.asarray(value, self.dtype)

    def views(self, *blocks):
        """The steps' parts of each block, step by step in the order walked."""
        return zip(*[list(block)[self.walking] for block in blocks], strict=True)


class Forward(Pass):
    """A layer, run by run.

    Attributes:
        outputs: for each run walked, the states it put out.
        saved: for each run walked, the state it began with, and what the way back needs.
    """

    gates = 1
    moved = 0  # so many of the last gates the kernel keeps first
    sigmoids = 0  # so many of its first gates are sigmoids, taken as 0.5 + 0.5 * tanh(z / 2)

    def __init__(self, x, weights, reverse, nonlinearity):
        super().__init__(x, reverse)
        w_ih, w_hh, b_ih, b_hh, self.w_hr = weights
        self.nonlinearity, self.b_hh = nonlinearity, b_hh
        self.hidden, self.width = len(w_hh) // self.gates, w_hh.shape[1]
        if b_ih is not None:  # a column of ones adds the bias within the product
            w_ih = np.concatenate((w_ih, self.bias(b_ih, b_hh)[:, None]), 1)
            ones = self.empty(len(x), w_ih.shape[1])
            ones[:, :-1], ones[:, -1] = x, 1
            x = ones
        self.x, self.w_ih, self.w_hh = x, self.arranged(w_ih), self.arranged(w_hh)
        self.saved, self.outputs = [], []

    def bias(self, b_ih, b_hh):
        """What is added to the input's part."""
        return b_ih + b_hh

    def arranged(self, w):
        """Weights with the gates in our order, and those of sigmoids halved."""
        first = (self.gates - self.moved) * self.hidden
        if self.sigmoids:  # else they are taken as they are
            w = np.concatenate((w[first:], w[:first])) if self.moved else w.copy()
            w[: self.sigmoids * self.hidden] *= self.number(0.5)
        return w

    def begin(self, run, height):
        """Room for `height` rows in each step, the first with the input's part; and for outputs."""
        room = self.empty(run.steps, height, run.rows)
        np.matmul(self.w_ih, columns(self.x, run), room[:, : len(self.w_ih)])
        outputs = self.empty(run.steps, self.width, run.rows)
        self.outputs.append(outputs)
        return room, outputs

    def leave(self, run):
        """Called when the steps of a run are done."""


class Backward(Pass):
    """The way back through a layer, run by run.

    Attributes:
        g: the cotangent of what was put out, (all rows, width).
        kept: the cotangents of gates before their activation, (height, all rows).
    """

    def __init__(self, g, saved, w_hh, w_hr, reverse, height):
        super().__init__(g, not reverse)
        self.g, self.saved, self.w_hh, self.w_hr = g, list(saved), w_hh, w_hr
        self.kept = self.empty(height, len(g))

    def begin(self, run):
        """The cotangent of a run's outputs in columns, ours to write to; what the run saved."""
        return columns(self.g, run).copy(), self.saved.pop()[1]

    def keep(self, run, start, values):
        """Put cotangents of gates, (steps, height, rows), with those of all runs."""
        room = self.kept[start : start + values.shape[1], run.places]
        room.reshape(values.shape[1], run.steps, run.rows)[...] = values.transpose(1, 0, 2)

    # What the weights multiplied had these cotangents; they differ where a gate does not treat
    # input and state alike. `fn` takes rows of them.

    def of_input(self, fn):
        return fn(self.kept)

    def of_state(self, fn):
        return fn(self.kept)


# ------------------------------------------------------------------ h' = tanh(W x + U h + b)


class RNNForward(Forward):
    """h' = tanh(W x + U h + b), or relu."""

    def enter(self, run, h):
        room, outputs = self.begin(run, self.width)
        w, part, zero = self.w_hh, self.empty(self.width, run.rows), self.number(0)
        self.saved.append((h.copy(), outputs))

        def tanh_step(h, z, out):
            np.dot(w, h, part)
            np.add(part, z, part)
            np.tanh(part, out)
            return (out,)

        def relu_step(h, z, out):
            np.dot(w, h, part)
            np.add(part, z, part)
            np.maximum(part, zero, out=out)
            return (out,)

        step = tanh_step if self.nonlinearity == "tanh" else relu_step
        return step, self.views(room, outputs)


class RNNBackward(Backward):
    """The way back of `RNNForward`."""

    def __init__(self, g, saved, w_hh, w_hr, reverse, nonlinearity):
        super().__init__(g, saved, w_hh, w_hr, reverse, len(w_hh))
        self.nonlinearity = nonlinearity

    def enter(self, run, dh):
        g, outputs = self.begin(run)
        if self.nonlinearity == "tanh":
            d = outputs * outputs
            np.subtract(self.number(1), d, d)
        else:
            d = (outputs > 0).astype(self.dtype)
        w, back = (
            np.ascontiguousarray(self.w_hh.T, like=self.w_hh),
            self.empty(self.w_hh.shape[1], run.rows),
        )

        def step(dh, g, d):
            np.add(g, dh, g)
            np.multiply(d, g, d)
            return (np.dot(w, d, back),)

        self.found = d
        return step, self.views(g, d)

    def leave(self, run):
        self.keep(run, 0, self.found)


def rnn_formula(x, states, weights, nonlinearity):
    """One step by differentiable operations."""
    (h,) = states
    z = x + weights[1] @ h
    return (tanh(z) if nonlinearity == "tanh" else relu(z),)
