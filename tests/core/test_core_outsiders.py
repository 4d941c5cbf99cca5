"""A flatten of what is not ours: only where a person asks for it, once each, orders first, and each end is told."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkUp, Reconciled, Refused, Rejected
from brokers.limits import GATES
from market.types import Deal, Order, Position
from runtime.core.facts import LevelChanged, PositionDropped, RunStarted, TimerFired
from runtime.core.instructions import Alert, Asker, Cancel, ClosePosition, Reconcile, SetLevel, WakeAt
from tests.cores import BALANCE, a_lane, a_plan, an_account, buy, hour, level, reconciled
from tests.told import Told, of_kind, only, position_of

THEIRS = Position(ticket=4711, at=hour(1), symbol="XAUUSD", side=1, volume=2.0, price=100.0, magic=77)
OTHERS = Position(ticket=4720, at=hour(1), symbol="EURUSD", side=-1, volume=1.0, price=1.1, magic=0)
RESTS = Order(ticket=4712, at=hour(1), symbol="XAUUSD", side=1, kind="limit", volume=1.0, price=99.0, magic=77)


def flatten(scope: str = "", *, foreign: bool = True) -> LevelChanged:
    """Return the flatten a person has latched."""
    change = level("flatten", hour(4))
    return msgspec.structs.replace(
        change, command=msgspec.structs.replace(change.command, foreign=foreign, scope=scope)
    )


def alone(*positions: Position, orders: tuple[Order, ...] = (), scope: str = "") -> tuple[Told, list[ClosePosition]]:
    """Return a core without trades that was told to flatten, and what it asked for at the look it asked for."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.tell(seen(*positions, orders=orders))
    only(told.tell(flatten(scope)), Reconcile)
    return told, of_kind(told.tell(seen(*positions, orders=orders)), ClosePosition)


def seen(*positions: Position, orders: tuple[Order, ...] = (), settled: bool = False) -> Reconciled:
    """Return a look at the venue."""
    return reconciled(BALANCE, *positions, at=hour(4), orders=orders, settled=settled)


def left(position: Position) -> DealMade:
    """Return the deal by which a foreign position was closed."""
    deal = Deal(
        ticket=900, at=hour(4), order=901, position=position.ticket, symbol=position.symbol, side=-1, entry="out",
        volume=position.volume, price=101.5, magic=position.magic,
    )  # fmt: skip
    return DealMade(at=hour(4), deal=deal)


def states(told: Told) -> dict[int, str]:
    """Return what became of each position."""
    return {ticket: one.state for ticket, one in told.core.ledger.leaving.items()}


def test_all_that_is_foreign_is_closed_and_told_before_the_flatten_ends() -> None:
    """One close each, as the operator's, with its own lots and magic; ours go likewise."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    ours = position_of(entry, stop=99.1)
    told.tell(reconciled(told.balance, ours, THEIRS, OTHERS, at=hour(4)))
    first = of_kind(told.tell(flatten()), ClosePosition)
    wishes = of_kind(told.tell(reconciled(told.balance, ours, THEIRS, OTHERS, at=hour(4))), ClosePosition)
    out = told.deal(first[0], "out", 100.0)
    told.tell(Accepted(at=hour(4), id=first[0].id, order=out.order, deal=out.ticket), DealMade(at=hour(4), deal=out))
    told.tell(*(Accepted(at=hour(4), id=wish.id, order=5) for wish in wishes), left(THEIRS))
    ends = told.tell(reconciled(told.balance, at=hour(4)))

    assert [entry.position] == [wish.position for wish in first]
    assert [(4711, 1, 2.0, 77, True), (4720, -1, 1.0, 0, True)] == [
        (wish.position, wish.side, wish.volume, wish.magic, wish.operator) for wish in wishes
    ]
    assert ("halt", "flattened: nothing is open") == (only(ends, SetLevel).level, only(ends, SetLevel).why)
    assert {4711: "closed", 4720: "gone"} == {ticket: state for ticket, state in states(told).items() if ticket > 4000}


def test_nobody_asks_for_them_by_a_flatten_of_ours() -> None:
    """It is the default, and ends without them."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.tell(seen(THEIRS))
    step = told.tell(flatten(foreign=False))

    assert ([], "halt") == (of_kind(step, ClosePosition), only(step, SetLevel).level)
    assert "flattened: nothing of ours is open" == only(step, SetLevel).why
    assert {} == states(told)


