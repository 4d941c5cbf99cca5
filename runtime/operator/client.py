"""The operator's end: change an account's level by whichever path works, and say which one did."""

import getpass
import os
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, Level
from config.errors import ConfigError
from runtime.clock import Clock
from runtime.core.facts import PersonFact
from runtime.core.instructions import Asker
from runtime.operator import latch
from runtime.operator.control import Asked, ask
from runtime.operator.ways import NoWayError, Tried, let_fall, ways_of

STATUS_S = 2.0
"""How long a daemon may take to say how it is: a thread answers, so it is stuck where it takes longer."""
GLANCE_S = 0.25
"""How long a flatten waits, before it is latched, to hear what it is about."""
FLATTEN_ENDS = "a flatten was under way and ends here: what is not closed yet stays open; flatten again to close it"
"""Said of a halt, which is no tighter."""
KILLED = "the latch cannot be written: the guardian has ended daemon and worker, and lets none begin until it can be"


class UnreachableError(RuntimeError):
    """No daemon runs this account, and without one this cannot be done."""


class AbsentError(UnreachableError):
    """Nobody listens for this account."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command."""

    level: str
    generation: int
    path: str
    """direct: the latch was written by this process; daemon: by the daemon; guardian: by the guardian; mqtt: by the
    daemon, on a signed command."""
    tried: tuple[Tried, ...] = ()
    """Every way that was tried, the one that has worked last."""
    in_flight: int = 0
    """An order that was between check and answer when the latch fell; 0: nothing was."""
    confirmed: bool = False
    """The daemon says that no entry of ours rests any more."""
    resting: int = 0
    positions: int = 0
    """Open now, of ours."""
    about: int | None = None
    """Open when a flatten was asked for, of ours; None for another level, and where no daemon said so."""
    note: str = ""


class Latched(msgspec.Struct, frozen=True, kw_only=True):
    """The level as the latch has it, and who set it; who, when and path are empty where the latch does not tell."""

    level: Level
    generation: int
    who: str = ""
    at: int = 0
    """Wall clock of who set it, UTC milliseconds."""
    why: str
    """The reason given; what to do, where the latch is absent or cannot be read."""
    path: str = ""


def latched(folder: Path) -> Latched:
    """Return what the latch tells of the level."""
    now = latch.read(folder)
    by = now.command
    if by is None:
        return Latched(level=now.level, generation=now.generation, why=latch.unread(folder))
    return Latched(level=now.level, generation=now.generation, who=by.who, at=by.wall, why=by.why, path=by.path)


def status(folder: Path) -> dict[str, Any]:
    """Return what the daemon says of itself, or what the latch says where no daemon runs or it is stuck.

    `latched` is what the latch tells of the level: who set it, when and why.
    """
    try:
        return _with_latched(folder, ask(folder, Asked(do="status"), STATUS_S))
    except OSError as error:
        now = latch.read(folder)
        stuck = isinstance(error, TimeoutError)
        told = {"ok": False, "running": False, "stuck": stuck, "level": now.level, "generation": now.generation}
        return _with_latched(folder, told)


