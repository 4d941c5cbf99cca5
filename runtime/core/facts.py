"""All facts the core can be told: the broker's, and the house's own. The union is closed; `Core.handle` matches it."""

from brokers.latch import Command
from brokers.port import (
    Accepted,
    BarClosed,
    BarRevised,
    ClockDoubted,
    DataEnded,
    DealMade,
    Fact,
    FeedBroken,
    FeedFresh,
    FeedStale,
    InDoubt,
    LinkDown,
    LinkUp,
    OrderGone,
    Reconciled,
    Refused,
    Rejected,
    SymbolSeen,
    TradingAllowed,
    TradingForbidden,
    WrongTerminal,
)


class RunStarted(Fact, frozen=True, kw_only=True):
    """A process began to run this account; whatever was on its way before is in doubt now."""

    run: int


class LevelChanged(Fact, frozen=True, kw_only=True):
    """The operator's latch now stands at another level, or was read for the first time."""

    command: Command
    generation: int
    id: int = 0
    """The instruction it answers, when the core itself asked (the end of a flatten)."""


class TimerFired(Fact, frozen=True, kw_only=True):
    """A moment that was asked for has come."""

    id: int
    key: str


class Alerted(Fact, frozen=True, kw_only=True):
    """An alert was handed to the people on call."""

    id: int


AnyFact = (
    RunStarted
    | LevelChanged
    | TimerFired
    | Alerted
    | LinkUp
    | LinkDown
    | WrongTerminal
    | TradingForbidden
    | TradingAllowed
    | SymbolSeen
    | BarClosed
    | BarRevised
    | FeedBroken
    | FeedStale
    | FeedFresh
    | ClockDoubted
    | DataEnded
    | Accepted
    | Rejected
    | Refused
    | InDoubt
    | DealMade
    | OrderGone
    | Reconciled
)
