"""Hands on our trades: told by a deal's reason, known by position id, adopted or undone, tagged and always told."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, Rejected
from market.types import Deal
from runtime.core.hands import INVALID_STOPS, tagged
from runtime.core.instructions import Alert, ClosePosition, ModifyStop
from runtime.core.positions import Trade
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, level, reconciled, sell
from tests.told import Told, kinds, of_kind, only, position_of

PEOPLE = {"client": "at the terminal", "mobile": "on the phone", "web": "on the web"}


def holding(side: int = 1, hands: str = "restore") -> tuple[Told, Deal]:
    """Return a core that holds one lot since bar 3, its stop a dollar away, and what the venue has told of it."""
    told = Told(a_plan(a_lane({3: buy() if side > 0 else sell()}), hands=hands))
    entry = told.enter(3)
    told.tell(reconciled(BALANCE, position_of(entry, stop=trade_of(told).stop), at=hour(4)))
    return told, entry


def trade_of(told: Told) -> Trade:
    """Return the trade of the first strategy."""
    trade = told.core.lanes[0].trade
    assert trade is not None
    return trade


def seen(told: Told, entry: Deal, **fields: float) -> list[str]:
    """Look at a venue that shows the position so; return the kinds of what is asked for."""
    return kinds(told.tell(reconciled(BALANCE, position_of(entry, **fields), at=hour(5))))


# --- deals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", PEOPLE)
def test_a_position_closed_by_a_person_is_taken_off_and_told(reason: str) -> None:
    """The alert says who, what and at what price; the strategy is free."""
    told, entry = holding()
    step = told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 101.5, magic=0, reason=reason)))
    text = only(step, Alert).text

    assert (None, ["Alert"]) == (told.core.lanes[0].trade, kinds(step))
    assert f"position {entry.position} was closed, by a person {PEOPLE[reason]}, at 101.5" in text
    assert 0 == told.decide(5).position


def test_a_position_closed_by_another_program_is_taken_off_and_told() -> None:
    """An expert's deal with a magic number that is not the trade's is not our doing."""
    told, entry = holding()
    step = told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 101.5, magic=77)))

    assert "another program (magic 77)" in only(step, Alert).text


@pytest.mark.parametrize("reason", ["stop", "target", "stop_out", "expert"])
def test_neither_the_venue_nor_we_are_hands(reason: str) -> None:
    """Stops, targets, stop-outs and our own closing deals are nobody else's doing."""
    told, entry = holding()
    step = told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 99.0, volume=0.4, reason=reason)))

    assert ((), "") == (step.instructions, trade_of(told).tag)


def test_a_part_closed_by_hand_is_adopted() -> None:
    """What is left is looked after as before, and is tagged."""
    told, entry = holding()
    step = told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 101.0, volume=0.4, magic=0, reason="mobile")))
    told.tell(reconciled(BALANCE, position_of(entry, volume=0.6, stop=99.1), at=hour(5)))

    assert (0.6, "manual", []) == (trade_of(told).volume, trade_of(told).tag, told.holds)
    assert "was partly closed: 0.6 lots are left" in only(step, Alert).text


def test_a_hand_that_takes_a_part_leaves_our_own_close_in_doubt() -> None:
    """A person's deal says nothing of what became of ours."""
    told, entry = holding()
    wish = told.core.desk.close(trade_of(told), "strategy")
    told.core.desk.doubt(told.core.ledger.orders[wish.id], "timeout")
    told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 101.0, volume=0.4, magic=0, reason="client")))

    assert (wish.id, "IN_DOUBT") == (trade_of(told).closing, told.core.ledger.orders[wish.id].state)


def test_a_close_by_takes_both_positions_off() -> None:
    """A person closes ours against his own: two deals out by, each known by its position."""
    told, entry = holding()
    mine = told.deal(entry, "out_by", 101.0, volume=0.4, magic=0, reason="client")
    told.tell(DealMade(at=hour(5), deal=mine))
    his = told.deal(entry, "out_by", 101.0, volume=0.4, position=4711, magic=0, reason="client")
    step = told.tell(DealMade(at=hour(5), deal=his))

    assert (0.6, "manual", ()) == (trade_of(told).volume, trade_of(told).tag, step.instructions)


def test_a_position_of_a_netting_account_made_larger_by_hand_is_ours_whole() -> None:
    """One net position has one stop: what a person adds is looked after with the rest."""
    told, entry = holding()
    more = told.deal(entry, "in", 102.0, volume=1.0, side=1, magic=0, reason="client")
    step = told.tell(DealMade(at=hour(5), deal=more))
    told.tell(reconciled(BALANCE, position_of(entry, volume=2.0, price=101.05, stop=99.1), at=hour(5)))

    assert pytest.approx((2.0, 101.05)) == (trade_of(told).volume, trade_of(told).entry)
    assert ("manual", []) == (trade_of(told).tag, told.holds)
    assert "was made larger by 1 lots" in only(step, Alert).text


