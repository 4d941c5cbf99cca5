"""What became of a trade, reckoned by hand: money, excursions, multiples of risk, parts; and shadows beside it."""

import math

from typing import Any

import msgspec
import pytest

from brokers.facts import BarClosed, DealMade
from market.types import Bar, Deal
from runtime.core.decision import Decision
from runtime.core.facts import AnyFact
from runtime.outcomes.book import REMEMBERED, OutcomeBook
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome, outcome_id
from tests.chaos_world import COSTS
from tests.cores import BALANCE, a_gated_plan, a_lane, a_plan, bar, buy, closed, hour, level, opening, reconciled, sell
from tests.told import Told, position_of


def wanted(magic: int = 7, side: int = 1, outcome: str = "traded") -> Decision:
    """Return a decision to trade a lot of gold, 100 dollars at risk."""
    told = Told(a_plan(a_lane({3: buy() if side > 0 else sell()})))
    return msgspec.structs.replace(told.decide(3), magic=magic, outcome=outcome)


def a_deal(ticket: int, entry: str, volume: float, price: float, **fields: Any) -> Deal:  # noqa: ANN401
    """Return a deal of position 900."""
    given: dict[str, Any] = {
        "ticket": ticket, "order": ticket, "position": 900, "at": hour(ticket), "symbol": "XAUUSD",
        "side": 1 if entry == "in" else -1, "entry": entry, "volume": volume, "price": price, "magic": 7,
    }  # fmt: skip
    return Deal(**(given | fields))


def a_book(*deals: Deal, side: int = 1) -> tuple[OutcomeBook, list[Outcome | None]]:
    """Return a book that heard of one wish and these deals, and what it said to each."""
    book = OutcomeBook("live")
    book.decided(wanted(side=side))
    return book, [book.deal(deal) for deal in deals]


def test_a_closed_trade_has_an_outcome() -> None:
    """Prices, money, time, reason and who wanted it; net is everything that the deals moved."""
    book, (entered, outcome) = a_book(
        a_deal(4, "in", 1.0, 100.1, commission=-3.0, fee=-0.1),
        a_deal(9, "out", 1.0, 101.3, profit=120.0, commission=-3.0, swap=-1.9, reason="target"),
    )

    assert (None, {}, {}) == (entered, book.held, book.wanted)
    assert outcome is not None
    assert ("live", "1-1", "lane1", "XAUUSD", 1, 900) == (
        outcome.book, outcome.decision, outcome.strategy, outcome.symbol, outcome.side, outcome.position
    )  # fmt: skip
    assert (100.1, 101.3, 1.0, hour(4), hour(9), "target") == (
        outcome.entry_price, outcome.exit_price, outcome.volume, outcome.opened, outcome.closed, outcome.exit_reason
    )  # fmt: skip
    assert (120.0, -6.0, -1.9, -0.1, 112.0) == (
        outcome.profit, outcome.commission, outcome.swap, outcome.fee, outcome.net
    )  # fmt: skip
    assert 1.12 == outcome.r
    assert "live/lane1/3/900" == outcome_id(outcome, 3)


def test_a_trade_closed_in_parts_has_one_outcome_at_the_average_price() -> None:
    """Only the last part ends it; costs and profits of all parts are in it."""
    _, (_, first, last) = a_book(
        a_deal(4, "in", 1.0, 100.0),
        a_deal(5, "out", 0.3, 101.0, profit=30.0, swap=-0.5, reason="client"),
        a_deal(6, "out", 0.7, 103.0, profit=210.0, reason="stop"),
    )

    assert first is None
    assert last is not None
    assert "stop" == last.exit_reason
    assert pytest.approx((1.0, 102.4, 239.5)) == (last.volume, last.exit_price, last.net)


@pytest.mark.parametrize(
    ("reason", "magic", "tag"), [("mobile", 0, "manual"), ("expert", 77, "manual"), ("expert", 7, ""), ("stop", 7, "")]
)
def test_a_trade_that_people_had_a_hand_in_is_tagged(reason: str, magic: int, tag: str) -> None:
    """By the deal's reason, and by a magic number that is not the trade's."""
    _, (_, outcome) = a_book(
        a_deal(4, "in", 1.0, 100.0), a_deal(5, "out", 1.0, 101.0, profit=100.0, reason=reason, magic=magic)
    )

    assert outcome is not None
    assert tag == outcome.tag


