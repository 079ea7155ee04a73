"""Points by formula: where they lie, how many, reproducible; Beale's function."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd.errors import ArgumentError
from nn.data import beale, make_blobs, make_circles, make_moons, make_spirals

SETS = {
    "moons": make_moons,
    "circles": make_circles,
    "spirals": make_spirals,
    "blobs": lambda *a, noise=0.0, **k: make_blobs(*a, centers=2, std=noise, **k),
}
every = pytest.mark.parametrize("name", SETS)


@every
@pytest.mark.parametrize("n", [2, 7, 100])
def test_shapes_and_counts(name, n):
    x, y = SETS[name](n, generator=0)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((n, 2), np.float64, (n,), np.int64)
    assert sorted(np.bincount(y)) == [n // 2, n - n // 2]


@every
def test_a_seed_gives_the_same_points(name):
    (a, la), (b, lb), (c, _) = (SETS[name](50, noise=0.1, generator=s) for s in (1, 1, 2))
    assert (a == b).all()
    assert (la == lb).all()
    assert (a != c).any()


@every
def test_noise_has_its_deviation(name):
    make = SETS[name]
    rough = make(20_000, noise=0.3, generator=1)[0].std(axis=0) ** 2
    smooth = make(20_000, noise=0.0, generator=1)[0].std(axis=0) ** 2
    assert rough - smooth == pytest.approx([0.09, 0.09], abs=0.02)


@every
def test_refusals(name):
    with pytest.raises(ArgumentError):
        SETS[name](10, noise=-1.0)
    with pytest.raises(ArgumentError):
        SETS[name](0)


def test_moons_lie_on_half_circles():
    x, y = make_moons(200, generator=0)
    assert np.hypot(*x[y == 0].T) == pytest.approx(1)
    assert (x[y == 0][:, 1] >= 0).all()
    assert np.hypot(*(x[y == 1] - [1, 0.5]).T) == pytest.approx(1)
    assert (x[y == 1][:, 1] <= 0.5).all()


def test_circles_have_their_radii():
    x, y = make_circles(200, factor=0.3, generator=0)
    assert np.hypot(*x[y == 0].T) == pytest.approx(1)
    assert np.hypot(*x[y == 1].T) == pytest.approx(0.3)
    with pytest.raises(ArgumentError, match="factor"):
        make_circles(10, factor=1.0)


def test_spirals_end_at_radius_one():
    x, y = make_spirals(300, classes=3, generator=0)
    assert np.hypot(*x.T).max() == pytest.approx(1)
    assert np.bincount(y).tolist() == [100] * 3


def test_beale():
    assert beale(3.0, 0.5) == 0
    assert beale(0.0, 0.0) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)
    x = autograd.tensor([3.0, 0.5], requires_grad=True)
    beale(x[0], x[1]).backward()
    assert x.grad.tolist() == [0, 0]
