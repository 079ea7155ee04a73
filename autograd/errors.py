"""Typed errors: each is raised at the call that is wrong, in the caller's terms.

Every class also derives from the built-in that NumPy or PyTorch would raise, so that code
written for either keeps catching what it caught.
"""

from __future__ import annotations

from typing import Any as _Any

from numpy.exceptions import AxisError as _NumPyAxisError
from numpy.linalg import LinAlgError as _NumPyLinAlgError


class AutogradError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        module_path: where in a model it was raised, such as `encoder.0.linear`; the message
            begins with it. Empty outside of modules.
        called: the function of NumPy that was called; named in front if the message does not name it.
        tape: under `detect_anomaly()`, the graph as records, see `autograd.graph.tape`; else None.
        draw: then a function that draws it, with the options of `autograd.graph.draw`.
    """

    module_path: str = ""
    called: str = ""
    tape: _Any = None
    draw: _Any = None

    def __str__(self) -> str:
        text = super().__str__()
        if self.called not in text:
            text = f"{self.called}: {text}"
        return f"in {self.module_path}: {text}" if self.module_path else text


class ShapeError(AutogradError, ValueError):
    """Shapes do not fit the operation."""


class MatrixError(AutogradError, _NumPyLinAlgError):
    """A matrix is singular, not positive definite or the like; or has no derivative where it is."""


class MatrixShapeError(ShapeError, _NumPyLinAlgError):
    """An array is not made of matrices, or not of square ones."""


class DtypeError(AutogradError, TypeError):
    """A dtype cannot do what was asked, such as an integer requiring a gradient."""


class OperandError(AutogradError, TypeError):
    """An argument is of a type that the operation cannot take."""


class ArgumentError(AutogradError, ValueError):
    """An option has a value that the operation cannot take."""


class IndexingError(AutogradError, IndexError):
    """An index is out of bounds, or of a kind that arrays cannot take."""


class AxisError(AutogradError, _NumPyAxisError):
    """An axis is out of range."""

    def __init__(self, text: str):
        _NumPyAxisError.__init__(self, text)


class SpellingError(AutogradError, TypeError):
    """A PyTorch spelling was used where Tensor follows NumPy; the message has NumPy's."""


class NotDifferentiable(AutogradError, TypeError):
    """A function without a derivative was given a tensor that requires grad."""


class MissingExtra(AutogradError, ImportError):
    """A package that is not installed is needed for this; the message has what to install."""


class MissingRule(NotDifferentiable, NotImplementedError):
    """A user-defined primitive has no rule for an argument that requires grad."""


class AnomalyError(AutogradError, FloatingPointError):
    """A NaN or an infinity came up under `detect_anomaly()`.

    Attributes:
        op: the operation that gave it.
        phase: `forward`, or `backward` if its derivative did.
        source, code: the user's line, as `train.py:12`, and its text; empty if not known.
        inputs: a summary of each array that the operation computed with, by name.
        result: a summary of what it gave.
        record: that of the operation in the tape; `draw()` draws it red. None, as `tape` and `draw`
            are, if the graph was released before.
    """

    op: str = ""
    phase: str = ""
    source: str = ""
    code: str = ""
    inputs: dict[str, _Any] = {}  # noqa: RUF012 - each error has its own
    result: _Any = None
    record: _Any = None


class CompileError(AutogradError, RuntimeError):
    """A function cannot be compiled; says which line and why."""


class GradientError(AutogradError, RuntimeError):
    """Backward was asked of something that cannot provide it."""


class GraphFreedError(GradientError):
    """The part of the graph that backward needs has been released."""


class LeafWriteError(AutogradError, RuntimeError):
    """A leaf that requires grad was written in place while gradients are recorded."""


class RequiresGradError(AutogradError, RuntimeError):
    """A tensor that requires grad was asked for a plain NumPy view of itself."""


class VmapError(AutogradError, RuntimeError):
    """A value that differs from example to example under `vmap` was asked for what only one value has."""


class DeclarationError(AutogradError, TypeError):
    """A primitive's declaration contradicts itself; found when it is declared."""
