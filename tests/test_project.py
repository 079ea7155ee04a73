"""The promises that the repository makes as a whole: its commands, its packages, its import name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commands() -> list[str]:
    """The commands in the README's two shell blocks, each of one line."""
    blocks = re.findall(r"```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    assert all("\n" not in block for block in blocks)
    return blocks


def test_ci_runs_the_readmes_test_command():
    assert commands()[1] in (ROOT / ".ci/run").read_text().splitlines()


def test_the_commands_name_files_and_extras_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for command in commands():
        assert set(re.search(r"\.\[(.*?)\]", command)[1].split(",")) <= set(extras)
        for path in re.findall(r"python (\S+\.py)", command):
            assert (ROOT / path).is_file()


def test_only_the_three_packages_ship():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["project"]["dependencies"] == ["numpy>=2"]
    packages = settings["tool"]["setuptools"]["packages"]["find"]["include"]
    assert packages == ["autograd*", "nn*", "optim*"]
    for package in ("autograd", "nn", "optim"):
        assert (ROOT / package / "py.typed").is_file()


def run_in(folder: Path, code: str) -> subprocess.CompletedProcess:
    """Run Python code where only this folder's packages are found."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )


def copy_of_the_packages(folder: Path) -> None:
    for package in ("autograd", "nn", "optim"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))


def test_importing_beside_files_of_hips_autograd_says_how_to_repair(tmp_path):
    copy_of_the_packages(tmp_path)
    assert run_in(tmp_path, "import autograd, nn, optim").returncode == 0
    (tmp_path / "autograd" / "core.py").write_text("")
    done = run_in(tmp_path, "import autograd")
    assert done.returncode != 0
    assert "ImportError" in done.stderr
    assert "pip uninstall -y autograd wengert && pip install wengert" in done.stderr


def test_nn_over_another_autograd_says_how_to_repair(tmp_path):
    copy_of_the_packages(tmp_path)
    (tmp_path / "autograd" / "__init__.py").write_text("def grad(f): ...\n")  # as HIPS's would be
    for package in ("nn", "optim"):
        done = run_in(tmp_path, f"import {package}")
        assert done.returncode != 0
        assert "pip uninstall -y autograd wengert && pip install wengert" in done.stderr


def test_importing_is_light():
    """NumPy alone is imported, and no generated code is compiled."""
    code = "import sys, autograd, nn, optim; from autograd import codegen; "
    code += "print(len(codegen._sources), sorted({m.split('.')[0] for m in sys.modules} & "
    code += "{'scipy', 'matplotlib', 'rich', 'graphviz', 'numba', 'hypothesis', 'pytest'}))"
    done = run_in(ROOT, code)
    assert done.stdout.strip() == "0 []", done.stderr


def test_the_repository_speaks_of_the_project_alone():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    top = {Path(f).parts[0] for f in files.stdout.split()}
    allowed = {"pyproject.toml", "README.md", "autograd", "nn", "optim", "tests", "docs"}
    assert top <= allowed | {"benchmarks", "examples", ".ci", ".gitignore"}


def test_graph_and_numpy_come_with_autograd_when_they_are_used():
    code = "import autograd; x = autograd.tensor(2.0, requires_grad=True); "
    code += "print(autograd.graph.to_dot(x * x)[:7], autograd.numpy.exp(0.0))"
    assert run_in(ROOT, code).stdout.split() == ["digraph", "1.0"]
    assert "no attribute 'nothing'" in run_in(ROOT, "import autograd; autograd.nothing").stderr
