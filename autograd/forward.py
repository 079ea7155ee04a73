"""Forward derivatives: how the result of a primitive changes when its arguments do.

`jvp_of` is the derivative of one call. A primitive need not declare it, as it may follow from what
it does declare. In this order:

1. `jvp`, where a primitive has one for the argument;
2. linear functions apply themselves to the tangents: to all at once (`linear=True`) or to one
   in the place of its argument at a time (`linear="each"`);
3. elementwise functions multiply the tangent by the factor that they multiply a cotangent by:
   the Jacobian is diagonal, hence its own transpose;
4. fused functions push arrays through their kernel for it, if they have one, else through their formula;
5. the rest is transposed twice (`transposing.py`), which costs two sweeps;
   `primitive.slow_defaults()` lists who pays.

`Pushing` is the derivative of whatever is computed in a block: tangents go along with the calls.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from .codegen import FAST
from .errors import NotDifferentiable
from .modes import enable_grad
from .ops.steep import Steep
from .primitive import REGISTRY, NoTangent, Primitive, Rule
from .sweeping import sweep
from .tape import (
    EXTRA,
    FIRST_PARENT,
    ORDER,
    PULL,
    TensorBase,
    apply,
    as_operand,
    enter_unusual,
    leave_unusual,
    mode,
    parents,
)
from .transposing import or_zeros, transposed_twice, variable


def jvp_of(
    prim: Primitive,
    args: Sequence[Any],
    tangents: Sequence[Any],
    statics: tuple = (),
    out: Any = None,
) -> Any:
    """The derivative of `prim(*args, *statics)` in the direction of the tangents.

    Args:
        prim: the primitive.
        args: one value per array argument (each element, if the primitive takes a sequence).
        tangents: for each argument a value of its shape and dtype, or None for one that stays.
        statics: every other parameter, in order.
        out: the result of the primitive on these arguments, where the caller has it already.

    Returns: an array for arrays; a Tensor, differentiable again, if what it is computed from
    includes one. None if no argument with a derivative has a tangent. Where there are several
    results, a tuple; a NoTangent in it stands for a tangent that does not exist.

    Example:
        >>> jvp_of(REGISTRY["sin"], [0.0], [2.0])
        np.float64(2.0)
    """
    moved = [i for i, t in enumerate(tangents) if t is not None and prim.differentiable_in(i)]
    if not moved:
        return None
    if any(type(t) is Steep for t in tangents):
        return _of_steep(prim, args, tangents, moved, statics, out)
    if prim.linear is True and not prim.jvp:
        held = [_still(prim, i, a) if i not in moved else tangents[i] for i, a in enumerate(args)]
        return apply(prim, held, statics)
    if prim.linear == "each":
        return _total([apply(prim, _replaced(args, i, tangents[i]), statics) for i in moved])
    if out is None:
        out = apply(prim, args, statics)
    part = None if prim.variadic else _part_of(prim)
    with np.errstate(all="ignore"):
        if prim.variadic and prim.jvp:  # one rule for all arguments
            return prim.jvp[prim.arrays[0]](tangents, out, args, *statics)
        if part is None:
            along = transposed_twice if prim.formula is None else _along_formula
            if prim.push is not None and all(
                type(getattr(v, "_data", v)) in _PLAIN for v in (*args, *tangents)
            ):
                along = _along_kernel
            return along(prim, args, tangents, moved, statics)
        return _total([part(prim, i, args, tangents[i], statics, out) for i in moved])


_PLAIN = {np.ndarray, type(None)}  # what a kernel for tangents takes


def _of_steep(
    prim: Primitive, args: Sequence, tangents: Sequence, moved: list[int], statics: tuple, out: Any
) -> Any:
    """The same where tangents wait for what they are multiplied by."""
    real = all(getattr(v, "dtype", None) is None or v.dtype.kind != "c" for v in (*args, out))
    total: Any = None
    for i in moved:
        tangent, factor = tangents[i], None
        if type(tangent) is Steep and real and prim.is_elementwise and not prim.variadic:
            unit = np.ones_like(getattr(args[i], "_data", args[i]))
            factor = jvp_of(prim, args, _replaced([None] * len(args), i, unit), statics, out)
        if factor is not None and type(factor) is not Steep:
            part = tangent.times(factor)
        else:
            settled = tangent.settled(type(factor) is Steep) if type(tangent) is Steep else tangent
            part = jvp_of(prim, args, _replaced([None] * len(args), i, settled), statics, out)
        total = part if total is None else _add(total, part)
    return total


def _part_of(prim: Primitive) -> Callable | None:
    """How one argument's share is found, if it can be found alone."""
    if prim.jvp and set(prim.jvp) >= set(prim.rules or prim.arrays):
        return _declared
    return _diagonal if prim.is_elementwise else None


def _total(parts: list) -> Any:
    return functools.reduce(_add, parts)


