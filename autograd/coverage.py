"""What each function of NumPy is to a derivative: every one is in exactly one class.

`classify` tells which. What is in none of the tables below is differentiable if `autograd.numpy`
has it, and not there yet otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

DIFFERENTIABLE = "differentiable"
CONSTANT = "locally constant"
NO_ARRAY = "not an array operation"
NOT_YET = "not yet"

# Integers, truth values and steps: where they change at all they jump. Gradients are exactly zero.
_CONSTANT = """
    allclose array_equal array_equiv argmax argmin argpartition argsort argwhere all any
    bitwise_and bitwise_count bitwise_or bitwise_xor ceil count_nonzero digitize equal fix
    flatnonzero floor floor_divide gcd greater greater_equal invert isclose iscomplex isfinite isin
    isinf isnan isneginf isposinf isreal lcm left_shift less less_equal lexsort logical_and
    logical_not logical_or logical_xor nanargmax nanargmin nonzero not_equal packbits
    ravel_multi_index right_shift rint round around searchsorted signbit spacing trunc
    unpackbits unravel_index linalg.matrix_rank
    empty_like ones_like zeros_like _ones_like
    ix_ diag_indices_from tril_indices_from triu_indices_from
"""
# Metadata, text and files: computed of the values, also while gradients are recorded.
_LOOKS = """
    array2string array_repr array_str can_cast common_type einsum_path iscomplexobj isrealobj
    may_share_memory min_scalar_type ndim result_type save savetxt savez savez_compressed shape
    shares_memory size
"""
# New arrays of what is no array: called with `like=` a tensor, they give a tensor.
_MADE = """
    arange array asanyarray asarray ascontiguousarray asfortranarray empty eye frombuffer fromfile
    fromfunction fromiter fromstring full genfromtxt identity loadtxt ones require tri zeros
"""
# Dates, text and records: refused for a tensor that requires grad.
_REFUSED = """
    busday_count busday_offset datetime_as_string is_busday isnat
    lib.recfunctions.append_fields lib.recfunctions.apply_along_fields
    lib.recfunctions.assign_fields_by_name lib.recfunctions.drop_fields
    lib.recfunctions.find_duplicates lib.recfunctions.join_by lib.recfunctions.merge_arrays
    lib.recfunctions.rec_append_fields lib.recfunctions.rec_drop_fields lib.recfunctions.rec_join
    lib.recfunctions.recursive_fill_fields lib.recfunctions.rename_fields
    lib.recfunctions.repack_fields lib.recfunctions.require_fields lib.recfunctions.stack_arrays
    lib.recfunctions.structured_to_unstructured lib.recfunctions.unstructured_to_structured
    _center _expandtabs _expandtabs_length _ljust _lstrip_chars _lstrip_whitespace _partition
    _partition_index _replace _rjust _rpartition _rpartition_index _rstrip_chars
    _rstrip_whitespace _slice _strip_chars _strip_whitespace _zfill count endswith find index
    isalnum isalpha isdecimal isdigit islower isnumeric isspace istitle isupper rfind rindex
    startswith str_len
"""

# The namespaces of functions of text, all of which are refused too.
TEXT = ("char.", "strings.")

CONSTANTS = frozenset(_CONSTANT.split())
LOOKS = frozenset(_LOOKS.split())
MADE = frozenset(_MADE.split())
REFUSED = frozenset(_REFUSED.split())


def name_of(function: Any) -> str:
    """What a function or ufunc is called below `numpy`, such as `linalg.inv`.

    Example:
        >>> name_of(np.sum), name_of(np.linalg.inv), name_of(np.add)
        ('sum', 'linalg.inv', 'add')
    """
    if isinstance(function, np.ufunc):
        return function.__name__
    module = getattr(function, "__module__", None) or ""
    return f"{module}.{function.__name__}".removeprefix("numpy.")


def classes_of(function: Any, there: Container[Callable]) -> list[str]:
    """Every class that a function of NumPy is in; `there` has those with an implementation."""
    name, found = name_of(function), []
    if name in CONSTANTS:
        found.append(CONSTANT)
    if name in LOOKS | REFUSED | MADE or name.startswith(TEXT):
        found.append(NO_ARRAY)
    if not found:
        found.append(DIFFERENTIABLE if function in there else NOT_YET)
    return found
