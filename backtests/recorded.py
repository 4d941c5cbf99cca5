"""The recorded bars an account's configuration names: read once, cut to its days, with the moment trading begins."""

import datetime

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path

from backtests.tick_store import stored_ticks
from backtests.ticked import bars_of_ticks
from brokers.made import longer_of
from brokers.mt5.zone import to_server, to_utc
from brokers.within import OfBars, OfTicks, Within
from config.account import AccountConfig
from config.errors import DataError
from config.recorded import DataSection
from config.regime import RegimeSection, TrainSection
from market.barcheck import Report
from market.barfile import read_bars
from market.bars import Bars
from market.hours_of_week import with_spreads
from market.sp500 import read_sp500
from market.tickfile import Told
from market.ticks import Ticks
from market.types import DAY_MS, TIMEFRAMES
from runtime.assemble import hours_of, symbols_of
from runtime.core.feeds import FeedKey
from strategies.beside import beside_of


def tapes_of(config: AccountConfig) -> dict[FeedKey, Bars]:
    """Return the bars of every feed the account reads; DataError where one is not named in [data]."""
    wanted = {(s.symbol, s.timeframe) for s in config.strategies} | {
        (r.symbol, r.told) for r in config.regimes.values()
    }
    wanted |= {beside.key for s in config.strategies for beside in beside_of(s.params).values()}
    tapes: dict[FeedKey, Bars] = {}
    for symbol, timeframe in sorted(wanted):
        name = config.table_of(symbol, timeframe)
        if not name:
            raise DataError(f"{symbol} {timeframe}: no recorded bars are named for it: add {_table(config, symbol)}")
        section = config.data[name]
        tapes[symbol, timeframe] = cut(read(config, symbol, section)[0], section)
    return tapes


def _table(config: AccountConfig, symbol: str) -> str:
    """Return how a table of recorded bars may be called."""
    if symbol not in config.data:
        return f"[data.{symbol}] with its timeframe"
    return f'a table under [data] with symbol = "{symbol}" and its timeframe: that of {symbol} has another'


def regime_bars(config: AccountConfig, regime: RegimeSection, tapes: Mapping[FeedKey, Bars]) -> Bars:
    """Return the bars that a regime reads: a tape, or the longer bars that it makes up."""
    tape = tapes[regime.symbol, regime.told]
    if regime.made_rule is None:
        return tape
    return longer_of(tape, regime.made_rule, hours_of(config).get(regime.symbol))


def read(config: AccountConfig, symbol: str, section: DataSection) -> tuple[Bars, Report | None]:
    """Return one symbol's bars, with the spread of their hour where they have none; and what is wrong with the file."""
    if section.format == "ticks":
        ticks, report = ticks_of(config, symbol, section)
        return bars_of_ticks(ticks, section.timeframe, config.account.zone, symbols_of(config)[symbol].scale), report
    return _read(symbol, section, digits_of(config, symbol), config.account.zone)


def _read(symbol: str, section: DataSection, digits: int | None, zone: str) -> tuple[Bars, Report | None]:
    if section.source == "sp500":
        bars, report = read_sp500(symbol), None
    else:
        clock = partial(to_utc, section.zone) if section.zone else None
        bars, report = read_bars(
            Path(section.file), symbol, section.timeframe, section.policy, digits=digits, clock=clock
        )
    if section.spread_by_hour:
        bars = with_spreads(bars, section.spread_by_hour, partial(to_server, zone))
    return bars, report


_shorter = lru_cache(maxsize=4)(_read)
"""The same, remembered: whoever plays an account again and again reads what is within its bars once."""


_stored = lru_cache(maxsize=4)(stored_ticks)
"""The same, remembered, and so are their columns."""


def ticks_of(config: AccountConfig, symbol: str, section: DataSection) -> tuple[Ticks, Report]:
    """Return one symbol's ticks, and what is wrong with their file."""
    return _stored(Path(section.file), symbol, section.policy, digits=digits_of(config, symbol), zone=section.zone)


