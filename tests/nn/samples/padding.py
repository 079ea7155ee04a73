"""Padding layers and `pad`."""

from __future__ import annotations

import numpy as np

from . import sample

_SHAPES = {1: (2, 3, 5), 2: (2, 1, 4, 3), 3: (1, 2, 3, 4, 3)}
_WIDTHS = {
    1: [1, 0, (2, 1), (0, 3), (-1, 2), (2, -1), (-1, -2)],
    2: [1, (1, 2, 0, 3), (2, 0, -1, 1), (-1, 1, 2, -2), (-1, -1, -1, 0)],
    3: [1, (1, 2, 0, 1, 2, 0), (1, -1, -1, 2, 2, -1)],
}
_WIDE = {1: [(7, 6)], 2: [(4, 5, 6, 7)], 3: [(4, 3, 5, 4, 3, 4)]}
_UNBATCHED = [
    (f"{mode}Pad{axes}d", axes, widths)
    for mode in ("Reflection", "Replication", "Circular", "Zero")
    for axes in (1, 2, 3)
    for widths in _WIDTHS[axes][:2]
]
_MODES = ("reflect", "replicate", "circular")


def _layers(mode, *value):
    return [
        sample(f"{mode}Pad{axes}d", widths, *value, inputs=[shape])
        for axes, shape in _SHAPES.items()
        for widths in _WIDTHS[axes] + (_WIDE[axes] if mode in ("Replication", "Constant", "Zero") else [])
    ]


SAMPLES = [
    *_layers("Constant", 1.5),
    *_layers("Zero"),
    *_layers("Reflection"),
    *_layers("Replication"),
    *_layers("Circular"),
    *(sample(name, widths, inputs=[_SHAPES[axes][1:]]) for name, axes, widths in _UNBATCHED),
    sample("ConstantPad1d", [1, 2], 3, inputs=[(4,)]),
    sample("ConstantPad1d", (1, 2), float("inf"), inputs=[(2, 1, 1, 3)], orders=0),
    sample("ZeroPad2d", (1, 0, 0, 1), inputs=[(3, 2)]),
    sample("ZeroPad1d", 1, inputs=[(0, 2, 3)]),
    sample("ZeroPad1d", 1, inputs=[(2, 0)]),
    sample("ReflectionPad1d", 1, inputs=[(0, 2, 3)]),
    sample("ReplicationPad1d", 1, inputs=[(2, 1, 1)]),
    sample("ReplicationPad2d", 1, inputs=[(0, 2, 3, 2)]),
    sample("CircularPad1d", (3, 3), inputs=[(2, 1, 3)]),
    sample("CircularPad1d", (1, 1), inputs=[(0, 1, 3)]),
    # the function
    sample("pad", (1, 2), inputs=[(3,)]),
    sample("pad", (), inputs=[(2, 3)]),
    sample("pad", [1, 2, 0, 1], inputs=[(2, 3)], value=-0.5),
    sample("pad", (-1, 2, 1, -1, 0, 0, 1, 1), "constant", 2.0, inputs=[(2, 1, 3, 4)]),
    sample("pad", (-3, -2), inputs=[(2, 5)]),
    sample("pad", (1, 1), inputs=[np.arange(3)], value=7, orders=0),
    sample("pad", (1, 1), inputs=[np.array([True, False])], value=True, orders=0),
    *(
        sample("pad", widths, inputs=[shape], mode=mode)
        for mode in _MODES
        for widths, shape in [
            ((1, 2), (2, 4)),
            ((0, 1), (3, 2, 4)),
            ((3, 3), (1, 1, 4)),
            ((-2, 3), (1, 1, 6)),
            ((1, 2, 2, 1), (2, 4, 3)),
            ((1, 0, 0, 1), (2, 1, 2, 2)),
            ((2, -1, -1, 2), (2, 1, 4, 4)),
            ((1, 1, 1, 1, 1, 1), (2, 2, 3, 2)),
            ((0, 1, 1, 0, 0, 1), (1, 1, 3, 2, 2)),
        ]
    ),
    *(sample("pad", (2, 1), mode, inputs=[np.arange(4)[None]], orders=0) for mode in _MODES),
]
