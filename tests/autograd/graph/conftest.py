"""Stand-ins for the layout program, and a picture to lay out."""

from __future__ import annotations

import os

import pytest

from autograd import graph, tensor
from autograd.graph import layout


@pytest.fixture
def picture():
    x = tensor(3.0, requires_grad=True)
    return graph.draw(x * x, names={"x": x})


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a shell script where the layout program is looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def install(script):
        path = folder / "dot"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder

    return install


@pytest.fixture
def no_program(monkeypatch):
    monkeypatch.setattr(layout.shutil, "which", lambda *args, **options: None)
    monkeypatch.setattr(layout.metadata, "distribution", missing_distribution)


def missing_distribution(name):
    raise layout.metadata.PackageNotFoundError(name)