def test_a_stop_moved_by_hand_tags_the_outcome_too() -> None:
    """No deal tells of it: the look at the venue does."""
    told = Told(a_plan(a_lane({3: buy()})))
    books = Books(told.core, COSTS, shadows=False)
    books.live.decided(wanted := told.decide(3))
    entry = a_deal(20, "in", 1.0, 100.0, magic=wanted.magic)
    for fact in (
        DealMade(at=hour(4), deal=entry),
        reconciled(BALANCE, position_of(entry, stop=99.8), at=hour(4)),
        DealMade(at=hour(5), deal=a_deal(21, "out", 1.0, 99.8, magic=wanted.magic, reason="stop")),
    ):
        done = books.observe(fact, told.core.handle(fact))

    assert ["manual"] == [outcome.tag for outcome in done]


def test_a_trade_closed_by_another_position_has_its_outcome() -> None:
    """A close-by makes a deal out by for each of both."""
    _, (_, outcome) = a_book(a_deal(4, "in", 1.0, 100.0), a_deal(5, "out_by", 1.0, 101.0, profit=100.0, magic=0))

    assert outcome is not None
    assert (1.0, 101.0, 100.0) == (outcome.volume, outcome.exit_price, outcome.net)


def test_a_position_turned_round_ends_the_trade_with_all_its_profit_and_its_share_of_the_costs() -> None:
    """What it holds beyond our volume is somebody else's new position, and so are two thirds of the commission."""
    turn = a_deal(5, "inout", 3.0, 101.0, profit=100.0, commission=-9.0, magic=0, reason="client")
    _, (_, outcome) = a_book(a_deal(4, "in", 1.0, 100.0), turn)

    assert outcome is not None
    assert (1.0, 101.0, 97.0, "manual") == (outcome.volume, outcome.exit_price, outcome.net, outcome.tag)


def test_a_trade_entered_in_parts_has_one_outcome() -> None:
    """The entry price is weighed by volume."""
    _, (*_, last) = a_book(
        a_deal(4, "in", 0.5, 100.0, commission=-1.0),
        a_deal(5, "in", 0.5, 101.0, commission=-1.0),
        a_deal(6, "out", 1.0, 102.0, profit=150.0),
    )

    assert last is not None
    assert (1.0, 100.5, 148.0) == (last.volume, last.entry_price, last.net)


def test_what_is_filled_after_its_trade_was_left_is_a_trade_of_the_same_wish() -> None:
    """Half of an order was filled and stopped out, then the rest of it was filled: two outcomes, each with its key."""
    book, (_, first, _, second) = a_book(
        a_deal(4, "in", 0.5, 100.0, commission=-1.0),
        a_deal(5, "out", 0.5, 99.0, profit=-50.0, reason="stop"),
        a_deal(6, "in", 0.5, 100.0, commission=-1.0),
        a_deal(7, "out", 0.5, 101.0, profit=50.0),
    )

    assert first is not None
    assert second is not None
    assert ("live/lane1/3/900", "live/lane1/3/900.1") == (outcome_id(first, 3), outcome_id(second, 3))
    assert ("1-1", -51.0, "1-1", 49.0) == (first.decision, first.net, second.decision, second.net)
    assert ({}, {}) == (book.wanted, book.held)


@pytest.mark.parametrize(
    ("side", "mae", "mfe"),
    [(1, pytest.approx(1.5), pytest.approx(2.5)), (-1, pytest.approx(2.5), pytest.approx(1.5))],
)
def test_excursions_are_measured_from_the_entry(side: int, mae: Any, mfe: Any) -> None:  # noqa: ANN401
    """The farthest against us and the farthest for us, in price, over the bars held."""
    book, _ = a_book(a_deal(4, "in", 1.0, 100.0, side=side), side=side)
    for shape in ((102.5, 99.8), (101.0, 98.5)):
        book.bar(bar(4, 100.0, *shape), 0.0, 100.0)
    outcome = book.deal(a_deal(9, "out", 1.0, 100.0, side=-side))

    assert outcome is not None
    assert (mae, mfe, 2) == (outcome.mae, outcome.mfe, outcome.bars)


