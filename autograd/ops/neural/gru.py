"""The step of a GRU.

    r, z = sigmoid(W x + U h + b)
    n = tanh(W x + b + r * (U h + b'));  h' = n + z * (h - n)

The kernel keeps r, z, n, and behind them U h + b' of n, and h - n.

Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, in the form
where r multiplies what the state gave.
"""

from __future__ import annotations

import numpy as np

from ..elementwise import tanh
from .activations import sigmoid
from .gates import Backward, Forward


class GRUForward(Forward):
    gates, sigmoids = 3, 2

    def bias(self, b_ih, b_hh):
        both = b_ih + b_hh
        both[2 * self.hidden :] = b_ih[2 * self.hidden :]
        return both

    def enter(self, run, h):
        n = self.hidden
        room, outputs = self.begin(run, 5 * n)
        self.saved.append((h.copy(), room))
        w, half = self.w_hh, self.number(0.5)
        part, moved = self.empty(3 * n, run.rows), self.empty(n, run.rows)
        sigmoids_part, n_part = part[: 2 * n], part[2 * n :]
        bias = self.empty(n, run.rows)
        bias[...] = 0 if self.b_hh is None else self.b_hh[2 * n :, None]
        dot, add, subtract, multiply, tanh = np.dot, np.add, np.subtract, np.multiply, np.tanh

        def step(h, sigmoids, r, z, new, of_state, difference, out):
            dot(w, h, part)
            add(sigmoids_part, sigmoids, sigmoids)
            tanh(sigmoids, sigmoids)
            multiply(sigmoids, half, sigmoids)
            add(sigmoids, half, sigmoids)
            add(n_part, bias, of_state)
            add(multiply(r, of_state, moved), new, new)
            tanh(new, new)
            subtract(h, new, difference)
            multiply(z, difference, moved)
            return (add(moved, new, out),)

        parts = [room[:, k * n : (k + 1) * n] for k in range(5)]
        return step, self.views(room[:, : 2 * n], *parts, outputs)


class GRUBackward(Backward):
    def __init__(self, g, saved, w_hh, w_hr, reverse, nonlinearity):
        n = self.hidden = len(w_hh) // 3
        super().__init__(g, saved, w_hh, w_hr, reverse, 4 * n)  # r, z, n; the state's part of n
        self.w = np.concatenate((w_hh[2 * n :], w_hh[: 2 * n])).T.copy()  # n, r, z

    def enter(self, run, dh):
        n = self.hidden
        g, room = self.begin(run)
        d = self._slopes(room)
        w, back = self.w, self.empty(n, run.rows)
        dot, add, multiply = np.dot, np.add, np.multiply

        def step(dh, g, slopes, gates, kept):
            add(g, dh, g)
            multiply(slopes, g, slopes)
            dot(w, gates, back)
            return (add(back, kept, back),)

        whole = d.reshape(run.steps, 5, n, run.rows)
        self.found = d
        return step, self.views(g, whole, d[:, : 3 * n], d[:, 4 * n :])

    def _slopes(self, room):
        """What the state's part of n, then r, z, n and the state before have of h'."""
        size, one = self.hidden, self.number(1)
        r, z, n, of_state, difference = (room[:, k * size : (k + 1) * size] for k in range(5))
        d = np.empty_like(room)
        d_state, d_r, d_z, d_n, kept = (d[:, k * size : (k + 1) * size] for k in range(5))
        np.subtract(one, room[:, : 2 * size], d[:, size : 3 * size])
        np.multiply(n, n, d_n)
        np.subtract(one, d_n, d_n)
        np.multiply(d_n, d_z, d_n)
        np.multiply(d_n, r, d_state)
        for part in (r, of_state, d_n):
            np.multiply(d_r, part, d_r)
        for part in (z, difference):
            np.multiply(d_z, part, d_z)
        kept[...] = z
        return d

    def leave(self, run):
        n = self.hidden
        self.keep(run, 0, self.found[:, n : 4 * n])
        self.keep(run, 3 * n, self.found[:, :n])

    def of_input(self, fn):
        return fn(self.kept[: 3 * self.hidden])

    def of_state(self, fn):
        n = self.hidden
        return np.concatenate((fn(self.kept[: 2 * n]), fn(self.kept[3 * n :])))


def gru_formula(x, states, weights, nonlinearity):
    """One step by differentiable operations."""
    (h,) = states
    _, w_hh, _, b_hh, _ = weights
    own = w_hh @ h
    size = len(own) // 3
    own = own if b_hh is None else own + b_hh[:, None]
    gates = sigmoid(x[: 2 * size] + own[: 2 * size])
    n = tanh(x[2 * size :] + gates[:size] * own[2 * size :])
    return (n + gates[size:] * (h - n),)
