"""Products that sum over axes: matmul, dot, einsum and their kin.

`matmul` and a clean `einsum` are the primitives; the rest is spelled with them.
"""

from __future__ import annotations

import math

import numpy as np

from ..batching_classes import core
from ..declare import case, primitive
from ..errors import ArgumentError, ShapeError
from .indexing import diagonal, getitem
from .reductions import axes_of
from .shapes import as_array, expand_dims, moveaxis, reduce_sum, reshape, transpose


def _each_matmul(x, y):
    """x[i] @ y[i]; what is repeated without a copy is multiplied once."""
    n, rows, k = x.shape
    if n > 1 and y.strides[0] == 0 != y.size:
        return x.reshape(n * rows, k).dot(y[0]).reshape(n, rows, y.shape[2])
    if n > 1 and x.strides[0] == 0 != x.size:
        product = y.swapaxes(1, 2).reshape(n * y.shape[2], k).dot(x[0].T)
        return product.reshape(n, y.shape[2], rows).swapaxes(1, 2)
    return _outer_products(x, y) if k == 1 else np.matmul(x, y)


def _outer_products(x, y):
    """x[i] @ y[i] of columns and rows: NumPy leaves them to BLAS only from two columns on."""
    n, rows, _ = x.shape
    columns = y.shape[2]
    if x.dtype != y.dtype or x.dtype.char not in "fd" or rows * columns < 256 or columns < 4:
        return np.einsum("ni,nj->nij", x[:, :, 0], y[:, 0])
    left, right = np.zeros((n, 2, rows), x.dtype), np.zeros((n, 2, columns), y.dtype)
    left[:, 0], right[:, 0] = x[:, :, 0], y[:, 0]
    return np.matmul(left.swapaxes(1, 2), right)


each_matmul = primitive(
    _each_matmul,
    ["x", "y"],
    name="each_matmul",
    vjp={
        "x": lambda g, y: each_matmul(g, transpose(y, (0, 2, 1))),
        "y": lambda g, x: each_matmul(transpose(x, (0, 2, 1)), g),
    },
    linear="each", analytic=True,
    batch=lambda call: reshape(
        call.run([_joined(call.whole(i)) for i in (0, 1)]),
        (call.size, call.shape(0)[0], call.shape(0)[1], call.shape(1)[2]),
    ),
    cases=[case((2, 2, 3), (2, 3, 4)), case((3, 2, 1), (3, 1, 2)), case((2, 20, 1), (2, 1, 32))],
    reference=lambda x, y: np.einsum("nij,njk->nik", x, y),
    doc="Products of as many matrices: those of all examples of vmap.",
)  # fmt: skip


def _joined(x):
    return reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def _matmul_each(call):
    """One product where one side is the same for all examples, else one for each."""
    (x, y), (rank_x, rank_y) = call.args, (call.ndim(0), call.ndim(1))
    if call.batched == [True, False] and rank_y == 2:
        lead = tuple(x.shape[:-1])
        rows = reshape(x, (math.prod(lead), x.shape[-1]))
        return reshape(call.run([rows, y]), (*lead, y.shape[-1]))
    if rank_x == rank_y == 2:
        return each_matmul(call.whole(0), call.whole(1))
    return core(call)


def _product(x, y):
    """x @ y: by `dot` of two matrices, which takes half the time of a small product, also of one row."""
    return x.dot(y) if type(x) is type(y) is np.ndarray and x.ndim == y.ndim == 2 else np.matmul(x, y)


def _d_right(g, x):
    if type(x) is type(g) is np.ndarray and x.ndim == g.ndim == 2:
        return x.T.dot(g)
    turned = x.swapaxes(-1, -2)
    # where one row is summed over, a product of every pair: BLAS is slow at that
    return turned * g if x.shape[-2] == 1 else turned @ g


def _d_left(g, y):
    if type(g) is type(y) is np.ndarray and g.ndim == y.ndim == 2:
        return g.dot(y.T)
    return g @ y.swapaxes(-1, -2)


