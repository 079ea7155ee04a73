"""Random numbers while a function is recorded: draws that are noted, and draws that are refused."""

from __future__ import annotations

import _random
import random
import sys
from typing import Any

import numpy as np

from .. import lines
from .traced import Leak, Traced


class Draws:
    """A generator whose draws are noted: each run draws anew from the same generator."""

    def __init__(self, generator: Any, recorder: Any):
        self.generator, self._recorder = generator, recorder

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.generator, name)
        if not callable(method):
            raise Leak(f"the generator's {name} is read")

        def draw(*args: Any, **options: Any) -> Any:
            given = (*args, *options.values())
            if any(isinstance(getattr(a, "_data", a), Traced) for a in given):
                raise Leak("a draw depends on values")
            if name == "shuffle" or options.get("out") is not None:
                raise Leak(f"the generator's {name}() writes into an array that is there")
            drawn = method(*args, **options)
            if not isinstance(drawn, (np.ndarray, np.generic, int, float)):
                raise Leak(f"the generator's {name}() gives neither numbers nor an array of them")
            return self._recorder.drawn(method, args, options, drawn)

        return draw


class Watch:
    """Refuses, while it is entered, draws by the user's own lines from NumPy's generators.

    What they give is an array like any other, so that a program would repeat it forever. After
    each line of the user's the positions of all generators that it can see are compared.
    """

    def __init__(self, visible: list[Any]):
        self.generators = [g for g in visible if isinstance(g, np.random.Generator)]
        self.others = [g for g in visible if not isinstance(g, np.random.Generator)]

    def __enter__(self) -> None:
        self.before = sys.gettrace()
        drawn = [g.bit_generator.state for g in self.generators]
        self.kept = [g.getstate() if isinstance(g, random.Random) else g.get_state() for g in self.others]
        self.first = drawn, np.random.get_state(legacy=False), random.getstate()
        self.positions = self._look()
        if self.before is None:  # else a debugger or a measure of coverage runs
            sys.settrace(self._frame)

    def __exit__(self, *exception: Any) -> None:
        if self.before is None:
            sys.settrace(None)
            if exception[0] is None:
                self._compare(None, 0)

    def put_back(self) -> None:
        """Undo the draws since it was entered that no state knows of."""
        for generator, position in zip(self.generators, self.first[0], strict=True):
            generator.bit_generator.state = position
        np.random.set_state(self.first[1])
        random.setstate(self.first[2])
        for other, kept in zip(self.others, self.kept, strict=True):
            (other.setstate if isinstance(other, random.Random) else other.set_state)(kept)

    def accept(self) -> None:
        """A draw was noted."""
        self.positions = self._look()

    def _look(self) -> list:
        return [
            *(g.bit_generator.state for g in self.generators),
            *(_position(g) for g in self.others),
            _legacy(),
            _random.Random.getstate(random._inst)[-1],
        ]

    def _frame(self, frame: Any, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not lines.is_users(code.co_filename):
            return None
        last = frame.f_lineno
        if code.co_filename.startswith("<") and lines.is_library(frame.f_back.f_code.co_filename):
            return None  # written by `dataclasses` and their like

        def line(frame: Any, event: str, arg: Any) -> Any:
            nonlocal last
            if event in ("line", "return"):
                self._compare(code, last)
                last = frame.f_lineno
            return line

        return line

    def _compare(self, code: Any, line: int) -> None:
        if self._look() != self.positions:
            where = lines.described(code and lines.Line(code.co_filename, line, code))
            raise Leak(
                f"{where}: numbers are drawn directly from a generator; hand them in as an argument, "
                "or use functions of nn with generator="
            )


def _position(source: Any) -> Any:
    if isinstance(source, random.Random):
        return hash(source.getstate())
    state = source.get_state(legacy=False)["state"]
    return repr(state)


def _legacy() -> int:
    """Where NumPy's global generator is, of the functions `numpy.random.*`."""
    state = np.random.get_state(legacy=False)["state"]
    return hash((state["pos"], state["key"][:4].tobytes(), state["key"][-4:].tobytes()))
