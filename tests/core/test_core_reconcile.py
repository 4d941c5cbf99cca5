"""The core's book held against the venue's: what differs holds and alerts, what is explained is adopted."""

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import DealMade, InDoubt
from market.types import Deal, Position
from runtime.core.breaks import unexplained
from runtime.core.instructions import Alert, ClosePosition, Submit, WakeAt
from tests.cores import BALANCE, LEAVE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told, of_kind, only, position_of, with_resting_entry


def holding() -> tuple[Told, Deal]:
    """Return a core that bought one lot on bar 3 and wants to leave on bar 4; another strategy may enter on bar 5."""
    told = Told(a_plan(a_lane({3: buy(), 4: LEAVE, 6: LEAVE}), a_lane({5: buy()}, 2)))
    wish = only(told.tell(closed(3)), Submit)
    deal = told.deal(wish, "in", 100.1)
    told.tell(DealMade(at=hour(4), deal=deal))
    return told, deal


def as_held(deal: Deal, **fields: float) -> Position:
    """Return the position of `holding` as the venue shows it; fields may be changed."""
    return msgspec.structs.replace(position_of(deal, stop=99.1), **fields)


def test_a_venue_that_agrees_is_no_break() -> None:
    """Positions, stops and balance are the same: nothing is held and nobody is told."""
    told, deal = holding()

    assert () == told.tell(reconciled(BALANCE, as_held(deal), at=hour(4))).instructions
    assert [] == told.holds


@pytest.mark.parametrize(
    ("positions", "balance", "hold"),
    [
        ([], BALANCE, "BREAK:XAUUSD"),
        ([{"volume": 0.5}], BALANCE, "BREAK:XAUUSD"),
        ([{"side": -1}], BALANCE, "BREAK:XAUUSD"),
        ([{}, {"ticket": 77}], BALANCE, "BREAK:XAUUSD"),
        ([{}], BALANCE + 0.01, "BREAK"),
        ([{}], BALANCE - 250.0, "BREAK"),
    ],
    ids=["gone", "volume", "side", "second of our magic", "a cent", "money"],
)
def test_an_unexplained_difference_holds_and_pages_until_it_is_gone(
    positions: list[dict[str, float]], balance: float, hold: str
) -> None:
    """It is told once, forbids entries, and is lifted by a look at which everything agrees."""
    told, deal = holding()
    look = reconciled(balance, *(as_held(deal, **p) for p in positions), at=hour(4))

    first, second = told.tell(look), told.tell(look)
    held = told.holds
    entry = told.tell(closed(5)).decisions[1]
    told.tell(reconciled(BALANCE, as_held(deal), at=hour(6)))

    assert ([hold], ["page"], []) == (held, [a.severity for a in of_kind(first, Alert)], of_kind(second, Alert))
    assert ("held", (hold,)) == (entry.outcome, entry.holds)
    assert [] == told.holds


def test_a_break_that_lasts_is_told_again_ever_more_rarely() -> None:
    """After ten looks, after twenty, after forty: nobody is to sleep over it, nor to be woken each minute."""
    told, deal = holding()
    look = reconciled(BALANCE - 250.0, as_held(deal), at=hour(4))

    paged = [n for n in range(1, 90) if of_kind(told.tell(look), Alert)]

    assert [1, 10, 20, 40, 80] == paged


def test_a_break_that_returns_is_told_as_a_new_one() -> None:
    """Lifted is forgotten."""
    told, deal = holding()
    bad, good = (reconciled(money, as_held(deal), at=hour(4)) for money in (BALANCE - 1.0, BALANCE))

    assert [1, 0, 1] == [len(of_kind(told.tell(look), Alert)) for look in (bad, good, bad)]


@given(
    st.lists(st.tuples(st.sampled_from(["XAUUSD", "EURUSD"]), st.sampled_from([1, -1]), st.integers(1, 999))),
    st.integers(0, 8),
    st.integers(-500, 500),
)
def test_ours_and_foreign_make_the_venue(held: list[tuple[str, int, int]], split: int, off: int) -> None:
    """Whatever is held by symbol and side: what the venue has beyond ours and foreign is found, to the hundredth."""
    told, deal = holding()
    theirs = tuple(
        as_held(deal, ticket=n, symbol=symbol, side=side, volume=lots / 100)  # type: ignore[arg-type]
        for n, (symbol, side, lots) in enumerate(held)
    )
    ours = as_held(deal, volume=round(deal.volume + off / 100, 2))
    left = unexplained(told.core.lanes, theirs, (*theirs[split:], ours, *theirs[:split]))

    assert ({"XAUUSD": off / 100} if off else {}) == left


