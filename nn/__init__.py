"""Neural networks in PyTorch's vocabulary, on `autograd`.

    import nn, optim
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

Parameters are float32 unless told otherwise. Every module takes ndarrays as well as Tensors.
"""

from __future__ import annotations

import autograd

if not hasattr(autograd, "Tensor"):
    raise ImportError(
        "the `autograd` that Python finds is not Wengert's: the distribution `autograd` (HIPS "
        "autograd) owns the same import name. Repair: pip uninstall -y autograd wengert && "
        "pip install wengert"
    )

from . import (
    activations,
    adaptive_pooling,
    attention,
    calls,
    cells,
    checkpoint,
    containers,
    convolution,
    data,
    dicts,
    distance,
    dropout,
    embedding,
    functional,
    init,
    linear,
    lists,
    losses,
    model_summary,
    module,
    normalisation,
    padding,
    parameter,
    pooling,
    recurrent,
    resampling,
    reshaping,
    shuffling,
    transformer,
    unpooling,
    utils,
)
from .activations import *
from .adaptive_pooling import *
from .attention import *
from .calls import *
from .cells import *
from .checkpoint import *
from .containers import *
from .convolution import *
from .dicts import *
from .distance import *
from .dropout import *
from .embedding import *
from .linear import *
from .lists import *
from .losses import *
from .model_summary import *
from .module import *
from .normalisation import *
from .padding import *
from .parameter import *
from .pooling import *
from .random import default_generator, manual_seed
from .recurrent import *
from .resampling import *
from .reshaping import *
from .shuffling import *
from .transformer import *
from .unpooling import *

__all__ = [
    *activations.__all__,
    *adaptive_pooling.__all__,
    *attention.__all__,
    *calls.__all__,
    *cells.__all__,
    *checkpoint.__all__,
    *containers.__all__,
    *convolution.__all__,
    *dicts.__all__,
    *distance.__all__,
    *dropout.__all__,
    *embedding.__all__,
    *linear.__all__,
    *lists.__all__,
    *losses.__all__,
    *model_summary.__all__,
    *module.__all__,
    *normalisation.__all__,
    *padding.__all__,
    *parameter.__all__,
    *pooling.__all__,
    *recurrent.__all__,
    *resampling.__all__,
    *reshaping.__all__,
    *shuffling.__all__,
    *transformer.__all__,
    *unpooling.__all__,
    "data",
    "default_generator",
    "functional",
    "init",
    "manual_seed",
    "utils",
]