_matmul = primitive(
    _product,
    ["x", "y"],
    name="matmul",
    vjp={"x": _d_left, "y": _d_right},
    core=(2, 2, 2), linear="each", analytic=True, batch=_matmul_each,
    # what `_product` does, without a call
    kernel_source="{x}.dot({y}) if type({x}) is type({y}) is ndarray and {x}.ndim == {y}.ndim == 2 "
    "else kernel({x}, {y})",
    cases=[case((2, 3), (3, 4)), case((5, 2, 3), (3, 4)), case((2, 1, 2, 3), (3, 3, 1))],
    reflected="__rmatmul__", doc="Matrix product of the last two axes.",
)  # fmt: skip


# ------------------------------------------------------------------ of vectors


def _matvec_each(call):
    (x, y), batched = call.args, call.batched
    if batched == [False, True]:
        return matmul(y, transpose(x))
    product = matmul(x, y) if batched == [True, False] else each_matmul(x, reshape(y, (*y.shape, 1)))
    return product if batched == [True, False] else reshape(product, tuple(product.shape[:2]))


def _vecmat_each(call):
    x, y = call.args
    if not all(call.batched):
        return matmul(x, y)
    product = each_matmul(reshape(x, (call.size, 1, x.shape[1])), y)
    return reshape(product, (call.size, product.shape[2]))


def _vecdot_each(call):
    x, y = call.args
    return (
        reduce_sum(x * y, (1,)) if all(call.batched) else matmul(*((x, y) if call.batched[0] else (y, x)))
    )


_facts = {"linear": "each", "analytic": True, "kernel_source": "{x} @ {y}"}
_matvec = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="matvec",
    vjp={"x": lambda g, y: g[:, None] * y, "y": lambda g, x: _vecmat(g, x)},
    batch=_matvec_each, cases=[case((2, 3), (3,)), case((1, 2), (2,))],
    doc="A matrix times a vector.", **_facts,
)  # fmt: skip
_vecmat = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="vecmat",
    vjp={"x": lambda g, y: _matvec(y, g), "y": lambda g, x: x[:, None] * g},
    batch=_vecmat_each, cases=[case((3,), (3, 2)), case((2,), (2, 1))],
    doc="A vector times a matrix.", **_facts,
)  # fmt: skip
_vecdot = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="vecdot",
    vjp={"x": lambda g, y: g * y, "y": lambda g, x: g * x},
    batch=_vecdot_each, cases=[case((3,), (3,)), case((1,), (1,))],
    doc="The sum of the products of two vectors' elements.", **_facts,
)  # fmt: skip
_BY_RANKS = {(2, 2): _matmul, (2, 1): _matvec, (1, 2): _vecmat, (1, 1): _vecdot}


def _with_ranks(x, y):
    """Both as arrays, and how many axes they have."""
    try:
        return x, y, (x.ndim, y.ndim)
    except AttributeError:  # numbers and lists
        x, y = as_array(x), as_array(y)
        return x, y, (x.ndim, y.ndim)


def matmul(x, y):
    """The matrix product x @ y, over the last two axes; vectors as in NumPy.

    Shapes: (..., n, k) @ (..., k, m) -> (..., n, m); a vector on the left counts as a row, on
    the right as a column, and that axis is left out of the result.

    Gradient: g @ y.T and x.T @ g.

    Example:
        >>> matmul(np.eye(2), np.array([1.0, 2.0]))
        array([1., 2.])
    """
    x, y, ranks = _with_ranks(x, y)
    if ranks == (2, 2):
        return _matmul(x, y)
    product = _BY_RANKS.get(ranks)
    if product is not None and x.shape[-1] == y.shape[0]:
        return product(x, y)
    if x.ndim > 1 and y.ndim > 1:
        return _matmul(x, y)
    if not x.ndim or not y.ndim:
        raise ShapeError("matmul: both arguments need at least one axis; use * for scalars")
    row, column = x.ndim == 1, y.ndim == 1
    out = _matmul(expand_dims(x, 0) if row else x, expand_dims(y, 1) if column else y)
    shape = out.shape[: len(out.shape) - 2]
    return reshape(out, shape + (() if row else out.shape[-2:-1]) + (() if column else out.shape[-1:]))


