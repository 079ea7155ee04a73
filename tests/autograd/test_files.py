"""Files that are whole or not there."""

from __future__ import annotations

import pytest

from autograd.files import replacing, write_whole


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "x"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_leaves_the_old_file(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    data = [b"half of the n"]
    with pytest.raises(IndexError), replacing(path) as beside:
        beside.write_bytes(data[0] + data[1])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "x"):
        pass
    assert not list(tmp_path.iterdir())


def test_it_is_beside_until_the_end(tmp_path):
    with replacing(tmp_path / "x") as beside:
        beside.write_bytes(b"new")
        assert beside.parent == tmp_path
        assert not (tmp_path / "x").exists()
    assert (tmp_path / "x").read_bytes() == b"new"
