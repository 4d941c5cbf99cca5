"""Parity: a day that an account has lived, played again over recorded bars, and the cause of every difference.

The account is played from the first bar it was told, not from the day's, so that what stood at the beginning of the day
has come about as it did. The same core decides, at the simulated venue, with the configuration, the models and the
contracts of its first run.
"""

import datetime

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from backtests.backtest import all_called_here
from backtests.drive import Drive, PlainDrive
from backtests.parity_causes import Cause, Difference, Wrong, alone, blamed, difference_of, feeds_read
from backtests.parity_fills import Fill, fills_of
from backtests.parity_journal import Lived, lived
from backtests.recorded import day_ms
from config.account import AccountConfig
from config.errors import DataError
from config.journal import Where
from market.bars import Bars
from market.types import DAY_MS, TIMEFRAMES, Deal
from runtime.assemble import core_of, costs_of
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.plan import Plan
from runtime.revive import pair_of_run

_config_of = msgspec.json.Decoder(AccountConfig).decode


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """A day beside itself."""

    day: str
    bars: int
    """Closed on that day, of all feeds."""
    decisions: int
    """Made on bars of that day, by either."""
    same: int
    """Of these, equal to the last bit."""
    causes: dict[Cause, int]
    """Of the others."""
    differences: tuple[Difference, ...]
    fills: tuple[Fill, ...]
    money: float
    """What the deals of the day made, account money."""
    money_again: float

    @property
    def parted(self) -> int:
        """How many decisions came to something else, or for another cause than their quote."""
        return sum(each.cause != "spread" or each.was != each.would for each in self.differences)


def parity(
    journal: Where, day: datetime.date, *, recorded: Mapping[FeedKey, Bars] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None, segments: Path | None = None,
) -> Parity:  # fmt: skip
    """Compare a lived day with a backtest over the bars it was told, or over `recorded` ones.

    DataError where the journal tells of no such day, or the recorded bars do not reach over it.
    """
    told = lived(journal, day, segments)
    first, end = day_ms(day), day_ms(day) + DAY_MS
    tapes = {key: told.tape(key) for key in told.bars}
    if recorded is not None:
        tapes = {key: _over(tape, told, end) for key, tape in recorded.items() if key in tapes}
    plan = all_called_here(pair_of_run(told.run)[0].plan)
    again = _again(told, plan, tapes, progress)
    wrong = _wrong_bars(told, tapes, end)
    lasts = {} if told.ended else {key: tape.time[-1] for key, tape in tapes.items()}
    ends, made = _parted(again.decisions, lasts)
    mine, theirs = _of_day(_parted(told.decisions, lasts)[1], first, end), _of_day(made, first, end)
    found = _compared(mine, theirs, wrong, feeds_read(plan))
    out = {(d.magic, d.side) for d in ends if d.instruction}
    deals = [_on(each, first, end) for each in (told.deals, again.deals)]
    deals[1] = [deal for deal in deals[1] if (deal.magic, deal.side) not in out]
    keys = mine.keys() | theirs.keys()
    scales = {name: s.scale for name, s in plan.symbols.items()}
    frame = max(TIMEFRAMES[key[1]] for key in tapes) * 1000
    return Parity(
        day=str(day),
        bars=sum(len(tape.between(first, end)) for tape in tapes.values()),
        decisions=len(keys),
        same=len(keys) - len(found),
        causes=dict(Counter(d.cause for d in found)),
        differences=tuple(found),
        fills=tuple(fills_of(deals[0], deals[1], (told.decisions, again.decisions), scales, frame)),
        money=sum(deal.money for deal in deals[0]),
        money_again=sum(deal.money for deal in deals[1]),
    )


def _over(tape: Bars, told: Lived, end: int) -> Bars:
    """Return recorded bars as far back as the account was told of, and no further on."""
    times = told.bars[tape.symbol, tape.timeframe]
    part = tape.between(min(times), max(times) + 1)
    if not len(part) or part.time[-1] < end - DAY_MS or part.time[0] > told.start:
        raise DataError(
            f"{tape.symbol} {tape.timeframe}: the recorded bars do not reach over that day: record them anew"
        )
    return part


def _again(told: Lived, plan: Plan, tapes: Mapping[FeedKey, Bars], progress: Callable[[int, int], None]) -> Drive:
    costs = costs_of(_config_of(told.run["config"]))
    core, books = core_of(plan, costs)
    warm = max(len(tape.between(0, told.start)) for tape in tapes.values())
    drive = PlainDrive(core, books, tapes, costs, balance=told.balance, start=told.start, warmup=warm)
    total = sum(len(tape.between(told.start, tape.time[-1] + 1)) for tape in tapes.values())
    return drive.run(lambda done: progress(done, total))


def _wrong_bars(told: Lived, tapes: Mapping[FeedKey, Bars], end: int) -> list[Wrong]:
    """Return the bars that one of both was not told, or otherwise, in order of time."""
    found: list[Wrong] = [(time, key, "revised bar") for key, time in told.revised if key in tapes]
    for key, tape in tapes.items():
        mine, theirs = told.bars[key], {bar.time: bar for bar in tape}
        found += [(time, key, "missing bar") for time in mine.keys() ^ theirs.keys() if time < end]
        found += [(time, key, "revised bar") for time in mine.keys() & theirs.keys() if mine[time] != theirs[time]]
    return sorted(found)


Key = tuple[str, str, str, int]
"""Strategy, symbol, timeframe, opening time: what is decided once."""


def _parted(decisions: Sequence[Decision], lasts: Mapping[FeedKey, int]) -> tuple[list[Decision], list[Decision]]:
    """Return decisions on the last bar of their tape, whose end is none of the account's, and the others."""
    last: list[Decision] = []
    others: list[Decision] = []
    for d in decisions:
        (last if lasts.get((d.symbol, d.timeframe)) == d.bar_time else others).append(d)
    return last, others


def _of_day(decisions: list[Decision], first: int, end: int) -> dict[Key, Decision]:
    return {(d.strategy, d.symbol, d.timeframe, d.bar_time): d for d in decisions if first <= d.bar_time < end}


def _on(deals: list[Deal], first: int, end: int) -> list[Deal]:
    return [deal for deal in deals if deal.entry != "none" and first <= deal.at < end]


def _compared(
    mine: dict[Key, Decision], theirs: dict[Key, Decision], wrong: list[Wrong], read: Mapping[str, set[FeedKey]]
) -> list[Difference]:
    found = []
    for key in sorted(mine.keys() | theirs.keys(), key=lambda key: (key[3], key)):
        bars = blamed(wrong, read.get(key[0], {key[1:3]}), key[3])
        if key in mine and key in theirs:
            difference = difference_of(mine[key], theirs[key], bars=bars)
        else:
            cause: Cause = "missing bar" if bars == "missing bar" else "unexplained"
            difference = alone(mine.get(key), theirs.get(key), cause)
        found += [difference] if difference is not None else []
    return found
