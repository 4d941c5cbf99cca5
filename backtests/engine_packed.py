"""Many arrays handed to compiled code as one: a table of where they stand, which machine code makes arrays of again.

To hand an array over from Python takes a tenth of a microsecond, and a loop of a drive takes more than thirty. A table
is handed over once a call, whatever stands in it. The arrays must live as long as their table: nobody else counts them.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import from_dtype


def words_of(arrays: Sequence[Any]) -> list[int]:
    """Return what a table says of arrays: of each its address, then its lengths; ValueError where one has gaps."""
    if not all(array.flags.c_contiguous and array.flags.aligned for array in arrays):
        raise ValueError("an array with gaps has no place in a table")
    return [word for array in arrays for word in (array.ctypes.data, *array.shape)]


def spelt(arrays: Sequence[Any]) -> str:
    """Return the types of arrays as `unpacked` reads them.

    >>> spelt((np.zeros(3), np.zeros((2, 2), np.int8)))
    'float64 1,int8 2'
    """
    return ",".join(f"{array.dtype.name} {array.ndim}" for array in arrays)


def _kinds(spelling: str) -> Any:  # noqa: ANN401 - numba's
    words = [word.split() for word in spelling.split(",")]
    arrays = [types.Array(from_dtype(np.dtype(name)), int(many), "C") for name, many in words]
    return types.Tuple(arrays)  # type: ignore[no-untyped-call]  # of numba's


@intrinsic(prefer_literal=True)
def unpacked(_context: Any, table: Any, place: Any, spelling: Any) -> Any:  # noqa: ANN401, ARG001 - numba's
    """Return the arrays that stand in a table from a place on, as a tuple; their types are spelt."""
    kinds = _kinds(spelling.literal_value)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401 - likewise
        words = context.make_array(signature.args[0])(context, builder, args[0]).data
        read = count()

        def word() -> Any:  # noqa: ANN401 - likewise
            where = builder.add(args[1], ir.Constant(args[1].type, next(read)))
            return builder.load(builder.gep(words, [where]))

        made = []
        for kind in kinds:
            item = context.get_data_type(kind.dtype)
            data, shape = builder.inttoptr(word(), item.as_pointer()), [word() for _ in range(kind.ndim)]
            size = context.get_constant(types.intp, context.get_abi_sizeof(item))
            strides = [size]
            for length in shape[:0:-1]:
                strides.insert(0, builder.mul(strides[0], length))
            array = make_array(kind)(context, builder)  # type: ignore[no-untyped-call]  # of numba's
            populate_array(  # type: ignore[no-untyped-call]  # likewise
                array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None
            )
            made.append(array._getvalue())  # noqa: SLF001 - numba has no other word for it
        return context.make_tuple(builder, signature.return_type, made)

    return kinds(table, types.intp, spelling), generate
