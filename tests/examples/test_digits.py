"""The main job: it learns, and leaves whole files or none."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "digits.py"


@pytest.fixture(scope="module")
def digits():
    spec = importlib.util.spec_from_file_location("digits_example", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trained(digits):
    train_set, test_set = digits.split(0)
    model, history = digits.train(train_set, test_set, epochs=6, seed=0)
    return train_set, model, history


def texts(path: Path) -> str:
    return " ".join(ElementTree.parse(path).getroot().itertext())


def test_fifteen_percent_are_held_out(digits):
    train_set, test_set = digits.split(1)
    assert (len(train_set), len(test_set)) == (1528, 269)
    pixels, _ = train_set[:]
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == (0.0, 1.0)


def test_it_learns(trained):
    _, _, history = trained
    assert history[-1]["loss"] < 0.3 * history[0]["loss"]
    assert history[-1]["test"] > 0.93
    assert history[-1]["train"] > history[0]["train"]


def test_it_draws_its_curve_and_its_graph(digits, trained, tmp_path):
    train_set, model, history = trained
    curve = digits.draw_curve(history, tmp_path / "curve.svg")
    assert ElementTree.parse(curve).getroot().tag.endswith("svg")
    graph = texts(digits.draw_step(model, train_set, tmp_path / "graph.svg"))
    for name in ("0.weight", "2.bias", "relu", "cross_entropy"):
        assert name in graph


def test_a_failure_leaves_no_half_written_file(digits, trained, tmp_path, monkeypatch):
    train_set, model, history = trained

    def fail(*paths):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    for draw in (
        lambda: digits.draw_curve(history, tmp_path / "curve.svg"),
        lambda: digits.draw_step(model, train_set, tmp_path / "graph.svg"),
    ):
        with pytest.raises(OSError, match="the disk is full"):
            draw()
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_with_accuracies_and_paths(tmp_path):
    command = [sys.executable, str(SCRIPT), "--epochs", "1", "--out", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "train accuracy" in done.stdout
    assert "test accuracy" in done.stdout
    for name in ("curve.svg", "graph.svg"):
        assert str(tmp_path / name) in done.stdout
        assert (tmp_path / name).is_file()