def test_a_position_turned_round_by_hand_is_ours_no_more() -> None:
    """What stands there now is a person's: it is shown as foreign, and never touched."""
    told, entry = holding()
    turn = told.deal(entry, "inout", 101.0, volume=3.0, magic=0, reason="mobile")
    step = told.tell(DealMade(at=hour(5), deal=turn))
    theirs = position_of(entry, side=-1, volume=2.0, price=101.0, stop=0.0, magic=0)
    told.tell(reconciled(BALANCE, theirs, at=hour(5)))

    assert (None, (theirs,)) == (told.core.lanes[0].trade, told.core.ledger.foreign)
    assert "was turned round" in only(step, Alert).text


def test_a_position_turned_round_by_our_own_close_is_a_break() -> None:
    """A part was closed by hand in the same moment: what our close has opened has no stop, and a person must look."""
    told, entry = holding()
    turn = told.deal(entry, "inout", 101.0, volume=1.0)
    step = told.tell(DealMade(at=hour(5), deal=turn))
    naked = position_of(entry, side=-1, volume=0.4, price=101.0, stop=0.0)
    told.tell(reconciled(BALANCE, naked, at=hour(5)))

    assert ("page", None) == (only(step, Alert).severity, told.core.lanes[0].trade)
    assert ["BREAK:XAUUSD"] == told.holds


# --- stops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("moved", "said", "severity"), [(0.0, "removed", "page"), (5.0, "widened to", "warn")])
def test_a_stop_removed_or_widened_is_set_again_at_once(side: int, moved: float, said: str, severity: str) -> None:
    """Risk beyond the plan is not kept: it is told once, of a position without any as a page, and set again."""
    told, entry = holding(side)
    stop = trade_of(told).stop
    there = round(entry.price - side * moved, 2) if moved else 0.0
    step = told.tell(reconciled(BALANCE, position_of(entry, stop=there), at=hour(5)))
    move = only(step, ModifyStop)
    told.tell(Accepted(at=hour(5), id=move.id))

    assert (stop, "manual") == (move.stop, trade_of(told).tag)
    assert (severity, True) == (only(step, Alert).severity, f"{said}" in only(step, Alert).text)
    assert [] == seen(told, entry, stop=stop)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("moved", [0.0, 5.0])
def test_a_policy_of_accepting_leaves_a_loosened_stop_where_it_is(side: int, moved: float) -> None:
    """It is told, and neither a look nor a bar sets it again."""
    told, entry = holding(side, "accept")
    there = round(entry.price - side * moved, 2) if moved else 0.0

    assert ["Alert"] == seen(told, entry, stop=there)
    assert ([], there) == (seen(told, entry, stop=there), trade_of(told).stop)
    assert ["in_position"] == [d.outcome for d in told.tell(closed(4), closed(5, 100.5)).decisions][-1:]
    assert [] == [w for step in told.steps for w in of_kind(step, ModifyStop)]


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("hands", ["restore", "accept"])
def test_a_stop_tightened_by_hand_is_adopted_and_told(side: int, hands: str) -> None:
    """A person may take risk away: the core knows, and does not fight it."""
    told, entry = holding(side, hands)
    there = round(entry.price - side * 0.2, 2)

    assert (["Alert"], []) == (seen(told, entry, stop=there), seen(told, entry, stop=there))
    assert (there, "manual", []) == (trade_of(told).stop, trade_of(told).tag, told.holds)
    assert [] == kinds(told.tell(closed(4)))


def test_a_target_changed_by_hand_is_adopted_and_told() -> None:
    """Where a person wants to take the profit is no risk."""
    told, entry = holding()

    assert (["Alert"], []) == (seen(told, entry, stop=99.1, target=103.0), seen(told, entry, stop=99.1, target=103.0))
    assert (103.0, "manual") == (trade_of(told).target, trade_of(told).tag)


def test_a_halt_forbids_to_set_a_stop_again() -> None:
    """The table rules here too: it is told once, with what forbids it, and done once the level allows it."""
    told, entry = holding()
    told.tell(level("halt", hour(5)))
    step = told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=hour(5)))
    quiet = seen(told, entry, stop=0.0)
    told.tell(level("run", hour(6)))

    assert (["Alert"], []) == (kinds(step), quiet)
    assert "cannot be set again now: halt" in only(step, Alert).text
    assert ["ModifyStop"] == seen(told, entry, stop=0.0)


