"""Multiply-adds are counted as by hand; the rest is estimated by the element."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import work
from autograd.primitive import REGISTRY


@pytest.mark.parametrize(
    ("name", "shapes", "out", "statics", "expected"),
    [
        ("matmul", [(2, 3), (3, 5)], (2, 5), (), 30),
        ("matmul", [(4, 2, 3), (3, 5)], (4, 2, 5), (), 120),
        ("linear", [(7, 3), (5, 3), (5,)], (7, 5), (), 105),
        ("einsum", [(2, 3), (3, 4)], (2, 4), ("ij,jk->ik",), 24),
        ("einsum", [(6, 2, 3), (6, 3, 4)], (6, 2, 4), ("bij,bjk->bik",), 144),
    ],
)
def test_products(name, shapes, out, statics, expected):
    prim = REGISTRY[name]
    assert work.count(prim, shapes, out, statics) == expected
    assert work.flops(prim, shapes, out, statics) == 2 * expected


def test_the_rest_is_estimated_by_elements():
    assert work.flops(REGISTRY["exp"], [(3, 4)], (3, 4)) == 12
    assert work.flops(REGISTRY["sum"], [(3, 4)], ()) == 12
    assert work.flops(REGISTRY["add"], [], (3, 4)) == 12
    assert work.flops(REGISTRY["reshape"], [(3, 4)], (12,)) == 0
    assert work.flops(REGISTRY["getitem"], [(3, 4)], (4,)) == 0


@pytest.mark.parametrize(
    ("name", "active", "factor"),
    [
        ("matmul", (0,), 1), ("matmul", (0, 1), 2), ("linear", (1, 2), 1), ("linear", (0, 1, 2), 2),
        ("einsum", (0, 1, 2), 3), ("exp", (0,), 1), ("multiply", (0, 1), 2), ("self_attention", (0,), 2),
    ],
)  # fmt: skip
def test_a_step_of_a_sweep_has_a_product_for_each_factor(name, active, factor):
    assert work.backward_flops(REGISTRY[name], 100, active) == 100 * factor


def test_names_are_those_of_primitives():
    assert set(work._WORK) | work._MOVES <= set(REGISTRY)


def test_a_call_is_counted_from_its_arguments():
    layer = nn.Linear(3, 5)
    x = np.zeros((7, 3), np.float32)
    out = layer(x)
    linear = REGISTRY["linear"]
    assert work.multiply_adds(linear, [x, layer.weight, layer.bias], (), out) == 105
    assert work.multiply_adds(REGISTRY["exp"], [x], (), x) == 0
