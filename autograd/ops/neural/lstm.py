"""The step of an LSTM.

    i, f, o = sigmoid(W x + U h + b);  g = tanh(W x + U h + b)
    c' = f * c + i * g;  h' = R (o * tanh(c')), where R is the projection, if there is one

The kernel keeps the gates in the order o, i, f, g with c behind them: the sigmoids are one block,
and i * g and f * c are one product.

Source: Hochreiter, Schmidhuber, Long Short-Term Memory, 1997; Gers et al., 2000 (forget gate);
Sak et al., 2014 (projection).
"""

from __future__ import annotations

import numpy as np

from ..elementwise import tanh
from .activations import sigmoid
from .gates import Backward, Forward


class LSTMForward(Forward):
    gates, moved, sigmoids = 4, 1, 3

    def enter(self, run, h, c):
        n = self.hidden
        room, outputs = self.begin(run, 5 * n)  # o, i, f, g, c
        tanhs = self.empty(run.steps, n, run.rows)
        last = self.empty(n, run.rows)
        cells = [*list(room[:, 4 * n :])[self.walking], last]
        cells[0][...] = c
        self.saved.append((h.copy(), (room, tanhs)))
        w, w_hr, half = self.w_hh, self.w_hr, self.number(0.5)
        part, pair = self.empty(4 * n, run.rows), self.empty(2 * n, run.rows)
        first, second = pair[:n], pair[n:]
        hidden = first if w_hr is not None else None
        dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh

        def step(h, c, c_next, z, sigmoids, o, i_f, g_c, tanh_c, out):
            dot(w, h, part)
            add(part, z, z)
            tanh(z, z)
            multiply(sigmoids, half, sigmoids)
            add(sigmoids, half, sigmoids)
            multiply(i_f, g_c, pair)
            add(first, second, c_next)
            tanh(c_next, tanh_c)
            if hidden is None:
                multiply(o, tanh_c, out)
            else:
                dot(w_hr, multiply(o, tanh_c, hidden), out)
            return out, c_next

        blocks = (room[:, : 4 * n], room[:, : 3 * n], room[:, :n], room[:, n : 3 * n], room[:, 3 * n :])
        steps = self.views(*blocks, tanhs, outputs)
        return step, ((c, *views) for c, views in zip(cells[1:], steps, strict=True))


class LSTMBackward(Backward):
    def __init__(self, g, saved, w_hh, w_hr, reverse, nonlinearity):
        super().__init__(g, saved, w_hh, w_hr, reverse, len(w_hh))
        n = self.hidden = len(w_hh) // 4
        self.w = np.concatenate((w_hh[3 * n :], w_hh[: 3 * n])).T.copy()  # o, i, f, g
        self.d_w_hr = None if w_hr is None else np.zeros_like(w_hr)

    def enter(self, run, dh, dc):
        n = self.hidden
        g, (room, tanhs) = self.begin(run)
        d = self._slopes(room, tanhs)
        w, back, part = self.w, self.empty(g.shape[1], run.rows), self.empty(n, run.rows)
        w_hr = None if self.w_hr is None else np.ascontiguousarray(self.w_hr.T, like=self.w_hr)
        through = self.empty(n, run.rows)
        dot, add, multiply = np.dot, np.add, np.multiply

        def step(dh, dc, g, of_c, of_o, of_rest, gates, dc_back):
            dh = add(g, dh, g)
            if w_hr is not None:
                dh = dot(w_hr, dh, through)
            dc = add(multiply(of_c, dh, part), dc, part)
            multiply(of_o, dh, of_o)
            multiply(of_rest, dc, of_rest)
            return dot(w, gates, back), dc_back

        rest = d[:, 2 * n :].reshape(run.steps, 4, n, run.rows)
        blocks = (d[:, :n], d[:, n : 2 * n], rest, d[:, n : 5 * n], d[:, 5 * n :])
        self.found = g, d, room, tanhs
        return step, self.views(g, *blocks)

    def _slopes(self, room, tanhs):
        """Of c by h; then what o has of h, and what i, f, g and the c before have of c."""
        n, one = self.hidden, self.number(1)
        o, i, g = (room[:, k * n : (k + 1) * n] for k in (0, 1, 3))
        d = self.empty(len(room), 6 * n, room.shape[2])
        of_c, of_o, of_i_f, of_g = (d[:, a * n : b * n] for a, b in ((0, 1), (1, 2), (2, 4), (4, 5)))
        np.multiply(tanhs, tanhs, of_c)
        np.subtract(one, of_c, of_c)
        np.multiply(of_c, o, of_c)
        sigmoids = room[:, : 3 * n]
        slopes = d[:, n : 4 * n]
        np.subtract(one, sigmoids, slopes)
        np.multiply(slopes, sigmoids, slopes)
        np.multiply(of_o, tanhs, of_o)
        np.multiply(of_i_f, room[:, 3 * n :], of_i_f)
        np.multiply(g, g, of_g)
        np.subtract(one, of_g, of_g)
        np.multiply(of_g, i, of_g)
        d[:, 5 * n :] = room[:, 2 * n : 3 * n]
        return d

    def leave(self, run):
        n = self.hidden
        g, d, room, tanhs = self.found
        self.keep(run, 0, d[:, 2 * n : 5 * n])
        self.keep(run, 3 * n, d[:, n : 2 * n])
        if self.w_hr is not None:
            hidden = room[:, :n] * tanhs
            self.d_w_hr += np.tensordot(g, hidden, ((0, 2), (0, 2)))


def lstm_formula(x, states, weights, nonlinearity):
    """One step by differentiable operations."""
    h, c = states
    _, w_hh, _, _, w_hr = weights
    z = x + w_hh @ h
    n = len(z) // 4
    i, f, o = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[3 * n :])
    c = f * c + i * tanh(z[2 * n : 3 * n])
    h = o * tanh(c)
    return (h if w_hr is None else w_hr @ h), c
