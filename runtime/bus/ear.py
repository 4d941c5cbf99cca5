"""The ear of a daemon for what people sign: each message is read, judged, obeyed or refused, journaled, and answered.

Whoever repeats a command (the broker after a lost acknowledgement, a sender who had no answer) does not repeat its
effect: every level is latched under its command's id, and the latch's log is what tells which were obeyed.
"""

import contextlib

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from brokers.latch import Command, Latch, Level
from config.errors import ConfigError
from runtime.bus.hooks import Hooks, Loosened
from runtime.clock import Clock
from runtime.core.facts import CommandJudged
from runtime.dead_man import beat
from runtime.operator import latch
from runtime.operator.fall import SENT_S, fall
from runtime.operator.judge import Answer, Heard, Told, expired, judge, read, tightens
from runtime.operator.keyboard import legible
from runtime.operator.keyfiles import read_ring
from runtime.operator.left import left_of, within
from runtime.operator.signing import LONGEST, Fault, Refusal, Ring, Signer

WRITTEN_A_MINUTE = 30
"""Refusals that are journaled in a minute; of the rest the next one tells how many they were."""
LATCHED_A_MINUTE = 20
"""Commands in a minute that latch anew the level the latch stands at already; more of them change nothing."""
LATEST_MS = 60_000
"""So late a command may come and still be a sign that somebody watches."""
LISTED = 20
"""So much of what is left is told in an answer, which has to be short; it counts all."""
TOGETHER_S = 300.0
"""So long after the first person the second one may ask for the same."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A command that shall be obeyed."""

    heard: Heard
    ident: str
    tighten: bool
    aloud: bool
    """Somebody waits for an answer."""
    was: Level
    """Where the latch stands."""


class Reply(msgspec.Struct, frozen=True):
    """A signed answer, and for whom."""

    kid: str
    payload: bytes


class Allowance:
    """So many in a minute."""

    def __init__(self, most: int, clock: Clock) -> None:
        """Begin with none taken."""
        self.most, self.clock = most, clock
        self.taken: deque[float] = deque()

    def take(self) -> bool:
        """Take one; say whether there was one."""
        now = self.clock.elapsed()
        while self.taken and self.taken[0] <= now - 60.0:
            self.taken.popleft()
        if len(self.taken) >= self.most:
            return False
        self.taken.append(now)
        return True


