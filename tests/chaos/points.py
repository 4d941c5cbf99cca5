"""Where a crash can strike in an order's life, what else can go wrong, and which pairs of the two were met."""

from typing import Literal, get_args

import msgspec

Point = Literal[
    "intent: before append", "intent: appended", "intent: before commit", "intent: committed",
    "frame: before it leaves", "gate: marked", "server: before work", "server: worked", "worker: has the reply",
    "frame: reply arrived", "answer: before append", "answer: appended",
    "deal: not yet shown", "deal: shown", "look: half read", "look: arrived",
    "recovery: before reading", "recovery: half replayed", "recovery: run opened", "recovery: connecting",
]  # fmt: skip
POINTS: tuple[Point, ...] = get_args(Point)
"""Every side-effect point of an order's life, in the order of that life; then those of a recovery."""

WORKERS: frozenset[Point] = frozenset(
    {"gate: marked", "server: before work", "server: worked", "worker: has the reply", "deal: not yet shown",
     "deal: shown", "look: half read"}
)  # fmt: skip
"""Points in the worker's process; the others are in the daemon's."""

Fault = Literal[
    "none", "silent", "silent, worked", "slow", "slow, too late", "held", "held beyond the window", "broken pipe",
    "broken pipe, worked", "None, worked", "None, not worked", "no pipe", "10012, worked", "10031, worked",
    "placed, deal late", "done, not worked", "requote", "partial fill", "price off", "market closed", "AutoTrading off",
    "account switched", "foreign frame", "history late", "bars revised", "reads fail", "terminal restart",
    "unreachable", "spec changed", "halt", "by hand", "server restarted", "wrong clock",
    "halt of a scope", "foreign trade", "bus silent", "bus lost", "bus twice", "bus out of order",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = get_args(Fault)  # "none" is the first
OF_AN_ORDER: tuple[Fault, ...] = FAULTS[1:21]
"""Faults that strike a trade request; the others strike at a moment."""
OF_A_MOMENT: tuple[Fault, ...] = FAULTS[21:]
OF_THE_BUS: tuple[Fault, ...] = FAULTS[-4:]
"""Those of moments that strike the message broker."""

Victim = Literal["worker", "daemon", "both"]
VICTIMS: tuple[Victim, ...] = get_args(Victim)


class Crash(msgspec.Struct, frozen=True):
    """A process dies at the nth time a point is passed, once the fault it goes with has struck."""

    point: Point
    nth: int
    victim: Victim
    after: Fault = "none"


class Killed(BaseException):
    """The process this code runs in is dead: nothing below may have any effect."""


class WorkerKilled(BaseException):
    """The worker's process is dead, in the middle of whatever it did."""


class Blocked(BaseException):
    """The worker's process hangs in a call that does not return; whoever waits for it waits in vain."""


class Coverage(msgspec.Struct):
    """How often each fault struck, each crash happened, and each pair of them in one story."""

    faults: dict[str, int] = {}
    crashes: dict[str, int] = {}
    pairs: dict[str, int] = {}

    def add(self, struck: set[Fault], crashed: set[tuple[Point, Victim]]) -> None:
        """Count one story."""
        for what in struck:
            self.faults[what] = self.faults.get(what, 0) + 1
        for point, victim in crashed:
            name = f"{point} | {victim}"
            self.crashes[name] = self.crashes.get(name, 0) + 1
        for point in {point for point, _ in crashed}:
            for fault in ("none", *struck):
                name = f"{point} | {fault}"
                self.pairs[name] = self.pairs.get(name, 0) + 1

    def merge(self, other: "Coverage") -> None:
        """Add what another process counted."""
        for mine, theirs in ((self.faults, other.faults), (self.crashes, other.crashes), (self.pairs, other.pairs)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count

    def unseen(self) -> list[str]:
        """Return the pairs of a point and a fault that no story had."""
        return [name for p in POINTS for f in FAULTS if (name := f"{p} | {f}") not in self.pairs]
