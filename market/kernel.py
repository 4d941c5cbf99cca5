"""Kernels: the functions that decide, written once and run by plain Python and by numba alike.

`@kernel` only records a function and returns it, so the daemon calls plain Python and never imports numba. The offline
half calls `compile_all()` once; from then on compiled loops call the very same objects. What a kernel may contain is
held by `tests/test_floor_plan.py`: `+ - * /`, `sqrt exp log erf`, comparisons, indexing, `if`, counted loops, `int`,
`float`, `abs`, `len` and calls of kernels. Everything on which Python and numba disagree in the last bit, or in
behaviour, stays out (`**`, `round`, `sum`, numpy reductions, exceptions, integer overflow).
"""

import hashlib

from collections.abc import Callable, MutableSequence, Sequence
from types import CodeType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

State = MutableSequence[float]
"""Flat state of a fold: a list of floats in the daemon, a float64 array in a compiled loop."""

Params = Sequence[float]
"""Frozen parameters of a fold: a tuple of floats in both."""

KERNELS: list[Callable[..., Any]] = []
"""Every kernel imported so far, in import order."""

_compiled: set[int] = set()
_written_out: set[int] = set()


def kernel(function: F) -> F:
    """Record a function as a kernel and return it unchanged."""
    KERNELS.append(function)
    return function


def write_out(*kernels: Callable[..., Any]) -> None:
    """Have compiled code write these kernels out wherever they are called, whatever their length.

    For parts of a loop that get offsets handed down: where one is 0 it then costs nothing. No bit depends on it.
    """
    _written_out.update(map(id, kernels))


def compile_all() -> None:
    """Make every recorded kernel callable from numba; the offline half calls this once, after its imports."""
    from numba.extending import register_jitable  # noqa: PLC0415 - numba must never load with the daemon

    from market.kernel_parts import KernelCompiler  # noqa: PLC0415 - likewise

    parts = {"no_cfunc_wrapper": True, "pipeline_class": KernelCompiler}
    for function in KERNELS:
        if id(function) not in _compiled:
            written = {"forceinline": True} if id(function) in _written_out else {}
            register_jitable(**parts, **written)(function)
            _compiled.add(id(function))


def _feed(digest: "hashlib._Hash", code: CodeType, doc: str | None) -> None:
    digest.update(code.co_code)
    digest.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _feed(digest, constant, doc)
        elif constant is None or constant != doc:
            digest.update(repr(constant).encode())


def _outer(function: Callable[..., Any]) -> dict[str, Any]:
    """Return what the function reads from outside itself, by name: kernels it calls and constants."""
    code, known = function.__code__, function.__globals__
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    return {n: known[n] for n in code.co_names if n in known} | {n: cell.cell_contents for n, cell in cells}


def reached(functions: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """Return the functions and every kernel they call, directly or through others."""
    kernels = {id(f) for f in KERNELS}
    found: dict[int, Callable[..., Any]] = {}
    waiting = list(functions)
    while waiting:
        function = waiting.pop()
        if id(function) not in found:
            found[id(function)] = function
            waiting += [value for value in _outer(function).values() if id(value) in kernels]
    return list(found.values())


def fingerprint(functions: Sequence[Callable[..., Any]] | None = None) -> str:
    """Return the SHA-256 of the code of kernels, all they call and the constants they read: the key of compiled caches.

    Docstrings do not count. All kernels imported so far, where none are given.
    """
    digest = hashlib.sha256()
    for function in sorted(reached(KERNELS if functions is None else functions), key=_name):
        digest.update(_name(function).encode())
        _feed(digest, function.__code__, function.__doc__)
        outer = _outer(function)
        constants = {n: outer[n] for n in sorted(outer) if isinstance(outer[n], int | float | tuple)}
        digest.update(repr(constants).encode())
    return digest.hexdigest()


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
