"""Whether a tick came just now: a doctor waits for one, and no longer than it is patient."""

import asyncio

from collections.abc import Iterator, Mapping

from runtime.doctor_terminal import fresh, is_currency
from tests.venues import EURUSD, GOLD


class Quoted:
    """A terminal whose last ticks are told in turn, the last for ever."""

    def __init__(self, *told: Mapping[str, int]) -> None:
        """Take what is told."""
        self.told: Iterator[Mapping[str, int]] = iter(told)
        self.last = told[-1]

    async def ticks(self) -> Mapping[str, int]:
        """Tell the next."""
        return next(self.told, self.last)


def test_a_tick_that_moves_is_fresh() -> None:
    """The symbols that were quoted while we waited, with their times; those that stand still are not among them."""
    terminal = Quoted({"EURUSD": 1, "XAUUSD": 5}, {"EURUSD": 9, "XAUUSD": 5})
    ticks, wall = asyncio.run(fresh(terminal.ticks, 5.0))

    assert {"EURUSD": 9} == ticks
    assert wall > 0


def test_a_closed_market_is_not_waited_for_longer_than_patience() -> None:
    """Nothing moves: no tick is made up."""
    assert {} == asyncio.run(fresh(Quoted({"EURUSD": 1}).ticks, 0.05))[0]
    assert {} == asyncio.run(fresh(Quoted({}).ticks, 0.0))[0]


def test_a_pair_of_currencies_is_one_by_both_sides() -> None:
    """Gold in dollars is none: it opens when its broker likes."""
    assert [True, False] == [is_currency(symbol) for symbol in (EURUSD, GOLD)]
