"""A trade that is gone though no deal told how: a person writes it off, and trading goes on."""

import math

import pytest

from brokers.facts import DealMade, LinkDown
from market.types import Deal
from runtime.core.facts import AnyFact, TradeWrittenOff
from runtime.core.instructions import Alert, Asker, Reconcile, Reply, Submit
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from tests.chaos_world import COSTS
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told, left_before_entered, of_kind, only, position_of

ANN = Asker(id="ann-1", who="ann", why="the broker's support says so", wall=0)


def asked(deal: Deal) -> TradeWrittenOff:
    """Return what a person asks for."""
    return TradeWrittenOff(at=hour(5), asker=ANN, position=deal.position)


def away(balance: float = BALANCE - 100.0, *, looks: int = 2) -> list[AnyFact]:
    """Return looks at a venue where nothing stands and 100.00 are gone; the second comes a settle window later."""
    return [reconciled(balance, at=hour(5), settled=place > 0) for place in range(looks)]


def gone(lanes: int = 1) -> tuple[Told, list[Deal]]:
    """Return a core whose trades of bar 3 were missed for a whole window."""
    told = Told(a_plan(*(a_lane({3: buy(), 6: buy()}, number) for number in range(1, lanes + 1))))
    deals = [told.deal(wish, "in", 100.1) for wish in of_kind(told.tell(closed(3)), Submit)]
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals), *away())
    return told, deals


def test_a_trade_that_is_gone_is_written_off_and_its_symbol_traded_again() -> None:
    """The balance is taken as the venue has it, people are told who said so, and a look lifts the break."""
    told, (deal,) = gone()
    held = {"BREAK", "BREAK:XAUUSD"} <= set(told.holds)
    step = told.tell(asked(deal))
    look = only(step, Reconcile)
    told.tell(reconciled(BALANCE - 100.0, at=hour(5), id=look.id))

    assert (True, True) == (held, only(step, Reply).ok)
    assert "-100.00 that no deal told" in only(step, Reply).text
    assert "says ann: the broker's support says so" in only(step, Alert).text
    assert (None, BALANCE - 100.0, []) == (told.core.lanes[0].trade, told.balance, told.holds)
    assert 1 == len(of_kind(told.tell(closed(6)), Submit))


def test_what_the_balance_is_off_goes_with_the_last_trade_that_is_gone() -> None:
    """Nobody can say which of two it belongs to; entries are held until both are settled."""
    told, (first, second) = gone(lanes=2)
    one = only(told.tell(asked(first), *away(looks=1)), Reply).text
    held = "BREAK" in told.holds
    two = only(told.tell(asked(second), *away(looks=1)), Reply).text

    assert ("the last trade that is gone" in one, held, "-100.00" in two) == (True, True, True)
    assert ([0.0, -100.0], BALANCE - 100.0, []) == (
        [*told.core.ledger.written.values()], told.balance, told.holds,
    )  # fmt: skip


def test_what_was_left_to_a_trade_that_a_deal_explains_after_all_is_taken_by_asking_once_more() -> None:
    """Nothing else could lift the break: the one that was written off is not held any more, the other is explained."""
    told, (first, second) = gone(lanes=2)
    told.tell(asked(first), DealMade(at=hour(6), deal=told.deal(second, "out", 99.7, profit=-40.0)), *away(looks=1))
    held, off = list(told.holds), told.core.ledger.off
    again = only(told.tell(asked(first)), Reply)
    told.tell(*away(looks=1))

    assert (["BREAK"], -60.0, True, "-60.00" in again.text) == (held, off, again.ok, True)
    assert (BALANCE - 100.0, [], False) == (told.balance, told.holds, only(told.tell(asked(first)), Reply).ok)


def test_a_position_that_was_left_and_of_which_no_entry_is_ever_told_is_written_off() -> None:
    """Its symbol would be held for ever; what the entry cost is in the balance."""
    told, entry = left_before_entered()
    early = only(told.tell(asked(entry)), Reply)
    told.tell(*away())
    held = "BREAK:XAUUSD" in told.holds
    answer = only(told.tell(asked(entry), *away(looks=1)), Reply)

    assert (False, True, True, "-3.00" in answer.text) == (early.ok, held, answer.ok, True)
    assert (["MISSING:XAUUSD"], (), BALANCE - 100.0) == (told.holds, told.core.ledger.early, told.balance)


def test_a_deal_that_shows_after_all_is_told_and_not_counted() -> None:
    """Its money is in the balance that was taken; a restart remembers it."""
    told, (deal,) = gone()
    told.tell(asked(deal))
    again = told.again()
    late = DealMade(at=hour(6), deal=again.deal(deal, "out", 99.1, profit=-100.0, reason="stop"))
    said = only(again.tell(late), Alert).text
    again.tell(*away(looks=1))

    assert "has a deal after all" in said
    assert (BALANCE - 100.0, []) == (again.balance, again.holds)


@pytest.mark.parametrize(
    ("before", "position", "why"),
    [
        ([], 1, "no trade of ours is position 1; gone from the venue without a deal: none"),
        ([], 0, "stands at the venue"),
        (away(looks=1), 0, "not missed for a whole settle window yet"),
        ([*away(), LinkDown(at=hour(5), reason="away")], 0, "is not known (LINK"),
    ],
)
def test_a_trade_that_may_stand_is_not_written_off(before: list[AnyFact], position: int, why: str) -> None:
    """Nothing changes, and the reason is said."""
    told = Told(a_plan(a_lane({3: buy()})))
    deal = told.enter(3)
    told.tell(reconciled(BALANCE, position_of(deal, stop=99.1), at=hour(4)), *before)
    fact = TradeWrittenOff(at=hour(5), asker=ANN, position=position or deal.position)
    answer = only(told.tell(fact), Reply)

    assert (False, True) == (answer.ok, why in answer.text)
    assert (deal.position, {}) == (told.core.lanes[0].trade.position, told.core.ledger.written)  # type: ignore[union-attr]  # held


def test_its_outcome_has_the_money_that_was_told_and_no_price() -> None:
    """What nobody told is not made up; a refused second asking ends nothing."""
    told = Told(a_plan(a_lane({3: buy()})))
    books = Books(told.core, COSTS, shadows=False)
    step = told.tell(closed(3))
    books.live.decided(step.decisions[0])
    deal = told.deal(only(step, Submit), "in", 100.1, commission=-3.0)
    done: list[Outcome] = []
    for fact in (DealMade(at=hour(4), deal=deal), *away(), asked(deal), asked(deal)):
        done += books.observe(fact, told.core.handle(fact))
    (outcome,) = done

    assert ("1-1", -3.0, -3.0, "written off", "manual") == (
        outcome.decision, outcome.commission, outcome.net, outcome.exit_reason, outcome.tag,
    )  # fmt: skip
    assert (True, True, {}) == (math.isnan(outcome.exit_price), math.isnan(outcome.r), books.live.held)