def within_of(config: AccountConfig, tapes: Iterable[FeedKey]) -> dict[str, Within]:
    """Return of each symbol what tells the way of prices within its shortest bars, where anything does."""
    found: dict[str, Within] = {}
    for symbol, timeframe in sorted(tapes, key=lambda key: -TIMEFRAMES[key[1]]):
        finer = _finer(config, (symbol, timeframe))
        found.pop(symbol, None)
        if finer is not None and finer.format == "ticks":
            found[symbol] = OfTicks(ticks_of(config, symbol, finer)[0])
        elif finer is not None:
            found[symbol] = OfBars(_shorter(symbol, finer, digits_of(config, symbol), config.account.zone)[0])
    return found


def finer_files(config: AccountConfig, tapes: Iterable[FeedKey]) -> list[Path]:
    """Return the files that tell the ways of prices within bars: of ticks, or of shorter bars."""
    finer = [_finer(config, key) for key in tapes]
    return [Path(section.file) for section in finer if section is not None and section.file]


def _finer(config: AccountConfig, key: FeedKey) -> DataSection | None:
    """Return the table of what tells the ways of prices within a feed's bars; None where nothing does."""
    section = config.data.get(config.table_of(*key), DataSection())
    return section if section.format == "ticks" else config.data.get(section.finer)


def read_ahead(config: AccountConfig, stage: Callable[[str], None], told: Told) -> None:
    """Read every file of ticks that was not read yet, which takes long, and say so; bars are then made of them soon."""
    for name, section in config.data.items():
        if section.format == "ticks":
            file, symbol = Path(section.file), section.symbol or name
            stage(f"reading {file.name}")
            stored_ticks(file, symbol, section.policy, digits=digits_of(config, symbol), zone=section.zone, told=told)


def digits_of(config: AccountConfig, symbol: str) -> int | None:
    """Return to how many digits a symbol's prices are rounded; None: as they stand."""
    spec = config.symbols[symbol].spec
    return spec.digits if spec else None


def cut(bars: Bars, section: DataSection) -> Bars:
    """Return the bars of the days asked for; DataError where none is left."""
    first = day_ms(section.from_) if section.from_ else 0
    last = day_ms(section.to) + DAY_MS if section.to else 1 << 62
    part = bars.between(first, last)
    if not len(part):
        raise DataError(
            f"{bars.symbol}: no bars between {section.from_ or 'the beginning'} and {section.to or 'the end'}"
        )
    return part


def day_ms(day: datetime.date) -> int:
    """Return the first moment of a day, UTC milliseconds."""
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp()) * 1000


def training_part(bars: Bars, train: TrainSection) -> Bars:
    """Return the bars a model learns from."""
    if train.from_ or train.to:
        first = day_ms(train.from_) if train.from_ else 0
        last = day_ms(train.to) + DAY_MS if train.to else 1 << 62
        bars = bars.between(first, last)
    return bars.part(0, train.bars) if train.bars else bars


def trading_start(config: AccountConfig, tapes: dict[FeedKey, Bars]) -> int:
    """Return when trading begins: after every bar a model has learnt from, and after the warm-up."""
    starts = []
    for regime in config.regimes.values():
        if regime.train.bars or regime.train.to:
            learnt = training_part(regime_bars(config, regime, tapes), regime.train)
            over = learnt.frame if regime.made_of else 1  # what is made of shorter bars is no tape: none is inside it
            starts.append(learnt.time[-1] + over if len(learnt) else 0)
    for tape in tapes.values():
        starts.append(tape.time[min(config.feed.warmup, len(tape) - 1)] if not starts else 0)
    return between_bars(max(starts), tapes)


def between_bars(at: int, tapes: dict[FeedKey, Bars]) -> int:
    """Return the first moment from `at` on at which no tape is inside a bar: what is history there has closed."""
    while True:
        ends = [tape.time[i - 1] + TIMEFRAMES[key[1]] * 1000 for key, tape in tapes.items()
                if (i := bisect_left(tape.time, at))]  # fmt: skip
        if max(ends, default=at) <= at:
            return at
        at = max(ends)
