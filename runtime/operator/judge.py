"""What a signed command asks for, and whether it may be obeyed: tightening nearly always, loosening hardly ever.

Tightening is refused only where nobody authorised asks: a clock that is wrong, or a command that was long under way,
must not keep an account from being halted. To loosen, a command must be fresh, in sequence, of one who may, and must
name the generation of the latch that its sender has seen.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from brokers.latch import RANK, Latch, Level, scope_problem
from market.undecoded import UNDECODED
from runtime.operator.left import Left
from runtime.operator.signing import Pinned, Refusal, Ring, Role, Signed

Word = Literal["run", "close-only", "halt", "flatten", "status"]

MAY: dict[Role, frozenset[str]] = {
    "viewer": frozenset({"look"}),
    "phone": frozenset({"look", "tighten"}),
    "operator": frozenset({"look", "tighten", "loosen"}),
    "risk": frozenset({"look", "tighten", "loosen"}),
    "daemon": frozenset(),
}
"""What each role may do."""

SKEW_MS = 10_000
"""So much may the clock of who loosens be ahead of ours."""
FRESH_MS = 60_000
"""A command to loosen that was issued longer ago is too old, whatever it says of its own expiry."""
MOST = 2**63 - 1

Ident = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Moment = Annotated[int, msgspec.Meta(ge=0, le=MOST)]


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What some words need besides."""

    force: bool = False
    """Flatten: close also what is in doubt or broken."""
    generation: Annotated[int, msgspec.Meta(ge=-1, le=MOST)] = -1
    """Of the latch, as who loosens has seen it; -1: it was not looked at."""
    scope: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """What it is about (`brokers/latch.py`); empty: the account."""


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command as it is signed."""

    version: Literal[1] = 1
    account: str
    command: Word
    arguments: Arguments = Arguments()
    why: Annotated[str, msgspec.Meta(max_length=500)]
    id: Ident
    sequence: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    """Rises with every command of a key."""
    issued: Moment
    """Wall clock of who signed it, UTC milliseconds."""
    expires: Moment


class Heard(msgspec.Struct, frozen=True):
    """A command of somebody whom we know."""

    told: Told
    key: Pinned


Memory = Mapping[str, int]
"""Kid -> its highest sequence that was accepted."""


def read(raw: bytes, ring: Ring, now: int) -> Heard | Refusal:
    """Return the command that one of the ring has signed, or why it is none."""
    signed = ring.open(raw, now)
    if isinstance(signed, Refusal):
        return signed
    try:
        return Heard(_told(signed), signed.key)
    except UNDECODED as error:
        return Refusal("form", f"{signed.key.who} signed what is no command: {error}")


def _told(signed: Signed) -> Told:
    return msgspec.json.decode(signed.payload, type=Told)


def tightens(told: Told, latch: Latch) -> bool:
    """Say whether a command asks for the level at which its scope stands, or a tighter one."""
    return told.command != "status" and RANK[told.command] >= RANK[latch.own(told.arguments.scope)]


def judge(heard: Heard, account: str, memory: Memory, latch: Latch, now: int) -> Refusal | None:
    """Return why a command may not be obeyed, None where it may.

    now: wall clock, UTC milliseconds; `latch` as it stands.
    """
    told, key = heard.told, heard.key
    if told.account != account:
        return Refusal("account", f"it is meant for {told.account[:64]}")
    if told.command != "status" and not told.why.strip():
        return Refusal("form", "a reason is needed")
    if problem := scope_problem(told.arguments.scope):
        return Refusal("form", problem)
    act = "look" if told.command == "status" else "tighten" if tightens(told, latch) else "loosen"
    if act not in MAY[key.role]:
        return Refusal("role", f"a {key.role} may not {act}")
    return _untimely(heard, memory, latch, now) if act == "loosen" else None


def expired(told: Told, now: int) -> Refusal | None:
    """Return why a command is too old by its own word, None where it is not."""
    if told.expires > now:
        return None
    return Refusal("expired", f"it was good until {(now - told.expires) / 1000:.1f} s ago")


def _untimely(heard: Heard, memory: Memory, latch: Latch, now: int) -> Refusal | None:
    """Return why a command comes too late, too early, again, or after somebody else's."""
    told, last = heard.told, memory.get(heard.key.kid, 0)
    if refusal := expired(told, now):
        return refusal
    if told.issued > now + SKEW_MS:
        return Refusal("clock", f"it was issued {(told.issued - now) / 1000:.1f} s from now: set one of the clocks")
    if told.issued < now - FRESH_MS:
        return Refusal("late", f"it was issued {(now - told.issued) / 1000:.1f} s ago: ask again")
    if told.sequence <= last:
        return Refusal("replay", f"its sequence is {told.sequence}, after {last} was heard")
    if told.arguments.generation != latch.generation:
        seen = f"generation {told.arguments.generation}" if told.arguments.generation >= 0 else "no generation"
        return Refusal("changed", f"it knows {seen}, the latch stands at {latch.level}, generation {latch.generation}")
    return None


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a daemon signs of what came of a command."""

    version: Literal[1] = 1
    account: str
    id: str
    """Of the command."""
    ok: bool
    problem: str = ""
    level: Level
    """That the latch stands at now, in the scope that was asked about."""
    generation: int
    in_flight: int = 0
    """An order that had passed its last check when the latch fell, 0: none."""
    was: str = ""
    """Level that the latch stood at before; empty where nothing was changed."""
    again: bool = False
    """It was obeyed before: it has come twice."""
    shown: Level = "halt"
    """That the core itself stands at; it ends a flatten, not the latch."""
    seen: int = -1
    """Generation of the latch that the core knows."""
    resting: int = 0
    in_doubt: int = 0
    positions: int = 0
    left: tuple[Left, ...] = ()
    """What stands, rests or is in doubt of ours."""
    concerned: int | None = None
    """How many strategies are in the scope that was asked about; None: it was the account."""
    issued: Moment


def answer_of(raw: bytes, ring: Ring, account: str, now: int) -> Answer | Refusal:
    """Return an answer that the daemon of an account has signed, or why it is none."""
    return ring.told_by(raw, account, now, Answer, "answer")
