"""Tangents of recurrent layers by their own kernel against those by their formula."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.forward import _along_formula, _along_kernel, jvp_of
from autograd.ops.neural import recurrent
from autograd.primitive import REGISTRY

SIZES = (3, 2, 2, 1)
# name, states, gates, statics, whether packed, projected
CASES = [
    ("rnn", 1, 1, (None, False, "tanh"), False),
    ("rnn", 1, 1, (SIZES, True, "relu"), False),
    ("gru", 1, 3, (None, True), False),
    ("gru", 1, 3, (SIZES, False), False),
    ("lstm", 2, 4, (None, False), False),
    ("lstm", 2, 4, (SIZES, True), True),
]


def arguments(states, gates, statics, projected):
    rng = np.random.default_rng(0)
    x = (8, 2) if statics[0] else (4, 3, 2)
    width = 2 if projected else 5
    shapes = [x, (3, width), *[(3, 5)] * (states - 1), (5 * gates, 2), (5 * gates, width)]
    shapes += [(5 * gates,)] * 2 + [(2, 5)] * projected
    return [[rng.normal(size=s) for s in shapes] for _ in range(2)]


@pytest.mark.parametrize(("name", "states", "gates", "statics", "projected"), CASES)
@pytest.mark.parametrize("biased", [True, False])
def test_the_kernel_gives_what_the_formula_gives(name, states, gates, statics, projected, biased):
    prim = REGISTRY[name]
    args, tangents = arguments(states, gates, statics, projected)
    args += [None] * (len(prim.arrays) - len(args))
    tangents += [None] * (len(prim.arrays) - len(tangents))
    if not biased:
        args[states + 3] = args[states + 4] = tangents[states + 3] = tangents[states + 4] = None
    moving = [i for i, t in enumerate(tangents) if t is not None]
    for chosen in [moving, *[[i] for i in moving]]:
        given = [t if i in chosen else None for i, t in enumerate(tangents)]
        found = jvp_of(prim, args, given, statics)
        assert type(found) is np.ndarray
        expected = _along_formula(prim, args, given, chosen, statics)
        np.testing.assert_allclose(found, expected, 1e-11, 1e-12)


@pytest.mark.parametrize(("name", "states", "gates", "statics", "projected"), CASES)
def test_a_sweep_through_the_tangent(name, states, gates, statics, projected):
    """Gradients of a function of the tangent, and gradients of those."""
    prim = REGISTRY[name]
    args, tangents = arguments(states, gates, statics, projected)
    none = [None] * (len(prim.arrays) - len(args))

    def gradients_by(along):
        leaves = [tensor(a, requires_grad=True) for a in (*args, *tangents)]
        own, moving = leaves[: len(args)], leaves[len(args) :]
        out = along(prim, [*own, *none], [*moving, *none], list(range(len(args))), statics)
        first = autograd.gradients((out * out).sum(), leaves, create_graph=True)
        second = autograd.gradients(sum((g * g).sum() for g in first), leaves)
        return [out.detach(), *[g.detach() for g in first], *second]

    for a, b in zip(gradients_by(_along_kernel), gradients_by(_along_formula), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-9, 1e-9)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_jvp_runs_no_formula(name, monkeypatch):
    monkeypatch.setattr(REGISTRY[name], "formula", None)
    states, gates, statics = next(c[1:4] for c in CASES if c[0] == name)
    args, tangents = arguments(states, gates, statics, False)
    operation = getattr(recurrent, name)

    def f(*given):
        return operation(*given, **({"w_hr": None} if name == "lstm" else {}))

    out, pushed = autograd.jvp(f, args, tangents)
    step = 1e-6
    moved = [
        operation(*[a + sign * step * t for a, t in zip(args, tangents, strict=True)]) for sign in (1, -1)
    ]
    np.testing.assert_allclose(pushed, (moved[0] - moved[1]) / (2 * step), 1e-6, 1e-8)
    np.testing.assert_array_equal(out, operation(*args))


def test_single_precision_stays():
    args, tangents = ([a.astype(np.float32) for a in part] for part in arguments(2, 4, (None,), False))
    found = jvp_of(REGISTRY["lstm"], [*args, None], [*tangents, None], (None, False))
    assert found.dtype == np.float32
