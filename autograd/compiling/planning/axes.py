"""How operands lie along common axes: how far it is from one element to the next."""

from __future__ import annotations

from ..ir import Operand


def merged_axes(
    shape: tuple[int, ...], operands: list[Operand]
) -> tuple[tuple[int, ...], dict[Operand, list[int]]]:
    """Fewer, longer axes: neighbours that every operand runs through in one go become one."""
    strides = {o: element_strides(o, shape) for o in operands}
    order = sorted(range(len(shape)), key=lambda a: -max((abs(s[a]) for s in strides.values()), default=0))
    lengths: list[int] = []
    kept: dict[Operand, list[int]] = {o: [] for o in operands}
    for axis in order:
        n = shape[axis]
        if n == 1:
            continue
        if lengths and all(kept[o][-1] == strides[o][axis] * n for o in operands):
            lengths[-1] *= n
            for o in operands:
                kept[o][-1] = strides[o][axis]
            continue
        lengths.append(n)
        for o in operands:
            kept[o].append(strides[o][axis])
    return tuple(lengths), kept


def element_strides(o: Operand, shape: tuple[int, ...]) -> list[int]:
    """In elements, 0 where it broadcasts."""
    lead = len(shape) - len(o.shape)
    own = [0 if n == 1 else s // o.dtype.itemsize for n, s in zip(o.shape, o.strides, strict=True)]
    return [0] * lead + own


def common_axes(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...] | None:
    """The coarsest shape into whose axes those of two can be cut."""
    a, b = ([n for n in shape if n > 1] for shape in (one, other))
    found: list[int] = []
    while a and b:
        m, n = a.pop(), b.pop()
        small = min(m, n)
        if m % small or n % small:
            return None
        found.append(small)
        a += [m // small] if m > small else []
        b += [n // small] if n > small else []
    return None if a or b else tuple(found[::-1])
