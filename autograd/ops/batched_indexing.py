"""Indexing under `vmap`: reading and writing where the array, the index or both differ by example.

What one example's index means is put in terms of the array of all examples. Where the index itself
is batched, its slices are taken first; then the axes that arrays index are brought to the front, and
the number of the example is one more array among them.
"""

from __future__ import annotations

import numpy as np

from ..batching import batch, check_running, is_batched, meet
from ..errors import VmapError
from ..primitive import REGISTRY
from ..tape import TensorBase, apply, new_tensor


def _call(name, x, *statics):
    return REGISTRY[name].function(x, *statics)


def has_batched(index):
    """Whether a part of an index is batched."""
    return any(is_batched(part) for part in index) if type(index) is tuple else is_batched(index)


def read(x, index):
    """x[index], where x or a part of the index is batched."""
    parts = index if type(index) is tuple else (index,)
    owners = [v._level for v in (x, *parts) if is_batched(v)]
    if not owners:
        return _call("getitem", x if isinstance(x, TensorBase) else new_tensor(x), _plain(index))
    level = max(owners, key=lambda owner: owner.depth)
    check_running(level, "getitem")
    own = is_batched(x) and x._level is level
    if not any(is_batched(p) and p._level is level for p in parts):
        return batch(level, _read_each(x._inner, parts))
    if own and len(parts) == 1 and not _is_mask(index):
        return batch(level, _read_rows(x._inner, parts[0]._inner, level.size))
    places = _Places(x.ndim if own else np.ndim(x), parts)
    x = places.arranged(x)
    arrays = places.arrays(level, own)
    found = read(x._inner if own else x, tuple(arrays))
    rank = places.rank
    order = _moved(len(found.shape), range(1, rank + 1), places.front + 1)
    return batch(level, _call("transpose", found, order) if places.front else found)


def _read_rows(inner, indices, count):
    """The elements along the axis after that of the examples, each by its own indices."""
    numbers = np.arange(count)
    return read(inner, (numbers.reshape(-1, *(1,) * (len(indices.shape) - 1)), indices))


def read_each(call):
    """The batching class of `getitem`: the index is the same for all examples."""
    index = call.statics["index"]
    return _read_each(call.args[0], index if type(index) is tuple else (index,))


def _plain(index):
    """An index with the values of tensors in their places."""
    if type(index) is tuple:
        return tuple(p._data if isinstance(p, TensorBase) else p for p in index)
    return index._data if isinstance(index, TensorBase) else index


def _read_each(inner, parts):
    """The same index into each example."""
    found = read(inner, (slice(None), *parts))
    at = landing(parts)
    return _call("transpose", found, _moved(len(found.shape), [at], 0)) if at else found


def landing(parts):
    """Which axis the first one becomes where `(slice(None), *parts)` is an index.

    Arrays that something separates put their axes in front of all others.
    """
    if not any(_is_array(p) for p in parts):
        return 0
    indexed = [i for i, p in enumerate(parts) if _is_array(p) or _is_integer(p)]
    together = indexed[-1] - indexed[0] == len(indexed) - 1
    return 0 if together else _rank(parts)


def _is_array(part):
    return (getattr(part, "ndim", 0) > 0 or isinstance(part, (bool, np.bool_))
            or getattr(part, "dtype", None) == np.bool_)  # fmt: skip


def _is_integer(part):
    return not _is_array(part) and not isinstance(part, slice) and part is not None and part is not Ellipsis


def _rank(parts):
    """How many axes the arrays of an index broadcast to."""
    return max((1 if _is_mask(p) else np.ndim(p) if not is_batched(p) else p.ndim)
               for p in parts if _is_array(p) or _is_integer(p))  # fmt: skip


def _is_mask(part):
    return isinstance(part, (bool, np.bool_)) or getattr(part, "dtype", None) == np.bool_


def _moved(rank, sources, destination):
    """The order of axes that moves some, which follow one another, to begin at a place."""
    sources = list(sources)
    rest = [i for i in range(rank) if i not in sources]
    start = destination - 1 if destination else 0
    if destination:  # the first axis stays in front
        return (rest[0], *rest[1 : start + 1], *sources, *rest[start + 1 :])
    return (*sources, *rest)


class _Places:
    """What an index with batched arrays in it reads: slices first, then arrays along leading axes.

    Attributes:
        basic: the slices and new axes alone.
        order: brings the axes that arrays index to the front of what `basic` gives.
        front: how many axes come before those of the arrays in the result.
        rank: how many axes the arrays broadcast to.
    """

    def __init__(self, ndim, parts):
        parts = [p for part in parts for p in _numbers(part)]
        used = sum(1 for p in parts if p is not None and p is not Ellipsis)
        rest = [slice(None)] * (ndim - used)
        if not any(p is Ellipsis for p in parts):
            parts.append(Ellipsis)
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        indexed = [i for i, p in enumerate(parts) if _is_place(p)]
        together = indexed[-1] - indexed[0] == len(indexed) - 1
        parts = [*parts[:at], *rest, *parts[at + 1 :]]
        self.indices = [p for p in parts if _is_place(p)]
        self.basic = tuple(slice(None) if _is_place(p) else p for p in parts)
        axes = [i for i, p in enumerate(parts) if _is_place(p)]
        self.front = axes[0] if together else 0
        self.order = (*axes, *(i for i in range(len(parts)) if i not in axes))
        self.rank = max(np.ndim(p) if not is_batched(p) else p.ndim for p in self.indices)

    @property
    def plain(self):
        """Whether no slice does anything."""
        return all(type(p) is slice and p == slice(None) for p in self.basic)

    def arranged(self, x):
        """x after the slices, with the axes that arrays index in front."""
        x = x if self.plain else read(x, self.basic)
        return _call("transpose", x, self.order)

    def arrays(self, level, numbered):
        """The indices of all examples, which broadcast; `numbered`: with the example's number in front."""
        found = [_spread(p, level, self.rank) for p in self.indices]
        if numbered:
            found.insert(0, np.arange(level.size).reshape(-1, *(1,) * self.rank))
        return found


