"""A function that is shown bars of other symbols and timeframes: those that had closed, as told, and no other."""

import tomllib

from bisect import bisect_right
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.drive import Drive, PlainDrive
from backtests.engine_plan import why_plain
from backtests.future import cut, leaks_of, spoilt
from backtests.reel import Reel
from brokers.facts import BarPhase, BarRevised
from config.account import AccountConfig
from config.errors import ConfigError
from config.load import account_of
from market.bars import Bars, made_bars
from runtime.asked import questions
from runtime.core.facts import StrategyAnswered
from runtime.core.plan import Plan
from strategies.adapter import flat_of, runner_of
from strategies.beside import Beside, Columns, aligned
from strategies.protocol import StrategyError, Want
from strategies.registry import resolve
from strategies.window import COLUMNS, Window, WindowStrategy, put, window_of
from tests.cores import a_lane, a_plan, closed, hour
from tests.cuts import cuts
from tests.tapes import COSTS, coarser, drive_of, rows_of, walk
from tests.told import Told
from tests.venues import HOUR, MONDAY
from tests.windows import spread

SIZE = 8
EURO = Beside(symbol="EURUSD", timeframe="H1", window=5)
LONG = Beside(symbol="XAUUSD", timeframe="H4", window=3)


def gapped(bars: Bars, missing: set[int]) -> Bars:
    """Return a tape without some bars."""
    return made_bars(bars.symbol, bars.timeframe, (bar for i, bar in enumerate(bars) if i not in missing))


def tapes(seed: int = 1, missing: set[int] = frozenset()) -> tuple[Bars, Bars, Bars]:  # type: ignore[assignment]
    """Return hours of gold, of the euro with some missing, and of gold four at a time."""
    gold = walk(160, seed)
    return gold, gapped(walk(160, seed + 1, "EURUSD", start=1.1, scale=100_000), missing), coarser(gold, "H4")


def house(others: dict[str, Beside], function: Any = spread, **named: Any) -> Plan:  # noqa: ANN401
    """Return a plan of a function over hours of gold, which is shown others."""
    strategy = WindowStrategy(name="spread", function=function, window=SIZE, others=others, **named)
    return a_plan(a_lane({}, strategy=strategy))


def driven(plan: Plan, *bars: Bars, kind: type[PlainDrive] = PlainDrive) -> Drive:
    """Return what comes of a plan over bars."""
    return kind(*drive_of(plan, *bars, costs=COSTS), balance=10_000.0, start=MONDAY + 30 * HOUR, warmup=24).run()


def seen_in(others: dict[str, Beside], *bars: Bars) -> list[Window]:
    """Return every window that a function was shown."""
    shown: list[Window] = []

    def watching(w: Window) -> tuple[Want, float]:
        shown.append(w)
        return None, 0.0

    driven(house(others, watching), *bars)
    return shown


def test_others_are_aligned_on_their_close() -> None:
    """An hour of another symbol that closed with ours, and four hours that had closed by then: as a join has them."""
    gold, euro, fours = tapes()

    shown = seen_in({"euro": EURO, "long": LONG}, gold, euro, fours)

    assert 100 < len(shown)
    for w in shown[:-1]:  # at the end of the data all is told that there is, in its order
        end = w.time[-1] + HOUR
        for name, tape, frame in (("euro", euro, HOUR), ("long", fours, 4 * HOUR)):
            place = bisect_right(tape.time, end - frame)
            other = w.others[name]
            assert (tape.symbol, tape.timeframe, 0) == (other.symbol, other.timeframe, other.position)
            assert rows_of(tape.part(place - len(other), place)) == list(zip(*other.columns().values(), strict=True))


@settings(max_examples=cuts(10, 80))
@given(st.integers(0, 1000), st.sets(st.integers(0, 159), max_size=60))
def test_nothing_that_closed_later_is_shown_whatever_is_missing(seed: int, missing: set[int]) -> None:
    """The last closed bar stands; what is shown is a part of the other tape without a hole, never newer than ours."""
    gold, euro, _ = tapes(seed, missing)

    for w in seen_in({"euro": EURO}, gold, euro):
        other = list(w.others["euro"].time)
        place = euro.time.index(other[0])
        assert other == list(euro.time[place : place + EURO.window])
        assert other[-1] + HOUR <= w.time[-1] + HOUR


