"""Sources of loops to object code, by numba. This alone, and what it imports, needs numba to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.cpu import FastMathOptions
from numba.core.registry import cpu_target

from .machine import ALLOWED, Code, LoadError
from .scalars import NAMES
from .writing import EXACT

_DECLARED = re.compile(r'^declare .*?@"?([^"(\s]+)"?\(', re.MULTILINE)
# LLVM computes these itself, or calls the C library's of the same name.
_INTRINSIC = re.compile(r"llvm\.(\w+)\.(?:v\d+)?f(32|64)$")
_STATUS = re.compile(r"^  ret i32 (\S+)", re.MULTILINE)


def translated(source: str, name: str) -> Code:
    """The function `loop` of a source, all of whose arguments are integers, under a name of its own."""
    names: dict[str, Any] = {**NAMES, "__name__": "wengert"}
    exec(compile(source, f"<autograd {name}>", "exec"), names)
    fn = names["loop"]
    fn.__name__ = fn.__qualname__ = f"{name}_body"
    library = _library(fn, name, exact=source.startswith(EXACT))
    text = library.get_llvm_str()
    needs = needed(text)
    return Code(name, needs, library.serialize_using_object_code()[2][0])


@global_compiler_lock
def _library(fn: Callable, name: str, exact: bool) -> Any:
    """What numba makes of a function, with a plain C function in front of it.

    `exact`: each operation is rounded by itself.
    """
    flags: Any = compiler.Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.error_model, flags.fastmath = "numpy", FastMathOptions(False if exact else {"contract"})
    context, arguments = cpu_target.target_context, [types.int64] * fn.__code__.co_argcount
    made = compiler.compile_extra(cpu_target.typing_context, context, fn, arguments, types.int64, flags, {})
    module = context.create_module(f"{name}_entry")
    word = ir.IntType(64)
    entry = ir.Function(module, ir.FunctionType(word, [word] * len(arguments)), name)
    body = context.declare_function(module, made.fndesc)
    builder = ir.IRBuilder(entry.append_basic_block())
    _, result = context.call_conv.call_function(
        builder, body, types.int64, arguments, entry.args, attrs=("noinline",)
    )
    builder.ret(result)
    made.library.add_ir_module(module)
    made.library.finalize()
    return made.library


def needed(text: str) -> tuple[str, ...]:
    """The functions outside that a module of LLVM's calls.

    Errors: LoadError where it may raise an exception or calls what only numba has.
    """
    if set(_STATUS.findall(text)) != {"0"}:
        raise LoadError("a loop may raise an exception")
    found = set()
    for name in _DECLARED.findall(text):
        match = _INTRINSIC.match(name)
        if not name.startswith("llvm."):
            found.add(name)
        elif match and match[1] + "f" in ALLOWED:
            found.add(match[1] + ("f" if match[2] == "32" else ""))
    if found - ALLOWED:
        raise LoadError(f"a loop calls {', '.join(sorted(found - ALLOWED))}")
    return tuple(sorted(found))
