"""`nn` as functions: `import nn.functional as F`; one file per family."""

from __future__ import annotations

from . import (
    activations,
    adaptive_pooling,
    attention,
    classification,
    convolution,
    distance,
    fractional_pooling,
    grids,
    lookup,
    losses,
    noise,
    norm_pooling,
    normalisation,
    padding,
    pooling,
    products,
    ranking,
    resampling,
    sequences,
    shuffling,
    unpooling,
)
from .activations import *
from .adaptive_pooling import *
from .attention import *
from .classification import *
from .convolution import *
from .distance import *
from .fractional_pooling import *
from .grids import *
from .lookup import *
from .losses import *
from .noise import *
from .norm_pooling import *
from .normalisation import *
from .padding import *
from .pooling import *
from .products import *
from .ranking import *
from .resampling import *
from .sequences import *
from .shuffling import *
from .unpooling import *

__all__ = [
    *activations.__all__,
    *adaptive_pooling.__all__,
    *attention.__all__,
    *classification.__all__,
    *convolution.__all__,
    *distance.__all__,
    *fractional_pooling.__all__,
    *noise.__all__,
    *grids.__all__,
    *lookup.__all__,
    *products.__all__,
    *losses.__all__,
    *norm_pooling.__all__,
    *normalisation.__all__,
    *padding.__all__,
    *pooling.__all__,
    *ranking.__all__,
    *resampling.__all__,
    *sequences.__all__,
    *shuffling.__all__,
    *unpooling.__all__,
]