@pytest.mark.parametrize(("own", "usual", "spread"), [(30.0, 10.0, 0.3), (0.0, 10.0, 0.1)])
@pytest.mark.parametrize("side", [1, -1])
def test_a_short_is_measured_by_the_ask(side: int, own: float, usual: float, spread: float) -> None:
    """Bars are bid, and a short is left at the ask: by the bar's own spread, else by the usual one."""
    book, _ = a_book(a_deal(4, "in", 1.0, 100.0, side=side), side=side)
    book.bar(Bar("XAUUSD", "H1", hour(4), 100.0, 102.0, 99.0, 100.0, 1.0, own), usual, 100.0)
    outcome = book.deal(a_deal(9, "out", 1.0, 100.0, side=-side))

    assert outcome is not None
    assert pytest.approx((1.0, 2.0) if side > 0 else (2.0 + spread, 1.0 - spread)) == (outcome.mae, outcome.mfe)


def test_the_exit_itself_is_part_of_the_excursion() -> None:
    """A trade stopped inside its first bar went at least as far as its exit."""
    _, (_, outcome) = a_book(a_deal(4, "in", 1.0, 100.0), a_deal(5, "out", 1.0, 98.7))

    assert outcome is not None
    assert pytest.approx((1.3, 0.0, 0.0)) == (outcome.mae, outcome.mfe, outcome.bars)


@pytest.mark.parametrize("other", [("EURUSD", "H1"), ("XAUUSD", "D1")])
def test_only_bars_of_its_own_feed_count(other: tuple[str, str]) -> None:
    """Another symbol's bar says nothing, and a day's bar holds hours before the entry."""
    book, _ = a_book(a_deal(4, "in", 1.0, 100.0))
    book.bar(Bar(*other, hour(4), 100.0, 150.0, 50.0, 100.0), 0.0, 100.0)
    outcome = book.deal(a_deal(9, "out", 1.0, 100.0))

    assert outcome is not None
    assert (0.0, 0.0, 0) == (outcome.mae, outcome.mfe, outcome.bars)


@pytest.mark.parametrize("deal", [a_deal(4, "in", 1.0, 100.0, magic=8), a_deal(4, "out", 1.0, 100.0)])
def test_a_foreign_deal_is_not_in_the_book(deal: Deal) -> None:
    """Who did not want it does not get it."""
    book, said = a_book(deal)

    assert ([None], {}) == (said, book.held)


def test_a_balance_operation_is_no_trade() -> None:
    """Deposits are the ledger's, not the book's."""
    _, said = a_book(a_deal(4, "none", 0.0, 0.0, position=0, profit=500.0))

    assert [None] == said


def test_only_what_was_sent_is_waited_for() -> None:
    """A vetoed or refused wish opens nothing."""
    book = OutcomeBook("live")
    book.decided(wanted(outcome="vetoed_by_regime"))

    assert {} == book.wanted


def test_wishes_never_filled_are_forgotten_in_the_end() -> None:
    """The book's state stays small, the newest wishes stay in it."""
    book, wish = OutcomeBook("live"), wanted()
    for magic in range(1, 2 * REMEMBERED):
        book.decided(msgspec.structs.replace(wish, magic=magic))

    assert list(range(REMEMBERED, 2 * REMEMBERED)) == list(book.wanted)


def test_a_risk_that_is_not_known_makes_no_multiple() -> None:
    """Without a loss at the stop there is nothing to divide by."""
    book = OutcomeBook("live")
    book.decided(msgspec.structs.replace(wanted(), risk=0.0))
    book.deal(a_deal(4, "in", 1.0, 100.0))
    outcome = book.deal(a_deal(5, "out", 1.0, 101.0, profit=100.0))

    assert outcome is not None
    assert math.isnan(outcome.r)


@pytest.mark.parametrize(
    ("comment", "reason", "said"),
    [
        ("tg time stop", "expert", "time stop"),
        ("", "expert", "expert"),
        ("", "web", "person"),
        ("sl 99.00", "stop", "stop"),
        ("", "rollover", "rollover"),
        ("tg strategy", "client", "person"),
        ("", "stop_out", "stop_out"),
    ],
)
def test_our_own_closes_carry_their_reason(comment: str, reason: str, said: str) -> None:
    """What we closed says why in its comment; what others closed says who."""
    _, (_, outcome) = a_book(a_deal(4, "in", 1.0, 100.0), a_deal(5, "out", 1.0, 101.0, comment=comment, reason=reason))

    assert outcome is not None
    assert said == outcome.exit_reason


