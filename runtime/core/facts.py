"""All facts the core can be told: the broker's, and the house's own. The union is closed; `Core.handle` matches it."""

from typing import Annotated

import msgspec

from brokers.facts import (
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
    HistoryGrown,
    HistoryTold,
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
    WorthSeen,
    WrongTerminal,
)
from brokers.latch import Command, Latch
from runtime.core.instructions import Asker

Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
"""What a person names: no venue has a larger one, and it could not be journaled."""


class RunStarted(Fact, frozen=True, kw_only=True):
    """A process began to run this account; whatever was on its way before is in doubt now."""

    run: int


class LevelChanged(Fact, frozen=True, kw_only=True):
    """The operator's latch now stands at another level, or was read for the first time."""

    command: Command
    generation: int
    whole: Latch | None = None
    """The latch as it was read, all its scopes; None: a command of before it was read, or one that tells by itself."""
    id: int = 0
    """The instruction it answers, when the core itself asked (the end of a flatten)."""


class TimerFired(Fact, frozen=True, kw_only=True):
    """A moment that was asked for has come."""

    id: int
    key: str


class StrategyAnswered(Fact, frozen=True, kw_only=True):
    """A strategy that runs in a process of its own has said what it wants of a bar: told just before that closes.

    It was asked what it wants with this position, held for so long; the core takes what fits its own. `want`: the flat
    tuple of `strategies.protocol`; nothing, where `failure` says why there is no answer.
    """

    strategy: str
    bar_time: int
    position: int
    held: int
    want: tuple[float, ...] = ()
    failure: str = ""


class SpecAcknowledged(Fact, frozen=True, kw_only=True):
    """A person takes a symbol's contract as the terminal tells it now."""

    asker: Asker
    symbol: str


class TradeWrittenOff(Fact, frozen=True, kw_only=True):
    """A person takes a trade for gone though no deal told how; the venue was looked at just before."""

    asker: Asker
    position: Number


class BalanceTaken(Fact, frozen=True, kw_only=True):
    """A person takes the venue's balance though no deal told all of it; the venue was looked at just before."""

    asker: Asker


class AdoptionAsked(Fact, frozen=True, kw_only=True):
    """A person wants a strategy to take over the position of an old bot; the venue was looked at just before."""

    asker: Asker
    magic: Number
    strategy: str
    stop: float = 0.0
    """To be set first; 0.0: the position has one."""
    position: Number = 0
    """Which one is meant, where there are several; 0: the only one."""
    quiet_ms: Number
    """For so long nothing may have been sent under the magic number."""


class ModelActivated(Fact, frozen=True, kw_only=True):
    """A person, or a schedule of theirs, wants a regime to be read by another model from its next bar on."""

    asker: Asker
    regime: str
    fingerprint: str
    """Of the model's bundle."""
    bundle: dict[str, str]
    """Its parts by their path, as the row of a run keeps them: a replay needs no file."""


class HoldLifted(Fact, frozen=True, kw_only=True):
    """A person lifts a hold that a control or a protection has laid, and answers for what may be entered then."""

    asker: Asker
    hold: str
    """As decisions and status name it, like THROTTLE:trend."""


class NoteWritten(Fact, frozen=True, kw_only=True):
    """A person has written something down, which changes nothing: what it says is the asker's reason."""

    asker: Asker
    about: str = ""
    """The alert that he takes; empty: a note for whoever comes next."""


class PositionDropped(Fact, frozen=True, kw_only=True):
    """A person wants a position left open that a flatten would close."""

    asker: Asker
    position: Number


PersonFact = (
    SpecAcknowledged
    | AdoptionAsked
    | TradeWrittenOff
    | BalanceTaken
    | ModelActivated
    | HoldLifted
    | NoteWritten
    | PositionDropped
)


class BusSilent(Fact, frozen=True, kw_only=True):
    """The message broker does not carry what we send for so long that nobody may count on it to halt us."""

    problem: str


class BusHeard(Fact, frozen=True, kw_only=True):
    """The message broker carries what we send again."""


class CommandJudged(Fact, frozen=True, kw_only=True):
    """Something came over the message broker, and was obeyed or refused; what is empty is not known of it."""

    wall: int
    """Wall clock when it was judged, UTC milliseconds."""
    key: str = ""
    """Name of the key that has signed it."""
    who: str = ""
    role: str = ""
    command: str = ""
    ident: str = ""
    sequence: int = 0
    scope: str = ""
    why: str = ""
    refused: str = ""
    """Why it was refused; empty: it was obeyed."""
    unwritten: int = 0
    """Refusals since the last one that were too many to be told one by one."""


class Alerted(Fact, frozen=True, kw_only=True):
    """An alert was handed to the people on call, or a reply to the one who asked."""

    id: int


AnyFact = (
    RunStarted
    | LevelChanged
    | TimerFired
    | StrategyAnswered
    | SpecAcknowledged
    | AdoptionAsked
    | TradeWrittenOff
    | BalanceTaken
    | ModelActivated
    | HoldLifted
    | NoteWritten
    | PositionDropped
    | BusSilent
    | BusHeard
    | CommandJudged
    | Alerted
    | LinkUp
    | LinkDown
    | WrongTerminal
    | TradingForbidden
    | TradingAllowed
    | SymbolSeen
    | BarClosed
    | BarRevised
    | HistoryTold
    | HistoryGrown
    | FeedBroken
    | FeedStale
    | FeedFresh
    | ClockDoubted
    | WorthSeen
    | DataEnded
    | Accepted
    | Rejected
    | Refused
    | InDoubt
    | DealMade
    | OrderGone
    | Reconciled
)