def test_the_future_of_any_of_them_changes_nothing() -> None:
    """Cut off or spoilt after a moment, in both tapes: whatever was decided before it is the same in every field."""
    gold, euro, _ = tapes()
    known = {(tape.symbol, tape.timeframe): tape for tape in (gold, euro)}
    plan = house({"euro": EURO})
    whole = driven(plan, gold, euro).decisions

    for at in (whole[40].at, whole[77].at):
        before = [d for d in whole if d.at <= at]
        for future in (cut(known, at), spoilt(known, at)):
            other = [d for d in driven(plan, *future.values()).decisions if d.at <= at]
            assert [] == [*leaks_of(before, other, at, "another")]
    assert any(d.outcome == "traded" for d in whole)


class Asking(PlainDrive):
    """Asks before it tells a bar, as a daemon does of a function in a process of its own."""

    def _tell_bar(self, reel: Reel, index: int, at: int, phase: BarPhase) -> None:
        for q in questions(self.core, self.books, reel.tape.bar(index)) if phase == "live" else ():
            window = window_of(q.columns, q.symbol, q.timeframe, q.position, q.held)
            asked = WindowStrategy(name="spread", function=spread, window=SIZE, others={"euro": EURO})
            want = flat_of(*asked.asked(window, q.features, q.others))
            self._handle(
                StrategyAnswered(
                    at=at, strategy=q.strategy, bar_time=q.bar_time, position=q.position, held=q.held, want=want
                )
            )
        super()._tell_bar(reel, index, at, phase)


@settings(max_examples=cuts(5, 40))
@given(st.integers(0, 1000), st.sets(st.integers(0, 159), max_size=40))
def test_asked_before_or_called_at_a_bar_it_trades_the_same(seed: int, missing: set[int]) -> None:
    """Every decision and deal, its score made of every number shown; where others are stale nobody is missed."""
    gold, euro, _ = tapes(seed, missing)
    fresh = {"euro": msgspec.structs.replace(EURO, fresh_s=7200.0)}
    called = driven(house(fresh), gold, euro)
    asked = driven(house(fresh, None), gold, euro, kind=Asking)

    assert msgspec.msgpack.encode(called.decisions) == msgspec.msgpack.encode(asked.decisions)
    assert called.deals == asked.deals


def test_without_a_fresh_bar_of_the_others_it_is_not_called() -> None:
    """Six hours of the euro are missing: after two nothing is asked any more, until it is told again.

    That the hour before them has closed is known when the first one after them opens.
    """
    gold, euro, _ = tapes(missing=set(range(60, 66)))

    stands = [w.time[-1] for w in seen_in({"euro": EURO}, gold, euro)]
    fresh = [w.time[-1] for w in seen_in({"euro": msgspec.structs.replace(EURO, fresh_s=7200.0)}, gold, euro)]

    assert [MONDAY + n * HOUR for n in range(61, 66)] == sorted(set(stands) - set(fresh))


def test_a_lag_shows_what_closed_so_long_before() -> None:
    """Then it does not matter which of two markets is heard first."""
    gold, euro, _ = tapes()

    shown = seen_in({"euro": msgspec.structs.replace(EURO, lag_s=3600.0)}, gold, euro)

    assert all(w.others["euro"].time[-1] == w.time[-1] - HOUR for w in shown)


bars_told = st.lists(st.integers(0, 60), min_size=1, max_size=80)


