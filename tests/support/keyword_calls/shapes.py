"""Functions that move and join elements."""

from __future__ import annotations

import numpy as np

from .data import C, Cases, X, Y

CASES = Cases()
add = CASES.add

for o in ("C", "F", "A"):
    add(
        f"reshape {o}",
        lambda n, x, o=o: (n.reshape(x, (4, 6), order=o), n.reshape(x, shape=(4, -1), order=o)),
        C,
    )
    add(f"ravel {o}", lambda n, x, o=o: n.ravel(x, o), C)
add("ravel K", lambda n, x: n.ravel(x.T, "K"), C)
add("resize", lambda n, x: n.resize(x, (5, 7)), C)
add(
    "moves",
    lambda n, x: (
        n.moveaxis(x, [0, 2], [-1, 0]),
        n.rollaxis(x, 2, 1),
        n.swapaxes(x, 0, -1),
        n.transpose(x, (2, 0, 1)),
        n.permute_dims(x, (1, 2, 0)),
        n.rollaxis(x, -1),
    ),
    C,
)
add(
    "expand",
    lambda n, x: (
        n.expand_dims(x, (0, -1)),
        n.squeeze(x[None], 0),
        n.squeeze(x[None, :, :1], axis=(0, 2)),
        n.atleast_3d(x[0]),
        n.atleast_1d(x, x[0, 0, 0])[1],
        n.atleast_2d(x[0, 0]),
    ),
    C,
)
add(
    "flips",
    lambda n, x: (
        n.flip(x),
        n.flip(x, (0, -1)),
        n.fliplr(x),
        n.flipud(x),
        n.rot90(x),
        n.rot90(x, 3, (2, 0)),
        n.roll(x, (1, -2), (0, 2)),
        n.roll(x, 3),
        n.roll(x, 1, axis=(0, 1)),
    ),
    C,
)
add(
    "repeat",
    lambda n, x: (n.repeat(x, 2), n.repeat(x, [1, 0, 3], axis=1), n.tile(x, 2), n.tile(x, (2, 1, 1, 3))),
    C,
)
add(
    "stacks",
    lambda n, x, y: (
        n.stack([x, y], axis=-1),
        n.vstack([x, y]),
        n.hstack([x, y]),
        n.dstack((x, y)),
        n.column_stack([x, y]),
        n.concatenate([x, y], axis=None),
        n.concat([x, y], axis=-1),
        n.append(x, y, axis=0),
        n.append(x, y),
    ),
    X,
    Y,
)
add(
    "stack out",
    lambda n, x, y: (
        n.stack([x, y], 1, out=n.zeros_like(x[:, None] + x[None].swapaxes(0, 1) * 0 + n.zeros((2, 2, 3)))),
        n.concatenate([x, y], out=n.zeros_like(n.vstack([x, y]))),
    ),
    X,
    Y,
)
add(
    "stack dtype",
    lambda n, x, y: (
        n.stack([x, y], dtype=np.longdouble),
        n.vstack([x, y], dtype=np.longdouble),
        n.hstack([x, y], dtype=complex, casting="safe"),
        n.concatenate([x, y], dtype=np.longdouble, casting="same_kind"),
    ),
    X,
    Y,
)
add(
    "splits",
    lambda n, x: (
        *n.split(x, 2, axis=2),
        *n.array_split(x, 3, axis=2),
        *n.split(x, [1, 3], -1),
        *n.dsplit(x, 2),
        *n.hsplit(x, [1]),
        *n.vsplit(x, 2),
        *n.unstack(x, axis=1),
        *n.unstack(x),
    ),
    C,
)
add(
    "broadcasts",
    lambda n, x, y: (
        n.broadcast_to(x, (3, 2, 3)),
        *n.broadcast_arrays(x, y),
        *n.meshgrid(x[0], y),
        *n.meshgrid(x[0], y, indexing="ij", sparse=True, copy=False),
    ),
    X,
    np.array([1.3]),
)
add(
    "astype",
    lambda n, x: (
        n.astype(x, np.longdouble),
        n.astype(x, np.float64, copy=False),
        n.astype(x, complex, copy=True, device="cpu"),
        x.astype(np.longdouble, "F", "same_kind", True, False),
    ),
    X,
)
add("ixs", lambda n, x: x[n.ix_([1, 0], [0, 2])], X)
add("s_", lambda n, x: x[n.s_[:, ::2]], X)
add("mgrid", lambda n, x: n.mgrid[0:2, 0:3] * x, X)
add(
    "insert delete",
    lambda n, x, v: (
        n.insert(x, 1, v, axis=1),
        n.insert(x, [1, 3], v[:, None], axis=1),
        n.delete(x, [0, 2], 1),
        n.delete(x, 3),
    ),
    X,
    X[:, 0].copy(),
)
add("copy", lambda n, x: (n.copy(x, order="F"), n.copy(x, subok=True), n.copy(x, "C", False)), X)
add(
    "full_like",
    lambda n, x: (
        n.full_like(x, x[0], dtype=np.longdouble),
        n.full_like(x, x[0, 0], order="F"),
        n.full_like(x, x[0], subok=False, shape=(4, 3)),
        n.full_like(x, x[0], device="cpu"),
        n.full_like(x, x[0], np.float64, "C", True, (5, 3)),
    ),
    X,
)
add(
    "sets",
    lambda n, x: (
        *n.intersect1d(x[0], x[0, ::-1], assume_unique=True, return_indices=True),
        n.setdiff1d(x, [0.5], assume_unique=True),
        n.setxor1d(x[0], [0.5], assume_unique=True),
        *n.unique(x, return_index=True, return_inverse=True, return_counts=True),
        n.unique(x, equal_nan=False),
        *n.unique(x, True, True, True, 1),
        *n.unique_all(x),
        *n.unique_counts(x),
        *n.unique_inverse(x),
    ),
    X,
)
