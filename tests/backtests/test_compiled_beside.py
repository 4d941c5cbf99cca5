"""Regimes that read other bars than their strategies are played by both drives alike, to the bit."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.compiled import CompiledDrive
from backtests.drive import Drive, PlainDrive
from backtests.engine_beside import MADE
from backtests.engine_made import made_of
from backtests.engine_plan import why_plain
from backtests.gained import gained, gained_of
from brokers.hours import Hours
from brokers.made import DayRule, FrameRule, MadeRule, longer_of
from market.bars import Bars, bars_of
from market.calendar import Calendar, Week
from market.types import TIMEFRAMES
from regimes.gate import ByPosterior
from regimes.novelty import e_process
from regimes.shut import OnShut
from runtime.core.plan import Plan, RegimePlan
from strategies.protocol import Strategy
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.engines import POLICIES, Dice, Twin, any_dice, begun, difference, played, tapes
from tests.models import a_model
from tests.tapes import Row, coarser, rows_of, walk
from tests.venues import DAY, HOUR, MONDAY

HOURS = walk(700)
QUARTERS = coarser(HOURS, "H4")
KEY = ("XAUUSD", "H1")
WITHIN = msgspec.structs.replace(a_model(3), features=(("log_return", ()), ("intrabar_vol", (5,))))


def behind(
    *strategies: Strategy, timeframe: str = "H4", own: str = "H1", made: MadeRule | None = None, mode: str = "enforce",
    regime: dict[str, Any] | None = None, hours: Hours | None = None, **gate: Any,  # noqa: ANN401 - fields of the gate
) -> Plan:  # fmt: skip
    """Return a plan of strategies on gold behind gates that follow the last bar of another timeframe."""
    reads = RegimePlan(
        name="up", symbol="XAUUSD", timeframe=made.timeframe if made else timeframe, made=made,
        **({"model": up_model()} | (regime or {})),
    )  # fmt: skip
    lanes = [
        a_lane({}, n, strategy=strategy, timeframe=own, gate=a_gate(mode, **gate), regime="up")
        for n, strategy in enumerate(strategies, 1)
    ]
    return a_plan(*lanes, regimes=(reads,), hours={"XAUUSD": hours} if hours else {})


def hours_of(zone: str, *day: tuple[int, int], closed: tuple[int, ...] = ()) -> Hours:
    """Return a calendar with the same sessions, in hours, from Monday to Friday, and days on which there is none."""
    spans = tuple((begin * HOUR, end * HOUR) for begin, end in day)
    week: Week = (spans, spans, spans, spans, spans, (), ())
    return Hours(calendar=Calendar(week=week, holidays={MONDAY // DAY + n: () for n in closed}), zone=zone)


def both(plan: Plan, tape: Bars, beside: Sequence[Bars] = (), **options: Any) -> tuple[Drive, Drive]:  # noqa: ANN401 - of a drive
    """Play a plan by the plain and by the compiled drive, which has no reason not to."""
    assert not why_plain(plan, {(b.symbol, b.timeframe): b for b in (tape, *beside)}, {}, shadows=True)
    given: dict[str, Any] = {"beside": beside, "shadows": True, **options}
    return played(PlainDrive, plan, tape, **given), played(CompiledDrive, plan, tape, **given)


def compared(plan: Plan, tape: Bars, beside: Sequence[Bars] = (), **options: Any) -> str:  # noqa: ANN401 - of a drive
    """Return in what the two drives differ, shadow books and all; empty: in nothing."""
    return difference(*both(plan, tape, beside, **options))


# --- told by themselves -----------------------------------------------------------------------------------------------


def test_a_regime_of_longer_bars_is_played_alike() -> None:
    """Its gate opens and shuts between the strategy's bars, and what rests is taken back then."""
    plan = behind(Dice(every=1, kind=1, away=0.3, target=0.5, expiry=9), Dice(every=2, stop=3.0, trail=2.0, bars=20))
    plain, compiled = both(plan, HOURS, [QUARTERS])

    assert not difference(plain, compiled)
    assert {"vetoed_by_regime", "traded", "in_position", "order_working"} <= {d.outcome for d in compiled.decisions}
    assert len(QUARTERS) - 7 == compiled.bars - len(compiled.decisions) // 2


