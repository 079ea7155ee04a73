"""Averages of models in programs: how many updates there were is found anew in each run, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..changed import Changed
from ..ir import NUMBER
from .drawn import Number
from .numbers import Advancing
from .traced import Leak


class Count(Advancing):
    """Counts an update in Python, and puts the number of those before where a program reads it."""

    def __init__(self, model: Any):
        self.model, self.array = model, np.array(model.n_averaged)
        self.ran = False

    def __call__(self) -> None:
        before = self.model.n_averaged
        if (before == 0) != (self.array == 0):
            raise Changed("the first update of an average copies")
        self.array[()], self.ran = before, True
        self.model.n_averaged = before + 1

    def undo(self) -> None:
        if self.ran:
            self.ran = False
            self.model.n_averaged -= 1


class _Unread:
    """Stands for the number of updates: whatever looks at it is refused."""

    def _refuse(self, *args: Any) -> Any:
        raise Leak("n_averaged is read, which a program would do only once")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __bool__ = __int__ = __index__ = (
        _refuse
    )
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __float__ = __format__ = __str__ = __repr__ = __mod__ = __floordiv__ = __pow__ = __neg__ = _refuse


class Averaging:
    """Stands in for `update_parameters` of an `AveragedModel` while it is recorded."""

    def __init__(self, model: Any, recorder: Any):
        self.model, self.recorder, self.n = model, recorder, model.n_averaged
        model.n_averaged = _Unread()

    def update(self, model: Any) -> None:
        self.put_back()
        try:
            count = Count(self.model)
            self.recorder.effect(count)
            duck = self.recorder.traced(count.array, NUMBER)
            # of the first update nothing is divided by the number, of later ones it is positive
            n = self.recorder.known(Number(duck.value, self.recorder, int, positive=True))
            type(self.model).take_in(self.model, model, n, not self.n)
            self.n += 1
        finally:
            self.model.n_averaged = _Unread()

    def put_back(self) -> None:
        """The number of updates again, where a stand-in was."""
        self.model.n_averaged = self.n


__all__ = ["Averaging"]
