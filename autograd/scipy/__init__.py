"""SciPy's namespaces, differentiable: `from autograd.scipy.special import gammaln`.

SciPy is an extra: without it, importing a module from here raises an ImportError that says what to
install. `import autograd` alone imports nothing of this.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import MissingExtra

MODULES = ("integrate", "linalg", "signal", "special", "stats")


def load(name: str) -> Any:
    """The module `scipy.<name>`.

    Errors: MissingExtra where SciPy is not installed.

    Example:
        >>> load("special").__name__
        'scipy.special'
    """
    try:
        return importlib.import_module(f"scipy.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "scipy":
            raise
        raise MissingExtra(f'autograd.scipy.{name} needs SciPy: pip install "wengert[scipy]"') from None


def __getattr__(name: str) -> Any:
    """A module, imported when it is first used."""
    if name in MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
