"""A flatten's positions: entries are gone before, a closed market queues them, a person drops one, each end is told."""

import msgspec

from brokers.facts import Accepted, DealMade, OrderGone, Refused, Rejected
from brokers.limits import GATES
from runtime.core.facts import PositionDropped
from runtime.core.instructions import Asker, Cancel, ClosePosition, Reply, SetLevel, Submit
from tests.cores import a_lane, a_plan, buy, buy_limit, closed, hour, level, reconciled
from tests.told import Told, of_kind, only, position_of, resting

CLOSED = 10018
WIDE = 1 + GATES.index("spread")
ANN = Asker(id="ann-1", who="ann", why="keep it", wall=1)


def queued() -> tuple[Told, ClosePosition]:
    """Return a core whose flatten has met a closed market."""
    told = Told(a_plan(a_lane({3: buy()}), reopen_spread=90.0))
    told.enter(3)
    wish = only(told.tell(level("flatten", hour(4))), ClosePosition)
    told.tell(Rejected(at=hour(4), id=wish.id, code=CLOSED, reason="market closed"))
    return told, wish


def states(told: Told) -> list[str]:
    """Return what became of each position."""
    return [one.state for one in told.core.ledger.leaving.values()]


def test_what_rests_is_gone_before_a_position_is_closed() -> None:
    """The cancel is asked for first, and confirmed; then the close leaves."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy_limit(99.5)}, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    deal = told.deal(first, "in", 100.1)
    told.tell(Accepted(at=hour(4), id=first.id, order=54, deal=deal.ticket), DealMade(at=hour(4), deal=deal))
    told.tell(Accepted(at=hour(4), id=second.id, order=55))
    asked = told.tell(level("flatten", hour(4)))
    cancel = only(asked, Cancel)
    answered = told.tell(Accepted(at=hour(4), id=cancel.id, order=55))
    gone = told.tell(OrderGone(at=hour(4), order=55, magic=second.magic, end="cancelled"))

    assert [] == of_kind(asked, ClosePosition) + of_kind(answered, ClosePosition)
    assert deal.position == only(gone, ClosePosition).position


def test_an_entry_that_cannot_be_taken_back_keeps_no_position_open() -> None:
    """The venue has said no to the cancel: the positions are closed all the same."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy_limit(99.5)}, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    deal = told.deal(first, "in", 100.1)
    told.tell(DealMade(at=hour(4), deal=deal), Accepted(at=hour(4), id=second.id, order=55))
    cancel = only(told.tell(level("flatten", hour(4))), Cancel)
    told.tell(Rejected(at=hour(4), id=cancel.id, code=10029, reason="frozen"))
    there = reconciled(told.balance, position_of(deal), at=hour(4), orders=(resting(second),))

    assert [deal.position] == [w.position for w in of_kind(told.tell(there), ClosePosition)]


def test_a_closed_market_queues_a_position_until_it_may_be_open() -> None:
    """Facts that say nothing of its market change nothing; its next bar does, and the spread is capped then."""
    told, wish = queued()
    quiet = told.tell(level("flatten", hour(4)))
    again = only(told.tell(closed(4)), ClosePosition)

    assert (["queued"], []) == (states(told), of_kind(quiet, ClosePosition))
    assert (wish.position, 90.0, 0.0) == (again.position, again.max_spread, wish.max_spread)


def test_a_spread_that_is_too_wide_keeps_it_queued_and_force_goes_past_it() -> None:
    """A person may say that it shall go at any price."""
    told, _ = queued()
    again = only(told.tell(closed(4)), ClosePosition)
    told.tell(Refused(at=hour(5), id=again.id, code=WIDE, reason="spread 200.0 points, at most 90"))
    why = next(iter(told.core.ledger.leaving.values())).why
    change = level("flatten", hour(5))
    forced = msgspec.structs.replace(change.command, force=True)
    told.tell(msgspec.structs.replace(change, command=forced, generation=7))
    last = only(told.tell(closed(5)), ClosePosition)

    assert ("queued", f"{WIDE} spread 200.0 points, at most 90", 0.0) == (states(told)[0], why, last.max_spread)


def test_a_queued_position_survives_a_crash() -> None:
    """The snapshot has it: nothing is asked for before its market may be open."""
    told, wish = queued()
    again = told.again()

    assert (["queued"], []) == (states(again), of_kind(again.tell(level("flatten", hour(4))), ClosePosition))
    assert wish.position == only(again.tell(closed(4)), ClosePosition).position


def test_each_end_is_told_with_price_and_deal() -> None:
    """And the flatten ends in halt."""
    told, wish = queued()
    last = only(told.tell(closed(4)), ClosePosition)
    deal = told.deal(last, "out", 99.25)
    asked = only(told.tell(DealMade(at=hour(5), deal=deal)), SetLevel)
    (one,) = told.core.ledger.leaving.values()

    assert ("halt", "closed", 99.25, deal.ticket, wish.position) == (
        asked.level, one.state, one.price, one.deal, one.position,
    )  # fmt: skip


def test_a_person_drops_a_position_and_the_flatten_ends_without_it() -> None:
    """It stays open, with its stop; who asked, and why, is kept."""
    told, wish = queued()
    step = told.tell(PositionDropped(at=hour(4), asker=ANN, position=wish.position))
    reply, ended = only(step, Reply), only(step, SetLevel)
    (one,) = told.core.ledger.leaving.values()

    assert (True, "halt", f"flattened: left open by a person: {wish.position}") == (reply.ok, ended.level, ended.why)
    assert ("dropped", "ann: keep it", True) == (one.state, one.why, told.core.lanes[0].trade is not None)
    assert [] == of_kind(told.tell(closed(4)), ClosePosition)


def test_only_what_a_flatten_is_about_to_close_can_be_dropped() -> None:
    """The answer names what is."""
    told, wish = queued()
    reply = only(told.tell(PositionDropped(at=hour(4), asker=ANN, position=7)), Reply)

    assert (False, True) == (reply.ok, f"it is about to close: {wish.position}" in reply.text)


def test_a_halt_ends_a_flatten_and_says_what_it_left() -> None:
    """No bar works it any more; a new flatten begins with it again."""
    told, wish = queued()
    told.tell(msgspec.structs.replace(level("halt", hour(4)), generation=7))
    after = states(told)
    quiet = told.tell(closed(4))
    told.tell(msgspec.structs.replace(level("flatten", hour(5)), generation=8))

    assert (["left"], []) == (after, of_kind(quiet, ClosePosition))
    assert [("asked", wish.position)] == [(one.state, one.position) for one in told.core.ledger.leaving.values()]
