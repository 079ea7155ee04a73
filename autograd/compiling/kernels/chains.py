"""Runs of small calls as one built-in of Python's, which runs the functions of their parts in turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...loops import chain, machine
from ..changed import Changed, Undecided
from ..ir import Instruction
from .kernel import Kernel


class Chain:
    """The functions of a run.

    Attributes:
        items: what they compute, and the `operands` that they read and write.
        hosts: which roots lie in gradients, and where there; the same for all parts.
        checks: whether one may say that the program does not hold.
        doubts: whether one may say that it cannot tell masked cotangents from others.
    """

    def __init__(self, parts: list[Kernel]):
        self.parts, self.hosts = parts, parts[0].hosts
        self.items = [item for part in parts for item in part.items]
        self.operands = list(dict.fromkeys(o for part in parts for o in part.operands))
        self.checks = any(part.checks for part in parts)
        self.doubts = any(part.doubts for part in parts)

    def written(self, step: Instruction, writer: Any) -> str:
        """The statement that runs it in a program."""
        number = len(writer.names)
        name, table = f"loop_{number}", f"table_{number}"
        arrays: list[str] = []
        owners, sources, tables = [], [], []
        for part in self.parts:
            places, read, words, held = part.located(writer)
            owners += held
            arrays += [array for array in read if array not in arrays]
            tables.append([*words, *map(arrays.index, read)])
            sources.append(part.source(places))
        shown = [f"    {writer.shown(source)}()" for source in sources]
        writer.functions.append("\n".join([f"def {name}({', '.join(arrays)}):", *shown, ""]))
        writer.names[f"owners_{number}"] = list({id(owner): owner for owner in owners}.values())
        writer.names[table], writer.names["refusal"] = None, refusal

        names = writer.names  # not the writer, which would hold this, and its arrays, until it is collected

        def made(driver: int, *functions: int) -> Any:
            names[table] = entries = chain.table(functions, tables)
            return machine.builtin(driver, entries)

        writer.native(name, [chain.SOURCE, *sources], made)
        call = f"{name}({', '.join(arrays)})"
        return f"if {call}: raise refusal({table}, {step.line!r})" if self.checks else call


def refusal(table: np.ndarray, line: str) -> Changed:
    """What a run says one of whose functions had it end."""
    return Undecided(line) if chain.answer(table) == chain.DOUBTED else Changed(line)
