"""The record of one account's trading: what a report is made of, from a backtest and from a journal alike."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from backtests.decided import Decided, classes_of, decided_of
from backtests.drive import Drive
from backtests.equity import Curve, equity_of
from config.account import AccountConfig
from market.bars import Bars
from market.types import Deal, Symbol
from regimes.bundle import RegimeModel
from regimes.learnt import Profile
from runtime.assemble import symbols_of
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.outcomes.outcome import Book


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A closed trade, realised or of a shadow book: what a report tells of an outcome."""

    book: Book
    strategy: str
    symbol: str
    side: int
    volume: float
    opened: int
    closed: int
    entry_price: float
    exit_price: float
    net: float
    r: float | None
    bars: int
    exit_reason: str
    regime: int
    mae: float | None = None
    """Largest adverse excursion against the entry, in price; None where it is not known."""
    mfe: float | None = None
    """Largest favourable excursion, likewise."""
    gate: str = ""
    """Of a shadow book, the gate that it leaves out."""
    decision: str = ""
    """The live decision on the bar of its entry."""
    unclear: bool | int | None = None
    """Of a shadow book, whether its last bar reached stop and target, and it was counted as stopped for that."""


class Record(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that happened, in the order in which it happened."""

    source: str
    """What it was made of: backtest or journal."""
    config: AccountConfig
    symbols: Mapping[str, Symbol]
    decisions: Sequence[Decision]
    deals: list[Deal]
    """Without the deposit that the account began with."""
    trades: list[Trade]
    """Those of the live book and of the shadow books without the regime gate, in the order in which they closed."""
    tapes: Mapping[FeedKey, Bars]
    """The bars that were told, without those of the warm-up."""
    orders: int
    initial_balance: float
    shadows: bool
    """Shadow books were kept."""
    profiles: Mapping[str, tuple[Profile, ...]]
    """Of each regime model, what its states were like in training."""
    played: str = ""
    """Of a backtest, which drive has played the bars, in words."""
    within: Mapping[str, str] = {}
    """Of a backtest, and each symbol, what told the way of prices within its bars, in words."""
    ambiguous: int | None = None
    """Exits that this left open all the same, counted against the strategy; None: nothing told, the bars say it."""
    resolved: int = 0
    """And of which it told what came first."""
    apart: int = 0
    """Bars that it did not make up, and that were played alone."""
    missed: list[Trade] = []
    """Those of the other shadow books, likewise: without holds, without limits, and without any gate."""
    learnt: Mapping[str, tuple[int, int]] = {}
    """Of a backtest, for each regime model: when the first and the last bar opened that it learnt from, UTC ms."""

    @cached_property
    def decided(self) -> Decided:
        """The decisions as columns: whoever looks at all of them asks for no words."""
        return decided_of(self.decisions)

    @cached_property
    def classes(self) -> Counter[tuple[str, str]]:
        """How many decisions of each strategy are of each class."""
        return classes_of(self.decided)

    @cached_property
    def equity(self) -> Curve:
        """The equity at every moment decided at."""
        return equity_of(self.initial_balance, self.deals, self.decided, self.symbols, self.config.account.currency)


def record_of_drive(
    drive: Drive,
    tapes: Mapping[FeedKey, Bars],
    config: AccountConfig,
    models: Mapping[str, RegimeModel],
    *,
    shadows: bool = True,
) -> Record:
    """Return the record of a backtest; `tapes` are those it was given, warm-up and all."""
    start = decided_of(drive.decisions).since
    trades, missed = parted(msgspec.convert(outcome, Trade, from_attributes=True) for outcome in drive.outcomes)
    return Record(
        source="backtest",
        config=config,
        symbols=symbols_of(config),
        decisions=drive.decisions,
        deals=[deal for deal in drive.deals if deal.entry != "none"],
        trades=trades,
        missed=missed,
        tapes={key: tape.between(start, 1 << 62) for key, tape in tapes.items()},
        orders=drive.orders,
        initial_balance=config.account.balance,
        shadows=shadows,
        profiles=profiles_of(models),
        played=f"{drive.played}: {drive.why}" if drive.why else drive.played,
        within=drive.within,
        ambiguous=drive.ambiguous if drive.within else None,
        resolved=drive.resolved,
        apart=drive.apart,
        learnt={name: (model.data.first, model.data.last) for name, model in models.items()},
    )


def parted(trades: Iterable[Trade]) -> tuple[list[Trade], list[Trade]]:
    """Return trades in the order in which they were closed: live ones and those without the regime gate, and others."""
    told = sorted(trades, key=lambda t: (t.closed, t.book, t.strategy, t.opened))
    return [t for t in told if t.gate in {"", "regime"}], [t for t in told if t.gate not in {"", "regime"}]


def profiles_of(models: Mapping[str, RegimeModel]) -> dict[str, tuple[Profile, ...]]:
    """Return what the states of each model were like in training."""
    return {name: model.profiles for name, model in models.items()}
