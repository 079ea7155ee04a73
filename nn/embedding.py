"""Layers that look up rows of their weight."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError, ShapeError

from . import functional as F
from . import init
from .functional.arguments import number, plain
from .functional.inputs import as_array
from .functional.lookup import MODES, check_sparse, row_of
from .functional.sizes import positive
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

__all__ = ["Embedding", "EmbeddingBag"]


class _Lookup(Module):
    """What both have: a weight whose rows are looked up, and how."""

    weight: Parameter

    def _set_up(
        self, rows: Any, width: Any, padding_idx: Any, max_norm: Any, norm_type: Any, options: dict
    ) -> None:
        """Check and keep the arguments, and make the weight.

        Args:
            options: the arguments scale_grad_by_freq, sparse, weight, freeze, dtype, generator.
        """
        super().__init__()
        caller = type(self).__name__
        self.num_embeddings = positive(rows, f"{caller}: num_embeddings")
        self.embedding_dim = positive(width, f"{caller}: embedding_dim")
        self.padding_idx = row_of(padding_idx, self.num_embeddings, caller)
        self.max_norm = None if max_norm is None else number(max_norm, f"{caller}: max_norm", least=0)
        self.norm_type = number(norm_type, f"{caller}: norm_type")
        check_sparse(options["sparse"], caller)
        self.scale_grad_by_freq, self.sparse = bool(options["scale_grad_by_freq"]), False
        weight, shape = options["weight"], (self.num_embeddings, self.embedding_dim)
        if weight is None:
            self.weight = parameter_of(init.empty(*shape, dtype=options["dtype"]))
            self.reset_parameters(options["generator"])
        else:
            weight = plain(as_array(weight))
            if weight.shape != shape:
                raise ShapeError(f"{caller}: _weight must be of shape {shape}, got {weight.shape}")
            self.weight = Parameter(weight)
        self.weight.requires_grad_(not options["freeze"])

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the weight anew from a normal distribution; zeros in the row of padding."""
        init.normal_(self.weight, generator=as_generator(generator, type(self).__name__))
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def _shown(self) -> list[str]:
        """The arguments between sizes and mode in the repr: those that are not the default."""
        shown = [] if self.max_norm is None else [f"max_norm={self.max_norm}"]
        shown += [] if self.norm_type == 2 else [f"norm_type={self.norm_type}"]
        return shown + ["scale_grad_by_freq=True"] * self.scale_grad_by_freq


def _size_of(embeddings: Any, caller: str) -> tuple[int, int]:
    shape = as_array(embeddings).shape
    if len(shape) != 2:
        raise ShapeError(f"{caller}.from_pretrained: embeddings{shape} must be a matrix")
    return shape


class Embedding(_Lookup):
    """y = weight[x], for integers x.

    Args:
        num_embeddings: how many rows.
        embedding_dim: their length.
        padding_idx: a row of zeros that gets no gradient; counted from the end if negative.
        max_norm: rows that are looked up and longer than this are shortened to it, in place.
        norm_type: the p of the p-norm that is meant.
        scale_grad_by_freq: divide the gradient of a row by how often it is looked up.
        sparse: gradients are dense here; True is refused.
        _weight: initial weight, whose memory is shared.
        _freeze: whether the weight is not to be trained.
        dtype: dtype of the weight; float32 by default.
        generator: where it is drawn from, normal with mean 0 and variance 1.

    Shapes: integers of any shape -> (..., embedding_dim).

    Errors: ArgumentError for sizes that are no positive integers and rows that are not there;
    IndexingError for a number that no row has; DtypeError for numbers that are no integers.

    Example:
        >>> import numpy as np
        >>> Embedding(4, 2)(np.array([[0, 3, 3]])).shape
        (1, 3, 2)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        options = {"scale_grad_by_freq": scale_grad_by_freq, "sparse": sparse, "weight": _weight}
        options |= {"freeze": _freeze, "dtype": dtype, "generator": generator}
        self._set_up(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, options)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An embedding over this matrix, whose memory it shares; not trained if `freeze`.

        Errors: ShapeError for what is no matrix; else as of the class.

        Example:
            >>> import numpy as np
            >>> Embedding.from_pretrained(np.eye(2))([1])
            tensor([[0., 1.]])
        """
        size = _size_of(embeddings, cls.__name__)
        return cls(*size, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *padding, *self._shown()])


class EmbeddingBag(_Lookup):
    """The sum, mean or maximum of weight[i] over the numbers i in each bag.

    Args:
        num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, sparse, _weight,
            padding_idx, dtype, generator: as of `Embedding`; rows of padding count for nothing.
        mode: "sum", "mean" or "max".
        include_last_offset: whether offsets has the end of the last bag as well.

    Shapes: integers (bags, length), or (total,) and offsets (bags,) -> (bags, embedding_dim).

    Errors: as of `Embedding`; ArgumentError for offsets that do not fit.

    Example:
        >>> import numpy as np
        >>> EmbeddingBag(4, 2)(np.array([0, 3, 3]), offsets=np.array([0, 1])).shape
        (2, 2)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        options = {"scale_grad_by_freq": scale_grad_by_freq, "sparse": sparse, "weight": _weight}
        options |= {"freeze": False, "dtype": dtype, "generator": generator}
        self._set_up(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, options)
        if mode not in MODES:
            raise ArgumentError(f"EmbeddingBag: mode must be one of {MODES}, got {mode!r}")
        if mode == "max" and self.scale_grad_by_freq:
            raise ArgumentError("EmbeddingBag: scale_grad_by_freq does not go with mode='max'")
        self.mode, self.include_last_offset = mode, bool(include_last_offset)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """Bags over the rows of this matrix, whose memory they share; not trained if `freeze`.

        Errors: ShapeError for what is no matrix; else as of the class.

        Example:
            >>> import numpy as np
            >>> EmbeddingBag.from_pretrained(np.eye(2))([[0, 1]])
            tensor([[0.5, 0.5]])
        """
        size = _size_of(embeddings, cls.__name__)
        bag = cls(
            *size,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad_(not freeze)
        return bag

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            False,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        shown = [str(self.num_embeddings), str(self.embedding_dim), *self._shown(), f"mode={self.mode!r}"]
        return ", ".join([*shown, *padding])
