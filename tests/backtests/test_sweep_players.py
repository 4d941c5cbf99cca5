"""What makes a sweep fast changes nothing of it: loops, readings that are kept, bars that processes share, arrays."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backtests.backtest import Engine, made_ready, run_backtest
from backtests.equity import curve_of, drawdown_of
from backtests.gained import gained, gained_of
from backtests.grid import Values, turned
from backtests.kept_reading import KeptReading
from backtests.recorded import tapes_of
from backtests.shared_tapes import share, shared
from backtests.sweep_file import head_of
from backtests.sweep_worker import Playing, Work, put_down
from backtests.tried import Tried, deepest, tried
from config.account import AccountConfig
from market.bars import Bars, bars_of, made_bars
from runtime.core.feeds import FeedKey
from tests.records import demo_account

Tapes = dict[FeedKey, Bars]
KEYS = ("strategies.trend.params.fast", "strategies.trend.risk")
POINTS: tuple[Values, ...] = ((10, 0.01), (10, 0.02), (20, 0.02), (20, 0.01), (10, 0.01))
BARS = 400


def account() -> AccountConfig:
    """Return the demo's account with one strategy, which is a kernel, and no gate."""
    config, _ = demo_account()
    return replace(config, strategies=(replace(config.strategies[0], gate=None),), regimes={})


def rows(
    engine: Engine, recorded: dict[FeedKey, Bars] | None = None, reading: KeptReading | None = None
) -> list[Tried]:
    """Return what comes of the points by one drive."""
    return [
        tried(
            turned(account(), KEYS, values), values, bars=BARS, engine=engine, recorded=recorded, reading=reading,
            models={},
        )
        for values in POINTS
    ]  # fmt: skip


def test_loops_with_a_reading_that_is_kept_tell_what_the_plain_drive_does() -> None:
    """Whether the point before has read the same or not; some trades were made."""
    plain, compiled, kept = rows("plain"), rows("compiled"), rows("compiled", reading=KeptReading())

    assert plain == compiled == kept
    assert all(row.trades > 0 for row in plain)
    assert kept[0] == kept[4]


def test_the_same_bars_are_read_once() -> None:
    """Where risk alone is turned; another average is read anew."""
    reading = KeptReading()
    seen = []
    for values in POINTS:
        tried(turned(account(), KEYS, values), values, bars=BARS, engine="compiled", reading=reading)
        seen.append(reading.read)

    assert [True, False, True, False] == [a is b for a, b in pairwise(seen)]


def test_money_as_arrays_is_the_money_of_the_words() -> None:
    """Trades, what they made, and the equity bar by bar."""
    ready = [made_ready(account(), bars=BARS, shadows=False, engine="compiled").drive for _ in range(2)]

    record, _ = ready[0].played()  # type: ignore[union-attr]  # a compiled one
    equity = ready[0].equity_of(record)  # type: ignore[union-attr]  # likewise
    words = gained(ready[1].run(decided=False))

    found = gained_of(record, equity)
    assert (words.trades, words.net) == (found.trades, found.net)
    assert words.times.tolist() == found.times.tolist()
    assert words.equity.tolist() == found.equity.tolist()


@given(st.lists(st.floats(-1e3, 1e6), max_size=30), st.floats(1.0, 1e6))
def test_the_deepest_drawdown_is_that_of_the_curve(equity: list[float], balance: float) -> None:
    """Which the report draws."""
    curve = curve_of(enumerate(equity))

    expected = max((-drawdown_of(curve, balance).share).tolist(), default=0.0)

    assert expected == deepest(curve, balance)


def test_bars_that_are_shared_are_the_same_bars(tmp_path: Path) -> None:
    """In every column, with what went on within them, cut and indexed as others; none at all, too."""
    tape = bars_of("X", "M15", [(900_000 * i, 1.0 + i, 2.0 + i, 0.5, 1.5, 7.0, 3.0) for i in range(5)])
    long = made_bars("X", "D1", [replace(tape.bar(i), timeframe="D1", variance=0.5, parts=96.0) for i in range(3)])
    tapes = {("X", "M15"): tape, ("X", "D1"): replace(long, made="of M15"), ("Y", "H1"): bars_of("Y", "H1", [])}
    share(tmp_path, tapes)

    found = shared(tmp_path)

    assert list(tapes) == list(found)
    assert [list(tape) for tape in tapes.values()] == [list(tape) for tape in found.values()]
    assert ["", "of M15", ""] == [tape.made for tape in found.values()]
    assert list(tape.between(900_000, 2_700_000)) == list(found["X", "M15"].between(900_000, 2_700_000))
    assert np.asarray(found["X", "M15"].close).flags.writeable  # as those are for which loops were compiled


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_shared_bars_are_played_as_others(engine: Engine, tmp_path: Path) -> None:
    """By either drive."""
    _, tapes = run_backtest(account(), bars=BARS, shadows=False)
    share(tmp_path, tapes)

    assert rows(engine, tapes) == rows(engine, shared(tmp_path))


def test_a_player_compiles_for_many_points_what_it_would_not_for_one(tmp_path: Path) -> None:
    """Bars count as often as they will be played; what comes of it is the same."""
    config, found = account(), []
    _, tapes = run_backtest(config, bars=BARS, shadows=False)
    for points in (1, 1000):
        folder = tmp_path / str(points)
        folder.mkdir()
        put_down(folder, Work(config=config, keys=KEYS, points=points, bars=BARS), tapes)
        playing = Playing(folder)
        found.append((playing.play(POINTS[0]), playing.reading.read is not None))

    assert [False, True] == [compiled for _, compiled in found]
    assert found[0][0] == found[1][0]


def test_bars_within_bars_that_were_edited_make_another_sweep(tmp_path: Path) -> None:
    """They say which of stop and target came first, though the bars themselves stay as they are."""
    config, _ = demo_account()
    file = tmp_path / "hours.csv"
    hours = replace(config.data["SP500"], source="", file=str(file), timeframe="H1", symbol="SP500")
    account = replace(config, data={"SP500": replace(config.data["SP500"], finer="hours"), "hours": hours})
    heads = []
    for text in ("1", "2"):
        file.write_text(text, encoding="utf-8")
        heads.append(head_of(account, (), tapes_of(config), {}, (None, None, None)))

    assert heads[0] != heads[1]
    assert replace(heads[0], bars="") == replace(heads[1], bars="")
