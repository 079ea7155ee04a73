"""Records one run of a function and replays it: no graph, no allocation, no Python per operation."""

from .compiled import Compiled, CompileWarning, compile

__all__ = ["CompileWarning", "Compiled", "compile"]
