"""Arrays that are handed over in a table come out of it as they went in."""

from typing import Any

import numba
import numpy as np
import pytest

from backtests.engine_packed import spelt, unpacked, words_of

ARRAYS = (np.arange(4.0), np.arange(6, dtype=np.int8).reshape(2, 3), np.array([7, 8], dtype=np.int64))
SPELT = spelt(ARRAYS)
made: Any = unpacked


def test_arrays_come_out_of_a_table_as_they_went_in() -> None:
    """Of each sort of numbers and number of dimensions; they are the same memory."""

    @numba.njit
    def read(table: Any) -> Any:  # noqa: ANN401 - an array
        one, two, three = made(table, 1, SPELT)
        one[0] = len(one)
        return two[1, 2], two.shape[1], three[1]

    table = np.array([99, *words_of(ARRAYS)], np.int64)

    assert (5, 3, 8) == read(table)
    assert 4.0 == ARRAYS[0][0]


def test_an_array_with_gaps_has_no_place_in_a_table() -> None:
    """Every other number is not where the table would say."""
    with pytest.raises(ValueError, match="gaps"):
        words_of([np.arange(6.0)[::2]])