@pytest.mark.parametrize("on_shut", POLICIES, ids=str)
def test_every_policy_of_a_gate_of_longer_bars_is_played_alike(on_shut: Any) -> None:  # noqa: ANN401 - as in a gate
    """It stays shut for several of the strategy's bars."""
    plan = behind(Dice(every=2, stop=3.0, trail=2.0, bars=20), on_shut=on_shut)

    assert not compared(plan, HOURS, [QUARTERS])


def test_a_reading_that_grows_stale_is_played_alike() -> None:
    """No bar of the regime comes for a week: the gate shuts, but not that of the shadow book."""
    far = MONDAY + 140 * HOUR
    holed = bars_of("XAUUSD", "H4", [row for row in rows_of(QUARTERS) if not far < row[0] < far + 7 * DAY])
    plain, compiled = both(behind(Dice(every=2, bars=9), max_age=2), HOURS, [holed])
    said = [d.gate_reason for d in compiled.decisions]

    assert not difference(plain, compiled)
    assert 100 < said.count("the regime reading is stale") < 200
    assert any(o.gate_open for o in compiled.outcomes if o.book == "shadow" and far + DAY < o.opened < far + 7 * DAY)


def test_what_a_sweep_looks_at_is_the_same_by_either_drive() -> None:
    """Trades, their money, and the equity, which has a point for each bar that the regime is told by itself, too."""
    plan = behind(Dice(every=1, stop=3.0, trail=2.0, bars=20))
    drive = begun(CompiledDrive, plan, HOURS, beside=[QUARTERS])
    record, _ = drive.played()

    words, columns = (
        gained(played(PlainDrive, plan, HOURS, beside=[QUARTERS])),
        gained_of(record, drive.equity_of(record)),
    )

    assert (words.trades, words.net) == (columns.trades, columns.net)
    assert words.times.tolist() == columns.times.tolist()
    assert words.equity.tolist() == columns.equity.tolist()


