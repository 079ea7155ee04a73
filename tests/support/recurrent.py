"""Recurrent layers written out sequence by sequence, in PyTorch's formulas."""

from __future__ import annotations

from typing import Any

import numpy as np


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def rnn_step(x: Any, h: Any, w: dict, nonlinearity: str = "tanh") -> tuple:
    z = w["w_ih"] @ x + w["b_ih"] + w["w_hh"] @ h + w["b_hh"]
    return (np.tanh(z) if nonlinearity == "tanh" else z * (z > 0),)


def gru_step(x: Any, h: Any, w: dict) -> tuple:
    ir, iz, inew = np.split(w["w_ih"] @ x + w["b_ih"], 3)
    hr, hz, hnew = np.split(w["w_hh"] @ h + w["b_hh"], 3)
    r, z = _sigmoid(ir + hr), _sigmoid(iz + hz)
    return ((1 - z) * np.tanh(inew + r * hnew) + z * h,)


def lstm_step(x: Any, h: Any, c: Any, w: dict) -> tuple:
    i, f, g, o = np.split(w["w_ih"] @ x + w["b_ih"] + w["w_hh"] @ h + w["b_hh"], 4)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    h = _sigmoid(o) * np.tanh(c)
    return (h if w.get("w_hr") is None else w["w_hr"] @ h), c


def layer(step: Any, x: Any, states: tuple, w: dict, sizes: Any, reverse: bool, **options: Any) -> Any:
    """All outputs and final states, in one array of one axis."""
    sizes = x.shape[1:2] * x.shape[0] if sizes is None else sizes
    rows = x.reshape(sum(sizes), -1)
    starts = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    w = {k: np.zeros(len(w["w_ih"])) if v is None and k[0] == "b" else v for k, v in w.items()}
    outputs = np.empty((len(rows), states[0].shape[1]))
    final = [np.array(s) for s in states]
    for n in range(max(sizes)):
        places = [start + n for start, size in zip(starts, sizes, strict=True) if n < size]
        now = tuple(s[n] for s in states)
        for place in places[::-1] if reverse else places:
            now = step(rows[place], *now, w, **options)
            outputs[place] = now[0]
        for kept, last in zip(final, now, strict=True):
            kept[n] = last
    return np.concatenate([part.reshape(-1) for part in (outputs, *final)])


def rnn(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, nonlinearity):
    w = {"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    return layer(rnn_step, x, (h0,), w, sizes, reverse, nonlinearity=nonlinearity)


def gru(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse):
    w = {"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    return layer(gru_step, x, (h0,), w, sizes, reverse)


def lstm(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse):
    w = {"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh, "w_hr": w_hr}
    return layer(lstm_step, x, (h0, c0), w, sizes, reverse)
