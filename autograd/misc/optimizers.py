"""HIPS autograd's `autograd.misc.optimizers`: names over `autograd/hips/`."""

from ..hips.optimizers import adam, rmsprop, sgd, unflatten_optimizer

__all__ = ["adam", "rmsprop", "sgd", "unflatten_optimizer"]
