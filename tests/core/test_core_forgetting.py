"""Bars that a wrong clock told ahead of their time: once it is right they are forgotten, and history is read anew."""

from typing import Any

import msgspec
import pytest

from brokers.facts import BarClosed, ClockDoubted, HistoryGrown, HistoryTold
from brokers.made import FrameRule, MadeRule
from runtime.core.facts import AnyFact
from runtime.core.feeds import feed_snapshot
from runtime.core.gates import NOTHING_READ
from runtime.core.instructions import Alert
from runtime.core.made import made_snapshot
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import reading_snapshot
from runtime.outcomes.books import Books
from tests.chaos_world import COSTS
from tests.cores import a_gate, a_lane, a_plan, buy, closed, hour, up_model
from tests.told import Rested, Told, of_kind, only

AHEAD = 5
"""Hours by which the clock was wrong."""
NOW = 24
"""When it is right again: bar 23 has just closed."""
RIGHTED = ClockDoubted(at=hour(NOW), problem="")


def reads(rule: MadeRule | None = None, script: Any = None) -> Plan:  # noqa: ANN401 - of wants
    """Return a plan of a strategy behind a gate on hours of gold, or on what is made of them."""
    regime = RegimePlan(
        name="up", symbol="XAUUSD", timeframe=rule.timeframe if rule else "H1", model=up_model(), made=rule
    )
    return a_plan(a_lane(script or {}, gate=a_gate(), regime="up"), regimes=(regime,))


def price(n: int) -> float:
    """Return the close of a bar."""
    return 100.0 + n * n % 7 / 10.0


def misdated(plan: Plan) -> Told:
    """Return a core that was told the bars of a day with wrong times, and doubts them by now."""
    told = Told(plan)
    for n in range(3, NOW):
        told.tell(closed(n + AHEAD, price(n)))
    told.tell(ClockDoubted(at=hour(NOW + AHEAD), problem="5 h off"))
    return told


def history() -> list[AnyFact]:
    """Return the same bars as they are told once the clock is right."""
    return [closed(n, price(n), phase="warm", bid=price(n), spread=0.0) for n in range(NOW)]


def folded(told: Told) -> bytes:
    """Return all that bars were folded into."""
    core = told.core
    return msgspec.msgpack.encode((
        [feed_snapshot(feed) for feed in core.feeds.values()], [made_snapshot(made) for made in core.made.values()],
        [reading_snapshot(reading) for reading in core.readings],
    ))  # fmt: skip


@pytest.mark.parametrize("rule", [None, FrameRule("H4", "H1")])
def test_what_is_folded_in_is_that_of_a_core_that_was_never_told_wrongly(rule: MadeRule | None) -> None:
    """Features, longer bars and readings, to the bit; people know once, and the next bar is decided."""
    told, born = misdated(reads(rule)), Told(reads(rule), opened=False)
    steps = told.tell(RIGHTED), told.tell(RIGHTED)
    forgot = told.core.feeds["XAUUSD", "H1"].bars, told.holds
    told.tell(*history())
    born.tell(*history())

    assert (0, ["WARMING:XAUUSD"]) == forgot
    assert "XAUUSD H1: a wrong clock told bars of later than now" in only(steps[0], Alert).text
    assert [] == of_kind(steps[1], Alert)
    assert folded(born) == folded(told)
    assert NOW == (told.decide(NOW).bar_time - hour(0)) // (hour(1) - hour(0))


def test_strategies_and_exits_live_through_nothing_twice() -> None:
    """They were told the same bars before, by other times: history is for features alone."""
    told = misdated(reads(script={AHEAD + 3: buy(bars=30)}))
    told.tell(RIGHTED)
    lane = told.core.lanes[0]
    before = lane.runner.snapshot()
    told.tell(*history())

    assert before == lane.runner.snapshot()
    assert lane.lived == hour(NOW)


def test_a_trade_is_not_led_through_history_again() -> None:
    """Its time stop counts the bars it has been open, each once."""
    told = Told(reads(script={AHEAD + 3: buy(bars=90)}))
    lane = told.core.lanes[0]
    told.tell(closed(AHEAD + 2, 99.0))
    told.enter(AHEAD + 3, 100.0)
    for n in range(4, NOW):
        told.tell(closed(n + AHEAD, 100.1))
    told.tell(ClockDoubted(at=hour(NOW + AHEAD), problem="5 h off"), RIGHTED)
    assert lane.trade is not None
    held = list(lane.trade.exit)
    told.tell(*history())

    assert held == lane.trade.exit


def test_what_is_decided_after_it_was_decided_now() -> None:
    """A gateway refuses what was decided long ago: by a time that is yet to come it would take anything for hours."""
    script = {99: buy()}
    told = misdated(reads(script=script))
    told.tell(RIGHTED, *history())
    script[NOW] = buy()

    assert hour(NOW + 1) == told.submit(NOW, 102.0).decided_at


def test_a_gate_is_shut_until_history_was_read() -> None:
    """What was read of a regime under a wrong clock is forgotten with its bars."""
    told = misdated(reads())
    lane = told.core.lanes[0]
    told.tell(RIGHTED)
    between = lane.gate_open, lane.gate_reason
    told.tell(*history())

    assert (False, NOTHING_READ) == between
    assert lane.gate_reason in {"regime allowed", "regime not allowed"}