def _add(x: Any, y: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_add, x, y))
    if type(x) is Steep or type(y) is Steep:
        return x.plus(y) if type(x) is Steep else y.plus(x)
    return apply(REGISTRY["add"], (x, y))


def _replaced(args: Sequence, i: int, value: Any) -> list:
    return [value if j == i else a for j, a in enumerate(args)]


def _still(prim: Primitive, i: int, arg: Any) -> Any:
    """What a linear function takes for an argument that stays: zero, or itself if constant."""
    if arg is None or not prim.differentiable_in(i):
        return arg
    if type(arg) in (float, int, complex, bool):
        return 0j if type(arg) is complex else 0  # a Python number must stay one: it does not promote
    return np.zeros_like(arg._data if isinstance(arg, TensorBase) else arg)


def _declared(prim: Primitive, i: int, args: Sequence, tangent: Any, statics: tuple, out: Any) -> Any:
    return prim.jvp[prim.arrays[i]](tangent, out, *args, *statics)


def _diagonal(prim: Primitive, i: int, args: Sequence, tangent: Any, statics: tuple, out: Any) -> Any:
    """The tangent times the factor of an elementwise function."""
    rule = prim.rules[prim.arrays[i]]
    if len(prim.rules) > 1 or len(args) > 1:
        tangent = _linked(tangent, out)
    if rule.form == "number":
        return tangent * rule.fn if rule.fn else FAST["zeros_like"](tangent)
    saved = [_named(prim, name, args, out) for name in rule.names]
    part = rule.fn(tangent, *saved) if rule.form == "vjp" else tangent * rule.fn(*saved)
    # a tangent of exactly zero stays zero, also times an infinite derivative
    return FAST["keep_zeros"](tangent, part, None, i) if prim.singular else part


def _linked(tangent: Any, out: Any) -> Any:
    """A tangent broadcast and cast as the argument was."""
    data, like = (v._data if isinstance(v, TensorBase) else v for v in (tangent, out))
    if np.shape(data) == np.shape(like) and getattr(data, "dtype", None) == like.dtype:
        return tangent
    tangent = tangent if hasattr(tangent, "dtype") else np.asarray(tangent)
    return apply(REGISTRY["broadcast_cast"], (tangent,), (np.shape(like), like.dtype))


def _named(prim: Primitive, name: str, args: Sequence, out: Any) -> Any:
    """A value that a rule of an elementwise function names."""
    if name == "out":
        return out
    if name in prim.arrays:
        return args[prim.arrays.index(name)]
    argument, fact = name.rsplit("_", 1)
    value = args[prim.arrays.index(argument)]
    return np.shape(value) if fact == "shape" else getattr(value, "dtype", None)


# ------------------------------------------------------------------ along with calls


def _along_kernel(
    prim: Primitive, args: Sequence, tangents: Sequence, moved: list[int], statics: tuple
) -> Any:
    """The tangent that the kernel for it gives; a sweep through it goes through the formula's."""
    return apply(_pusher(prim), (*args, *tangents), statics)


@functools.lru_cache(maxsize=64)
def _pusher(prim: Primitive) -> Primitive:
    """The kernel for tangents of a fused function, as a primitive of its arguments and their tangents."""
    count, push = len(prim.arrays), cast(Callable, prim.push)

    def rule(g: Any, given: Sequence, wanted: Sequence[int], *statics: Any) -> list:
        values = [variable(v) if i in wanted else v for i, v in enumerate(given)]
        moved = [i for i, t in enumerate(values[count:]) if t is not None]
        with contextlib.nullcontext() if mode.grad else enable_grad():
            out = _along_formula(prim, values[:count], values[count:], moved, statics)
        targets = dict.fromkeys(values[i]._node[ORDER] for i in wanted)
        if out._node is not None:
            sweep([(out._node, g)], targets, keep=True, lifted=isinstance(g, TensorBase))
        found: list = [None] * len(values)
        for i in wanted:
            cotangent = targets[values[i]._node[ORDER]]
            found[i] = FAST["zeros_like"](given[i]) if cotangent is None else cotangent
        return found

    return Primitive(
        f"{prim.name}_tangent",
        lambda given, *values: push(given[:count], given[count:], *values),
        ["*given"],
        statics=(prim.statics, {}),
        joint=Rule(rule, "vjp", ["given", "wanted", *prim.statics]),
        promotes=False,
    )


def _along_formula(
    prim: Primitive, args: Sequence, tangents: Sequence, moved: list[int], statics: tuple
) -> Any:
    """The tangent of what the formula of a fused function gives."""
    formula: Any = prim.formula
    pushing, given = Pushing(), list(args)
    with contextlib.nullcontext() if mode.grad else enable_grad():
        for i in moved:
            given[i] = variable(args[i])
            pushing.begin(given[i]._node, tangents[i])
        with pushing:
            out = formula(*given, *statics)
    tensors = any(isinstance(v, TensorBase) for v in (*args, *tangents))
    return or_zeros(pushing.tangent_of(out), out, tensors)