class Ear:
    """Hears commands for one account; for one thread alone, but for `tighten`, which may wait."""

    def __init__(
        self, folder: Path, account: str, ring: Path, signer: Signer, sequences: Mapping[str, int], daemon: Hooks,
        clock: Clock, *, two_people: bool = False,
    ) -> None:  # fmt: skip
        """Hear for the account whose latch lies in `folder`; ConfigError where there is no ring.

        two_people: nobody loosens alone.
        """
        self.folder, self.account, self.signer, self.daemon, self.clock = folder, account, signer, daemon, clock
        self.memory = dict(sequences)
        self.done = {entry.command.id for entry in latch.logged(folder, 0)}
        self.log = structlog.get_logger()
        self._ring_file = ring
        self._ring_seen: tuple[int, int] = (0, 0)
        self._ring = Ring(())
        self.ring()
        self._written = Allowance(WRITTEN_A_MINUTE, clock)
        self._latched = Allowance(LATCHED_A_MINUTE, clock)
        self._unwritten = 0
        self.patience_s = SENT_S
        self._two_people = two_people
        self._first: tuple[str, tuple[str, str, int], float] | None = None
        """Who asked first, for which level of what, knowing which generation, and when."""

    def ring(self) -> Ring:
        """Return who may command, by the file as it is now; by what was read last, where it cannot be read any more."""
        try:
            status = self._ring_file.stat()
            seen = status.st_mtime_ns, status.st_ino
            if seen != self._ring_seen:
                self._ring, self._ring_seen = read_ring(self._ring_file), seen
        except (OSError, ConfigError) as error:
            if self._ring_seen == (0, 0):
                raise ConfigError(f"bus.operators: {error}") from None
            self.log.warning("bus", problem=f"the ring of keys is kept as it was: {error}")
        return self._ring

    def hear(self, raw: bytes, *, desired: bool = False) -> Wanted | Reply | None:
        """Return what shall be done, or what is answered at once; None: nothing.

        desired: it was kept by the broker as the last that tightened; it is obeyed without a word, if it is new.
        """
        now = self.clock.wall_ms()
        heard = read(raw, self.ring(), now)
        if isinstance(heard, Refusal):
            self._refused(heard, None)
            return None
        stands = latch.read(self.folder)
        ident = f"{heard.key.kid}.{heard.told.id}"
        if ident in self.done:
            return None if desired else self.answer(heard, again=True)
        refusal = _not_desired(heard.told, stands, now) if desired else None
        refusal = refusal or judge(heard, self.account, self.memory, stands, now) or self._alone(heard, stands)
        if refusal is not None:
            self._refused(refusal, heard)
            return None if desired else self.answer(heard, problem=str(refusal))
        if not desired and abs(now - heard.told.issued) <= LATEST_MS:  # what is old was perhaps kept by somebody
            with contextlib.suppress(OSError):
                beat(self.folder)
        if heard.told.command == "status":
            return self.answer(heard)
        tighten = tightens(heard.told, stands)
        own = stands.own(heard.told.arguments.scope)
        if tighten and heard.told.command == own and not self._latched.take():
            return self.answer(heard, again=True)
        return Wanted(heard=heard, ident=ident, tighten=tighten, aloud=not desired, was=own)

    def _alone(self, heard: Heard, stands: Latch) -> Refusal | None:
        """Return why one person is not enough, where two are needed: nobody else has asked for the same just before."""
        told, who = heard.told, heard.key.who
        if not self._two_people or told.command == "status" or tightens(told, stands):
            return None
        now, first = self.clock.elapsed(), self._first
        asked, since = first[1:] if first is not None and first[0] != who else (None, now)
        wanted = told.command, told.arguments.scope, stands.generation
        if asked == wanted and now - since <= TOGETHER_S:
            self._first = None
            return None
        self._first = who, wanted, now
        return Refusal("alone", f"a second person has to ask for the same within {TOGETHER_S:g} s")

    def tighten(self, wanted: Wanted) -> Reply | None:
        """Latch a level; return the answer once nothing new can leave, or it is known what still does."""
        heard = wanted.heard
        try:
            latched = fall(self.folder, _command(wanted), self.daemon.wake, self.patience_s)
        except latch.LatchError:  # somebody tightened meanwhile: it would loosen now
            return self.lost(heard, "changed", "the latch was tightened meanwhile")
        except OSError as error:
            return self.answer(heard, problem=f"not latched: {error}: stop the daemon")
        if not latched["ok"]:
            return self.answer(heard, problem=latched["problem"])
        self._obeyed(wanted)
        return self.answer(heard, in_flight=latched["in_flight"], was=wanted.was) if wanted.aloud else None

    def loosen(self, wanted: Wanted) -> Loosened:
        """Hand a command over to the daemon, its sequence first: whatever becomes of it, it is not heard again."""
        self._obeyed(wanted)
        return self.daemon.loosen(_command(wanted), wanted.heard.told.arguments.generation)

    def loosened(self, wanted: Wanted, said: dict[str, Any]) -> Reply:
        """Return the answer to what the daemon said."""
        return self.answer(wanted.heard, problem="" if said["ok"] else said["problem"])

    def lost(self, heard: Heard, fault: Fault, why: str) -> Reply:
        """Refuse a command; return the answer."""
        refusal = Refusal(fault, why)
        self._refused(refusal, heard)
        return self.answer(heard, problem=str(refusal))

    def answer(
        self, heard: Heard, problem: str = "", *, in_flight: int = 0, again: bool = False, was: str = ""
    ) -> Reply:
        """Return a signed answer: where the latch and the core stand."""
        scope = heard.told.arguments.scope
        stands, seen = latch.read(self.folder), within(self.daemon.status(), scope)
        level = stands.level if stands.command is None else stands.own(scope)
        answer = Answer(
            account=self.account, id=heard.told.id, ok=not problem, problem=problem, level=level,
            generation=stands.generation, in_flight=in_flight, again=again, was=was, shown=seen["level"],
            seen=seen["generation"], resting=seen["resting"], in_doubt=seen["in_doubt"], positions=seen["positions"],
            issued=self.clock.wall_ms(), left=left_of(seen)[:LISTED], concerned=seen.get("concerned"),
        )  # fmt: skip
        signed = self.signer.sign(msgspec.json.encode(answer))
        if len(signed) > LONGEST:  # who is in doubt about what is left asks here
            signed = self.signer.sign(msgspec.json.encode(msgspec.structs.replace(answer, left=())))
        return Reply(heard.key.kid, signed)

    def _obeyed(self, wanted: Wanted) -> None:
        key, sequence = wanted.heard.key.kid, wanted.heard.told.sequence
        self.done.add(wanted.ident)
        self.memory[key] = max(self.memory.get(key, 0), sequence)
        self.daemon.tell(self._fact(wanted.heard, ""))

    def _refused(self, refusal: Refusal, heard: Heard | None) -> None:
        """Journal a refusal, as long as there are not too many."""
        if self._written.take():
            self.log.warning("bus", refused=str(refusal))
            self.daemon.tell(self._fact(heard, str(refusal)))
            self._unwritten = 0
        else:
            self._unwritten += 1

    def _fact(self, heard: Heard | None, refused: str) -> CommandJudged:
        at, wall, unwritten = self.daemon.at(), self.clock.wall_ms(), self._unwritten
        if heard is None:
            return CommandJudged(at=at, wall=wall, refused=refused, unwritten=unwritten)
        told, key = heard.told, heard.key
        return CommandJudged(
            at=at, wall=wall, key=key.kid, who=key.who, role=key.role, command=told.command, ident=told.id,
            sequence=told.sequence, scope=legible(told.arguments.scope), why=legible(told.why), refused=refused,
            unwritten=unwritten,
        )  # fmt: skip


def _command(wanted: Wanted) -> Command:
    told, key = wanted.heard.told, wanted.heard.key
    assert told.command != "status"  # noqa: S101 - that one changes nothing
    return Command(
        id=wanted.ident, level=told.command, who=key.who, why=legible(told.why.strip()), wall=told.issued, path="mqtt",
        force=told.arguments.force, scope=told.arguments.scope,
    )  # fmt: skip


def _not_desired(told: Told, stands: Latch, now: int) -> Refusal | None:
    """Return why what the broker has kept is not obeyed: it only tightens, and not for ever."""
    if not tightens(told, stands):
        return Refusal("form", "what is kept by the broker only tightens")
    return expired(told, now)
