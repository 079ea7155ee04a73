"""What is known of the processor, and of BLAS's threads."""

from __future__ import annotations

import sys

import pytest

from autograd.loops import processor


@pytest.fixture(autouse=True)
def unread():
    processor.second_level.cache_clear()
    yield
    processor.second_level.cache_clear()


@pytest.mark.parametrize(("size", "wanted"), [("2048K", 1 << 21), ("1M", 1 << 20), ("512", 512), ("?", 0)])
def test_the_second_level_is_found(monkeypatch, tmp_path, size, wanted):
    for i, (level, text) in enumerate([("1", "48K"), ("2", size), ("3", "105M")]):
        folder = tmp_path / f"index{i}"
        folder.mkdir()
        (folder / "level").write_text(f"{level}\n")
        (folder / "size").write_text(f"{text}\n")
    monkeypatch.setattr(processor, "_CACHES", tmp_path)
    assert processor.second_level() == wanted


def test_a_system_that_does_not_say(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_CACHES", tmp_path / "none")
    assert processor.second_level() == 0


@pytest.mark.parametrize(
    ("wait", "threads", "leaves"),
    [(None, None, False), ("20", None, True), ("22", "8", True), ("26", None, False), ("x", None, False),
     (None, "1", True), (None, "2", False), ("", "16", False), ("0", None, False), ("1", None, True),
     ("23", None, False), ("\u00b2", None, False), ("-1", None, False)],
)  # fmt: skip
def test_when_blas_leaves_its_cores(monkeypatch, wait, threads, leaves):
    for name, value in (("OPENBLAS_THREAD_TIMEOUT", wait), ("OPENBLAS_NUM_THREADS", threads)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert processor.blas_leaves() == leaves


@pytest.fixture
def unknown():
    processor.vector_size.cache_clear()
    yield
    processor.vector_size.cache_clear()


@pytest.mark.parametrize(
    ("features", "size"),
    [
        ({"avx512f": True, "avx2": True, "fma": True}, 64),
        ({"avx512f": False, "avx2": True, "fma": True}, 32),
        ({"avx2": True, "fma": False}, 0),
        ({"fma": True}, 0),
        ({}, 0),
    ],
)
def test_what_vectors_processors_have(features, size, unknown, monkeypatch):
    binding = pytest.importorskip("llvmlite.binding")
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert processor.vector_size() == size


@pytest.mark.parametrize("name", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"])
def test_of_loops_for_another_processor_nothing_is_known(name, unknown, monkeypatch):
    monkeypatch.setenv(name, "generic")
    assert processor.vector_size() == 0


def test_a_broken_llvmlite_knows_of_none(unknown, monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert processor.vector_size() == 0
