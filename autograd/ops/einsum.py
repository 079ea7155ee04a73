"""einsum: a primitive for clean subscripts, into which all others are turned first."""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, ShapeError
from ..tape import mode
from .broadcasting import reduce_sum
from .composed import constant_of, flows
from .indexing import diagonal
from .shapes import as_array, reshape


def _contract(xs, subscripts):
    return np.einsum(subscripts, *xs, optimize=len(xs) > 2)


def _d_contract(g, xs, xs_shape, subscripts, wanted):
    inputs, output = subscripts.split("->")
    inputs = inputs.split(",")
    cotangents = [None] * len(xs)
    for i in wanted:
        others = [x for j, x in enumerate(xs) if j != i]
        terms = [output, *(s for j, s in enumerate(inputs) if j != i)]
        cotangents[i] = _einsum([g, *others], f"{','.join(terms)}->{inputs[i]}")
    return cotangents


# Clean: no label twice in an operand, each label in the output or in another operand, and all
# operands agree on its length. Then the cotangent of an operand is an einsum again.
def _contract_each(call):
    inputs, output = call.statics["subscripts"].split("->")
    label = next(
        c for c in map(chr, range(ord("A"), ord("z") + 1)) if c.isalpha() and c not in inputs + output
    )
    terms = [label * b + term for term, b in zip(inputs.split(","), call.batched, strict=True)]
    return call.run(subscripts=f"{','.join(terms)}->{label}{output}")


_einsum = primitive(
    _contract,
    ["*xs"],
    name="einsum",
    vjp=_d_contract,
    linear="each",
    analytic=True,
    batch=_contract_each,
    cases=[case((2, 3), (3, 4), subscripts="ij,jk->ik"), case((2, 3), (3,), (2,), subscripts="ij,j,i->i")],
    doc="Sum of products over labelled axes.",
)


def einsum(subscripts, *operands, optimize=None):
    """The sum of products over labelled axes, after Einstein.

    Args:
        optimize: in which order constants are contracted, as NumPy has it. Without it, and where a gradient
            flows, three and more operands are in a greedy one.

    Shapes: as the subscripts say; repeated labels take diagonals, an ellipsis broadcasts,
    axes of length one stretch, as in NumPy.

    Errors: ArgumentError where subscripts and operands do not fit.

    Example:
        >>> float(einsum("ij,ij->", np.ones((2, 3)), np.ones((2, 3))))
        6.0
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, operands)
    plainly = mode.interceptor is None or mode.generators is not None  # nobody looks on but a recorder
    if optimize is not None and plainly and not flows(*operands):
        return constant_of(np.einsum, (subscripts, *operands), {"optimize": optimize})
    operands = [as_array(x) for x in operands]
    inputs, output = _labels(subscripts, operands)
    sizes: dict[str, int] = {}
    for labels, x in zip(inputs, operands, strict=True):
        for label, n in zip(labels, x.shape, strict=True):
            if sizes.setdefault(label, n) == 1:
                sizes[label] = n
            elif n not in (1, sizes[label]):
                raise ShapeError(f"einsum: label {label!r} has lengths {sizes[label]} and {n}")
    terms = [_clean(labels, x, sizes) for labels, x in zip(inputs, operands, strict=True)]
    for i, (labels, x) in enumerate(terms):
        others = "".join(t for j, (t, _) in enumerate(terms) if j != i) + output
        alone = tuple(k for k, c in enumerate(labels) if c not in others)
        if alone:
            kept = "".join(c for c in labels if c in others)
            terms[i] = (kept, reduce_sum(x, alone))
    present = "".join(labels for labels, _ in terms)
    missing = [c for c in output if c not in present]
    body = "".join(c for c in output if c in present)
    out = _einsum([x for _, x in terms], f"{','.join(t for t, _ in terms)}->{body}")
    if missing:  # every operand had length one there
        out = reshape(out, tuple(sizes[c] for c in output))
    return out


def _clean(labels, x, sizes):
    """One operand without repeated labels, and without axes of length one."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ShapeError(f"einsum: repeated label {label!r} has lengths {x.shape[i]}, {x.shape[j]}")
            x = diagonal(x, 0, i, j)
            labels = "".join(c for k, c in enumerate(labels) if k not in (i, j)) + label
    ones = tuple(i for i, n in enumerate(x.shape) if n == 1)
    if ones:  # they stretch to whatever length the label has elsewhere
        x = reshape(x, tuple(n for n in x.shape if n != 1))
        labels = "".join(c for i, c in enumerate(labels) if i not in ones)
    return labels, x


def _labels(subscripts, operands):
    """The labels of each operand and of the output, the ellipsis spelled out."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        raise ArgumentError(f"einsum: {len(inputs)} terms in {subscripts!r}, {len(operands)} operands")
    used = {c for c in subscripts if c.isalpha()}
    spare = [chr(c) for c in range(ord("A"), ord("z") + 1) if chr(c).isalpha() and chr(c) not in used]
    hidden = 0
    for i, (term, x) in enumerate(zip(inputs, operands, strict=True)):
        bare = term.replace("...", "")
        free = x.ndim - len(bare)
        if free < 0 or (free and "..." not in term) or not all(c.isalpha() for c in bare):
            raise ArgumentError(f"einsum: term {term!r} of {subscripts!r} does not fit shape {x.shape}")
        hidden = max(hidden, free)
        inputs[i] = (term, free)
    dots = "".join(spare[:hidden])
    inputs = [term.replace("...", dots[hidden - free :]) for term, free in inputs]
    if not arrow:
        once = sorted(c for c in used if left.count(c) == 1)
        return inputs, dots + "".join(once)
    output = output.replace("...", dots)
    unknown = [c for c in output if not any(c in t for t in inputs)]
    if unknown or len(set(output)) < len(output):
        raise ArgumentError(f"einsum: the output of {subscripts!r} has an unknown or repeated label")
    return inputs, output


def _from_lists(first, rest):
    """NumPy's other spelling: einsum(x, [0, 1], y, [1, 2], [0, 2])."""
    everything = [first, *rest]
    pairs = len(everything) // 2
    operands = everything[: 2 * pairs : 2]

    def spell(labels):
        return "".join("..." if c is Ellipsis else chr(ord("a") + c) for c in labels)

    text = ",".join(spell(labels) for labels in everything[1 : 2 * pairs : 2])
    return text + (f"->{spell(everything[-1])}" if len(everything) % 2 else ""), operands
