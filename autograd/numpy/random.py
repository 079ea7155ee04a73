"""HIPS autograd's `autograd.numpy.random`: names over `autograd/hips/`."""

import numpy.random as _random
from numpy.random import *  # noqa: F403 - NumPy's generators draw plain arrays; nothing to differentiate

__all__ = _random.__all__

# which NumPy does not list
get_bit_generator, set_bit_generator = (getattr(_random, f"{x}_bit_generator") for x in ("get", "set"))