def test_a_trade_whose_stop_the_price_has_passed_is_left() -> None:
    """The venue refuses a stop on the wrong side of the price: the trade is over, a look later."""
    told, entry = holding()
    move = only(told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=hour(5))), ModifyStop)
    told.tell(Rejected(at=hour(5), id=move.id, code=INVALID_STOPS, reason="invalid stops"))
    step = told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=hour(5)))

    assert (["ClosePosition"], "stop passed") == (kinds(step), only(step, ClosePosition).reason)


def test_a_trailing_stop_refused_before_says_nothing_of_a_stop_removed_now() -> None:
    """It stood too near to the price that day; the old stop does not: it is set again, and the trade is kept."""
    told = Told(a_plan(a_lane({3: buy(trail=1.0)})))
    entry = told.enter(3)
    move = only(told.tell(closed(4, 102.0, low=100.0)), ModifyStop)
    told.tell(Rejected(at=hour(5), id=move.id, code=INVALID_STOPS, reason="too near"))
    step = told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=hour(5)))

    assert (["Alert", "ModifyStop"], 99.1) == (kinds(step), only(step, ModifyStop).stop)


def test_tags_are_kept_beside_each_other() -> None:
    """An adopted trade that a person closes is both."""
    assert ("manual", "adopted,manual", "manual") == (
        tagged("", "manual"),
        tagged("adopted", "manual"),
        tagged("manual", "manual"),
    )


def test_a_deal_with_our_magic_on_a_foreign_position_is_a_break() -> None:
    """On a netting account an entry may be netted with what others hold: nobody's trade, and a person must look."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    netted = told.deal(wish, "out", 100.0, position=4711)
    step = told.tell(DealMade(at=hour(4), deal=netted))
    theirs = position_of(msgspec.structs.replace(netted, entry="in"), side=-1, magic=0)
    told.tell(reconciled(BALANCE, theirs, at=hour(4)))
    held = told.holds
    told.tell(reconciled(BALANCE, at=hour(5)))

    assert ("page", ["BREAK:XAUUSD"], []) == (only(step, Alert).severity, held, told.holds)
    assert (None, 0) == (told.core.lanes[0].trade, told.core.lanes[0].order)


# --- without a stop ---------------------------------------------------------------------------------------------------


def bare(told: Told, entry: Deal, *seconds: float) -> list[list[str]]:
    """Look at a venue that shows no stop, so many seconds after hour 5 each; no stop can be set again."""
    found = []
    for after in seconds:
        at = hour(5) + int(after * 1000)
        step = told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=at))
        for wish in of_kind(step, ModifyStop):
            told.tell(Rejected(at=at, id=wish.id, code=10006, reason="the dealer says no"))
        found.append(kinds(step))
    return found


def test_a_position_that_stays_without_a_stop_is_closed() -> None:
    """Each look tries to set it again; after five minutes in which the venue took none, the trade is left."""
    told, entry = holding()
    first, later, last = bare(told, entry, 0, 299, 300)
    close = only(told.steps[-1], ClosePosition)

    assert (True, ["ModifyStop"], ["Alert", "ClosePosition"]) == ("ModifyStop" in first, later, last)
    assert ("unguarded", 1.0) == (close.reason, close.volume)
    assert "had no stop for 300 s: it is closed" in only(told.steps[-1], Alert).text
    assert [[]] == bare(told, entry, 360)  # it is being closed


def test_a_stop_that_is_there_again_begins_the_time_anew() -> None:
    """A look that finds one in between ends it."""
    told, entry = holding()
    bare(told, entry, 0, 200)
    told.tell(reconciled(BALANCE, position_of(entry, stop=trade_of(told).stop), at=hour(5) + 250_000))

    assert [False, False] == ["ClosePosition" in step for step in bare(told, entry, 301, 599)]


def test_what_a_person_may_take_away_is_not_closed_for_it() -> None:
    """Where hands are accepted, so is a trade without a stop; somebody was paged."""
    told, entry = holding(hands="accept")

    assert not any("ClosePosition" in step for step in bare(told, entry, 0, 300, 9_000))


def test_a_halt_keeps_a_position_without_a_stop_until_a_person_closes_it() -> None:
    """At halt nothing of a strategy's may leave; once it is let go, a stop is tried once more before it is closed."""
    told, entry = holding()
    told.tell(level("halt"))
    halted = bare(told, entry, 0, 400)
    told.tell(level("run"))

    assert not any("ClosePosition" in step for step in halted)
    assert [["ModifyStop"], ["Alert", "ClosePosition"]] == bare(told, entry, 460, 520)


def test_the_time_without_a_stop_goes_on_over_a_restart() -> None:
    """A core that was put to sleep and woken again remembers since when."""
    told, entry = holding()
    bare(told, entry, 0)
    woken = Told(told.core.plan)
    woken.core.restore(told.core.snapshot())

    assert trade_of(told).bare_since == trade_of(woken).bare_since == hour(5)
