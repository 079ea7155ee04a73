"""Loops made by helpers: the same as one process makes, whatever becomes of the helpers."""

from __future__ import annotations

import stat
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
import optim
from autograd import threads
from autograd.loops import diskcache, helper, machine, making, translate
from tests.autograd.loops.test_diskcache import fresh
from tests.support.compiling import plain, training_step


def source(factor):
    return f"""def loop(t, start, stop):
    for i in range(start, stop):
        store_f4(t, i, load_f4(t, i, 1, 1) * float32({factor}.0), 1, 1)
    return 0
"""


SOURCES = [source(factor) for factor in (2, 3, 4, 5)]
WRONG = "def loop(t):\n    return nothing\n"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path / "loops"))
    monkeypatch.setattr(making, "WORTH", 1)
    monkeypatch.setattr(threads, "count", lambda: 3)
    fresh()
    yield tmp_path / "loops"
    diskcache._ready.clear()
    fresh()


def works(text, factor):
    x = np.ones(4, np.float32)
    machine.unlocked(diskcache.load(text), 3)(x.ctypes.data, 1, 3)
    return x.tolist() == [1, factor, factor, 1]


def named(sources):
    return {diskcache.name_of(text): text for text in sources}


def test_a_helper_makes_what_it_is_sent():
    found: dict = {}
    with making._started(1) as (process,):
        making._help(process, named(SOURCES), sorted(named(SOURCES)), found)
        assert process.poll() is None
    assert process.returncode is not None
    assert set(found) == set(named(SOURCES))
    diskcache._ready.update(found)
    assert all(works(text, factor) for text, factor in zip(SOURCES, (2, 3, 4, 5), strict=True))


def test_all_are_ready_and_kept(place, monkeypatch):
    diskcache.prepare(SOURCES)
    assert len(list(place.glob("*.native"))) == len(SOURCES)
    monkeypatch.setattr(translate, "translated", None)  # none is left to make
    assert all(works(text, factor) for text, factor in zip(SOURCES, (2, 3, 4, 5), strict=True))
    assert not diskcache._ready
    # what is on disk, or loaded, is not made again
    diskcache.prepare(SOURCES)
    fresh()
    diskcache.prepare(SOURCES)
    assert works(SOURCES[1], 3)


def test_without_a_place_on_disk(monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", "")
    diskcache.prepare(SOURCES)
    monkeypatch.setattr(translate, "translated", None)
    assert all(works(text, factor) for text, factor in zip(SOURCES, (2, 3, 4, 5), strict=True))


@pytest.mark.parametrize("text", ["exit 1", "echo nonsense nonsense nonsense", "cat > /dev/null"])
def test_helpers_that_do_not_help(text, tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\n{text}\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(broken))
    monkeypatch.setattr(making, "PATIENCE", 0.1)
    assert making.helpers(SOURCES)
    diskcache.prepare(SOURCES)
    assert all(works(text, factor) for text, factor in zip(SOURCES, (2, 3, 4, 5), strict=True))


@pytest.mark.parametrize("sent", [b"", b"non", b"nonsense nonsense", bytes(8), b"\5" + bytes(7) + b"four"])
def test_what_is_no_message(sent, tmp_path):
    (tmp_path / "sent").write_bytes(sent)
    with open(tmp_path / "sent", "rb") as stream:
        assert helper.receive(stream) is None


def test_one_that_is_wrong_is_told_when_it_is_loaded():
    diskcache.prepare([*SOURCES, WRONG])
    assert set(diskcache._ready) == set(named(SOURCES))  # the others are made all the same
    assert all(works(text, factor) for text, factor in zip(SOURCES, (2, 3, 4, 5), strict=True))
    with pytest.raises(Exception, match="nothing"):
        diskcache.load(WRONG)
    assert diskcache.available()


def test_helpers_are_gone_after_an_interrupt(monkeypatch):
    processes = []
    popen = subprocess.Popen

    def noted(*args, **options):
        processes.append(popen(*args, **options))
        return processes[-1]

    def interrupted(text, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", noted)
    monkeypatch.setattr(translate, "translated", interrupted)
    with pytest.raises(KeyboardInterrupt):
        diskcache.prepare(SOURCES)
    assert processes
    assert all(p.returncode is not None for p in processes)


def test_who_is_not_helped(monkeypatch):
    assert making.helpers(SOURCES) == 2
    assert making.helpers(SOURCES[:2]) == 1
    assert making.helpers(SOURCES[:1]) == 0
    monkeypatch.setattr(making, "WORTH", 100)  # it would take as long to begin
    assert making.helpers(SOURCES) == 0
    monkeypatch.setattr(making, "WORTH", 1)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert making.helpers(SOURCES) == 0
    monkeypatch.delattr(sys, "frozen")
    for name in ("/usr/bin/blender", "", None):
        monkeypatch.setattr(sys, "executable", name)
        assert making.helpers(SOURCES) == 0
    monkeypatch.undo()
    monkeypatch.setattr(threads, "count", lambda: 1)
    assert making.helpers(SOURCES) == 0


def test_a_step_whose_loops_are_made_so():
    def losses(compile_it):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 40), nn.GELU(), nn.LayerNorm(40), nn.Linear(40, 3))
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        step = training_step(model, optimizer)
        step = autograd.compile(step, state=(model, optimizer), strict=True) if compile_it else step
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(64, 6)).astype(np.float32), rng.integers(0, 3, 64)
        found = np.array([plain(step(x, y)) for _ in range(8)])
        return found, step

    wanted, _ = losses(False)
    found, step = losses(True)
    assert "loop_" in step.source
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
