"""What the tests of pictures share."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as ET

import pytest

from autograd import graph
from autograd.graph import layout

SVG = "{http://www.w3.org/2000/svg}"


def has_layout():
    try:
        return bool(layout.find_program())
    except graph.LayoutMissingError:
        return False


needs_layout = pytest.mark.skipif(not has_layout(), reason="needs dot or graphviz-pure")
no_graphviz = pytest.mark.skipif(shutil.which("dot") is not None, reason="Graphviz writes PDF itself")
posix = pytest.mark.skipif(os.name != "posix", reason="the programs here are shell scripts")


def texts(svg):
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def listing(folder):
    return sorted(p.name for p in folder.iterdir())


def boxes_of(drawing):
    """The boxes of a picture, without the marks of its outputs, by their keys."""
    return {box.key: box for box in drawing._scene.root.boxes()}