def test_orders_are_gone_before_a_position_is_closed() -> None:
    """A resting order may be filled meanwhile: what it opens is closed then."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.tell(seen(THEIRS, orders=(RESTS,)), flatten())
    asked = told.tell(seen(THEIRS, orders=(RESTS,)))
    again = told.tell(seen(THEIRS, orders=(RESTS,)))
    told.tell(Accepted(at=hour(4), id=only(asked, Cancel).id, order=RESTS.ticket))
    gone = told.tell(seen(THEIRS))

    assert (RESTS.ticket, []) == (only(asked, Cancel).order, of_kind(asked, ClosePosition))
    assert [] == of_kind(again, Cancel)
    assert [4711] == [wish.position for wish in of_kind(gone, ClosePosition)]


@pytest.mark.parametrize("answer", ["accepted", "doubt", "none"])
def test_a_close_is_not_sent_again_before_a_settle_window_has_passed(answer: str) -> None:
    """Whatever the venue has said of it, or nothing: only a settled look that still shows it lets it be sent anew."""
    told, (wish,) = alone(THEIRS)
    said = {
        "accepted": (Accepted(at=hour(4), id=wish.id, order=5),),
        "doubt": (InDoubt(at=hour(4), id=wish.id, code=0, reason="late"),),
    }
    told.tell(*said.get(answer, ()))
    soon = told.tell(seen(THEIRS), seen(THEIRS))
    late = told.tell(seen(THEIRS, settled=True))

    assert ([], 1) == (of_kind(soon, ClosePosition), len(of_kind(late, ClosePosition)))


def test_after_a_crash_it_waits_for_a_settled_look() -> None:
    """A new process does not know whether the close has left: it asks for the window, and then sees."""
    told, _ = alone(THEIRS)
    again = Told(told.core.plan)
    again.core.restore(told.core.snapshot())
    came = again.tell(RunStarted(at=hour(4), run=2), flatten(), LinkUp(at=hour(4), account=an_account()), seen(THEIRS))
    timer = of_kind(came, WakeAt)[-1]
    look = again.tell(TimerFired(at=hour(4), id=timer.id, key="settle"))
    late = again.tell(seen(THEIRS, settled=True))

    assert ([], [True]) == (of_kind(came, ClosePosition), [one.settled for one in of_kind(look, Reconcile)])
    assert 1 == len(of_kind(late, ClosePosition))


def test_after_a_crash_an_order_that_was_being_taken_back_is_asked_about_again() -> None:
    """What the dead process had asked for is not sent again before a settled look, and that look comes."""
    told, _ = alone(orders=(RESTS,))
    again = Told(told.core.plan)
    again.core.restore(told.core.snapshot())
    up = LinkUp(at=hour(4), account=an_account())
    came = again.tell(RunStarted(at=hour(4), run=2), flatten(), up, seen(orders=(RESTS,)))
    timer = of_kind(came, WakeAt)[-1]
    look = again.tell(TimerFired(at=hour(4), id=timer.id, key="settle"))
    late = again.tell(seen(orders=(RESTS,), settled=True))

    assert ([], [True]) == (of_kind(came, Cancel), [one.settled for one in of_kind(look, Reconcile)])
    assert [RESTS.ticket] == [wish.order for wish in of_kind(late, Cancel)]


def test_a_refused_close_is_told_and_tried_at_the_next_look() -> None:
    """A symbol that the account does not trade is refused by the gateway: a person reads why it stands."""
    told, (wish,) = alone(OTHERS)
    code = 1 + GATES.index("symbol allowed")
    said = told.tell(Refused(at=hour(4), id=wish.id, code=code, reason="EURUSD is not a symbol of this account"))
    again = told.tell(seen(OTHERS))

    assert "foreign position 4720 on EURUSD stands" in only(said, Alert).text
    assert 1 == len(of_kind(again, ClosePosition))


def test_a_closed_market_queues_it_and_a_person_may_drop_it() -> None:
    """The flatten ends without it then."""
    told, (wish,) = alone(THEIRS)
    told.tell(Rejected(at=hour(4), id=wish.id, code=10018, reason="market closed"))
    queued = states(told)
    ann = Asker(id="ann-1", who="ann", why="keep it", wall=1)
    told.tell(PositionDropped(at=hour(4), asker=ann, position=4711))
    ends = told.tell(seen(THEIRS))

    assert ({4711: "queued"}, {4711: "dropped"}) == (queued, states(told))
    assert ([], "halt") == (of_kind(ends, ClosePosition), only(ends, SetLevel).level)
    assert "flattened: left open by a person: 4711" == only(ends, SetLevel).why


def test_a_symbol_has_only_its_own_closed() -> None:
    """The scope's flatten ends in the scope's halt; what is foreign elsewhere stays."""
    told, wishes = alone(THEIRS, OTHERS, scope="symbol:XAUUSD")
    told.tell(Accepted(at=hour(4), id=wishes[0].id, order=5))
    ends = told.tell(seen(OTHERS))

    assert [4711] == [wish.position for wish in wishes]
    assert ("halt", "symbol:XAUUSD") == ((wish := only(ends, SetLevel)).level, wish.scope)


def test_a_strategy_has_nothing_foreign() -> None:
    """Nobody can say whose it is."""
    told = Told(a_plan(a_lane({3: buy()})))
    step = told.tell(seen(THEIRS), flatten("strategy:s1"), seen(THEIRS))

    assert [] == of_kind(step, ClosePosition)


def test_a_halt_ends_it_where_it_is() -> None:
    """What is not closed yet stays open, and is told as left."""
    told, _ = alone(THEIRS)
    told.tell(level("halt", hour(4)))
    step = told.tell(seen(THEIRS, settled=True))

    assert ([], {4711: "left"}) == (of_kind(step, ClosePosition), states(told))
