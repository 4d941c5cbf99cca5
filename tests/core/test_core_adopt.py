"""Taking over an old bot's position: with a stop, by a free strategy, and only while the old bot is quiet."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkDown, Rejected
from market.types import MINUTE_MS, Deal, Order, Position
from runtime.core.decision import Step
from runtime.core.facts import AdoptionAsked, AnyFact
from runtime.core.instructions import Asker, ClosePosition, ModifyStop, Reply
from runtime.outcomes.books import Books
from tests.chaos_world import COSTS
from tests.cores import BALANCE, LEAVE, a_lane, a_plan, buy, closed, hour, level, reconciled
from tests.told import Told, kinds, of_kind, only
from tests.venues import MONDAY

OLD = 77
ANN = Asker(id="ann-1", who="ann", why="the old bot retires", wall=0)


def theirs(**fields: Any) -> Position:  # noqa: ANN401 - of any field
    """Return two lots of gold that the old bot bought at 100.00 an hour after the week began, stop at 98.00."""
    given = Position(
        ticket=4711, at=MONDAY, symbol="XAUUSD", side=1, volume=2.0, price=100.0, stop=98.0, target=110.0, magic=OLD
    )
    return msgspec.structs.replace(given, **fields)


def asked(**fields: Any) -> AdoptionAsked:  # noqa: ANN401 - of any field
    """Return the wish to let the first strategy take it over; the old bot must have been quiet for an hour."""
    given = AdoptionAsked(at=hour(5), asker=ANN, magic=OLD, strategy="lane1", quiet_ms=60 * MINUTE_MS)
    return msgspec.structs.replace(given, **fields)


def looks(told: Told, *positions: Position, since: float, until: float, step: int = 10, still: bool = False) -> None:
    """Look every `step` minutes, from `since` to `until` hours: the profit moves unless the market stands `still`."""
    for n in range(round(since * 60), round(until * 60) + 1, step):
        now = (msgspec.structs.replace(p, profit=p.profit if still else float(n)) for p in positions)
        told.tell(reconciled(told.balance, *now, at=hour(n / 60)))


def seen(*positions: Position, orders: tuple[Order, ...] = (), mode: str = "live") -> Told:
    """Return a core that has watched an account with these positions for an hour, quoted at 100.00 by now."""
    told = Told(a_plan(a_lane({5: LEAVE, 6: buy()}), a_lane({}, 2, symbol="EURUSD"), mode=mode))
    told.tell(closed(3))
    looks(told, *positions, since=4, until=5)
    if orders:
        told.tell(reconciled(BALANCE, *positions, at=hour(5), orders=orders))
    return told


def closed_by_old(told: Told) -> Deal:
    """Return a deal with which the old bot has closed its other position."""
    told.deals += 1
    return Deal(
        ticket=told.deals, order=1, position=4712, at=hour(4.8), symbol="XAUUSD", side=-1, entry="out", volume=2.0,
        price=100.0, magic=OLD,
    )  # fmt: skip


def partly_closed(told: Told, reason: Any) -> Deal:  # noqa: ANN401 - a DealReason
    """Return a deal that has closed half of the old bot's position."""
    fields = {"position": 4711, "volume": 1.0, "at": hour(5), "reason": reason}
    return msgspec.structs.replace(closed_by_old(told), **fields)


def answer(step: Step) -> tuple[bool, str]:
    """Return what the one who asked was told."""
    reply = only(step, Reply)
    return reply.ok, reply.text


def test_a_position_with_a_stop_is_taken_over_at_once() -> None:
    """It is the strategy's trade from then on, with its stop and target, tagged, and no foreign one any more."""
    told = seen(theirs())
    step = told.tell(asked())
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (True, ["Alert", "Reply"]) == (answer(step)[0], kinds(step))
    assert (4711, 1, 2.0, 100.0, 98.0, 110.0, "adopted") == (
        trade.position, trade.side, trade.volume, trade.entry, trade.stop, trade.target, trade.tag,
    )  # fmt: skip
    assert () == told.core.ledger.foreign
    assert trade.magic >> 48 == 1
    assert () == told.tell(reconciled(BALANCE, theirs(), at=hour(5))).instructions


def test_the_strategy_leaves_what_it_has_taken_over() -> None:
    """Its exit closes the position, under a magic number of ours."""
    told = seen(theirs())
    told.tell(asked())
    wish = only(told.tell(closed(5)), ClosePosition)

    assert (4711, 2.0, "strategy") == (wish.position, wish.volume, wish.reason)
    assert OLD != wish.magic


def test_a_position_without_a_stop_needs_one() -> None:
    """Nothing of ours stands unguarded: a stop must be named."""
    told = seen(theirs(stop=0.0))
    ok, text = answer(told.tell(asked()))

    assert (False, None, True) == (ok, told.core.lanes[0].trade, "--stop" in text)


