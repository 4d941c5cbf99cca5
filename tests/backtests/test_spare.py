"""Columns are laid where those of an earlier run have lain, and never where somebody still looks."""

from typing import Any

from backtests.scratch import room
from backtests.spare import LEAST, MOST, lent, unused


def where(array: Any) -> Any:  # noqa: ANN401 - of numpy
    """Return the address of an array's first byte."""
    return array.ctypes.data


def test_memory_that_nobody_looks_at_any_more_is_lent_again() -> None:
    """The second run writes where the first one has written."""
    one = room(LEAST)
    before = where(one)
    del one

    assert where(room(LEAST)) == before


def test_memory_is_not_lent_while_a_part_of_it_is_looked_at() -> None:
    """A report may keep some rows of a column of which all else is gone."""
    column = room(LEAST)
    column[:] = 1.0
    rows = column[5:10].reshape(5, 1)
    del column

    room(LEAST)[:] = 2.0

    assert rows.tolist() == [[1.0]] * 5


def test_no_memory_is_lent_twice_at_a_time() -> None:
    """Columns of one run lie apart."""
    columns = [lent(LEAST) for _ in range(5)]

    assert len({where(column) for column in columns}) == len(columns)


def test_what_lies_about_unused_is_bounded() -> None:
    """Runs of other sizes than before do not add up: what nobody asks for any more goes."""
    sizes = [MOST // 3 + n for n in range(5)]

    found = []
    for size in sizes:
        lent(size)
        found.append(unused() <= MOST)

    assert found == [True] * len(sizes)


def test_what_is_too_much_to_lie_about_is_given_back_at_once() -> None:
    """A very long backtest leaves nothing behind."""
    before = unused()

    lent(MOST + 1)

    assert unused() == before
