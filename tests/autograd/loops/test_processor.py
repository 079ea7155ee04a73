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
    processor.has_wide_registers.cache_clear()
    yield
    processor.has_wide_registers.cache_clear()


@pytest.mark.parametrize(
    ("features", "wide"), [({"avx512f": True}, True), ({"avx512f": False}, False), ({}, False)]
)
def test_which_processors_have_wide_registers(features, wide, unknown, monkeypatch):
    binding = pytest.importorskip("llvmlite.binding")
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert processor.has_wide_registers() == wide


@pytest.mark.parametrize("name", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"])
def test_loops_for_another_processor_have_no_wide_registers(name, unknown, monkeypatch):
    monkeypatch.setenv(name, "generic")
    assert not processor.has_wide_registers()


def test_a_broken_llvmlite_knows_of_none(unknown, monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert not processor.has_wide_registers()