def test_a_stop_is_set_before_a_position_is_taken_over() -> None:
    """First the venue guards it, then it is ours."""
    told = seen(theirs(stop=0.0))
    step = told.tell(asked(stop=97.5))
    move = only(step, ModifyStop)
    before = told.core.lanes[0].trade
    done = told.tell(Accepted(at=hour(5), id=move.id))
    trade = told.core.lanes[0].trade

    assert ((4711, 97.5), ["ModifyStop"], None) == ((move.position, move.stop), kinds(step), before)
    assert trade is not None
    assert (True, 97.5, 0) == (answer(done)[0], trade.stop, trade.moving)
    assert () == told.tell(reconciled(BALANCE, theirs(stop=97.5), at=hour(5))).instructions


@pytest.mark.parametrize(
    "no",
    [
        Rejected(at=hour(5), id=0, code=10016, reason="invalid stops"),
        InDoubt(at=hour(5), id=0, code=10012, reason="timeout"),
    ],
)
def test_nothing_is_taken_over_whose_stop_was_not_set(no: Any) -> None:  # noqa: ANN401 - either
    """A clear no and no answer are the same here: ask again."""
    told = seen(theirs(stop=0.0))
    move = only(told.tell(asked(stop=97.5)), ModifyStop)
    ok, text = answer(told.tell(msgspec.structs.replace(no, id=move.id)))

    assert (False, None, True) == (ok, told.core.lanes[0].trade, no.reason in text)
    assert told.core.ledger.adopting is None


@pytest.mark.parametrize(
    ("positions", "fields", "said"),
    [
        ((theirs(),), {"strategy": "nobody"}, "no strategy 'nobody': there are lane1, lane2"),
        ((theirs(),), {"magic": 5}, "no position with magic 5"),
        ((theirs(),), {"strategy": "lane2"}, "on EURUSD: there are 4711 on XAUUSD"),
        ((theirs(), theirs(ticket=4712)), {}, "2 positions there (4711, 4712)"),
        ((theirs(),), {"position": 99}, "no such position"),
        ((theirs(),), {"quiet_ms": 61 * MINUTE_MS}, "idle for 60 minutes of a moving market, and must be for 61: stop"),
        ((theirs(stop=0.0),), {"stop": 100.5}, "does not protect"),
        ((theirs(stop=0.0, side=-1),), {"stop": 100.0}, "does not protect"),
    ],
)
def test_what_may_not_be_taken_over_is_refused_with_the_reason(
    positions: tuple[Position, ...], fields: dict[str, Any], said: str
) -> None:
    """No strategy, no position, another symbol, several, too early, a stop that guards nothing."""
    told = seen(*positions)
    step = told.tell(asked(**fields))

    assert (["Reply"], False) == (kinds(step), answer(step)[0])
    assert said in answer(step)[1]
    assert [None, None] == [lane.trade for lane in told.core.lanes]


def test_one_of_several_may_be_named() -> None:
    """The other stays foreign."""
    told = seen(theirs(), theirs(ticket=4712))

    assert answer(told.tell(asked(position=4712)))[0]
    assert [4711] == [p.ticket for p in told.core.ledger.foreign]


def test_an_old_bot_that_still_deals_keeps_its_position() -> None:
    """A deal under its magic number within the hour: it is at work."""
    told = seen(theirs(), theirs(ticket=4712))
    told.tell(DealMade(at=hour(5), deal=closed_by_old(told)))
    looks(told, theirs(), since=5, until=5.5)
    ok, text = answer(told.tell(asked()))
    looks(told, theirs(), since=5.5, until=6.5)

    assert (False, True) == (ok, "seen idle for 30 minutes" in text)
    assert answer(told.tell(asked()))[0]


@pytest.mark.parametrize("moved", [{"stop": 98.5}, {"target": 120.0}])
def test_an_old_bot_that_moves_a_stop_keeps_its_position(moved: dict[str, float]) -> None:
    """No deal tells of it, but somebody looks after the position still: two would fight over its stop."""
    told = seen(theirs())
    looks(told, theirs(**moved), since=5.1, until=6)
    ok, text = answer(told.tell(asked()))
    looks(told, theirs(**moved), since=6.1, until=6.2)

    assert (False, True) == (ok, "seen idle for 50 minutes" in text)
    assert answer(told.tell(asked()))[0]


def test_an_old_bot_that_places_and_takes_back_orders_keeps_its_position() -> None:
    """None of them may rest at the moment of asking: that they came and went is enough."""
    order = Order(ticket=9, at=MONDAY, symbol="XAUUSD", side=1, kind="limit", volume=1.0, price=99.0, magic=OLD)
    told = seen(theirs())
    told.tell(reconciled(BALANCE, theirs(), at=hour(5.1), orders=(order,)))
    looks(told, theirs(), since=5.2, until=5.5)

    assert "seen idle for" in answer(told.tell(asked()))[1]


