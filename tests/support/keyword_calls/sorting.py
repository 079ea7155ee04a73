"""Sorting and partitioning."""

from __future__ import annotations

import numpy as np

from .data import C, Cases, Z

CASES = Cases()
add = CASES.add

for kind in (None, "quicksort", "heapsort", "stable", "mergesort"):
    for ax in (None, 0, -1, 1):
        add(f"sort {kind} {ax}", lambda n, x, k=kind, ax=ax: n.sort(x, axis=ax, kind=k), C)
for st in (True, False, None):
    add(f"sort stable={st}", lambda n, x, st=st: n.sort(x, stable=st), C)
    add(
        f"argsort stable={st}",
        lambda n, x, st=st: n.take_along_axis(x, n.argsort(x, axis=1, stable=st), 1),
        C,
    )
add("sort_complex", lambda n, x: n.sort_complex(x), Z)
add("sort c", lambda n, x: n.sort(x, axis=0), Z)
for kth in (0, 2, -1, [0, 2], (1, -1), [0, 1, 2], np.array([1])):
    add(f"partition {kth}", lambda n, x, k=kth: n.sort(n.partition(x, k, axis=1)[:, :], axis=1), C)
    for ax in (None, 0, 1):
        k = kth if ax != 0 or not np.any(np.abs(kth) > 1) else 0
        add(
            f"partition raw {kth} {ax}",
            lambda n, x, k=k, ax=ax: n.partition(x, k, axis=ax, kind="introselect"),
            C,
        )
