"""Drawings that follow a training: what is drawn when, and the animation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import nn
from autograd.errors import ArgumentError, OperandError
from nn import plot


def model():
    nn.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def test_it_draws_at_every_so_many_updates():
    shown, net = [], model()
    live = plot.LiveNetwork(net, every=3, show=shown.append, bias=True)
    for _ in range(7):
        live.update()
    assert len(shown) == len(live.frames) == 2
    assert shown[0] is live.ax.figure


def test_frames_are_the_weights_of_their_time():
    net = model()
    live = plot.LiveNetwork(net)
    live.update()
    before = net[0].weight.detach().numpy().copy()
    net[0].load_state_dict({"weight": np.zeros((3, 2)), "bias": np.zeros(3)})
    live.update()
    np.testing.assert_array_equal(live.frames[0]["0.weight"], before)
    assert not live.frames[1]["0.weight"].any()


def test_the_animation_has_all_frames(tmp_path):
    net = model()
    live = plot.LiveNetwork(net, inputs=np.array([1.0, -1.0]))
    for k in range(3):
        net[0].load_state_dict({"weight": np.full((3, 2), k - 1.0), "bias": np.zeros(3)})
        live.update()
    path = live.save(tmp_path / "net.gif", fps=5)
    with Image.open(path) as picture:
        assert (picture.format, picture.n_frames, picture.info["duration"]) == ("GIF", 3, 200)
    assert [p.name for p in tmp_path.iterdir()] == ["net.gif"]
    assert (net[0].weight.detach().numpy() == 1).all()


def test_refusals(tmp_path):
    live = plot.LiveNetwork(model())
    with pytest.raises(ArgumentError, match="there must have been an update"):
        live.save(tmp_path / "x.gif")
    live.update()
    with pytest.raises(ArgumentError, match=r"must end in \.gif"):
        live.save(tmp_path / "x.svg")
    with pytest.raises(ArgumentError, match="fps must be positive, got 0"):
        live.save(tmp_path / "x.gif", fps=0)
    for every in (0, 1.5):
        with pytest.raises(ArgumentError, match="every"):
            plot.LiveNetwork(model(), every=every)
    with pytest.raises(OperandError, match="no Linear"):
        plot.LiveNetwork(nn.Sequential(nn.ReLU()))