def dot(x, y):
    """The sum over the last axis of x and the second last of y (the only one of a vector).

    Example:
        >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    try:
        if x.ndim == 2 and y.ndim == 2:  # as in every step of a network
            return _matmul(x, y)
    except AttributeError:  # numbers and lists
        pass
    x, y, ranks = _with_ranks(x, y)
    if 0 in ranks:
        return x * y
    product = _BY_RANKS.get(ranks)
    if product is not None:
        return product(x, y) if x.shape[-1] == y.shape[0] else matmul(x, y)
    return tensordot(x, y, (-1, -2 if y.ndim > 1 else 0))


def inner(x, y):
    """The sum over the last axes of both.

    Example:
        >>> float(inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    x, y = as_array(x), as_array(y)
    if x.ndim == y.ndim == 1:
        return dot(x, y)
    return tensordot(x, y, (-1, -1)) if x.ndim and y.ndim else x * y


def outer(x, y):
    """x[i] * y[j], both flattened.

    Example:
        >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])).shape
        (2, 2)
    """
    return reshape(as_array(x), (-1, 1)) * reshape(as_array(y), (1, -1))


def tensordot(x, y, axes=2):
    """The sum of products over pairs of axes: the last n of x and first n of y, or those named.

    Example:
        >>> tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
        (2, 5)
    """
    x, y = as_array(x), as_array(y)
    if type(axes) is int and axes == 1 and x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0]:
        return _matmul(x, y)
    if isinstance(axes, int):
        over_x, over_y = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    else:
        over_x, over_y = (axes_of(a if isinstance(a, int) else tuple(a), n) for a, n in
                          zip(axes, (x.ndim, y.ndim), strict=True))  # fmt: skip
    summed_x, summed_y = ([v.shape[i] for i in over] for v, over in ((x, over_x), (y, over_y)))
    if summed_x != summed_y:
        raise ShapeError(f"tensordot: axes {over_x} of {x.shape} and {over_y} of {y.shape} differ")
    n = int(np.prod(summed_x))
    free_x = [s for i, s in enumerate(x.shape) if i not in over_x]
    free_y = [s for i, s in enumerate(y.shape) if i not in over_y]
    x = reshape(moveaxis(x, over_x, range(-len(over_x), 0)), (int(np.prod(free_x)), n))
    y = reshape(moveaxis(y, over_y, range(len(over_y))), (n, int(np.prod(free_y))))
    return reshape(_matmul(x, y), (*free_x, *free_y))


# ------------------------------------------------------------------ einsum


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


def einsum(subscripts, *operands, optimize=True):
    """The sum of products over labelled axes, after Einstein.

    Shapes: as the subscripts say; repeated labels take diagonals, an ellipsis broadcasts,
    axes of length one stretch, as in NumPy.

    Errors: ArgumentError where subscripts and operands do not fit.

    Example:
        >>> float(einsum("ij,ij->", np.ones((2, 3)), np.ones((2, 3))))
        6.0
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, operands)
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


def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of the diagonal.

    Example:
        >>> float(trace(np.eye(3)))
        3.0
    """
    x = as_array(x)
    if x.ndim == 2 and not offset and (axis1, axis2) == (0, 1) and x.shape[0] <= x.shape[1]:
        rows, columns = x.shape  # one slice of the flat matrix, rather than a read of each element
        return reduce_sum(
            getitem(reshape(x, (rows * columns,)), slice(0, rows * columns, columns + 1)), (0,)
        )
    return reduce_sum(diagonal(x, offset, axis1, axis2), (-1,))
