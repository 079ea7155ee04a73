"""Keywords of the rest, and all arguments by position."""

from __future__ import annotations

import numpy as np

from .data import C, Cases, P, X, Z, drawn

CASES = Cases()
add = CASES.add
add(
    "broadcast subok",
    lambda n, x: (*n.broadcast_arrays(x, x[:1], subok=True), n.broadcast_to(x, (2, 2, 3), subok=True)),
    X,
)

add("corrcoef dtype", lambda n, x: n.corrcoef(x, dtype=np.longdouble), drawn(2, 4))
add("hfft out", lambda n, x: n.fft.hfft(x, 4, out=n.zeros_like(n.fft.hfft(x, 4))), Z)
add("ihfft out", lambda n, x: n.fft.ihfft(x, 4, out=n.zeros_like(n.fft.ihfft(x, 4))), X)
add(
    "geom dtype",
    lambda n, x: (
        n.geomspace(x[0], x[1], 3, dtype=np.longdouble),
        n.logspace(x[0], x[1], 3, dtype=np.longdouble),
        n.logspace(x[0], x[1], 3, axis=1),
        n.linspace(x[0], x[1], 3, device="cpu"),
        n.linspace(x[0], x[1], 3, True, False, np.longdouble, 1),
    ),
    P,
)
add(
    "hist2 range",
    lambda n, w: (
        n.histogram2d(
            [0.1, 0.2, 0.7], [0.3, 0.5, 0.6], bins=2, weights=w, range=[[0, 1], [0, 1]], density=True
        )[0],
        n.histogramdd(X.T, bins=(2, 3), weights=w, range=[[-2, 3], [-2, 3]])[0],
        n.histogramdd(X.T, 2, None, True, w)[0],
    ),
    P[0].copy(),
)
add("unique sorted", lambda n, x: n.sort(n.unique(x, sorted=False)), X)
add("unique_values", lambda n, x: n.sort(n.unique_values(x)), X)
sc = np.lib.scimath
for nm in ["arccos", "arcsin", "arctanh", "log", "log10", "log2", "sqrt"]:
    add(f"scimath {nm}", lambda n, x, nm=nm: getattr(n.lib.scimath, nm)(x), X)
