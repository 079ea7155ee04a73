"""The pages of the gallery, run small: each figure shows that what the page does works."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "examples" / "gallery"
# page -> what must be true of its figures
PAGES = {
    "bayesian_network": lambda f: f["ELBO"] > f["before"] / 4 and f["error where there is data"] < 0.2,
    "black_box_svi": lambda f: abs(f["divergence"] - f["least possible"]) < 0.1 < f["before"] - 1,
    "fixed_point": lambda f: f["gradient against the unrolled one"] < 1e-9 and f["accuracy"] == 1,
    "fluid_control": lambda f: f["loss over the first"] < 0.3,
    "gaussian_process": lambda f: (
        f["log marginal likelihood"] > f["before"] + 20
        and f["error of the mean"] < 0.15
        and abs(f["noise found, of 0.1"] - 0.1) < 0.04
    ),
    "hamiltonian_monte_carlo": lambda f: (
        0.8 < f["acceptance rate"] <= 1
        and f["largest error of means and variances"] < 0.2
        and f["R-hat"] < 1.1
    ),
    "natural_gradient": lambda f: f["loss by natural gradient"] < 0.5 * f["loss by gradient"],
    "neural_ode": lambda f: f["adjoint gradient, relative error"] < 1e-4 and f["loss"] < 0.05 * f["before"],
    "newton": lambda f: (
        f["norm of the gradient"] < 1e-10
        and f["distance from the minimum"] < 1e-10
        and f["norm by steepest descent"] > 0.1
    ),
}


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(GALLERY))
    yield
    for name in [*PAGES, "page"]:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name, tmp_path):
    page = importlib.import_module(name).run(small=True)
    assert PAGES[name](page.figures), page.figures
    page.save(str(tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 1000


def test_pages_are_short_and_listed():
    text = (ROOT / "docs" / "gallery.md").read_text()
    assert {path.stem for path in GALLERY.glob("*.py")} == {*PAGES, "page"}
    for name in PAGES:
        path = GALLERY / f"{name}.py"
        assert len(path.read_text().splitlines()) < 150
        assert f"python examples/gallery/{name}.py" in text
    for picture in re.findall(r"\]\((pictures/gallery_.*?)\)", text):
        assert 1000 < (ROOT / "docs" / picture).stat().st_size < 40_000


def test_the_command_line(monkeypatch, capsys):
    page = importlib.import_module("page")
    found = page.Page({"what it shows": 0.123456}, lambda figure: None)
    monkeypatch.setattr(sys, "argv", ["page.py", "--small"])
    page.command_line(lambda small: found, "about")
    assert capsys.readouterr().out.startswith("what it shows: 0.1235\n")
