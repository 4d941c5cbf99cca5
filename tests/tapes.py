"""Recorded bars to drive through: a walk on the price grid, coarser bars made of finer ones, drives and accounts."""

import random

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from backtests.drive import Drive, PlainDrive
from brokers.costs import Costs
from config.account import AccountConfig
from config.load import load
from market.bars import Bars, bars_of
from market.types import TIMEFRAMES
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from tests.venues import HOUR, MONDAY

COSTS = {"XAUUSD": Costs(spread=10.0, slippage=2.0, commission=3.0), "EURUSD": Costs(spread=8.0, commission=2.0)}
Row = tuple[float, float, float, float, float, float, float]
"""(time, open, high, low, close, volume, spread)."""


def walk(count: int, seed: int = 1, symbol: str = "XAUUSD", *, start: float = 100.0, scale: int = 100) -> Bars:
    """Return hour bars that trend, range and gap, on a grid of 1 / scale."""
    draw = random.Random(seed)
    rows: list[Row] = []
    last = round(start * scale)
    for n in range(count):
        drift = (6, -6, 0)[n // 40 % 3]
        opened = last + (draw.randint(-30, 30) if draw.random() < 0.1 else draw.randint(-2, 2))
        last = opened + drift + draw.randint(-25, 25)
        high, low = max(opened, last) + draw.randint(0, 15), min(opened, last) - draw.randint(0, 15)
        prices = [x / scale for x in (opened, high, low, last)]
        rows.append((MONDAY + n * HOUR, *prices, 0.0, float(draw.choice((0, 8, 12)))))  # type: ignore[arg-type]
    return bars_of(symbol, "H1", rows)


def rows_of(bars: Bars) -> list[Row]:
    """Return bars as rows."""
    return [(b.time, b.open, b.high, b.low, b.close, b.volume, b.spread) for b in bars]


def coarser(bars: Bars, timeframe: str) -> Bars:
    """Return the bars of a longer timeframe that these make up."""
    length = TIMEFRAMES[timeframe] * 1000
    groups: dict[int, list[Row]] = {}
    for row in rows_of(bars):
        groups.setdefault(int(row[0]) // length * length, []).append(row)
    rows = [
        (time, g[0][1], max(r[2] for r in g), min(r[3] for r in g), g[-1][4], 0.0, g[0][6])
        for time, g in groups.items()
    ]
    return bars_of(bars.symbol, timeframe, rows)


def altered(bars: Bars, since: int, change: Callable[[Row], Row]) -> Bars:
    """Return the bars with every row from `since` on (UTC ms) changed."""
    return bars_of(bars.symbol, bars.timeframe, [change(r) if r[0] >= since else r for r in rows_of(bars)])


def poisoned(row: Row) -> Row:
    """Return a bar of another world."""
    return (row[0], 7.0, 9_999.0, 0.5, 5_000.0, 0.0, 400.0)


def sick_within(bars: Bars, since: int) -> Bars:
    """Return the bars with another world from within the one on that opens at `since` (UTC ms).

    Its open is left: on that tick the bar before it is decided, and so must not feel anything else of it.
    """
    rows = ((row, poisoned(row)) for row in rows_of(bars))
    return bars_of(
        bars.symbol,
        bars.timeframe,
        [old if old[0] < since else (*old[:2], *sick[2:6], old[6]) if old[0] == since else sick for old, sick in rows],
    )


def driven(
    plan: Plan, *bars: Bars, start: int = MONDAY + 30 * HOUR, costs: Mapping[str, Costs] = COSTS, **options: Any  # noqa: ANN401
) -> Drive:  # fmt: skip
    """Drive a plan over bars; 30 of them are its warm-up."""
    return PlainDrive(
        *drive_of(plan, *bars, costs=costs), balance=10_000.0, start=start, **({"warmup": 30} | options)
    ).run()


def drive_of(
    plan: Plan, *bars: Bars, costs: Mapping[str, Costs] = COSTS
) -> tuple[Core, Books, dict[FeedKey, Bars], Any]:
    """Return what a drive is made of."""
    core = Core(plan)
    return core, Books(core, costs), {(b.symbol, b.timeframe): b for b in bars}, costs


def traded_by(folder: Path, bars: Bars, words: str, features: str, *, learnt: int) -> AccountConfig:
    """Return the demo's account on recorded bars, whose regime's timeframe is said by `words` of its TOML.

    learnt: how many of the regime's own bars its model is trained on.
    """
    lines = [",".join(map(repr, row[:6])) for row in rows_of(bars)]
    (folder / "bars.csv").write_text("\n".join(["time,open,high,low,close,volume", *lines]), encoding="utf-8")
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    for old, new in (
        ('timeframe = "D1"\nmodel', f"{words}\nmodel"),
        ('[["log_return"], ["garman_klass"]]', features),
        ("train = { bars = 1256 }", f"train = {{ bars = {learnt} }}"),
        ('source = "sp500"', 'file = "bars.csv"'),
        ('timeframe = "D1"\nrisk', f'timeframe = "{bars.timeframe}"\nrisk'),
    ):
        assert old in text
        text = text.replace(old, new)
    first, _, rest = text.rpartition('timeframe = "D1"')
    (folder / "account.toml").write_text(f'{first}timeframe = "{bars.timeframe}"{rest}', encoding="utf-8")
    return load(folder / "account.toml")
