"""Wrong arguments, to every method of Tensor: typed errors that name it, or the function that it is."""

from __future__ import annotations

import pytest

from autograd import Tensor
from tests.support.wrong_calls import faults, leaf, refused

METHODS = [n for n in dir(Tensor) if not n.startswith("_") and callable(getattr(Tensor, n))]
# methods that are another function, whose name the error may have
SAME = {
    "bmm": "matmul", "mm": "matmul", "clamp": "clip", "copy": "equal", "flatten": "reshape",
    "outer": "multiply", "ravel": "reshape equal", "masked_fill": "where", "to_device": "not_equal",
    "fill": "write",
    "requires_grad_": "requiring grad",
}  # fmt: skip


WRONG = {
    "an unknown keyword": lambda f: f(nonsense=1),
    "an unknown keyword of two": lambda f: f(leaf(2, 3), nonsense=1),
    "text": lambda f: f("abc"),
    "a dict": lambda f: f({"a": 1}),
    "nothing": lambda f: f(None),
    "an object": lambda f: f(object()),
    "a shape that does not fit": lambda f: f(leaf(4, 5)),
    "a number far off": lambda f: f(-99),
    "two": lambda f: f(leaf(4, 5), leaf(7)),
    "too many arguments": lambda f: f(*[leaf(2)] * 12),
    "an axis that is not there": lambda f: f(axis=9),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", METHODS)
def test_wrong_arguments_are_typed_errors_that_name_the_method(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # tofile("abc") is right
    errors = refused(WRONG, lambda: getattr(leaf(2, 3) * 1, name))
    of_python = {what for what, error in errors.items() if _says_the_signature(error)}
    assert not any("<locals>" in str(errors[what]) for what in of_python)
    ours = {what: error for what, error in errors.items() if what not in of_python}
    assert not faults(ours, name.rstrip("_"), *SAME.get(name, "").split())


def _says_the_signature(error: Exception) -> bool:
    """Python's own words for arguments that a method does not have."""
    words = ("positional argument", "unexpected keyword")
    return type(error) is TypeError and any(w in str(error) for w in words)
