"""What loops of machine code are made with: pointers in place of arrays, and functions that are compiled apart.

A kernel that takes a pointer is half the code of one that takes an array, which is a struct of seven words, and whose
indices are asked whether they are negative. A function that is compiled apart is called by its address: it is compiled
once, and kept on disk once, for all loops that call it, however many strategies they are made for.

Loops name these functions, and do not close over what numba makes of them: that differs from process to process, and
no loop would be found on disk again.
"""

import functools

from collections.abc import Callable
from typing import Any

Made = Any
"""What numba makes."""
LEAN: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
"""How loops are compiled. Nothing is allocated in them, so that numba need not count who holds an array: counting took
four fifths of the time. Kernels guard their divisions, which are not asked about once more: that took half of the rest.
Where all are compiled alike, a kernel that two of them call is compiled once in a process.
"""
ONLY_COMPILED = "this is what a compiled loop calls: compile whoever calls it"


def pointer(array: Made) -> Made:
    """Return where the first number of an array stands; in machine code only, as those below."""
    raise NotImplementedError(ONLY_COMPILED)


def pointers(arrays: Made) -> Made:
    """Return where the first number of each array of a tuple stands."""
    raise NotImplementedError(ONLY_COMPILED)


def beyond(start: Made, count: int) -> Made:
    """Return the pointer to what stands so many numbers beyond another."""
    raise NotImplementedError(ONLY_COMPILED)


def call(address: int, given: Made) -> float:
    """Return what a function compiled apart returns of these pointers and numbers, a tuple."""
    raise NotImplementedError(ONLY_COMPILED)


@functools.cache
def tell_numba() -> None:  # noqa: C901 - four times the same
    """Tell numba what these functions are in machine code."""
    from numba import types  # noqa: PLC0415 - slow to import, and only a drive needs it
    from numba.extending import intrinsic, overload  # noqa: PLC0415 - likewise

    @intrinsic
    def to_pointer(_context: Made, array: Made) -> Made:
        def generate(context: Made, builder: Made, signature: Made, args: Made) -> Made:
            return context.make_array(signature.args[0])(context, builder, args[0]).data

        return types.CPointer(array.dtype)(array), generate  # type: ignore[no-untyped-call]  # of numba's

    @intrinsic
    def to_pointers(_context: Made, arrays: Made) -> Made:
        def generate(context: Made, builder: Made, signature: Made, args: Made) -> Made:
            make = context.make_array(signature.args[0].dtype)
            found = [make(context, builder, builder.extract_value(args[0], n)).data for n in range(len(arrays))]
            return context.make_tuple(builder, signature.return_type, found)

        one: Made = types.CPointer(arrays.dtype.dtype)  # type: ignore[no-untyped-call]  # likewise
        all_of_them: Made = types.UniTuple
        return all_of_them(one, len(arrays))(arrays), generate

    @intrinsic
    def to_beyond(_context: Made, start: Made, count: Made) -> Made:
        def generate(_context: Made, builder: Made, _signature: Made, args: Made) -> Made:
            return builder.gep(args[0], [args[1]])

        return start(start, count), generate

    @intrinsic
    def to_call(_context: Made, address: Made, given: Made) -> Made:
        def generate(context: Made, builder: Made, signature: Made, values: Made) -> Made:
            from llvmlite import ir  # noqa: PLC0415 - comes with numba

            kinds = [context.get_value_type(kind) for kind in signature.args[1]]
            function = ir.FunctionType(context.get_value_type(types.float64), kinds)
            where = builder.inttoptr(values[0], function.as_pointer())
            return builder.call(where, [builder.extract_value(values[1], n) for n in range(len(kinds))])

        return types.float64(address, given), generate

    made: tuple[Any, Any, Any, Any] = to_pointer, to_pointers, to_beyond, to_call
    pointing, pointing_at_all, going, calling = made

    @overload(pointer)
    def _pointer(array: Made) -> Made:  # noqa: ARG001 - numba looks at names
        def one(array: Made) -> Made:
            return pointing(array)

        return one

    @overload(pointers)
    def _pointers(arrays: Made) -> Made:  # noqa: ARG001 - likewise
        def one(arrays: Made) -> Made:
            return pointing_at_all(arrays)

        return one

    @overload(beyond)
    def _beyond(start: Made, count: Made) -> Made:  # noqa: ARG001 - likewise
        def one(start: Made, count: Made) -> Made:
            return going(start, count)

        return one

    @overload(call)
    def _call(address: Made, given: Made) -> Made:  # noqa: ARG001 - likewise
        def one(address: Made, given: Made) -> Made:
            return calling(address, given)

        return one


def apart(function: Callable[..., float], pointers: int, numbers: int) -> int:
    """Return the address of a compiled function of so many pointers to floats, then so many floats, that returns one.

    It is kept on disk as a loop is: what it closes over has to tell what it calls.
    """
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    from numba import types  # noqa: PLC0415 - likewise

    array: Any = types.CPointer(types.float64)  # type: ignore[no-untyped-call]  # of numba's
    takes = [array] * pointers + [types.float64] * numbers
    made: Any = numba.cfunc(types.float64(*takes), **LEAN)(function)
    _kept.append(made)
    return int(made.address)


_kept: list[Any] = []
"""Compiled functions live as long as somebody holds them; their addresses are held by nobody."""
