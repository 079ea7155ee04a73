"""Data sets, and batches of them.

To read it: `dataset.py`, `loader.py`, `workers.py`; `digits.py` and `iris.py` for the data that come
along (`LICENSES.md`: where those are from), `mnist.py` for data in files, `synthetic.py`.
"""

from __future__ import annotations

from .collate import default_collate
from .dataset import Dataset, Subset, TensorDataset
from .digits import Digits, load_digits
from .files import DataFileError
from .idx import read_idx
from .iris import IRIS_FEATURES, IRIS_SPECIES, Iris, load_iris
from .loader import DataLoader
from .mnist import FASHION_LABELS, Images, load_fashion_mnist, load_mnist, load_mnist5k
from .split import random_split
from .synthetic import beale, make_blobs, make_circles, make_moons, make_spirals
from .workers import WorkerError

__all__ = [
    "FASHION_LABELS",
    "IRIS_FEATURES",
    "IRIS_SPECIES",
    "DataFileError",
    "DataLoader",
    "Dataset",
    "Digits",
    "Images",
    "Iris",
    "Subset",
    "TensorDataset",
    "WorkerError",
    "beale",
    "default_collate",
    "load_digits",
    "load_fashion_mnist",
    "load_iris",
    "load_mnist",
    "load_mnist5k",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_spirals",
    "random_split",
    "read_idx",
]