@pytest.mark.parametrize("balance", [BALANCE + 0.004, BALANCE - 0.004])
def test_dust_is_no_break(balance: float) -> None:
    """Half a cent is what sums of floats may differ by."""
    told, deal = holding()

    assert () == told.tell(reconciled(balance, as_held(deal), at=hour(4))).instructions


def test_a_broken_position_is_not_left_by_its_strategy() -> None:
    """A break has the rights of a doubt: other positions may be left, not the one nobody understands."""
    told, deal = holding()
    told.tell(reconciled(BALANCE, as_held(deal, volume=0.5), at=hour(4)))
    broken = told.tell(closed(4))
    told.tell(reconciled(BALANCE, as_held(deal), at=hour(5)))

    assert ("held", ("BREAK:XAUUSD",)) == (broken.decisions[0].outcome, broken.decisions[0].holds)
    assert [] == of_kind(broken, ClosePosition)
    assert [deal.position] == [w.position for w in of_kind(told.tell(closed(6)), ClosePosition)]


def test_a_break_elsewhere_does_not_keep_a_position() -> None:
    """A wrong balance forbids entries, and no exit."""
    told, deal = holding()
    told.tell(reconciled(BALANCE - 250.0, as_held(deal), at=hour(4)))

    assert "exit" == told.tell(closed(4)).decisions[0].outcome


def test_the_deal_that_explains_a_break_lifts_it() -> None:
    """A deal told late explains both money and volume."""
    told, deal = holding()
    told.tell(reconciled(BALANCE - 50.0, as_held(deal, volume=0.5), at=hour(4)))
    part = told.deal(deal, "out", 99.1, volume=0.5, profit=-50.0, reason="client")
    told.tell(DealMade(at=hour(4), deal=part), reconciled(BALANCE - 50.0, as_held(deal, volume=0.5), at=hour(5)))

    assert [] == told.holds
    assert "exit" == told.tell(closed(6)).decisions[0].outcome


def test_a_foreign_position_is_no_break() -> None:
    """What was opened by others under another magic number is seen and left alone."""
    told, deal = holding()
    theirs = as_held(deal, ticket=4711, magic=5)
    told.tell(reconciled(BALANCE, as_held(deal), theirs, at=hour(4)))

    assert ([], (theirs,)) == (told.holds, told.core.ledger.foreign)


def test_the_first_look_takes_the_balance_as_it_is() -> None:
    """What happened on the account before the first run is not ours to explain; the deals up to there are known."""
    told = Told(a_plan(a_lane({})), opened=False)
    told.tell(reconciled(4_711.0, last_deal=50))
    old = Deal(
        ticket=50, order=1, position=1, at=0, symbol="XAUUSD", side=1, entry="out", volume=1.0, price=1.0, profit=9.0
    )
    told.tell(DealMade(at=0, deal=old))

    assert (4_711.0, 50, []) == (told.balance, told.core.ledger.last_deal, [h for h in told.holds if "BREAK" in h])


def test_two_doubts_are_resolved_by_one_look() -> None:
    """One was filled, one is missing: each has its own end."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    told.tell(*(InDoubt(at=hour(4), id=wish.id, code=1, reason="timeout") for wish in (first, second)))
    deal = told.deal(first, "in", 100.1)
    step = told.tell(
        DealMade(at=hour(4), deal=deal), reconciled(BALANCE, position_of(deal, stop=99.1), at=hour(4), settled=True)
    )

    assert ["FILLED", "MISSING"] == [told.core.ledger.orders[wish.id].state for wish in (first, second)]
    assert (["MISSING:XAUUSD"], ["missing:XAUUSD"]) == (told.holds, [w.key for w in of_kind(step, WakeAt)])


def test_a_resting_entry_that_vanished_is_over_once_settled() -> None:
    """No deal, no news, not at the venue: after the window the strategy is free again."""
    told, wish = with_resting_entry()
    told.tell(reconciled(at=hour(4)))
    before = told.core.lanes[0].order
    told.tell(reconciled(at=hour(4), settled=True))

    assert (wish.id, 0) == (before, told.core.lanes[0].order)
    assert "CANCELLED" == told.core.ledger.orders[wish.id].state