def _is_place(part):
    return part is not None and part is not Ellipsis and not isinstance(part, slice)


def _numbers(part):
    """A part of an index; the places where a mask holds, as numbers."""
    if not _is_mask(part):
        return [part]
    if is_batched(part):
        raise VmapError(
            "getitem: a mask that differs from example to example selects a number of elements that "
            "differs too; under vmap use numpy.where(mask, x, other)"
        )
    return list(np.nonzero(part)) if np.ndim(part) else [None, np.flatnonzero(part)]


def _spread(part, level, rank):
    """An index of one example as one of all, with the examples in front."""
    if not (is_batched(part) and part._level is level):
        return part
    inner, shape = part._inner, part.shape
    return _call("reshape", inner, (level.size, *(1,) * (rank - len(shape)), *shape))


# ------------------------------------------------------------------ writing


def written(call):
    """The batching class of `setitem`."""
    index = call.statics["index"]
    parts = index if type(index) is tuple else (index,)
    x = call.whole(0)
    rank = _result_rank(call.ndim(0), parts)
    at = landing(parts)
    value = call.args[1]
    if call.batched[1]:
        value = _fitted(value, call.shape(1), rank, call.size)
        if at:
            value = _call("transpose", value, (*range(1, at + 1), 0, *range(at + 1, rank + 1)))
    elif at and np.ndim(value) > rank - at:
        shape = np.shape(value)
        value = _call("reshape", value if hasattr(value, "shape") else np.asarray(value),
                      (*shape[: len(shape) - rank + at], 1, *shape[len(shape) - rank + at :]))  # fmt: skip
    return put(x, value, (slice(None), *parts))


def put(x, value, index):
    """`setitem`, where a part of the index may be batched."""
    if not has_batched(index):
        return apply(REGISTRY["setitem"], (x, value), (_plain(index),))
    parts = index if type(index) is tuple else (index,)
    x = meet(x, *parts)
    level = max((p._level for p in parts if is_batched(p)), key=lambda owner: owner.depth)
    if x._level is not level or (is_batched(value) and value._level.depth > x._level.depth):
        return _put_deeper(x, value, index)
    if any(_is_mask(p) and is_batched(p) for p in parts):
        return _put_masked(x, value, parts)
    places = _Places(x.ndim, parts)
    rank = _result_rank(x.ndim, parts)
    before = x if places.plain else read(x, places.basic)
    lined = _call("transpose", before, places.order)
    value = _value_in_front(meet(value, x), rank, places)
    new = batch(level, put(lined._inner, value._inner, tuple(places.arrays(level, True))))
    new = _call("transpose", new, tuple(int(i) for i in np.argsort(places.order)))
    return new if places.plain else apply(REGISTRY["setitem"], (x, new), (places.basic,))


def _put_deeper(x, value, index):
    """Where x or the value is batched by a level that the index is not."""
    return apply(REGISTRY["setitem"], (x, value), (index,))


def _value_in_front(value, rank, places):
    """A value with the axes that arrays index in front, as many axes as what is written."""
    shape = tuple(value.shape)
    shape = shape[len(shape) - rank :] if len(shape) > rank else (1,) * (rank - len(shape)) + shape
    value = _call("reshape", value, shape)
    ours = list(range(places.front, places.front + places.rank))
    return _call("transpose", value, (*ours, *(i for i in range(rank) if i not in ours)))


def _put_masked(x, value, parts):
    """x with one value wherever a mask of its own holds."""
    parts = [p for p in parts if p is not Ellipsis]
    if len(parts) != 1 or np.ndim(getattr(value, "_data", value) if not is_batched(value) else 0):
        raise VmapError(
            "setitem: under vmap a mask that differs from example to example takes one number, alone in "
            "the index; use numpy.where(mask, value, x)"
        )
    mask = parts[0]
    mask = _call("reshape", mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    if is_batched(value) and value.ndim:
        raise VmapError("setitem: under vmap a mask takes one number; use numpy.where(mask, value, x)")
    return apply(REGISTRY["where"], (mask, value, x))


def _fitted(value, shape, rank, size):
    """A value of all examples with as many axes for each as what it is written to."""
    if len(shape) > rank:
        shape = shape[len(shape) - rank :]
    return _call("reshape", value, (size, *(1,) * (rank - len(shape)), *shape))


def _result_rank(ndim, parts):
    """How many axes x[index] has."""
    masks = [np.ndim(p) if not is_batched(p) else p.ndim for p in parts if _is_mask(p)]
    plain = [p for p in parts if p is not Ellipsis and not _is_mask(p)]
    used = sum(masks) + sum(1 for p in plain if p is not None)
    kept = sum(1 for p in plain if p is None or isinstance(p, slice))
    arrays = _rank(parts) if any(_is_array(p) for p in parts) else 0
    return ndim - used + kept + arrays


def scattered(call):
    """The batching class of `scatter_add`."""
    index, shape = call.statics["index"], call.statics["shape"]
    parts = index if type(index) is tuple else (index,)
    at, x = landing(parts), call.args[0]
    if at:
        x = _call("transpose", x, (*range(1, at + 1), 0, *range(at + 1, len(x.shape))))
    return call.run([x], index=(slice(None), *parts), shape=(call.size, *shape))


def raised(x, index):
    """x, batched by every level that a part of the index is batched by."""
    return meet(x, *(index if type(index) is tuple else (index,))) if has_batched(index) else x
