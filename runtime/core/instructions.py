"""What a step may ask of the shell, in the imperative; each id is answered by exactly one fact."""

import msgspec

from brokers.latch import Level
from runtime.core.kinds import Kind
from runtime.core.risk import Approved


class Instruction(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A wish; `id` is unique over the life of the account."""

    id: int


class Submit(Instruction, frozen=True, kw_only=True):
    """Send an entry. Only what risk approved can be submitted: there is no other field to put an order in."""

    approved: Approved
    magic: int
    comment: str
    decided_at: int


class ClosePosition(Instruction, frozen=True, kw_only=True):
    """Close a position of ours at the market."""

    symbol: str
    position: int
    side: int
    volume: float
    price: float
    magic: int
    reason: str
    decided_at: int
    operator: bool = False
    max_spread: float = 0.0
    """Points between bid and ask at which it may be sent at most; 0.0: any."""


class ModifyStop(Instruction, frozen=True, kw_only=True):
    """Move the stop of a position of ours."""

    symbol: str
    position: int
    stop: float
    target: float
    decided_at: int


class Cancel(Instruction, frozen=True, kw_only=True):
    """Take back a resting entry of ours."""

    symbol: str
    order: int
    decided_at: int


class Reconcile(Instruction, frozen=True, kw_only=True):
    """Read all the venue holds; `settled` says that the settle window has passed."""

    settled: bool


class WakeAt(Instruction, frozen=True, kw_only=True):
    """Tell `TimerFired(key)` once this much elapsed time has passed."""

    after_s: float
    key: str


class SetLevel(Instruction, frozen=True, kw_only=True):
    """Latch another level; the core asks for a tighter one only."""

    level: Level
    why: str
    scope: str = ""
    """Of the latch; empty: the account."""


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for something, when, and why."""

    id: str
    """Of the question: made of who, when and which process."""
    who: str
    why: str
    wall: int
    """Wall clock, UTC milliseconds: for people."""


class Reply(Instruction, frozen=True, kw_only=True):
    """Tell the one who asked what was done, or why not."""

    asker: Asker
    what: str
    scope: str
    text: str
    ok: bool


class Alert(Instruction, frozen=True, kw_only=True):
    """Tell the people on call."""

    severity: str
    text: str
    kind: Kind = "note"
    about: str = ""
    """What it is about: a hold, as long as which it stands; empty: the state it comes with is an alarm by itself."""


AnyInstruction = Submit | ClosePosition | ModifyStop | Cancel | Reconcile | WakeAt | SetLevel | Alert | Reply

DURABLE = (Submit, ClosePosition, ModifyStop, Cancel, SetLevel)
"""What must be on disk before it is acted upon."""