def test_a_closed_market_says_nothing_of_an_old_bot() -> None:
    """Its quotes stand still, whatever the clock does: other symbols move it on, and after a weekend it jumps."""
    told = seen()
    looks(told, theirs(), since=5, until=10, still=True)
    slow = answer(told.tell(asked()))
    looks(told, theirs(), since=60, until=60)
    jumped = answer(told.tell(asked()))

    assert [(False, True)] * 2 == [(ok, "seen idle for 0 minutes" in text) for ok, text in (slow, jumped)]


def test_a_daemon_that_was_away_says_nothing_of_an_old_bot() -> None:
    """What it did between two looks that are hours apart nobody has seen, though prices moved."""
    told = seen()
    looks(told, theirs(), since=5, until=10, step=60)

    assert "seen idle for 0 minutes" in answer(told.tell(asked()))[1]


@pytest.mark.parametrize("reason", ["client", "stop", "expert"])
def test_a_position_of_which_a_deal_was_told_since_the_look_is_not_taken_over(reason: Any) -> None:  # noqa: ANN401
    """It was closed, or partly so, meanwhile: what was seen is not what is there."""
    told = seen(theirs())
    told.tell(DealMade(at=hour(5), deal=partly_closed(told, reason)))
    ok, text = answer(told.tell(asked()))

    assert (False, True) == (ok, "changed since the venue was looked at: ask again" in text)


def test_a_position_that_changes_while_its_stop_is_set_is_not_taken_over() -> None:
    """The stop stays, which does no harm."""
    told = seen(theirs(stop=0.0))
    move = only(told.tell(asked(stop=97.5)), ModifyStop)
    told.tell(DealMade(at=hour(5), deal=partly_closed(told, "client")))
    ok, text = answer(told.tell(Accepted(at=hour(5), id=move.id)))

    assert (False, None, True) == (ok, told.core.lanes[0].trade, "has changed meanwhile: ask again" in text)


def test_nothing_is_taken_over_while_the_balance_is_not_explained() -> None:
    """A deal is yet to show, and it may be one of that position: its volume was seen less already."""
    told = seen(theirs())
    told.tell(reconciled(BALANCE + 50.0, theirs(volume=1.0), at=hour(5)))

    assert (False, True) == ((found := answer(told.tell(asked())))[0], "is not known (BREAK)" in found[1])


def test_an_old_bot_whose_orders_rest_keeps_its_position() -> None:
    """They could be filled at any moment."""
    order = Order(ticket=9, at=MONDAY, symbol="XAUUSD", side=1, kind="limit", volume=1.0, price=99.0, magic=OLD)
    ok, text = answer(seen(theirs(), orders=(order,)).tell(asked()))

    assert (False, True) == (ok, "has orders resting (9)" in text)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (LinkDown(at=hour(4), reason="away"), "is not known (LINK, UNRECONCILED)"),
        (level("halt", hour(4)), "cannot be set now: halt"),
    ],
)
def test_levels_and_holds_rule_over_an_adoption(fact: AnyFact, said: str) -> None:
    """Nothing is taken over that was not seen, and no stop is set where the table says no."""
    told = seen(theirs(stop=0.0))
    told.tell(fact)

    assert said in answer(told.tell(asked(stop=97.0)))[1]


def test_nothing_is_sent_in_observe() -> None:
    """A position that has its stop may be taken over; none is set."""
    assert "observe" in answer(seen(theirs(stop=0.0), mode="observe").tell(asked(stop=97.0)))[1]


def test_a_busy_strategy_takes_nothing_over() -> None:
    """It can hold one position."""
    told = seen(theirs(), theirs(ticket=4712))
    told.tell(asked(position=4711))
    ok, text = answer(told.tell(asked(position=4712)))

    assert (False, True) == (ok, "holds a position" in text)


def test_a_restored_core_goes_on_with_what_was_taken_over() -> None:
    """It is the same trade, byte for byte; a wish under way does not outlive its process."""
    told = seen(theirs())
    told.tell(asked())
    again = told.again()

    assert told.core.snapshot() == again.core.snapshot()
    assert told.tell(closed(5)).instructions == again.tell(closed(5)).instructions


def test_the_outcome_of_an_adopted_trade_is_told_as_such() -> None:
    """Its money counts from the moment it was taken over; what it cost before is the old bot's."""
    told = seen(theirs())
    books = Books(told.core, COSTS, shadows=False)
    for fact in (asked(), closed(5)):
        books.observe(fact, told.core.handle(fact))
    out = told.deal(closed_by_old(told), "out", 101.0)
    trade = told.core.lanes[0].trade
    assert trade is not None
    deal = msgspec.structs.replace(out, position=4711, volume=2.0, magic=trade.magic, side=-1, profit=200.0)
    done = books.observe(made := DealMade(at=hour(6), deal=deal), told.core.handle(made))

    assert [("adopted", 200.0, 0.5, "lane1")] == [(o.tag, o.net, o.r, o.strategy) for o in done]
    assert [] == of_kind(told.tell(reconciled(BALANCE + 200.0, at=hour(6))), ModifyStop)
