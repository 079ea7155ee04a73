"""Explanations: by which paths a gradient came to a parameter, or what cut it off.

To read it: `routes.py`, `cuts.py`, `tracing.py`, `labels.py`, `explanation.py`.
"""

from __future__ import annotations

from .cuts import CAUSES, Cut
from .explanation import Explanation, explain
from .labels import Hop, Route, Stage

__all__ = ["CAUSES", "Cut", "Explanation", "Hop", "Route", "Stage", "explain"]
