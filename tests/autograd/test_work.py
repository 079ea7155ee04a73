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
        ("matvec", [(2, 3), (3,)], (2,), (), 6),
        ("vecmat", [(3,), (3, 5)], (5,), (), 15),
        ("vecdot", [(3,), (3,)], (), (), 3),
        ("each_matmul", [(4, 2, 3), (4, 3, 5)], (4, 2, 5), (), 120),
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
    ("name", "shapes", "out", "statics", "expected"),
    [
        ("einsum", [(5, 4)], (4, 5), ("ij->ji",), 0),
        ("einsum", [(5, 4)], (4,), ("ij->j",), 20),
        ("einsum", [(5,), (4,)], (5, 4), ("i,j->ij",), 20),
        ("einsum", [(9, 2), (2, 9), (9, 1)], (9, 1), ("ij,jk,kl->il",), 2 * 2 * 18),  # not 2 * 162 * 2
        ("convolve", [(100,), (7,)], (106,), ("full",), 2 * 700),
        ("convolve", [(7,), (100,)], (94,), ("valid",), 2 * 94 * 7),
        ("cholesky", [(9, 9)], (9, 9), (), 243),
        ("det", [(4, 9, 9)], (4,), (), 4 * 486),
        ("inv", [(2, 9, 9)], (2, 9, 9), (), 2 * 1458),
        ("solve", [(9, 9), (9, 2)], (9, 2), (), 486 + 2 * 81 * 2),
        ("qr", [(20, 9)], (20, 9), ("reduced",), 4 * 20 * 81 - 972),
        ("svd", [(9, 20)], (9, 9), (False,), 14 * 20 * 81 + 8 * 729),
        ("eigh", [(9, 9)], (9,), (True,), 9 * 729),
        ("fftn", [(3, 64)], (3, 64), ((64,), (1,), "backward", False), 3 * 5 * 64 * 6),
        ("rfft", [(3, 64)], (3, 33), (None, 1, "backward"), 3 * 5 * 64 * 6 / 2),
        ("irfft", [(3, 33)], (3, 64), (64, 1, "backward"), 3 * 5 * 64 * 6 / 2),
        ("softmax", [(3, 4)], (3, 4), (-1,), 60),
    ],
)
def test_leading_terms(name, shapes, out, statics, expected):
    assert work.flops(REGISTRY[name], shapes, out, statics) == int(expected)


@pytest.mark.parametrize(
    ("name", "active", "shapes", "out", "statics", "expected"),
    [
        ("matmul", (0,), [(2, 3), (3, 5)], (2, 5), (), 60),
        ("matmul", (0, 1), [(2, 3), (3, 5)], (2, 5), (), 120),
        ("linear", (1, 2), [(7, 3), (5, 3), (5,)], (7, 5), (), 210),
        ("linear", (0, 1, 2), [(7, 3), (5, 3), (5,)], (7, 5), (), 420),
        ("linear", (2,), [(7, 3), (5, 3), (5,)], (7, 5), (), 35),
        ("einsum", (0, 1), [(2, 3), (3, 4)], (2, 4), ("ij,jk->ik",), 96),
        ("exp", (0,), [(3, 4)], (3, 4), (), 12),
        ("multiply", (0, 1), [], (3, 4), (), 24),
        ("self_attention", (0,), [(2, 5, 24)], (2, 5, 8), (2, True, False), 2 * 2 * 2 * 80 * 5),
    ],
)
def test_a_step_of_a_sweep_has_a_product_for_each_factor(name, active, shapes, out, statics, expected):
    assert work.backward_flops(REGISTRY[name], active, shapes, out, statics) == expected


def test_names_are_those_of_primitives():
    assert set(work._WORK) | set(work._FLOPS) | set(work._PASSES) | work._MOVES <= set(REGISTRY)


def test_a_call_is_counted_from_its_arguments():
    layer = nn.Linear(3, 5)
    x = np.zeros((7, 3), np.float32)
    out = layer(x)
    linear = REGISTRY["linear"]
    assert work.multiply_adds(linear, [x, layer.weight, layer.bias], (), out) == 105
    assert work.multiply_adds(REGISTRY["exp"], [x], (), x) == 0
