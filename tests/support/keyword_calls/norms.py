"""Norms: every order, axis and form."""

from __future__ import annotations

import numpy as np

from .data import RB, ZS, ZV, C, Cases, R, V

CASES = Cases()
add = CASES.add

for o in (None, "fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2):
    for kd in (False, True):
        add(f"norm matrix {o} {kd}", lambda n, x, o=o, kd=kd: n.linalg.norm(x, o, (0, 1), kd), R)
        add(
            f"norm matrix axis21 {o} {kd}",
            lambda n, x, o=o, kd=kd: n.linalg.norm(x, ord=o, axis=(2, 0), keepdims=kd),
            RB,
        )
        add(
            f"norm matrix neg {o} {kd}",
            lambda n, x, o=o, kd=kd: n.linalg.norm(x, ord=o, axis=(-2, -1), keepdims=kd),
            RB,
        )
        if o is not None:
            add(
                f"matrix_norm {o} {kd}",
                lambda n, x, o=o, kd=kd: n.linalg.matrix_norm(x, ord=o, keepdims=kd),
                RB,
            )
    add(f"norm matrix complex {o}", lambda n, x, o=o: n.linalg.norm(x, o), ZS)
for o in (None, np.inf, -np.inf, 0, 1, -1, 2, -2, 3, 0.5, 1.5, -1.5, 4):
    for kd in (False, True):
        add(f"norm vector {o} {kd}", lambda n, x, o=o, kd=kd: (n.linalg.norm(x, o, 1, kd), x.sum()), C)
        add(
            f"norm vector neg {o} {kd}",
            lambda n, x, o=o, kd=kd: (n.linalg.norm(x, o, axis=-1, keepdims=kd), x.sum()),
            C,
        )
        if o is not None:
            for ax in (None, 0, (0, 2), (1, 0, 2), -1):
                add(
                    f"vector_norm {o} {ax} {kd}",
                    lambda n, x, o=o, ax=ax, kd=kd: (
                        n.linalg.vector_norm(x, ord=o, axis=ax, keepdims=kd),
                        x.sum(),
                    ),
                    C,
                )
    add(f"norm 1d {o}", lambda n, x, o=o: (n.linalg.norm(x, o), x.sum()), V)
    add(f"norm vector complex {o}", lambda n, x, o=o: (n.linalg.norm(x, o), x.sum()), ZV)
add("norm None 3d", lambda n, x: n.linalg.norm(x), C)
add("norm None keep", lambda n, x: n.linalg.norm(x, keepdims=True), C)
