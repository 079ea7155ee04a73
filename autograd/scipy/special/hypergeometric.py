"""Hypergeometric functions. Gradient: by the argument; by the parameters none is known in closed form.

Source: DLMF 15.5.1, 13.3.15, 13.3.22.
"""

from __future__ import annotations

from ._declare import special

hyp0f1 = special(
    "hyp0f1", ["v", "z"], vjp={"z": lambda g, v, z: g * (hyp0f1(v + 1, z) / v)}, refused=["v"],
    domain={"v": (0.3, 3.0), "z": (-3.0, 3.0)}, doc="The confluent limit function 0F1(; v; z)",
)  # fmt: skip
hyp1f1 = special(
    "hyp1f1", ["a", "b", "x"], vjp={"x": lambda g, a, b, x: g * (a / b * hyp1f1(a + 1, b + 1, x))},
    refused=["a", "b"], analytic=True, domain={"a": (0.3, 3.0), "b": (0.3, 3.0), "x": (-3.0, 3.0)},
    doc="Kummer's function 1F1(a; b; x)",
)  # fmt: skip
hyperu = special(
    "hyperu", ["a", "b", "x"], vjp={"x": lambda g, a, b, x: -g * (a * hyperu(a + 1, b + 1, x))},
    refused=["a", "b"], domain={"a": (0.3, 3.0), "b": (1.1, 1.9), "x": (0.5, 3.0)},
    doc="Tricomi's function U(a, b, x)",
)  # fmt: skip
hyp2f1 = special(
    "hyp2f1", ["a", "b", "c", "z"],
    vjp={"z": lambda g, a, b, c, z: g * (a * b / c * hyp2f1(a + 1, b + 1, c + 1, z))},
    refused=["a", "b", "c"], analytic=True,
    domain={"a": (0.3, 3.0), "b": (0.3, 3.0), "c": (0.3, 3.0), "z": (-0.9, 0.7)},
    doc="Gauss' function 2F1(a, b; c; z)",
)  # fmt: skip