add(
    "scimath 2",
    lambda n, x: (
        n.lib.scimath.logn(2.0, x),
        n.lib.scimath.logn(x[0], x[1]),
        n.lib.scimath.power(x, 0.5),
        n.lib.scimath.power(x, x[0]),
    ),
    X,
)
add(
    "sliding",
    lambda n, x: (
        n.lib.stride_tricks.sliding_window_view(x, 2, axis=1, subok=True),
        n.lib.stride_tricks.sliding_window_view(x, (2, 2)),
        n.lib.stride_tricks.sliding_window_view(x, (2, 1), (1, 1)),
    ),
    X,
)
add("sliding wr", lambda n, x: n.lib.stride_tricks.sliding_window_view(x, 2, axis=1, writeable=True), X)
add("linalg.matmul", lambda n, x: n.linalg.matmul(x, x.T), X)
add(
    "multi_dot out",
    lambda n, a, b, c: n.linalg.multi_dot([a, b, c], out=n.zeros_like(a @ b @ c)),
    X,
    X.T.copy(),
    drawn(2, 2),
)
add(
    "piecewise args",
    lambda n, x: (
        n.piecewise(x, [X > 0], [lambda v, k: v * k, lambda v, k: -v], 3.0),
        n.piecewise(x, [X > 0], [lambda v, k=1: v * k], k=3.0),
    ),
    X,
)
add("real_if_close tol", lambda n, x: n.real_if_close(x + 1e-14j, tol=1000), X)
add(
    "reshape copy",
    lambda n, x: (
        n.reshape(x, (3, 2), copy=True),
        n.reshape(x, (3, 2), "C", copy=False),
        n.reshape(x, (3, 2), "F"),
    ),
    X,
)
add(
    "sort order",
    lambda n, x: (
        n.sort(x, 1, None, None),
        n.sort(x, order=None),
        n.partition(x, 1, 1, "introselect", None),
    ),
    X,
)
add(
    "stack casting",
    lambda n, x: (
        n.stack([x, x], 0, casting="same_kind", dtype=np.longdouble),
        n.vstack([x, x], casting="safe"),
        n.concatenate([x, x], 1, None, casting="no"),
        n.concatenate((x, x), 0, dtype=np.longdouble),
    ),
    X,
)
add(
    "trim",
    lambda n, x: (
        n.trim_zeros(x[0] * [0, 1, 1], "f"),
        n.trim_zeros(x[0] * [0, 1, 0], trim="b"),
        n.trim_zeros(x * [0, 1, 0], axis=1),
        n.trim_zeros(x * [0, 1, 0], "fb", (0, 1)),
    ),
    X,
)
# positional forms of everything
add(
    "pos reduce",
    lambda n, x: (
        n.sum(x, 1, None, None, True, 0.5, C > 0),
        n.prod(x, 1, None, None, True, 0.5, C > 0),
        n.mean(x, 1, None, None, True),
        n.var(x, 1, None, None, 1, True),
        n.std(x, 1, None, None, 1, True),
        n.max(x, 1, None, True, 0.5, C > 0),
        n.min(x, 1, None, True, 0.5, C > 0),
        n.amax(x, 1, None, True, 0.5, C > 0),
        n.amin(x, (0, 1), None, False, 0.5, C > 0),
        n.ptp(x, 1, None, True),
        n.median(x, 1, None, False, True),
        n.nansum(x, 1, None, None, True, 0.5, C > 0),
        n.nanvar(x, 1, None, None, 1, True),
        n.average(x, 1, None, False),
        n.cumsum(x, 1, np.longdouble),
        n.cumprod(x, 1, np.longdouble),
        n.nanmax(x, 1, None, True, 0.5, C > 0),
        n.nanmedian(x, 1, None, False, True),
        n.quantile(x, 0.3, 1, None, False, "hazen", True),
        n.nanpercentile(x, 30, 1, None, False, "hazen", True),
    ),
    C,
)
add(
    "pos others",
    lambda n, x: (
        n.trace(x, 1, 0, 2, np.longdouble),
        n.diagonal(x, 1, 0, 2),
        n.take(x, [1], 1, None, "wrap"),
        n.repeat(x, 2, 1),
        n.sort(x, 0, "stable"),
        n.diff(x, 1, 0),
        n.gradient(x, 0.5, axis=1),
        n.roll(x, 1, 2),
        n.rot90(x, 1, (1, 2)),
        n.unwrap(x * 9, 4.0, 1),
        n.trapezoid(x, None, 0.5, 1),
        n.around(x) * x,
        n.nan_to_num(x, True, 1.0, 2.0, 3.0),
        n.tril(x, 1),
        n.einsum("ijk->ki", x),
        n.linalg.norm(x[0], "nuc", (0, 1), True),
        n.swapaxes(x, 0, 1),
        n.array_split(x, 2, 1)[0],
        n.squeeze(x[None], 0),
        n.expand_dims(x, 1),
        n.append(x, x, 1),
        n.insert(x, 1, 2.0, 1),
        n.delete(x, 1, 1),
        n.ravel(x, "F"),
        n.pad(x, 1, "edge"),
        n.cross(x[..., :3], x[..., 1:], -1, -1, -1),
        n.compress([True, True], x, 1),
        n.resize(x, (3, 3)),
        n.moveaxis(x, 0, 1),
        n.fft.fft(x, 3, 1, "ortho"),
        n.fft.fftn(x, (2, 2), (0, 1), "ortho"),
        n.fft.irfft(x, 4, 1, "forward"),
        n.kron(x, x[0]),
        n.angle(x + 1j, True),
        n.real(x),
        n.interp(x, [0.0, 1.0], [2.0, 3.0], 4.0, 5.0),
    ),
    C,
)
add(
    "meth pos",
    lambda n, x: (
        x.sum(1, None, None, True, 0.5, C > 0),
        x.prod(1, None, None, True, 0.5, C > 0),
        x.mean(1, None, None, True),
        x.var(1, None, None, 1, True),
        x.std(1, None, None, 1, True),
        x.max(1, None, True, 0.5, C > 0),
        x.min(1, None, True, 0.5, C > 0),
        x.cumsum(1, np.longdouble),
        x.cumprod(1, np.longdouble),
        x.trace(1, 0, 2, np.longdouble),
        x.diagonal(1, 0, 2),
        x.take([1], 1, None, "wrap"),
        x.repeat(2, 1),
        x.round(1) * 0 + x,
        x.swapaxes(0, 1),
        x[None].squeeze(0),
        x.ravel("F"),
        x.flatten("F"),
        x.reshape(6, 4, copy=True),
        x.astype(np.longdouble, "C", "safe", True, True),
        x.copy("F"),
        x.clip(0.0, 1.0),
        x.clip(0.0, 1.0, None),
        x.clip(min=0.0),
        x.compress([True, True], 1),
        x.dot(x[0].T),
        x.conj(),
        x.transpose(1, 0, 2),
        x.transpose(),
        x.mT,
        x.argmax(1) * x.sum(),
        x[0].partition is not None,
    ),
    C,
)
add("choose meth", lambda n, x: np.array([0, 1, 0]).choose([1, 2, 3]) * x, X)
