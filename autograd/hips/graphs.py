"""Graphs of one's own: `trace` calls a function and makes a node of the user's class for each call.

For pictures and tables of a graph there is `autograd.graph`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import GradientError
from ..tape import (
    ORDER,
    PULL,
    TensorBase,
    apply,
    enter_unusual,
    identity_node,
    leave_unusual,
    mode,
    new_tensor,
    parents,
)
from ..transforms.trees import is_container, leaves, rebuild
from .boxes import getval


class Node:
    """A node of one's own. Subclasses keep what they want of a call.

    `__init__(value, fun, args, kwargs, parent_argnums, parents)` is called for each operation: with
    its result, the function, its arguments with plain values, which of them are traced, and their
    nodes. `initialize_root(*args)` makes the node of the input.
    """

    __slots__ = ()

    def __init__(
        self, value: Any, fun: Callable, args: tuple, kwargs: dict, parent_argnums: tuple, parents: tuple
    ):
        raise NotImplementedError

    def initialize_root(self, *args: Any, **kwargs: Any) -> None:
        """Fill the node of the input."""
        raise NotImplementedError

    @classmethod
    def new_root(cls, *args: Any, **kwargs: Any) -> Any:
        """The node of an input."""
        root = cls.__new__(cls)
        root.initialize_root(*args, **kwargs)
        return root


class _Nodes:
    """The user's nodes of the tensors that were computed in a block."""

    def __init__(self, make: type) -> None:
        self._make = make
        self._known: dict[int, Any] = {}  # order of a node of the tape -> the user's

    def __enter__(self) -> _Nodes:
        self._outer, mode.interceptor = mode.interceptor, self._call
        enter_unusual()
        return self

    def __exit__(self, *exception: Any) -> None:
        leave_unusual()
        mode.interceptor = self._outer

    def enter(self, tensor: Any, node: Any) -> None:
        if tensor._node is not None:
            self._known[tensor._node[ORDER]] = node

    def of(self, tensor: Any) -> Any:
        node = tensor._node if isinstance(tensor, TensorBase) else None
        # a transform inside has variables of its own, which are the same values
        while node is not None and node[ORDER] not in self._known and node[PULL].step.prim is None:
            node = next(iter(parents(node)), None)
        return None if node is None else self._known.get(node[ORDER])

    def _call(self, prim: Any, args: Sequence[Any], statics: tuple) -> Any:
        mode.interceptor = self._outer
        try:
            out = apply(prim, args, statics)
        finally:
            mode.interceptor = self._call
        found = [(i, self.of(a)) for i, a in enumerate(args) if isinstance(a, TensorBase)]
        found = [(i, node) for i, node in found if node is not None]
        if found:
            places, above = zip(*found)
            values = (*map(getval, args), *statics)
            for which, tensor in enumerate(out if prim.results else [out]):
                fun = _function_of(prim, len(args), which)
                self.enter(tensor, self._make(getval(tensor), fun, values, {}, places, above))
        return out


def _function_of(prim: Any, arity: int, which: int) -> Callable:
    """A primitive as a function of its arrays and statics, one by one."""

    def function(*values: Any) -> Any:
        out = apply(prim, values[:arity], values[arity:])
        return out[which] if prim.results else out

    function.__name__ = prim.name
    return function


def trace(start_node: Any, fun: Callable, x: Any) -> tuple[Any, Any]:
    """fun(x) as plain values, and its node; None for the node if it does not depend on x.

    Nodes are of the class of `start_node`, which is that of x. Of a container, each array in it has a
    node of its own, that of the call which takes it out.
    """
    found = [leaf for _, leaf in leaves(x)]
    fresh = [_fresh(leaf) for leaf in found]
    with _Nodes(type(start_node)) as nodes:
        for i, tensor in enumerate(fresh):
            node = start_node
            if is_container(x):
                node = type(start_node)(getval(tensor), _taking(i), (getval(x),), {}, (0,), (start_node,))
            nodes.enter(tensor, node)
        out = fun(rebuild(x, iter(fresh)))
    return getval(out), nodes.of(out)


