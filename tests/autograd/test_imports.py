"""Imports flow one way: read from the source, so that a lazy import does not slip by."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.support.bundles import bundled

ROOT = Path(__file__).resolve().parents[2]

# From the bottom to the top: a module imports only from layers above it in this list. Modules
# of one layer do not import each other, except inside a package.
LAYERS = [
    {"addresses", "changes", "coverage", "errors", "files", "summaries", "tables", "threads", "work"},
    {"primitive", "memory", "diagnose", "loops"},
    {"codegen", "handing"},
    {"spreading"},
    {"pulls"},
    {"wrappers", "tape"},
    {"several"},
    {"batching", "effects", "wholes"},
    {"batched_calls"},
    {"batching_classes", "modes", "recording", "sweeping"},
    {"declare", "watching"},
    {"ops"},
    {"views", "gates"},
    {"aliasing", "backward", "core_axes", "protocols"},
    {"flat", "keywords", "spelling", "writes"},
    {"ufuncs"},
    {"methods", "plain"},
    {"tensor"},
    {"batched", "transposing"},
    {"forward"},
    {"transforms", "numpy", "graph"},
    {"anomaly", "explaining", "profiling", "compiling"},
    {"scipy"},
    {"hips"},
    {
        "builtins",
        "core",
        "differential_operators",
        "extend",
        "misc",
        "numpy at HIPS' paths",
        "test_util",
        "tracer",
        "util",
        "wrap_util",
    },
    {""},  # autograd/__init__.py
]
# What is imported inside functions, against the arrows or from elsewhere, and why.
LATER = {
    ("protocols", "numpy"): "fills the table of NumPy's functions when first needed",
}
PACKAGES = (
    "hips", "misc", "compiling", "scipy", "ops", "numpy", "graph", "transforms", "profiling", "explaining",
    "anomaly", "loops",
)  # fmt: skip
OPTIONAL = {
    "graphviz", "matplotlib", "PIL", "reportlab", "svglib", "rich", "safetensors", "numba",
    "llvmlite", "scipy",
}  # fmt: skip
# The same inside `autograd.compiling`, whose modules other than folders are named.
COMPILING = [
    {"changed", "ir", "lines"},
    {"containers", "faults"},
    {"reading"},
    {"recording"},
    {"planning"},
    {"kernels"},
    {"plan"},
    {"running"},
    {"compiled"},
    {""},
]
# Modules that are imported only where numba was found.
FOR_NUMBA = tuple(
    f"autograd.loops.{name}"
    for name in ("blocks", "elements", "moves", "polynomials", "scalars", "tile", "translate")
)


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def dotted(path: Path) -> list[str]:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(path: Path) -> list[tuple[list[str], bool]]:
    """What a file imports, as dotted names, and whether at the top level."""
    tree, found = ast.parse(path.read_text()), []
    package = dotted(path) if path.stem == "__init__" else dotted(path)[:-1]
    top = {id(node) for node in _unconditional(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split("."), id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = [*base, *(node.module.split(".") if node.module else [])]
            if node.module:
                found.append((name, id(node) in top))
            else:
                found += [([*name, alias.name], id(node) in top) for alias in node.names]
    return found


def _unconditional(tree: ast.Module):
    """The statements that run on import, those under `if` and `try` included."""
    left = list(tree.body)
    while left:
        node = left.pop()
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            left += [*node.body, *node.orelse, *getattr(node, "finalbody", [])]


def layer_of(name: str, layers: list[set[str]] = LAYERS) -> int:
    for i, layer in enumerate(layers):
        if name in layer:
            return i
    pytest.fail(f"{name} has no place in {layers}")


def inside(parts: list[str]) -> str:
    """The part of a dotted name that LAYERS speaks of: `ops` for autograd.ops.shapes."""
    if parts[1:2] == ["numpy"] and parts[2:3] and parts[2].startswith("numpy_"):
        return "numpy at HIPS' paths"
    return parts[1] if len(parts) > 1 else ""


@bundled("path", modules("autograd"), by=lambda path: inside(dotted(path)) or "autograd", ids=str)
def test_the_arrows_inside_autograd(path):
    own = inside(dotted(path))
    for name, at_top in imports(path):
        if name[0] != "autograd":
            continue
        other = inside(name)
        if other == own and own in PACKAGES:
            continue
        if not at_top and (own, other) in LATER:
            continue
        assert layer_of(other) < layer_of(own), f"{'.'.join(dotted(path))} imports {'.'.join(name)}"


def test_the_arrows_inside_compiling():
    package = ["autograd", "compiling"]
    for path in modules("autograd/compiling"):
        own = [*dotted(path), ""][2]
        for name, _ in imports(path):
            if name[:2] != package or (name[2:3] == [own] and (ROOT / "/".join(name[:3])).is_dir()):
                continue
            other = [*name, ""][2]
            assert layer_of(other, COMPILING) < layer_of(own, COMPILING), f"{path} imports {'.'.join(name)}"


@pytest.mark.parametrize(
    ("package", "allowed"),
    [("autograd", {"autograd"}), ("nn", {"nn", "autograd"}), ("optim", {"optim", "autograd"})],
)
def test_the_arrows_between_packages(package, allowed):
    for path in modules(package):
        for name, at_top in imports(path):
            known = allowed | {"numpy"} | set(sys.stdlib_module_names)
            if not at_top or ".".join(dotted(path)).startswith(FOR_NUMBA):
                known |= OPTIONAL
            assert name[0] in known, f"{path.relative_to(ROOT)} imports {'.'.join(name)}"


def test_every_layer_exists():
    there = {inside(dotted(path)) for path in modules("autograd")}
    assert {name for layer in LAYERS for name in layer} <= there


def test_operations_import_each_other_without_cycles():
    arrows = {p.stem: {n[2] for n, _ in imports(p) if n[:2] == ["autograd", "ops"] and len(n) > 2}
              for p in modules("autograd/ops") if p.stem != "__init__"}  # fmt: skip
    while arrows:
        free = [name for name, needs in arrows.items() if not needs & set(arrows)]
        assert free, f"these import each other: {sorted(arrows)}"
        for name in free:
            del arrows[name]
