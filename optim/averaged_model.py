"""AveragedModel: a copy of a model whose parameters are averages of the model's over training.

Models come from elsewhere: anything serves that can be called and deep-copied and has
`parameters()`, `buffers()`, `modules()`, `train()`, `state_dict()` and `load_state_dict()`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError, ShapeError
from autograd.views import writable

from .averaging import Averaging, get_swa_multi_avg_fn
from .state import OptimizerStateError


class AveragedModel:
    """A copy of a model with the averages of its parameters: w' = average(w', w) at each update.

    The first update copies. It is used as the model is: called, put in training or evaluation
    mode, saved. The model in it is `module`.

    Args:
        model: the model to average; it is copied.
        avg_fn: the new average as a function of one average, one value (ndarrays) and the number
            of updates so far.
        multi_avg_fn: a function of the lists of all averages and all values, and that number,
            that changes the averages in place. By default the mean of all values (SWA);
            `get_ema_multi_avg_fn(decay)` weighs them exponentially (EMA).
        use_buffers: average floating buffers too; else, and if they are integers, they are the
            model's at the last update.

    Errors: ArgumentError for both functions at once; OperandError for what is no model or no
    function.

    Source: see `AveragedParameters`.

    Example:
        >>> import nn
        >>> from autograd import no_grad
        >>> model = nn.Linear(1, 1, bias=False)
        >>> ema = AveragedModel(model)
        >>> for value in (1.0, 4.0):
        ...     with no_grad():
        ...         model.weight[...] = value
        ...     ema.update_parameters(model)
        >>> ema.module.weight.tolist()
        [[2.5]]
    """

    def __init__(
        self,
        model: Any,
        avg_fn: Callable[[Any, Any, int], Any] | None = None,
        multi_avg_fn: Averaging | None = None,
        use_buffers: bool = False,
    ):
        if not callable(model) or not hasattr(model, "parameters"):
            raise OperandError(f"AveragedModel: expected a model, got {describe(model)}")
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: give one of avg_fn and multi_avg_fn, not both")
        for name, fn in (("avg_fn", avg_fn), ("multi_avg_fn", multi_avg_fn)):
            if fn is not None and not callable(fn):
                raise OperandError(f"AveragedModel: {name} must be callable, got {describe(fn)}")
        self.module = copy.deepcopy(model)
        self.n_averaged = 0
        self.avg_fn, self.multi_avg_fn = avg_fn, multi_avg_fn or get_swa_multi_avg_fn()
        self.use_buffers = use_buffers

    def update_parameters(self, model: Any) -> None:
        """Take in the present values of the model.

        Errors: ShapeError, before anything is changed, if it is not one of the same parameters.
        """
        self.take_in(model, self.n_averaged, first=not self.n_averaged)
        self.n_averaged += 1

    def take_in(self, model: Any, n: Any, first: bool) -> None:
        """The arithmetic of an update after n others, which compiled programs do without counting."""
        mine, theirs = self._tensors(self.module), self._tensors(model)
        if [t.shape for t in mine] != [t.shape for t in theirs]:
            raise ShapeError("AveragedModel: the parameters of this model have other shapes")
        trained = {id(p) for p in self.module.parameters()}
        averaged = [not first and self._is_averaged(t, trained) for t in mine]
        pairs = [(t, v) for t, v, chosen in zip(mine, theirs, averaged, strict=True) if chosen]
        averages, values = [writable(t) for t, _ in pairs], [np.asarray(v._data) for _, v in pairs]
        if self.avg_fn is None:
            self.multi_avg_fn(averages, values, n)
        else:
            for average, value in zip(averages, values, strict=True):
                average[...] = self.avg_fn(average, value, n)
        for t, v, chosen in zip(mine, theirs, averaged, strict=True):
            if not chosen:
                np.copyto(writable(t), v._data, casting="same_kind")

    def _tensors(self, model: Any) -> list[Any]:
        return [*model.parameters(), *model.buffers()]

    def _is_averaged(self, tensor: Any, trained: set[int]) -> bool:
        return id(tensor) in trained or (self.use_buffers and tensor.dtype.kind in "fc")

    # -------------------------------------------------------------- as the model

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.module(*args, **options)

    forward = __call__

    @property
    def training(self) -> bool:
        """Whether the copy is in training mode."""
        return self.module.training

    def train(self, mode: bool = True) -> AveragedModel:
        """Put the copy in training mode, or in evaluation mode; returns this."""
        self.module.train(mode)
        return self

    def eval(self) -> AveragedModel:
        """Put the copy in evaluation mode; returns this."""
        return self.train(False)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """The averages."""
        return self.module.parameters(recurse)

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """The averages with their paths, which begin with `module.`"""
        return self.module.named_parameters(f"{prefix}.module" if prefix else "module", recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """The copy's buffers."""
        return self.module.buffers(recurse)

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """The copy's buffers with their paths, which begin with `module.`"""
        return self.module.named_buffers(f"{prefix}.module" if prefix else "module", recurse)

    def modules(self) -> Iterator[Any]:
        """The copy and the modules in it."""
        return self.module.modules()

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """The same with their paths, which begin with `module`."""
        return self.module.named_modules(prefix="module")

    def requires_grad_(self, requires_grad: bool = True) -> AveragedModel:
        """Train the averages, or freeze them; returns this."""
        self.module.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the averages, or set them to zero."""
        self.module.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """`n_averaged`, and the copy's state under `module.`, as PyTorch's AveragedModel has it."""
        own = {f"module.{name}": value for name, value in self.module.state_dict().items()}
        return {"n_averaged": np.array(self.n_averaged, np.int64), **own}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> Any:
        """Take over a `state_dict`; see `nn.Module.load_state_dict`.

        Errors: OptimizerStateError without `n_averaged`, or for names that are not of a model.
        """
        inner = {k[7:]: v for k, v in state_dict.items() if k.startswith("module.")}
        others = sorted(k for k in state_dict if not k.startswith("module."))
        if strict and others != ["n_averaged"]:
            raise OptimizerStateError(f"expected n_averaged and names in module., got {others}")
        keys = self.module.load_state_dict(inner, strict=strict)
        self.n_averaged = int(state_dict.get("n_averaged", self.n_averaged))
        return keys

    def __repr__(self) -> str:
        return "AveragedModel(\n  (module): " + repr(self.module).replace("\n", "\n  ") + "\n)"


def update_bn(loader: Iterable[Any], model: Any) -> None:
    """Compute the statistics of a model's batch normalisations anew, from a pass over the data.

    Args:
        loader: batches: what the model is called with, or tuples or lists of which it is called
            with the first.
        model: a model or AveragedModel; its mode is left as it was.

    Source: Izmailov et al., 2018, section 3.2.

    Example:
        >>> import nn
        >>> model = nn.Sequential(nn.BatchNorm1d(2))
        >>> update_bn([np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)], model)
        >>> model[0].running_mean.tolist()
        [1.0, 2.0]
    """
    norms = {m: m.momentum for m in model.modules() if _is_batch_norm(m) and m.running_mean is not None}
    if not norms:
        return
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    try:
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    finally:
        for norm, momentum in norms.items():
            norm.momentum = momentum
        model.train(was_training)


def _is_batch_norm(module: Any) -> bool:
    return any("BatchNorm" in cls.__name__ for cls in type(module).__mro__)