def test_a_trade_that_another_program_left_says_so() -> None:
    """By a magic number that is not the trade's."""
    _, (_, outcome) = a_book(a_deal(4, "in", 1.0, 100.0), a_deal(5, "out", 1.0, 101.0, magic=8))

    assert outcome is not None
    assert "another program" == outcome.exit_reason


# --- what executions cost ---------------------------------------------------------------------------------------------


def slips(side: int, kind: str, sent: tuple[float, float], *deals: Deal) -> tuple[float, float, float]:
    """Return delay, spread and execution of a trade wanted at 100.00 to 100.20, and left by a decision at 101 to 101.4.

    Where it rests, it does so at 100.1.
    """
    book = OutcomeBook("live")
    wish = msgspec.structs.replace(wanted(side=side), kind=kind, bid=100.0, ask=100.2, price=100.1, instruction=70)
    book.decided(wish)
    if sent[1]:
        book.sent(70, sent)
    book.deal(deals[0])
    book.decided(msgspec.structs.replace(wish, outcome="exit", bid=101.0, ask=101.4, instruction=71))
    outcome = [book.deal(deal) for deal in deals[1:]][-1]

    assert outcome is not None
    return outcome.delay, outcome.spread, outcome.execution


@pytest.mark.parametrize(
    ("side", "kind", "sent", "fill", "left", "split"),
    [
        (1, "market", (0.0, 0.0), 100.25, 101.0, (0.0, 0.1 + 0.2, 0.05)),
        (-1, "market", (0.0, 0.0), 99.9, 101.5, (0.0, 0.1 + 0.2, 0.1 + 0.1)),
        (1, "market", (100.3, 100.6), 100.6, 100.9, (0.35, 0.15 + 0.2, 0.1)),
        (-1, "market", (100.3, 100.6), 100.3, 101.4, (-0.35, 0.15 + 0.2, 0.0)),
        (1, "limit", (0.0, 0.0), 100.05, 101.0, (0.0, 0.2, -0.05)),
        (-1, "stop", (0.0, 0.0), 99.8, 101.4, (0.0, 0.2, 0.3)),
    ],
)
def test_what_an_execution_cost_is_split(
    side: int, kind: str, sent: tuple[float, float], fill: float, left: float, split: tuple[float, float, float]
) -> None:
    """Delay until it was sent, half a spread each way, and what the venue made of it; what rests takes no price."""
    found = slips(
        side, kind, sent, a_deal(4, "in", 1.0, fill, side=side), a_deal(5, "out", 1.0, left, side=-side)
    )  # fmt: skip

    assert pytest.approx(split) == found


@pytest.mark.parametrize(
    ("reason", "comment", "execution"),
    [
        ("stop", "sl 99.00", 0.2), ("stop", "[sl 99.00]", 0.2), ("target", "tp 98.70", -0.1), ("stop", "tampered", 0.0),
        ("client", "tg strategy", 0.0), ("stop_out", "so: 49%", 0.0), ("rollover", "", 0.0),
    ],
)  # fmt: skip
def test_an_exit_by_the_venue_is_measured_by_its_level_and_one_by_others_by_nothing(
    reason: str, comment: str, execution: float
) -> None:
    """Stops and targets say in their comment where they stood; nobody of us decided when a person leaves."""
    entry, out = a_deal(4, "in", 1.0, 100.2), a_deal(5, "out", 1.0, 98.8, reason=reason, comment=comment)

    assert pytest.approx((0.0, 0.1, execution)) == slips(1, "market", (0.0, 0.0), entry, out)


def test_executions_count_by_their_lots() -> None:
    """A quarter left at the stop, the rest by us."""
    entry = a_deal(4, "in", 1.0, 100.2)
    part = a_deal(5, "out", 0.25, 98.6, reason="stop", comment="sl 99.00")

    assert pytest.approx((0.0, 0.1 + 0.75 * 0.2, 0.25 * 0.4 + 0.75 * 0.1)) == slips(
        1, "market", (0.0, 0.0), entry, part, a_deal(6, "out", 0.75, 100.9)
    )