def _with_latched(folder: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Return a status with, behind the level and its generation, what is latched."""
    names = list(told)
    place = names.index("generation") + 1 if "generation" in told else 0
    whole = told | {"latched": msgspec.to_builtins(latched(folder))}
    return {name: whole[name] for name in [*names[:place], "latched", *names[place:]]}


def command_of(
    level: Level, why: str, path: str, who: str = "", *, scope: str = "", force: bool = False
) -> Command:  # fmt: skip
    """Return a command of the person at this keyboard; its id is made of who, when and which process."""
    wall = Clock().wall_ms()
    who, why = legible(who or _person()), legible(why)
    return Command(
        id=f"{who}-{wall}-{os.getpid()}", level=level, who=who, why=why, wall=wall, path=path, force=force,
        scope=legible(scope),
    )  # fmt: skip


def legible(text: str) -> str:
    """Return a text with each half of a character spelled out: no halt may fail for an umlaut of another encoding."""
    return text.encode(errors="backslashreplace").decode()


def _person() -> str:
    """Return who is at this keyboard: by name, or by number where the system knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def asker_of(why: str, who: str = "") -> Asker:
    """Return who asks, at this keyboard."""
    wall = Clock().wall_ms()
    who, why = legible(who or _person()), legible(why)
    return Asker(id=f"{who}-{wall}-{os.getpid()}", who=who, why=why, wall=wall)


def ask_for(folder: Path, fact: PersonFact) -> dict[str, Any]:
    """Ask a running daemon to take something over; return its answer.

    UnreachableError where none answers, AbsentError where nobody listens.
    """
    words = {name: legible(word) for name, word in msgspec.structs.asdict(fact).items() if isinstance(word, str)}
    return _asked(folder, Asked(do="ask", fact=msgspec.structs.replace(fact, **words)))


def change_level(
    folder: Path, level: Level, why: str, *, who: str = "", patience_s: float = 10.0, force: bool = False,
    elsewhere: Callable[[], Report] | None = None,
) -> Report:  # fmt: skip
    """Latch a level; tightening needs nobody's help, loosening needs the daemon. ValueError without a reason.

    elsewhere: another way, where all on this machine have failed. UnreachableError where none has worked.
    """
    if not why.strip():
        raise ValueError(f'{level} needs a reason: --reason "…"')
    ends = level == "halt" and latch.read(folder).level == "flatten"
    try:
        report = _tighten(folder, command_of(level, why, "direct", who, force=force), patience_s)
    except NoWayError as error:
        report = _elsewhere(folder, error, elsewhere)
    except latch.LatchError:  # looser
        report = _ask_daemon(folder, command_of(level, why, "daemon", who, force=force), patience_s)
    notes = [FLATTEN_ENDS, report.note] if ends else [report.note]
    return msgspec.structs.replace(report, note="; ".join(note for note in notes if note))


def _tighten(folder: Path, command: Command, patience_s: float) -> Report:
    """Write the latch; once this returns nothing new can leave. Then wait until what rests is taken back."""
    about = _open_now(folder) if command.level == "flatten" else None
    now, tried = let_fall(folder, command, ways_of(folder))
    report = Report(
        level=now["level"], generation=now["generation"], path=tried[-1].path, in_flight=now["in_flight"], about=about,
        tried=tried,
    )  # fmt: skip
    if now.get("killed"):
        return msgspec.structs.replace(report, note=KILLED)
    return _confirmed(folder, report, patience_s)


def _elsewhere(folder: Path, here: NoWayError, elsewhere: Callable[[], Report] | None) -> Report:
    """Try what is left where all ways on this machine have failed."""
    if elsewhere is None:
        raise UnreachableError(str(here)) from None
    try:
        report = elsewhere()
    except (OSError, RuntimeError, ValueError, ConfigError) as error:
        tried = (*here.tried, Tried(path="mqtt", ok=False, why=str(error)))
        raise UnreachableError(str(NoWayError(folder, tried))) from None
    return msgspec.structs.replace(report, tried=(*here.tried, Tried(path=report.path, ok=True)))


def _open_now(folder: Path) -> int | None:
    """Return how many positions of ours are open, as the daemon says at once, or None."""
    try:
        found: int | None = ask(folder, Asked(do="status"), GLANCE_S).get("positions")
    except OSError:
        return None
    return found


def _confirmed(folder: Path, report: Report, patience_s: float) -> Report:
    return confirmed(lambda: ask(folder, Asked(do="status"), STATUS_S), report, patience_s)


def confirmed(look: Callable[[], dict[str, Any]], report: Report, patience_s: float) -> Report:
    """Return the report once a daemon says that nothing of ours rests any more, or that it has not said so in time.

    look: what the daemon says; TimeoutError where it does not answer now, OSError where there is none.
    """
    deadline = time.monotonic() + patience_s
    seen: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            seen = look()
        except TimeoutError:
            continue
        except OSError:
            note = "no daemon runs: nothing new can leave; resting entries of ours, if any, still rest at the venue"
            if report.level == "flatten":
                note += ", and positions, if any, stand: start the daemon with tidegate run, and it closes them"
            return msgspec.structs.replace(report, note=note)
        report = _counted(report, seen["positions"])
        if seen["generation"] >= report.generation and _done(report.level, seen):
            break
        time.sleep(0.05)
    else:
        note = "the daemon has not confirmed in time: look again with tidegate status"
        return msgspec.structs.replace(
            report, note=note, resting=seen.get("resting", 0), positions=seen.get("positions", 0)
        )
    return msgspec.structs.replace(report, confirmed=True, positions=seen["positions"], level=seen["level"])


def _done(level: str, seen: dict[str, Any]) -> bool:
    """Say whether nothing of ours rests or may, and whether the core itself has ended a flatten.

    No position being open says too little for that: an entry may be filled of which no deal has told yet.
    """
    if seen["resting"] or seen["in_doubt"]:
        return False
    return level != "flatten" or (seen["level"] != "flatten" and not seen["positions"])


def _counted(report: Report, positions: int) -> Report:
    """Return the report of a flatten with what it is about, where more are open than anybody knew."""
    if report.level != "flatten" or positions <= (-1 if report.about is None else report.about):
        return report
    return msgspec.structs.replace(report, about=positions)


def _asked(folder: Path, question: Asked) -> dict[str, Any]:
    try:
        return ask(folder, question)
    except TimeoutError:
        raise UnreachableError("the daemon is stuck: look with tidegate status whether anything changed") from None
    except OSError:
        raise AbsentError("only a running daemon can do this: start it with tidegate run, ask again") from None


def _ask_daemon(folder: Path, command: Command, patience_s: float) -> Report:
    about = _open_now(folder) if command.level == "flatten" else None
    answer = _asked(folder, Asked(do="level", command=command))
    if not answer["ok"]:
        raise UnreachableError(answer["problem"])
    report = Report(
        level=answer["level"], generation=answer["generation"], path="daemon",
        in_flight=answer.get("in_flight", 0), about=about,
    )  # fmt: skip
    if command.level == "run":  # what rests may rest
        return msgspec.structs.replace(report, confirmed=True)
    return _confirmed(folder, report, patience_s)
