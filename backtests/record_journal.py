"""The record of an account's journal: what a report is made of where an account was lived, not played."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from backtests.record import Record, Trade, parted, profiles_of
from brokers.facts import BarClosed, DealMade, LinkUp
from config.account import AccountConfig
from config.folders import JOURNAL_FILE
from market.bars import Bars, bars_of
from market.types import Bar, Deal, Symbol
from regimes.bundle import RegimeModel
from runtime.assemble import symbols_of
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.instructions import ClosePosition, Submit
from runtime.journal.entries import LogRow
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact, decode_step


def record_of_journal(state: Path, config: AccountConfig, models: Mapping[str, RegimeModel]) -> Record:
    """Return the record of all that an account's journal holds."""
    with JournalReader(state / JOURNAL_FILE) as reader:
        read = _Reading()
        for row in reader.rows():
            read.take(row)
        runs = reader.runs()
        outcomes: list[dict[str, Any]] = reader.outcomes()
    seen = msgspec.json.decode(runs[-1]["symbols"], type=dict[str, Symbol]) if runs else symbols_of(config)
    trades, missed = parted(Trade(**{name: row[name] for name in Trade.__struct_fields__}) for row in outcomes)
    return Record(
        source="journal",
        config=config,
        symbols=seen,
        decisions=read.decisions,
        deals=read.deals,
        trades=trades,
        missed=missed,
        tapes={key: _tape(key, bars) for key, bars in read.bars.items()},
        orders=read.orders,
        initial_balance=config.account.balance if read.balance is None else read.balance,
        shadows=True,
        profiles=profiles_of(models),
    )


class _Reading:
    """What a walk along the log has gathered."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.deals: list[Deal] = []
        self.bars: dict[FeedKey, list[Bar]] = {}
        self.orders = 0
        self.balance: float | None = None

    def take(self, row: LogRow) -> None:
        if row.fact:  # what begins and ends a run has no step: there stands what its row says
            step = decode_step(row.step)
            self.decisions += step.decisions
            self.orders += sum(isinstance(wish, Submit | ClosePosition) for wish in step.instructions)
        match decode_fact(row.fact) if row.fact else None:
            case DealMade(deal=deal) if deal.entry != "none" or self.balance is not None:
                self.deals.append(deal)
            case BarClosed(bar=bar, phase="live" | "missed"):
                self.bars.setdefault((bar.symbol, bar.timeframe), []).append(bar)
            case LinkUp(account=account) if self.balance is None:
                self.balance = account.balance
            case _:
                pass


def _tape(key: FeedKey, bars: Iterable[Bar]) -> Bars:
    rows = ((bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.spread) for bar in bars)
    return bars_of(*key, rows)