_faults = FAST["faults"]


class Pushing:
    """Tangents of what is computed from some variables, found while it is computed.

    Within the block every call of a primitive on tensors pushes the tangents of its arguments on to
    its result. Calls are recorded as always, so that what runs inside may itself be differentiated;
    the tangents are recorded only where the values that they depend on can be seen from outside:
    then they are Tensors, else arrays.

    A tangent belongs to a node, so that blocks nest without levels: each has variables of its own,
    and a tangent is pushed by calls that the blocks around it see.
    """

    def __init__(self) -> None:
        # order of a node -> its tangent (None if it does not move; a tuple for several results),
        # and whether its value can be seen from outside
        self._known: dict[int, tuple[Any, bool]] = {}
        self._oldest = float("-inf")  # order of the first variable; orders count down
        self._along: dict[int, Any] = {}  # the tangents of the variables

    def begin(self, node: list, tangent: Any) -> None:
        """Let a node without children be a variable."""
        seen = bool(parents(node))
        if isinstance(tangent, TensorBase) and tangent._node is None:
            tangent = tangent._data
        self._known[node[ORDER]] = tangent, seen
        self._along[node[ORDER]] = getattr(tangent, "_data", tangent)
        self._oldest = max(self._oldest, node[ORDER])

    def __enter__(self) -> Pushing:
        self._before = mode.interceptor
        mode.interceptor = self._call
        enter_unusual()
        return self

    def __exit__(self, *exception: Any) -> None:
        leave_unusual()
        mode.interceptor = self._before

    def tangent_of(self, value: Any) -> Any:
        """The tangent of a value, or None if it does not move.

        Errors: what a NoTangent says, where there is none.
        """
        if not isinstance(value, TensorBase) or value._node is None:
            return None
        tangent = self._of(value._node)[0]
        return tangent.settled() if type(tangent) is Steep else tangent

    def _call(self, prim: Primitive, args: Sequence, statics: tuple) -> Any:
        # lists of tensors are stacked by a call of their own
        args = [as_operand(prim, i, a) if isinstance(a, (list, tuple)) else a for i, a in enumerate(args)]
        mode.interceptor = self._before
        try:
            out = apply(prim, args, statics)
            several = out if prim.results and isinstance(out, tuple) else (out,)
            # any of them: the first may be a permutation, which has no gradient
            if any(isinstance(o, TensorBase) and o._node is not None for o in several):
                self._push(prim, args, statics, out)
        finally:
            mode.interceptor = self._call
        return out

    def _push(self, prim: Primitive, args: Sequence, statics: tuple, out: Any) -> None:
        found = [
            self._of(a._node) if isinstance(a, TensorBase) and a._node is not None else (None, False)
            for a in args
        ]
        tangents = [tangent for tangent, _ in found]
        seen = any(s or isinstance(t, TensorBase) for t, s in found)
        tangent = None
        if any(t is not None for t in tangents):
            given = args if seen else [_bare(a) for a in args]
            before, _faults.pushed = _faults.pushed, (args, self._along)
            try:
                tangent = jvp_of(prim, given, tangents, statics, out if seen else _bare(out))
            finally:
                _faults.pushed = before
        if prim.results:  # the node that made them all is known, and each is a pick of it
            node = next(o._node for o in out if o._node is not None)[FIRST_PARENT]
        else:
            node = out._node
        self._known[node[ORDER]] = tangent, seen

    def _of(self, node: list) -> tuple[Any, bool]:
        """The tangent of a node, and whether its value can be seen from outside."""
        known = self._known.get(node[ORDER])
        if known is None:
            known = self._known[node[ORDER]] = self._passed_on(node)
        tangent, seen = known
        if isinstance(tangent, NoTangent):
            raise tangent.error
        return tangent, seen

    def _passed_on(self, node: list) -> tuple[Any, bool]:
        """The same of a node that no call made."""
        above, step = parents(node), node[PULL].step
        if not above or node[ORDER] > self._oldest:
            leaf = node[EXTRA] is not None and node[EXTRA].leaf
            return None, leaf or node[ORDER] > self._oldest
        if step.saves == ("result",):  # a pick, of several results or of a gate
            maker, i = above[0], node[FIRST_PARENT + 1]
            if maker[PULL].step.prim.name == "join":
                return self._of(parents(maker)[i])
            tangents, seen = self._of(maker)
            return (None if tangents is None else tangents[i]), seen
        if step.prim is None and len(above) == 1:  # an identity
            return self._of(above[0])
        raise NotDifferentiable(f"jvp: no forward derivative of {step.prim or 'a function of the tape'}")


def _bare(value: Any) -> Any:
    """The plain arrays of a result, or of several."""
    if isinstance(value, tuple):
        return tuple(_bare(v) for v in value)
    return value._data if isinstance(value, TensorBase) else value