def test_weekends_are_played_alike() -> None:
    """The bar of Friday is told on Monday, behind the last one of the strategy's, which it did not close with."""
    ages = [(row[0] // (120 * HOUR) * 48 * HOUR + row[0], *row[1:]) for row in rows_of(HOURS)]
    week = bars_of("XAUUSD", "H1", [row for row in ages if row[0] % (24 * HOUR) < 22 * HOUR])
    plan = behind(Dice(every=1, kind=1, away=0.3, expiry=9), Dice(every=3, stop=3.0, bars=20), timeframe="D1")

    assert not compared(plan, week, [coarser(week, "D1")])


def test_history_that_is_too_short_for_the_regime_holds_entries_back_alike() -> None:
    """Its bars are too few at the start: nobody enters, though a gate that only advises would let them."""
    plain, compiled = both(behind(Dice(every=1), mode="advise", timeframe="D1"), HOURS, [coarser(HOURS, "D1")])
    holds = {d.holds for d in compiled.decisions}

    assert not difference(plain, compiled)
    assert {("WARMING:XAUUSD",), ()} <= holds


def test_a_longer_bar_that_is_another_is_noticed() -> None:
    """One close of the regime's, by as much as its model can see, makes another drive."""
    rows = rows_of(QUARTERS)
    rows[60] = (*rows[60][:4], rows[60][4] + 0.01, *rows[60][5:])
    plan = behind(Dice(every=2))
    other = played(CompiledDrive, plan, HOURS, beside=[bars_of("XAUUSD", "H4", rows)])

    assert "log_density" in difference(played(PlainDrive, plan, HOURS, beside=[QUARTERS]), other)


# --- made of the strategy's -------------------------------------------------------------------------------------------

RULES = (DayRule("UTC+2", "H1"), DayRule("New York close", "H1"), DayRule("UTC-5 US", "H1"))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_regime_of_days_made_of_the_strategys_hours_is_played_alike(rule: MadeRule) -> None:
    """A day moves the gate with its last hour."""
    plan = behind(Dice(every=2, stop=3.0, bars=20), Dice(every=1, kind=2, away=0.3, expiry=9), made=rule)

    assert not compared(plan, HOURS)


@settings(max_examples=40)
@given(tapes(), st.sampled_from((*RULES, FrameRule("H1", "M15"))), st.integers(-400, 400))
def test_longer_bars_are_made_in_one_go_as_one_by_one(tape: Bars, rule: MadeRule, days: int) -> None:
    """Whatever is missing, wherever the clock is put forward or back."""
    often = HOUR // TIMEFRAMES[rule.made_of] // 1000
    moved = {MONDAY + days * DAY + (row[0] - MONDAY) // often: row[1:] for row in rows_of(tape)}
    bars = bars_of("XAUUSD", rule.made_of, [(time, *row) for time, row in moved.items()])
    made, wanted = made_of(bars, 3, rule, None), longer_of(bars.part(3, len(bars)), rule, None)

    assert wanted.time.tolist() == made.time.tolist()
    assert [[getattr(bar, name) for bar in wanted] for name in MADE] == made.columns.tolist()


def test_what_goes_on_within_a_made_bar_is_read_alike() -> None:
    """How much the hours of a day moved is a feature of the day; no other bar has it."""
    plan = behind(Dice(every=2), made=RULES[0], regime={"model": WITHIN}, allow=(0, 1), enter=0.0, leave=0.0)
    plain, compiled = both(plan, HOURS)
    own = behind(Dice(every=2), timeframe="H1", regime={"model": WITHIN})

    assert not difference(plain, compiled)
    assert {"regime allowed"} <= {d.gate_reason for d in compiled.decisions}
    assert "regime up: 1 features of parts are more than 0" == why_plain(own, {KEY: HOURS}, {}, shadows=False)


# --- calendars --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "New York close", "UTC+2 EU"])
def test_nobody_enters_outside_of_sessions_alike(zone: str) -> None:
    """By the server's clock, at night and on a holiday; what is open is left all the same."""
    hours = hours_of(zone, (2, 9), (10, 23), closed=(3,))
    plan = behind(Dice(every=1, bars=3), Dice(every=2, kind=1, away=0.3, expiry=5), timeframe="H1", hours=hours)
    plain, compiled = both(plan, HOURS)

    assert not difference(plain, compiled)
    assert {(), ("SESSION:XAUUSD",)} <= {d.holds for d in compiled.decisions}


def test_bars_that_are_missing_in_a_session_make_a_reading_stale_alike() -> None:
    """The strategy's own are too few by the calendar as the next one comes: the gate is shut for that bar."""
    hours = hours_of("New York close", (1, 24))
    holed = [row for row in rows_of(HOURS) if not 9 * HOUR <= row[0] % DAY <= 15 * HOUR]
    stale: list[int] = []
    for days in (0, 67):
        tape = bars_of("XAUUSD", "H1", [(row[0] + days * DAY, *row[1:]) for row in holed])
        plan = behind(Dice(every=1, bars=9), timeframe="H1", hours=hours, max_age=2)
        plain, compiled = both(plan, tape, start=tape.time[30])
        stale.append(sum(d.gate_reason == "the regime reading is stale" for d in compiled.decisions))

        assert not difference(plain, compiled)

    assert all(9 < many < 99 for many in stale)


@pytest.mark.parametrize("timeframe", ["H4", "D1"])
def test_weekends_make_no_reading_stale_alike(timeframe: str) -> None:
    """No bar of the regime is missing while the market is shut; without the calendar they would be."""
    week = bars_of("XAUUSD", "H1", [row for row in rows_of(HOURS) if (row[0] - MONDAY) // DAY % 7 < 5])
    plan = behind(Dice(every=1, bars=9), timeframe=timeframe, hours=hours_of("UTC", (0, 24)), max_age=1)
    plain, compiled = both(plan, week, [coarser(week, timeframe)])

    assert not difference(plain, compiled)
    assert not any(d.gate_reason == "the regime reading is stale" for d in compiled.decisions)


@settings(max_examples=30)
@given(tapes(), st.sampled_from(RULES), st.sampled_from(("UTC", "New York close")), st.integers(-400, 400))
def test_longer_bars_are_over_with_their_last_session_alike(tape: Bars, rule: MadeRule, zone: str, days: int) -> None:
    """A day ends with the bar that no session follows."""
    hours = hours_of(zone, (1, 9), (12, 22), closed=(days + 2,))
    bars = bars_of("XAUUSD", "H1", [(row[0] + days * DAY, *row[1:]) for row in rows_of(tape)])
    made, wanted = made_of(bars, 0, rule, hours), longer_of(bars, rule, hours)

    assert wanted.time.tolist() == made.time.tolist()
    assert [[getattr(bar, name) for bar in wanted] for name in MADE] == made.columns.tolist()


# --- whatever comes ---------------------------------------------------------------------------------------------------


@st.composite
def told_beside(draw: st.DrawFn, tape: Bars, timeframe: str) -> Bars:
    """Draw the longer bars of a tape with holes, with prices of their own, beginning and ending where they like."""
    rows: list[Row] = []
    keep = draw(st.sampled_from((0.6, 0.95, 1.0)))
    length = coarser(tape, timeframe).frame
    known = {int(row[0]): row for row in rows_of(coarser(tape, timeframe))}
    first, last = min(known), max(known)
    price = 100.0
    for time in range(first - draw(st.integers(0, 3)) * length, last + draw(st.integers(1, 3)) * length, length):
        row = known.get(time)
        if row is None or draw(st.booleans()):
            price = max(1.0, price + draw(st.integers(-3, 3)))
            row = (time, price, price + 1.0, price - 0.5, price + draw(st.sampled_from((-0.4, 0.0, 0.9))), 0.0, 0.0)
        if time in {first, last} or draw(st.floats(0.0, 1.0)) < keep:
            rows.append(row)
    return bars_of(tape.symbol, timeframe, rows[draw(st.integers(0, 2)) :] or rows)


gates = st.builds(
    lambda mode, dwell, on_shut, max_age, exposure: {
        "mode": mode, "dwell": dwell, "on_shut": on_shut, "max_age": max_age, "exposure": exposure,
    },
    st.sampled_from(("off", "advise", "enforce", "enforce")), st.integers(0, 2), st.sampled_from(POLICIES),
    st.integers(1, 4), st.sampled_from((None, None, ByPosterior(weights=(0.7, 0.0)))),
)  # fmt: skip
MODELS: tuple[dict[str, Any], ...] = (
    {},
    {"novelty": (*e_process(1)[:3], 4.0)},
    {"model": msgspec.structs.replace(up_model(), quantiles=((-1e-2, -5e-3, 5e-3, 1e-2),))},
)


calendars = st.one_of(
    st.none(),
    st.builds(
        lambda zone, day, closed: hours_of(zone, *day, closed=closed),
        st.sampled_from(("UTC", "New York close", "UTC+2 EU", "UTC-7 US")),
        st.sampled_from((((0, 24),), ((1, 24),), ((3, 10), (12, 21)), ((8, 9),))),
        st.sampled_from(((), (1,), (2, 3))),
    ),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Plan, Bars, list[Bars], dict[str, Any]]:
    """Draw a plan, its bars, what is told beside them, and where trading begins."""
    later = draw(st.sampled_from((0, 0, 67, 88, 298, 306))) * DAY
    tape = bars_of("XAUUSD", "H1", [(row[0] + later, *row[1:]) for row in rows_of(draw(tapes()))])
    strategies = draw(st.lists(any_dice, min_size=1, max_size=2))
    timeframe = draw(st.sampled_from(("H4", "H4", "D1", "H2", "H1", "made")))
    made = draw(st.sampled_from(RULES)) if timeframe == "made" else None
    beside = [] if made or timeframe == "H1" else [draw(told_beside(tape, timeframe))]
    models = (*MODELS, {"model": WITHIN}) if made else MODELS
    given = {"timeframe": timeframe, "made": made, "hours": draw(calendars), "regime": draw(st.sampled_from(models))}
    plan = behind(*strategies, **given, **draw(gates))
    place = draw(st.integers(1, 40)) % (len(tape) - 2)
    start = tape.time[place] - draw(st.sampled_from((0, 0, 1, HOUR // 2)))
    return plan, tape, beside, {"start": start, "warmup": draw(st.integers(0, 30))}


@settings(max_examples=80)
@given(situations())
def test_regimes_of_other_bars_are_played_alike_whatever_comes(
    situation: tuple[Plan, Bars, list[Bars], dict[str, Any]],
) -> None:
    """Gaps and holes in either feed, every gate and policy, models that doubt, and histories that are too short."""
    plan, tape, beside, options = situation

    assert not compared(plan, tape, beside, **options)


def test_a_strategy_that_is_asked_in_python_is_played_alike() -> None:
    """Row by row, behind a gate of longer bars."""
    plan = behind(Twin(Dice(every=1, kind=1, away=0.3, target=0.5, expiry=9)), on_shut=OnShut(tighten=0.3))

    assert not compared(plan, HOURS, [QUARTERS])
