"""Convolutions refuse what cannot be, in the caller's terms."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd.errors import ArgumentError, ShapeError


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.conv2d(normal(5, 5), normal(1, 1, 3, 3)), ShapeError, r"conv2d: input\(5, 5\) must be"),
        (lambda: F.conv1d(normal(1, 2, 3, 4), normal(1, 2, 3)), ShapeError, r"\(N, C, W\) or \(C, W\)"),
        (lambda: F.conv2d(normal(1, 5, 5), normal(1, 3, 3)), ShapeError, "weight.* must have 4 axes"),
        (
            lambda: F.conv2d(normal(1, 3, 5, 5), normal(2, 2, 3, 3)),
            ShapeError,
            "must have 2 channels.* got 3",
        ),
        (lambda: F.conv1d(normal(1, 3, 5), normal(2, 3, 3), groups=3), ShapeError, "divisible by groups=3"),
        (lambda: F.conv1d(normal(1, 3, 5), normal(3, 3, 3), groups=3), ShapeError, "must have 9 channels"),
        (
            lambda: F.conv1d(normal(1, 1, 5), normal(2, 1, 3), normal(3)),
            ShapeError,
            r"bias\(3,\).* 2 channels",
        ),
        (lambda: F.conv2d(normal(1, 4, 2), normal(1, 1, 3, 3)), ShapeError, r"size \(4, 2\).*\(3, 3\)"),
        (
            lambda: F.conv1d(normal(1, 4), normal(1, 1, 3), dilation=2),
            ShapeError,
            "kernel.* with its dilation",
        ),
        (lambda: F.conv1d(normal(1, 1, 0), normal(1, 1, 1), padding=3), ShapeError, "positive sizes"),
        (lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 0)), ShapeError, "positive sizes"),
        (
            lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), stride=0),
            ArgumentError,
            "stride must be at least",
        ),
        (
            lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), padding=-1),
            ArgumentError,
            "padding must be at",
        ),
        (
            lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), dilation=0),
            ArgumentError,
            "dilation must be at",
        ),
        (lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), groups=0), ArgumentError, "groups must be at"),
        (
            lambda: F.conv2d(normal(1, 3, 3), normal(1, 1, 1, 1), stride=(1, 1, 1)),
            ArgumentError,
            "2 of them",
        ),
        (lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), padding="full"), ArgumentError, "'full'"),
        (
            lambda: F.conv1d(normal(1, 1, 3), normal(1, 1, 1), stride=2, padding="same"),
            ArgumentError,
            "stride of 1",
        ),
        (lambda: F.conv_transpose1d(normal(1, 3, 4), normal(2, 1, 3)), ShapeError, "must have 2 channels"),
        (
            lambda: F.conv_transpose1d(normal(1, 2, 4), normal(2, 1, 3), normal(2)),
            ShapeError,
            "1 channels out",
        ),
        (
            lambda: F.conv_transpose1d(normal(2, 1), normal(2, 1, 3), padding=2),
            ShapeError,
            "must be positive",
        ),
        (
            lambda: F.conv_transpose1d(normal(2, 1), normal(2, 1, 3), stride=2, output_padding=2),
            ArgumentError,
            "output_padding .* must be below the stride",
        ),
        (lambda: F.unfold(normal(2, 2), 1), ShapeError, r"unfold: input\(2, 2\)"),
        (lambda: F.unfold(normal(1, 2, 2), 3), ShapeError, "must be at least that of the kernel"),
        (lambda: F.fold(normal(7, 4), 3, 2), ShapeError, r"channels \* 4, 4"),
        (lambda: F.fold(normal(8, 5), 3, 2), ShapeError, "2 x 2 places"),
        (lambda: F.fold(normal(4), 3, 2), ShapeError, r"fold: input\(4,\)"),
        (lambda: F.fold(normal(8, 4), 0, 2), ArgumentError, "output_size must be at least 1"),
    ],
)
def test_functions_refuse(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Conv2d(0, 1, 3), "Conv2d: in_channels must be at least 1"),
        (lambda: nn.Conv2d(1, 2.0, 3), "Conv2d: out_channels must be an integer"),
        (lambda: nn.Conv2d(1, 1, 0), "kernel_size must be at least 1"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), "kernel_size must be an integer or 2 of them"),
        (lambda: nn.Conv2d(1, 1, 3, stride=-1), "stride must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 3, padding=-1), "padding must be at least 0"),
        (lambda: nn.Conv2d(1, 1, 3, dilation=0), "dilation must be at least 1"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "divisible by groups=2"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), "divisible by groups=2"),
        (lambda: nn.Conv2d(4, 4, 3, groups=0), "groups must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 3, padding="some"), "'valid' or 'same', got 'some'"),
        (lambda: nn.Conv2d(1, 1, 3, stride=2, padding="same"), "needs a stride of 1"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), "padding_mode must be one of"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"), "padding_mode must be one of"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding="same"), "padding must be numbers"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, output_padding=-1), "output_padding must be at least 0"),
        (lambda: nn.ConvTranspose2d(1, 1, 3)(np.zeros((1, 4, 4)), output_size=[6]), "2 or 3 numbers"),
        (lambda: nn.Unfold(0), "Unfold: kernel_size"),
        (lambda: nn.Fold(0, 1), "Fold: output_size"),
    ],
)
def test_modules_refuse(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()


def test_an_output_size_that_cannot_be():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2)
    with pytest.raises(ShapeError, match=r"from \(9, 9\) to \(10, 10\).*got \(11, 10\)"):
        layer(np.zeros((1, 4, 4), np.float32), output_size=(11, 10))


def test_errors_name_the_module():
    model = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Conv1d(3, 1, 1))
    with pytest.raises(ShapeError, match=r"^in 1: conv1d: input\(2, 2, 4\) must have 3 channels"):
        model(np.zeros((2, 1, 6), np.float32))