@given(bars_told, st.integers(1, 6), st.integers(0, 70), st.integers(0, 4), st.integers(0, 3))
def test_rows_are_those_of_a_join(told: list[int], window: int, at: int, fresh: int, lag: int) -> None:
    """Told in any order and more than once: the last that had closed by then, or none."""
    beside = Beside(symbol="X", timeframe="H1", window=window, fresh_s=3600.0 * fresh, lag_s=3600.0 * lag)
    ring: Columns = {name: [] for name in COLUMNS}
    for n in told:
        put(ring, msgspec.structs.replace(closed(0).bar, time=n * HOUR, close=1.0 + n), beside.kept)

    rows = aligned(ring, beside, at * HOUR)

    known = [n for n in sorted(set(told)) if n + 1 + lag <= at]
    stale = bool(fresh and known and at - known[-1] - 1 > fresh)
    expected = None if len(known) < window or stale else [n * HOUR for n in known[-window:]]
    assert expected == (rows and rows["time"])


def test_a_restart_and_a_bar_told_anew_are_as_if_nothing_had_happened() -> None:
    """Other bars are kept by their feed: they sleep with it, and follow what is told of them."""
    plan = house({"euro": EURO})
    told, once = Told(plan), Told(plan)
    revised = msgspec.structs.replace(closed(17).bar, symbol="EURUSD", close=1.5, high=1.6, low=1.0)
    for n in range(3, 20):
        for symbol in ("EURUSD", "XAUUSD"):
            fact = closed(n, 100.0 + n % 5)
            fact = msgspec.structs.replace(fact, bar=msgspec.structs.replace(fact.bar, symbol=symbol))
            told.tell(fact)
            known = revised if (symbol, n) == ("EURUSD", 17) else fact.bar
            once.tell(msgspec.structs.replace(fact, bar=known))
        told = told.again()

    told.tell(BarRevised(at=hour(20), bar=revised))

    assert once.core.feeds["EURUSD", "H1"].ring == told.core.feeds["EURUSD", "H1"].ring
    assert revised.close in told.core.feeds["EURUSD", "H1"].ring["close"]


def test_what_it_is_shown_is_said_in_its_parameters() -> None:
    """And checked there; a strategy by itself has nobody who tells it other bars."""
    params = {"window": 9, "others": {"euro": {"symbol": "EURUSD", "timeframe": "H1", "window": 5}}}
    strategy = resolve("tests.windows:spread", params)
    assert isinstance(strategy, WindowStrategy)

    assert {"euro": EURO} == strategy.others
    with pytest.raises(StrategyError, match="bars of EURUSD H1, which are not told here"):
        runner_of(strategy).step_flat((), closed(3).bar, 0, 0)
    assert "shown other bars" in why_plain(house({"euro": EURO}), {("XAUUSD", "H1"): walk(9)}, {}, shadows=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timeframe": "H9"}, "expected one of the timeframes"),
        ({"window": 0}, "expected window of 1 or more"),
        ({"fresh_s": -1.0}, "expected window of 1 or more"),
        ({"rows": 3}, "unknown field"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], said: str) -> None:
    """With the name of what it is."""
    other = {"symbol": "EURUSD", "timeframe": "H1", "window": 5} | change

    with pytest.raises(StrategyError, match=said):
        resolve("tests.windows:spread", {"window": 9, "others": {"euro": other}})


def test_an_account_says_which_other_bars_it_lacks() -> None:
    """A symbol that it does not have, and its own bars."""
    given: dict[str, Any] = {"name": "a", "use": "tests.windows:spread", "symbol": "SP500", "timeframe": "D1"}
    far, own = ({"symbol": symbol, "timeframe": "D1", "window": 3} for symbol in ("GOLD", "SP500"))

    with pytest.raises(ConfigError, match="GOLD") as caught:
        demo([given | {"risk": 0.001, "params": {"window": 5, "others": {"far": far, "own": own}}}])

    assert "expected other bars than its own, got SP500 D1" in "\n".join(caught.value.problems)


def demo(strategies: list[dict[str, Any]]) -> AccountConfig:
    """Return the demo's account with other strategies."""
    document = tomllib.loads(resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8"))
    document["strategies"] = strategies
    del document["regimes"]
    return account_of(document, folder=Path("/accounts"))
