"""The five courses, run small: what must hold on any data holds, and every picture is there."""

from __future__ import annotations

import importlib
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COURSES = {"feedforward": 6, "dense": 2, "lecture": 16, "digits_lab": 4, "backpropagation": 6}


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield
    for name in [*COURSES, "courses", "report", "images28", "fashion"]:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", COURSES)
def test_a_course(name, tmp_path):
    report = importlib.import_module("report").Report(tmp_path, small=True)
    importlib.import_module(name).run(report)
    broken = [r for r in report.results if not r.kept]
    assert not broken
    assert len(report.results) >= 5
    assert len(report.pictures) >= COURSES[name]
    for path in report.pictures:
        if path.suffix == ".svg":
            ElementTree.parse(path)
        else:
            assert path.stat().st_size > 1000
    assert report.markdown().count("\n") == len(report.results) + 1


def test_bounds_are_asked(tmp_path):
    report = importlib.import_module("report").Report(tmp_path)
    report.add("too little", 0.5, least=0.6)
    report.add("enough", 0.7, least=0.6, most=0.8)
    report.add("too much", 0.9, most=0.8)
    report.add("not so", "no", true=False)
    report.add("nothing asked", float("nan"))
    report.add("not a number", float("nan"), least=0.0)
    assert [r.kept for r in report.results] == [False, True, False, False, True, False]
    assert not report.kept
    small = importlib.import_module("report").Report(tmp_path, small=True)
    small.add("of whole runs alone", 0.5, least=0.6, whole=True)
    assert small.kept
