"""The flattener at a real worker and trade server: what it closes, what it leaves, and that it sends once."""

import asyncio

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.session import Session
from runtime import flat_book
from runtime.core.desk import magic_of
from runtime.flatten_alone import ours_of, shown
from runtime.flattener import End, Flattener
from tests.daemons import terms_of, wrong
from tests.latches import latched
from tests.trade_server import by_hand, resting_by_hand

OURS, FOREIGN = magic_of(1, 1, 1), 7


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the folder of an account that is being flattened."""
    return latched(tmp_path / "state", "run", "flatten")


def flat(home: Path, state: Path, *, everything: bool = False, force: bool = False, **soon: float) -> list[End]:
    """Flatten; return what became of each. What has to be answered soon is said by its deadline."""
    session = Session(terms_of(home, state, **soon))
    flattener = Flattener(state, session, ours_of([], everything=everything), 0.5, force=force)
    return list(asyncio.run(flattener.flatten()))


def held() -> tuple[list[int], list[int]]:
    """Return the magic numbers of all positions and of all orders that the server has."""
    looks: list[Any] = [m.positions_get(), m.orders_get()]
    positions, orders = ([one.magic for one in found] for found in looks)
    return positions, orders


def told(ends: list[End]) -> list[tuple[str, str]]:
    """Return what each was and what became of it."""
    return [(end.what, end.outcome) for end in ends]


def test_our_orders_and_positions_are_ended_and_foreign_ones_shown(home: Path, state: Path) -> None:
    """Orders first; what is not ours is listed and stays."""
    for magic in (OURS, FOREIGN):
        by_hand(magic=magic)
        resting_by_hand(magic=magic)
    ends = flat(home, state)

    assert [("order", "cancelled"), ("order", "foreign"), ("position", "closed"), ("position", "foreign")] == told(ends)
    assert ([FOREIGN], [FOREIGN]) == held()


def test_with_all_foreign_ones_go_too(home: Path, state: Path) -> None:
    """A person has asked for everything."""
    by_hand(magic=FOREIGN)
    resting_by_hand(magic=FOREIGN)

    assert [("order", "cancelled"), ("position", "closed")] == told(flat(home, state, everything=True))
    assert ([], []) == held()


def test_a_close_that_may_have_left_is_not_sent_again(home: Path, state: Path) -> None:
    """It was written down, and the flattener died: the next one looks, and says so; a person may force it."""
    position = by_hand(magic=OURS).order
    flat_book.write(state, flat_book.Line(wall=1, ticket=position, volume=0.1))
    first = flat(home, state)
    stands = len(held()[0])
    second = flat(home, state, force=True)

    assert ([("position", "in doubt")], 1) == (told(first), stands)
    assert [("position", "closed")] == told(second)


def test_a_torn_line_does_not_take_the_next_one_with_it(state: Path) -> None:
    """Power was cut while the last flattener wrote: what this one writes is read all the same."""
    line = flat_book.Line(wall=1, ticket=7, volume=0.1)
    (state / flat_book.FILE).write_bytes(b'{"wall":1,"tick')
    flat_book.write(state, line)

    assert [line] == flat_book.lines_of(state)


def test_a_close_that_was_refused_is_sent_again_by_the_next_one(home: Path, state: Path) -> None:
    """A clear no has done nothing."""
    by_hand(magic=OURS)
    wrong("answers", "send", retcode=m.TRADE_RETCODE_MARKET_CLOSED)
    first = flat(home, state)
    second = flat(home, state)

    assert [("position", "left")] == told(first)
    assert first[0].why
    assert [("position", "closed")] == told(second)


@pytest.mark.parametrize(("worked", "outcome"), [(True, "closed"), (False, "in doubt")])
def test_a_close_whose_answer_is_lost_is_looked_for(home: Path, state: Path, worked: bool, outcome: str) -> None:  # noqa: FBT001 - a case
    """The call never returns and its worker is killed: a new one looks, and nothing is sent twice."""
    by_hand(magic=OURS)
    wrong("silent", "send", worked=worked)
    ends = flat(home, state, send=0.5)

    assert [("position", outcome)] == told(ends)
    assert 1 == len([line for line in flat_book.lines_of(state) if not line.answer])


def test_what_was_open_is_said_for_the_telephone() -> None:
    """Without a journal there is nothing to say but that."""
    assert "nothing of ours was open when it was known last" in shown([])