def _taking(i: int) -> Callable:
    def take(container: Any) -> Any:
        return [leaf for _, leaf in leaves(container)][i]

    return take


def _fresh(leaf: Any) -> Any:
    data = getval(leaf)
    data = data if isinstance(data, np.ndarray) else np.asarray(data)[()]
    return new_tensor(data, identity_node(leaf._node if isinstance(leaf, TensorBase) else None))


def toposort(end_node: Any, parents: Callable = operator.attrgetter("parents")) -> Iterator[Any]:
    """The nodes that lead to a node, each before its parents.

    Example:
        >>> above = {"c": ["a", "b"], "b": ["a"], "a": []}
        >>> list(toposort("c", above.__getitem__))
        ['c', 'b', 'a']
    """
    children: dict[Any, int] = {}
    left = [end_node]
    while left:
        node = left.pop()
        children[node] = children.get(node, 0) + 1
        if children[node] == 1:
            left.extend(parents(node))
    ready = [end_node]
    while ready:
        node = ready.pop()
        yield node
        for parent in parents(node):
            children[parent] -= 1
            if not children[parent]:
                ready.append(parent)


class ConstGraphNode(Node):
    """What a call needs to be made again with other values of its traced arguments."""

    __slots__ = ("parents", "partial_fun")

    def __init__(
        self, value: Any, fun: Callable, args: tuple, kwargs: dict, parent_argnums: tuple, parents: tuple
    ):
        self.parents = parents

        def partial_fun(values: Sequence) -> Any:
            given = list(args)
            for i, v in zip(parent_argnums, values):
                given[i] = v
            return fun(*given, **kwargs)

        self.partial_fun = partial_fun

    def initialize_root(self) -> None:
        self.parents = ()


def const_graph_unary(fun: Callable) -> Callable:
    """fun, called once; then its operations alone are run again, with the constants of that call.

    Errors: GradientError if the result does not depend on the argument.
    """
    order: list[Any] = []

    def replayed(x: Any) -> Any:
        if order:
            values = {order[0]: x}
            for node in order[1:]:
                values[node] = node.partial_fun([values[p] for p in node.parents])
            return values[order[-1]]
        value, end = trace(ConstGraphNode.new_root(), fun, x)
        if end is None:
            raise GradientError("const_graph: the result does not depend on the argument")
        order.extend(list(toposort(end))[::-1])
        return value

    return replayed


def const_graph(fun: Callable, *args: Any, **kwargs: Any) -> Callable:
    """fun with these arguments in front, replayed as by `const_graph_unary`.

    Example:
        >>> import autograd.numpy as np
        >>> f = const_graph(lambda a, x: np.sin(a * x), 2.0)
        >>> f(0.0), f(np.pi / 4)
        (np.float64(0.0), np.float64(1.0))
    """
    replayed = const_graph_unary(lambda xs: fun(*args, *xs, **kwargs))

    @functools.wraps(fun)
    def of_the_rest(*xs: Any) -> Any:
        return replayed(xs)

    return of_the_rest


class FullGraphNode(Node):
    """A call with its result."""

    __slots__ = ("recipe", "value")

    def __init__(
        self, value: Any, fun: Callable, args: tuple, kwargs: dict, parent_argnums: tuple, parents: tuple
    ):
        self.value = value
        self.recipe = fun, args, kwargs, list(zip(parent_argnums, parents))

    def initialize_root(self) -> None:
        self.value = None
        self.recipe = (lambda x: x), (), {}, []


def full_graph(fun: Callable, *args: Any, **kwargs: Any) -> Any:
    """The node of fun(*args), from which `recipe` leads to all calls before."""
    return trace(FullGraphNode.new_root(), lambda xs: fun(*xs, **kwargs), args)[1]


class VJPNode(Node):
    """For `register_notrace` and `new_box`, the node of a reverse derivative; the tape has its own."""

    __slots__ = ()

    def initialize_root(self) -> None:
        pass


class JVPNode(Node):
    """For `register_notrace`, the node of a forward derivative; the tape has its own."""

    __slots__ = ()
