"""A backtest: an account's configuration over its recorded bars, through the daemon's own core."""

import datetime

from bisect import bisect_left
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple

import msgspec

from backtests.compiled import CompiledDrive, Growing
from backtests.compiling import told_of_compiling
from backtests.drive import Drive, PlainDrive
from backtests.engine_plan import why_plain
from backtests.kept_reading import KeptReading
from backtests.recorded import day_ms, tapes_of, trading_start, within_of
from backtests.words import day
from config.account import AccountConfig
from config.errors import ConfigError, DataError, UsageError
from market.bars import Bars
from market.types import DAY_MS
from runtime.assemble import Models, core_of, costs_of, models_of, plan_of
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.plan import Plan
from strategies.protocol import StrategyError
from strategies.registry import called_here

Engine = Literal["auto", "plain", "compiled"]
WORTH_COMPILING = 200_000
"""Bars from which on "auto" compiles: on fewer the plain drive is done sooner, where no loop is kept on disk yet."""


def run_backtest(  # noqa: PLR0913 - what a backtest can be asked for, each by its name
    config: AccountConfig,
    *,
    first: datetime.date | None = None,
    last: datetime.date | None = None,
    bars: int | None = None,
    shadows: bool = True,
    every: bool = False,
    models: Models | None = None,
    recorded: Mapping[FeedKey, Bars] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    prepare: Callable[[Core], None] | None = None,
    engine: Engine = "auto",
    decided: bool = True,
    compiling: Callable[[], None] = lambda: None,
    growing: Growing | None = None,
) -> tuple[Drive, dict[FeedKey, Bars]]:
    """Play the account over its bars, from `first` to `last` or for `bars` bars; return what came of it, and them.

    `every`: keep shadow books without each gate and one without all, and not those without the regime gate alone.
    `models` are the account's regime models and `recorded` its bars, where they are not read from their configured
    places. A model that cannot be read is refused there (ModelError), though a daemon would run without it: of a
    strategy that may never enter there is nothing to judge. `progress` is told how many bars of how many were played.
    `prepare` is handed the new-born core before its first fact. `engine` says which drive plays them; the record is the
    same by either, and "compiled" is refused (UsageError) where that one cannot.
    Without `decided` its decisions are left out: whoever plays thousands of times looks at money only.
    `compiling` is called where loops are compiled first, which are not kept on disk yet. `growing` is told of the
    decisions, and how many of them are made, while the compiled drive makes those of one strategy.
    """
    ready = made_ready(
        config, first=first, last=last, bars=bars, shadows=shadows, every=every, models=models, recorded=recorded,
        prepare=prepare, engine=engine,
    )  # fmt: skip
    if isinstance(ready.drive, CompiledDrive):
        ready.drive.growing = growing
    with nullcontext() if ready.why else told_of_compiling(compiling):
        drive = ready.drive.run(lambda done: progress(done, ready.bars), decided=decided)
    return msgspec.structs.replace(drive, why=ready.why), ready.tapes


class Ready(NamedTuple):
    """A backtest that is ready to be played."""

    drive: PlainDrive | CompiledDrive
    tapes: dict[FeedKey, Bars]
    bars: int
    """How many will be played."""
    why: str
    """Why by the plain drive; empty where not."""


def made_ready(  # noqa: PLR0913 - as `run_backtest`
    config: AccountConfig,
    *,
    first: datetime.date | None = None,
    last: datetime.date | None = None,
    bars: int | None = None,
    shadows: bool = True,
    every: bool = False,
    models: Models | None = None,
    recorded: Mapping[FeedKey, Bars] | None = None,
    prepare: Callable[[Core], None] | None = None,
    engine: Engine = "auto",
    times: int = 1,
    reading: KeptReading | None = None,
) -> Ready:
    """Return a backtest as `run_backtest` plays it, which will be played so many `times` as others like it.

    `reading` keeps what a compiled drive reads of its bars for the next one that reads the same.
    """
    tapes = tapes_of(config) if recorded is None else dict(recorded)
    if first and (newest := max(tape.time[-1] for tape in tapes.values())) < day_ms(first):
        raise DataError(f"no bars from {first} on: the last one is of {day(newest)}, see --from")
    start = max(trading_start(config, tapes), day_ms(first) if first else 0)
    tapes = {key: until(tape, start, last, bars) for key, tape in tapes.items()}
    if all(tape.time[-1] < start for tape in tapes.values()):
        raise DataError("no bars to trade: what a model has learnt from, and the warm-up, is not traded")
    plan = all_called_here(plan_of(config, models_of(config) if models is None else models))
    costs = costs_of(config)
    core, books = core_of(plan, costs, shadows=shadows, every=every)
    within = within_of(config, tapes)
    total = sum(len(tape) - bisect_left(tape.time, start) for tape in tapes.values())
    why = why_plain(plan, tapes, costs, shadows=shadows, within=within) if prepare is None else "the core is prepared"
    why = _why(engine, why, total * times)
    if prepare is not None:
        prepare(core)
    asked: dict[str, Any] = {"balance": config.account.balance, "start": start, "warmup": config.feed.warmup}
    if why:
        return Ready(PlainDrive(core, books, tapes, costs, **asked, within=within), tapes, total, why)
    return Ready(CompiledDrive(core, books, tapes, costs, **asked, reading=reading), tapes, total, why)


def _why(engine: Engine, why: str, bars: int) -> str:
    """Return why the bars are played by the plain drive; empty where they are not."""
    if engine == "plain":
        return "it was asked for"
    if engine == "compiled" and why:
        raise UsageError(f"the compiled drive cannot play this account: {why}")
    if engine == "auto" and bars < WORTH_COMPILING:
        return why or f"{bars:,} bars are played before loops are compiled"
    return why


def all_called_here(plan: Plan) -> Plan:
    """Return a plan whose functions are called in this process, those too that have one of their own in a daemon.

    They are shown the same rows, so they answer the same; ConfigError where one cannot be had.
    """
    lanes, wrong = [], []
    for lane in plan.strategies:
        try:
            lanes.append(msgspec.structs.replace(lane, strategy=called_here(lane.strategy)))
        except StrategyError as error:
            wrong.append(f"strategies[{lane.number - 1}]: {error}")
    if wrong:
        raise ConfigError(*wrong)
    return msgspec.structs.replace(plan, strategies=tuple(lanes))


def until(tape: Bars, start: int, last: datetime.date | None, bars: int | None) -> Bars:
    """Return a tape that ends with the day `last`, or `bars` bars after trading begins."""
    if last is not None:
        tape = tape.between(0, day_ms(last) + DAY_MS)
    if bars is not None:
        tape = tape.part(0, bisect_left(tape.time, start) + bars)
    if not len(tape):
        raise DataError(f"{tape.symbol}: no bars are left: check --from and --to")
    return tape
