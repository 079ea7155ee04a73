"""Files that PyTorch and Wengert write for each other."""

from __future__ import annotations

import numpy as np
import pytest

import nn

torch = pytest.importorskip("torch")
their_files = pytest.importorskip("safetensors.torch")
pytestmark = pytest.mark.peers


def build(library):
    return library.Sequential(
        library.Conv2d(1, 4, 3, padding=1), library.BatchNorm2d(4), library.ReLU(), library.MaxPool2d(2),
        library.Flatten(), library.Linear(4 * 16, 10),
    )  # fmt: skip


def outputs(ours, theirs):
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype(np.float32)
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(x)).numpy()
    return ours.eval()(x).detach().numpy(), expected


def test_we_read_theirs(tmp_path):
    theirs, ours = build(torch.nn), build(nn)
    theirs(torch.randn(5, 1, 8, 8))  # running statistics of its own
    their_files.save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    nn.load(tmp_path / "model.safetensors", into=ours)
    found, expected = outputs(ours, theirs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_they_read_ours(tmp_path):
    theirs, ours = build(torch.nn), build(nn)
    ours(np.random.default_rng(1).normal(size=(5, 1, 8, 8)).astype(np.float32))
    nn.save(ours, tmp_path / "model.safetensors")
    theirs.load_state_dict(their_files.load_file(tmp_path / "model.safetensors"))
    found, expected = outputs(ours, theirs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_dtype_that_numpy_lacks_is_said(tmp_path):
    their_files.save_file({"a": torch.zeros(2, dtype=torch.bfloat16)}, tmp_path / "x")
    with pytest.raises(nn.CheckpointError, match="dtype that NumPy lacks"):
        nn.load(tmp_path / "x")
