"""Tangents of recurrent layers, pushed along with the states by the loop over time that all share.

What does not depend on the state is one product over all steps; a step gives the new states and their
tangents. A `d` in front of a name is for a tangent; one that is None stays out of every product.
"""

from __future__ import annotations

import numpy as np

from .gates import columns
from .recurrence import walk


class Push:
    """A layer and its tangents, run by run, in columns.

    Args:
        x: rows.
        weights: w_ih, w_hh, b_ih, b_hh, w_hr.
        d_x, d_weights: their tangents, or None.
    """

    def __init__(self, x, weights, d_x, d_weights, reverse, nonlinearity):
        w_ih, self.w_hh, b_ih, b_hh, self.w_hr = weights
        d_w_ih, self.d_w_hh, d_b_ih, d_b_hh, self.d_w_hr = d_weights
        self.walking, self.nonlinearity = slice(None, None, -1 if reverse else 1), nonlinearity
        self.b_hh, self.d_b_hh = _column(b_hh), _column(d_b_hh)
        self.x, self.d_x, self.w_ih, self.d_w_ih = x, d_x, w_ih, d_w_ih
        self.b_ih, self.d_b_ih = _column(b_ih), _column(d_b_ih)
        self.outputs = np.empty((len(x), self.w_hh.shape[1]), x.dtype)

    def along(self, runs, initial, d_initial):
        """The tangent of the layer's result: of its outputs, then of its final states."""
        d_initial = [np.zeros_like(s) if d is None else d for s, d in zip(initial, d_initial, strict=True)]
        final = walk(runs, [state.T for state in (*initial, *d_initial)], self)[len(initial) :]
        return np.concatenate([self.outputs.reshape(-1), *[d.T.reshape(-1) for d in final]])

    def enter(self, run, *states):
        x, d_x = (a if a is None else columns(a, run) for a in (self.x, self.d_x))
        z, dz = self.w_ih @ x, _product(self.w_ih, self.d_w_ih, x, d_x)
        z, dz = z + self.b_ih, (np.zeros_like(z) if dz is None else dz) + self.d_b_ih
        blocks = [list(block)[self.walking] for block in (z, dz, columns(self.outputs, run))]
        return self.step, zip(*blocks, strict=True)

    def leave(self, run):
        """Nothing is left to do."""

    def from_state(self, h, dh):
        """What the state gives the gates, and its tangent."""
        return self.w_hh @ h + self.b_hh, _product(self.w_hh, self.d_w_hh, h, dh) + self.d_b_hh


def _column(bias):
    return 0 if bias is None else bias[:, None]


def _product(w, d_w, x, d_x):
    """The tangent of w @ x; None if nothing moves."""
    parts = [a @ b for a, b in ((d_w, x), (w, d_x)) if a is not None and b is not None]
    return sum(parts) if parts else None


def _sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


class RNNPush(Push):
    """h' = tanh(W x + U h + b), or relu."""

    def step(self, h, dh, z, dz, out):
        own, d_own = self.from_state(h, dh)
        z, dz = z + own, dz + d_own
        if self.nonlinearity == "tanh":
            h = np.tanh(z)
            dh = (1 - h * h) * dz
        else:
            h, dh = np.maximum(z, 0), np.where(z > 0, dz, 0)
        out[...] = dh
        return h, dh


class LSTMPush(Push):
    """c' = f * c + i * g;  h' = R (o * tanh(c'))."""

    def step(self, h, c, dh, dc, z, dz, out):
        own, d_own = self.from_state(h, dh)
        z, dz, n = z + own, dz + d_own, len(own) // 4
        i_f, g, o = _sigmoid(z[: 2 * n]), np.tanh(z[2 * n : 3 * n]), _sigmoid(z[3 * n :])
        d_i_f, dg, do = i_f * (1 - i_f) * dz[: 2 * n], dz[2 * n : 3 * n], dz[3 * n :]
        (i, f), (di, df) = (i_f[:n], i_f[n:]), (d_i_f[:n], d_i_f[n:])
        dc = f * dc + df * c + di * g + i * (1 - g * g) * dg
        c = f * c + i * g
        t = np.tanh(c)
        h, dh = o * t, o * (1 - o) * t * do + o * (1 - t * t) * dc
        if self.w_hr is not None:
            h, dh = self.w_hr @ h, _product(self.w_hr, self.d_w_hr, h, dh)
        out[...] = dh
        return h, c, dh, dc


class GRUPush(Push):
    """n = tanh(W x + b + r * (U h + b'));  h' = n + z * (h - n)."""

    def step(self, h, dh, z, dz, out):
        own, d_own = self.from_state(h, dh)
        size = len(own) // 3
        own_n, d_own_n = own[2 * size :], d_own[2 * size :]
        gates = _sigmoid(z[: 2 * size] + own[: 2 * size])
        slopes = gates * (1 - gates) * (dz[: 2 * size] + d_own[: 2 * size])
        r, u, dr, du = gates[:size], gates[size:], slopes[:size], slopes[size:]
        n = np.tanh(z[2 * size :] + r * own_n)
        dn = (1 - n * n) * (dz[2 * size :] + dr * own_n + r * d_own_n)
        h, dh = n + u * (h - n), dn + du * (h - n) + u * (dh - dn)
        out[...] = dh
        return h, dh
