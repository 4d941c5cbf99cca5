"""What loops of machine code are made with: pointers in place of arrays, and functions that are compiled apart.

A kernel that takes a pointer is half the code of one that takes an array, which is a struct of seven words, and whose
indices are asked whether they are negative. A function that is compiled apart is called by its address: it is compiled
once, and kept on disk once, for all loops that call it, however many strategies they are made for.
"""

import functools

from collections.abc import Callable
from typing import Any, NamedTuple

Made = Any
"""What numba makes."""


class Tools(NamedTuple):
    """What compiled code calls to get at memory and at functions compiled apart."""

    pointer: Made
    """(array) -> where its first number stands."""
    beyond: Made
    """(pointer, n) -> the pointer to what stands n numbers beyond."""
    call: Made
    """(address, *numbers and pointers) -> what the function compiled apart at this address returns, a float."""


@functools.cache
def tools() -> Tools:
    """Return them; numba is imported with the first call."""
    from numba import types  # noqa: PLC0415 - slow to import, and only a drive needs it
    from numba.extending import intrinsic  # noqa: PLC0415 - likewise

    @intrinsic
    def pointer(_context: Made, array: Made) -> Made:
        def generate(context: Made, builder: Made, signature: Made, args: Made) -> Made:
            return context.make_array(signature.args[0])(context, builder, args[0]).data

        return types.CPointer(array.dtype)(array), generate  # type: ignore[no-untyped-call]  # of numba's

    @intrinsic
    def beyond(_context: Made, start: Made, count: Made) -> Made:
        def generate(_context: Made, builder: Made, _signature: Made, args: Made) -> Made:
            return builder.gep(args[0], [args[1]])

        return start(start, count), generate

    @intrinsic
    def call(_context: Made, address: Made, args: Made) -> Made:
        def generate(context: Made, builder: Made, signature: Made, values: Made) -> Made:
            from llvmlite import ir  # noqa: PLC0415 - comes with numba

            told = signature.args[1]
            kinds = [context.get_value_type(kind) for kind in told]
            function = ir.FunctionType(context.get_value_type(types.float64), kinds)
            where = builder.inttoptr(values[0], function.as_pointer())
            given = [builder.extract_value(values[1], n) for n in range(len(kinds))]
            return builder.call(where, given)

        return types.float64(address, args), generate

    return Tools(pointer, beyond, call)


def apart(function: Callable[..., float], pointers: int, numbers: int) -> int:
    """Return the address of a compiled function of so many pointers to floats, then so many floats, that returns one.

    It is kept on disk as a loop is: what it closes over has to tell what it calls.
    """
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    from numba import types  # noqa: PLC0415 - likewise

    array: Any = types.CPointer(types.float64)  # type: ignore[no-untyped-call]  # of numba's
    takes = [array] * pointers + [types.float64] * numbers
    made: Any = numba.cfunc(types.float64(*takes), cache=True, error_model="numpy")(function)
    _kept.append(made)
    return int(made.address)


_kept: list[Any] = []
"""Compiled functions live as long as somebody holds them; their addresses are held by nobody."""