def test_where_nothing_is_ahead_nothing_is_forgotten() -> None:
    """A clock that was doubted and has told no bar of later than now."""
    told = misdated(reads())
    step = told.tell(ClockDoubted(at=hour(NOW + AHEAD), problem=""))

    assert ([], []) == (told.holds, of_kind(step, Alert))
    assert told.core.feeds["XAUUSD", "H1"].bars


@pytest.mark.parametrize("cut", [NOW - 4, NOW - 2, NOW, NOW + 20, NOW + 27])
def test_a_core_put_to_rest_around_it_goes_on_alike_and_so_do_its_shadows(cut: int) -> None:
    """In doubt, forgotten, in the middle of history, and when it decides again."""
    plan = reads(script={n: buy() for n in range(99)})
    wrong = [closed(n + AHEAD, price(n)) for n in range(3, NOW)]
    right = [closed(n, price(n)) for n in range(NOW, NOW + 8)]
    facts: list[AnyFact] = [
        *wrong, ClockDoubted(at=hour(NOW + AHEAD), problem="5 h off"), RIGHTED, *history(), *right
    ]  # fmt: skip
    rested = Rested(Told(plan).core, facts, cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken


def test_a_shadow_book_follows_the_bars_that_are_decided_again() -> None:
    """Its venue had been told of later bars than those, and its strategy lives through none of them twice."""
    told = Told(reads())
    books = Books(told.core, COSTS)

    def tell(*facts: AnyFact) -> None:
        for fact in facts:
            books.observe(fact, told.tell(fact))

    tell(*(closed(n + AHEAD, price(n)) for n in range(3, NOW)), ClockDoubted(at=hour(29), problem="5 h off"))
    shadow = books.shadows[0]
    before = shadow.core.lanes[0].runner.snapshot()
    tell(RIGHTED, *history())
    again = shadow.core.lanes[0].runner.snapshot()
    live: BarClosed = closed(NOW, 123.0)
    tell(live)

    assert before == again
    assert (live.bar.time, True) == shadow.follower.opened["XAUUSD"]


# --- history that was still being loaded ------------------------------------------------------------------------------

GREW = HistoryGrown(at=hour(NOW), symbol="XAUUSD", timeframe="H1")


def loading(plan: Plan, told_: int = 2) -> Told:
    """Return a core that was told the last few bars of its history, since its terminal had no more of them."""
    told = Told(plan, opened=False)
    told.tell(*history()[-told_:], HistoryTold(at=hour(NOW)))
    return told


@pytest.mark.parametrize("rule", [None, FrameRule("H4", "H1")])
def test_history_that_has_grown_is_folded_in_as_if_all_had_been_there_at_once(rule: MadeRule | None) -> None:
    """To the bit; nobody is paged, and the hold is gone."""
    told, born = loading(reads(rule)), Told(reads(rule), opened=False)
    held = told.core.ledger.holds["WARMING:XAUUSD"]
    step = told.tell(GREW, *history())
    born.tell(*history())

    assert "history tells" in held
    assert folded(born) == folded(told)
    assert [] == of_kind(step, Alert)
    assert not [hold for hold in told.holds if hold.startswith("WARMING")]


def test_a_feed_that_nobody_reads_cannot_grow() -> None:
    """A configuration that was changed meanwhile reads it no more."""
    told = loading(reads())
    before = folded(told)
    told.tell(msgspec.structs.replace(GREW, symbol="EURUSD"))

    assert before == folded(told)


def test_a_daemon_that_ends_while_history_is_told_anew_decides_and_lives_through_nothing_twice() -> None:
    """The rest is told as missed by the next one: an exit would count its bars again, and a strategy its own."""
    told = Told(reads(script={NOW: buy(bars=90)}))
    for n in range(3, NOW):
        told.tell(closed(n, price(n) - 1.0))
    told.enter(NOW, 100.1)
    told.tell(closed(NOW + 1, 100.1), msgspec.structs.replace(GREW, at=hour(NOW + 2)))
    lane = told.core.lanes[0]
    assert lane.trade is not None
    before = lane.runner.snapshot(), list(lane.trade.exit)
    told.tell(*history()[:10])
    again = [closed(n, price(n), phase="missed") for n in range(10, NOW + 2)]
    step = told.tell(*again)

    assert before == (lane.runner.snapshot(), lane.trade.exit)
    assert () == step.decisions
    assert "missed" == told.decide(NOW + 2, phase="missed").outcome


@pytest.mark.parametrize("cut", [5, NOW, NOW + 6])
def test_a_core_put_to_rest_while_history_grows_goes_on_alike_and_so_do_its_shadows(cut: int) -> None:
    """Short of history, in the middle of it, and when it decides."""
    plan = reads(script={n: buy() for n in range(99)})
    right = [closed(n, price(n)) for n in range(NOW, NOW + 8)]
    facts: list[AnyFact] = [*history()[-2:], HistoryTold(at=hour(NOW)), GREW, *history(), *right]
    rested = Rested(Told(plan).core, facts, cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
