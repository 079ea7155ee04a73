"""Calls of NumPy's functions with every keyword that they have, by family."""

from __future__ import annotations

import importlib
import pkgutil

FAMILIES = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "data")


def cases_of(family: str) -> dict:
    """name -> (a function of a namespace and arrays, the arrays)."""
    return importlib.import_module(f"{__name__}.{family}").CASES
