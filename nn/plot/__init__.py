"""Pictures of training, of what a network sees and of the network itself, through matplotlib.

Every function takes a matplotlib axis (`ax`; by default one on a new figure) and returns it.
Nothing here touches pyplot's global state, so it works in scripts, notebooks and threads alike.
Needs the extra `train`.
"""

from __future__ import annotations

from .axis import new_axis, save
from .curves import LiveCurves, curves, moving_average
from .images import image, images, probabilities
from .live import LiveNetwork
from .network import network, weight_count
from .plane import contours, decision_regions, function, path, points

__all__ = [
    "LiveCurves",
    "LiveNetwork",
    "contours",
    "curves",
    "decision_regions",
    "function",
    "image",
    "images",
    "moving_average",
    "network",
    "new_axis",
    "path",
    "points",
    "probabilities",
    "save",
    "weight_count",
]
