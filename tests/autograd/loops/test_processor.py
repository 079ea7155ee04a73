"""What the system says of the processor's caches."""

from __future__ import annotations

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
