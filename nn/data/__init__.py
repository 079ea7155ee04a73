"""Data sets, and batches of them.

To read it: `dataset.py`, `loader.py`; `digits.py` and `iris.py` for the data that come along,
`LICENSES.md` for where those are from.
"""

from __future__ import annotations

from .collate import default_collate
from .dataset import Dataset, Subset, TensorDataset
from .digits import Digits, load_digits
from .files import DataFileError
from .iris import IRIS_FEATURES, IRIS_SPECIES, Iris, load_iris
from .loader import DataLoader
from .split import random_split

__all__ = [
    "IRIS_FEATURES",
    "IRIS_SPECIES",
    "DataFileError",
    "DataLoader",
    "Dataset",
    "Digits",
    "Iris",
    "Subset",
    "TensorDataset",
    "default_collate",
    "load_digits",
    "load_iris",
    "random_split",
]
