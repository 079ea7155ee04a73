"""When a kernel runs native loops: once it has worked for long enough without."""

from __future__ import annotations

from typing import Any

import numpy as np

# Elements that a kernel takes without a loop: one takes up to a second to make, and a twentieth from disk.
PATIENCE = 1 << 22


class Patience:
    """Counts the elements that calls have taken, by the loop that each could have run."""

    def __init__(self) -> None:
        self._spent: dict[Any, int] = {}

    def is_over(self, x: Any, loop: Any) -> bool:
        """Whether a loop is worth making for such arrays; what stands for one in a recording is none."""
        if type(x) is not np.ndarray:
            return False
        spent = self._spent[loop] = self._spent.get(loop, 0) + x.size
        return spent > PATIENCE
