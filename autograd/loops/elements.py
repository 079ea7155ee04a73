"""Elements of memory in what LLVM is given: where they are, and what else does not lie there."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

# A sum may be taken in any order, so that many are taken at a time.
SUMMED = ("contract", "reassoc", "nsz")


def place(builder: Any, element: Any, address: Any, index: Any) -> Any:
    """Where an element is: so many after the one at an address."""
    base = builder.inttoptr(address, ir.PointerType(element))
    return builder.gep(base, [index], inbounds=True)


def disjoint(instruction: Any, module: Any, scope: int, count: int) -> None:
    """Tell LLVM that `count` stretches of memory do not overlap, and which one this is.

    Without that it would compare all addresses before it computes many elements at a time, and
    for more than a few it gives up. Scope 0 is memory of which nothing is known.
    """
    if not scope:
        return

    def node(*parts: Any) -> Any:
        return module.add_metadata(parts)

    domain = node(ir.MetaDataString(module, "roots"))
    scopes = [node(ir.MetaDataString(module, f"root {i}"), domain) for i in range(1, count + 1)]
    instruction.set_metadata("alias.scope", node(scopes[scope - 1]))
    others = [s for i, s in enumerate(scopes) if i != scope - 1]
    if others:
        instruction.set_metadata("noalias", node(*others))