def test_each_deal_tells_what_it_cost_itself() -> None:
    """Its entry, an exit of ours and one at the stop; nothing of one that a person decided."""
    book, found = OutcomeBook("live"), []
    book.decided(msgspec.structs.replace(wanted(side=1), bid=100.0, ask=100.2, instruction=70))
    for deal in (
        a_deal(4, "in", 1.0, 100.3), a_deal(5, "out", 0.25, 98.6, reason="stop", comment="sl 99.00"),
        a_deal(6, "out", 0.75, 100.9, reason="client"),
    ):  # fmt: skip
        book.deal(deal)
        found.append({ticket: tuple(round(part, 9) for part in slip) for ticket, slip in book.slips.items()})

    assert [{4: (0.0, 0.1, 0.1)}, {5: (0.0, 0.0, 0.4)}, {}] == found


# --- shadows ----------------------------------------------------------------------------------------------------------


def shadowed(mode: str, wishes: dict[int, Any], closes: list[float], **gate: Any) -> tuple[Books, list[Outcome]]:  # noqa: ANN401
    """Tell bars at these closes from bar 3 on; return the books and every outcome."""
    told = Told(a_gated_plan(wishes, mode, **gate), opened=False)
    books = Books(told.core, COSTS)
    outcomes: list[Outcome] = []
    facts = opening()
    before = 100.0
    for n, close in enumerate(closes, 3):
        high, low = max(before, close), min(before, close)
        facts.append(
            BarClosed(
                at=hour(n + 1), bar=Bar("XAUUSD", "H1", hour(n), before, high, low, close), bid=close, ask=close + 0.1
            )
        )
        before = close
    for fact in facts:
        outcomes += books.observe(fact, told.core.handle(fact))
    return books, outcomes


FALLING = [100.0 - 0.01 * n for n in range(1, 21)]


def test_a_signal_vetoed_on_twenty_bars_is_one_missed_trade() -> None:
    """The shadow takes the first and holds it, as the strategy would have done: without that gate, and without all."""
    _, outcomes = shadowed("enforce", dict.fromkeys(range(3, 23), buy(0.5)), [*FALLING, 99.0])
    found = [(o.book, o.gate, o.side, o.exit_reason, o.gate_open) for o in outcomes]

    assert [("shadow", gate, 1, "stop", False) for gate in ("regime", "all")] == found


@pytest.mark.parametrize(("mode", "count"), [("off", 0), ("advise", 3), ("enforce", 3)])
def test_only_a_gated_strategy_has_a_shadow(mode: str, count: int) -> None:
    """Where no gate stands there is nothing to compare with."""
    books, _ = shadowed(mode, {}, [100.0])

    assert count == len(books.shadows)


def test_a_shadow_obeys_the_operator() -> None:
    """At halt the shadow takes no trade either: the gate's value is not that of a halt."""
    told = Told(a_gated_plan(dict.fromkeys(range(3, 9), buy(0.5))))
    books = Books(told.core, COSTS)
    decisions: list[Decision] = []
    facts: list[AnyFact] = [level("halt", hour(3)), *(closed(n, 99.0) for n in range(3, 7))]
    for fact in facts:
        step = told.core.handle(fact)
        books.observe(fact, step)
        decisions += step.decisions

    assert {"vetoed_by_regime"} == {d.outcome for d in decisions}
    assert ({}, ()) == (books.shadows[0].book.held, books.shadows[0].venue.positions())


def test_a_shadow_trades_nothing_at_the_live_venue() -> None:
    """Whatever the shadow does, the step of the live core asks for nothing more."""
    told = Told(a_gated_plan(dict.fromkeys(range(3, 9), buy(0.5))))
    books = Books(told.core, COSTS)
    asked = []
    for n in range(3, 7):
        step = told.core.handle(closed(n, 99.0))
        books.observe(closed(n, 99.0), step)
        asked += list(step.instructions)

    assert [] == asked
    assert 1 == len(books.shadows[0].venue.positions())


def test_a_bar_or_deal_told_twice_is_booked_once() -> None:
    """Books follow the core: what it has heard already is no news for them."""
    told = Told(a_plan(a_lane({3: buy()})))
    books = Books(told.core, COSTS)
    step = told.core.handle(closed(3))
    books.observe(closed(3), step)
    (wish,) = step.instructions
    deal = told.deal(wish, "in", 100.1, commission=-3.0)  # type: ignore[arg-type]  # a Submit
    facts: list[AnyFact] = [DealMade(at=hour(4), deal=deal), closed(4, 100.0, high=101.0, low=99.5)]
    snapshots = []
    for fact in (*facts, *facts):
        books.observe(fact, told.core.handle(fact))
        snapshots.append(books.snapshot())

    assert snapshots[1] == snapshots[2] == snapshots[3]
