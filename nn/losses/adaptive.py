"""A softmax over many classes of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError
from autograd.ops.indexing import getitem
from autograd.ops.joining import concatenate
from autograd.ops.reductions import mean
from autograd.ops.shapes import reshape

from .. import functional as F
from ..containers import ModuleList, Sequential
from ..functional.arguments import number, plain
from ..functional.inputs import as_array
from ..functional.sizes import positive
from ..linear import Linear
from ..module import Module
from ..random import as_generator

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """The logarithm of the probability of each target, and the mean of their negatives."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """log p(target), where rare classes are in clusters: p(class) = p(cluster) p(class in the cluster).

    The head is over the classes below the first cutoff and the clusters; cluster i = 1, 2, ... goes through
    in_features / div_value**i features, so that rare classes cost less.

    Args:
        in_features: length of the last axis of the input.
        n_classes: number of classes, the most frequent first.
        cutoffs: rising classes at which clusters begin.
        div_value: how much narrower each cluster is than the one before.
        head_bias: whether the head has a bias.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from.

    Shapes: input (N, in_features) or (in_features,), target (N,) or () of classes -> output (N,) or (),
    and loss ().

    Errors: ArgumentError for sizes or cutoffs that make no sense; ShapeError, DtypeError and IndexingError
    for inputs that do not fit.

    Source: Grave et al., Efficient softmax approximation for GPUs, 2017, section 4.

    Example:
        >>> import numpy as np
        >>> layer = AdaptiveLogSoftmaxWithLoss(16, 100, [10, 40], dtype=np.float64)
        >>> layer.log_prob(np.zeros((2, 16))).shape
        (2, 100)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        name = type(self).__name__
        self.in_features = positive(in_features, f"{name}: in_features")
        self.n_classes = positive(n_classes, f"{name}: n_classes")
        self.cutoffs = [*_rising(cutoffs, self.n_classes, name), self.n_classes]
        self.div_value, self.head_bias = number(div_value, f"{name}: div_value", above=0), bool(head_bias)
        self.shortlist_size, self.n_clusters = self.cutoffs[0], len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator, name)}
        self.head = Linear(self.in_features, self.head_size, self.head_bias, **drawn)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:]), 1):
            width = positive(int(self.in_features // self.div_value**i), f"{name}: features of cluster {i}")
            narrow = Linear(self.in_features, width, bias=False, **drawn)
            self.tail.append(Sequential(narrow, Linear(width, high - low, bias=False, **drawn)))

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew."""
        generator = as_generator(generator, type(self).__name__)
        for layer in (self.head, *(layer for pair in self.tail for layer in pair)):
            layer.reset_parameters(generator)

    def forward(self, input: Any, target: Any) -> ASMoutput:
        input, target = as_array(input), as_array(target)
        classes = plain(target)
        self._check(input, classes)
        rows, classes = reshape(input, (-1, self.in_features)), classes.reshape(-1)
        starts = np.array(self.cutoffs[:-1])
        cluster = np.searchsorted(starts, classes, "right")  # 0: the class is in the head
        places = np.where(cluster, self.shortlist_size + cluster - 1, classes)
        output = getitem(F.log_softmax(self.head(rows), 1), (np.arange(len(classes)), places))
        order, parts = [np.flatnonzero(cluster == 0)], []
        for i, layers in enumerate(self.tail, 1):
            own = np.flatnonzero(cluster == i)
            if own.size:
                within = F.log_softmax(layers(getitem(rows, own)), 1)
                parts.append(getitem(within, (np.arange(len(own)), classes[own] - starts[i - 1])))
                order.append(own)
        if parts:
            ones = np.zeros(len(order[0]), output.dtype)
            output = output + getitem(concatenate([ones, *parts]), np.argsort(np.concatenate(order)))
        loss = -mean(output)
        return ASMoutput(reshape(output, target.shape), loss)

    def log_prob(self, input: Any) -> Any:
        """The logarithms of the probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        input = as_array(input)
        self._check(input, None)
        head = F.log_softmax(self.head(input), -1)
        parts = [head[..., : self.shortlist_size]]
        for i, layers in enumerate(self.tail):
            at = self.shortlist_size + i
            parts.append(head[..., at : at + 1] + F.log_softmax(layers(input), -1))
        return concatenate(parts, -1)

    def predict(self, input: Any) -> Any:
        """The most probable class of each input, (N,)."""
        return self.log_prob(input).argmax(-1)

    def _check(self, input: Any, classes: Any) -> None:
        name = type(self).__name__
        if input.ndim not in (1, 2) or input.shape[-1] != self.in_features:
            raise ShapeError(
                f"{name}: input must be (N, {self.in_features}) or ({self.in_features},), got {input.shape}"
            )
        if classes is None:
            return
        if classes.shape != input.shape[:-1]:
            raise ShapeError(f"{name}: target{classes.shape} must have the shape {input.shape[:-1]}")
        if classes.dtype.kind not in "iu":
            raise DtypeError(f"{name}: class indices must be integers, got {classes.dtype}")
        wrong = classes[(classes < 0) | (classes >= self.n_classes)]
        if wrong.size:
            raise IndexingError(
                f"{name}: class indices must be in 0..{self.n_classes - 1}, got {wrong.reshape(-1)[0]}"
            )


def _rising(cutoffs: Any, n_classes: int, name: str) -> list[int]:
    try:
        found = [int(c) for c in cutoffs]
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: cutoffs must be integers, got {describe(cutoffs)}") from None
    rising = bool(found) and found == list(cutoffs) == sorted(set(found))
    if not rising or not 0 < found[0] <= found[-1] < n_classes:
        raise ArgumentError(
            f"{name}: cutoffs must be rising integers between 1 and {n_classes - 1}, got {list(cutoffs)}"
        )
    return found
