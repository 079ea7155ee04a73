"""Loops on disk: found again, refused if anything about them is wrong, and never needed."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import types

from autograd.compiling import diskcache

SOURCE = """def loop(t):
    for i in range(3):
        store_f4(t[0], i, load_f4(t[0], i, 1, 1) + float32(1.0), 1, 1)
    return 0
"""
SIGNATURE = (types.int64[::1],)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path / "loops"))
    return tmp_path / "loops"


def works(fn):
    x = np.zeros(3, np.float32)
    fn(np.array([x.__array_interface__["data"][0]]))
    return x.tolist() == [1, 1, 1]


def from_disk(fn):
    return bool(sum(fn.stats.cache_hits.values()))


def test_a_loop_is_found_again():
    first = diskcache.load(SOURCE, SIGNATURE)
    assert works(first)
    assert not from_disk(first)
    second = diskcache.load(SOURCE, SIGNATURE)
    assert works(second)
    assert from_disk(second)


def test_only_the_user_may_enter(place):
    diskcache.load(SOURCE, SIGNATURE)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_directory_that_others_may_write_is_not_used(place):
    place.mkdir()
    place.chmod(0o777)
    assert diskcache.directory() is None
    assert works(diskcache.load(SOURCE, SIGNATURE))
    assert not list(place.iterdir())


@pytest.mark.parametrize("suffix", [".nbc", ".nbi", ".sum", ".py"])
@pytest.mark.parametrize("content", [b"", b"\x00garbage\xff"])
def test_what_is_corrupt_is_made_again(place, suffix, content):
    diskcache.load(SOURCE, SIGNATURE)
    files = [f for f in place.rglob("*") if f.suffix == suffix]
    assert files
    for file in files:
        file.write_bytes(content)
    assert works(diskcache.load(SOURCE, SIGNATURE))
    again = diskcache.load(SOURCE, SIGNATURE)
    assert works(again)
    assert from_disk(again)


def test_another_version_is_another_loop(monkeypatch):
    before = diskcache.name_of(SOURCE)
    monkeypatch.setattr(diskcache, "_version", lambda: "another")
    assert diskcache.name_of(SOURCE) != before


def test_without_a_disk_loops_are_compiled(monkeypatch, tmp_path):
    for named in ("", str(tmp_path / "file" / "below")):
        (tmp_path / "file").touch()
        monkeypatch.setenv("WENGERT_CACHE", named)
        assert diskcache.directory() is None
        assert works(diskcache.load(SOURCE, SIGNATURE))


def test_a_directory_that_cannot_be_written_is_not_used(place):
    place.mkdir()
    place.chmod(0o500)
    if os.access(place, os.W_OK):
        pytest.skip("this user may write anywhere")
    assert diskcache.directory() is None
