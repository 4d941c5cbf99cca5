"""The operator's end: change an account's level by whichever path works, and say which one did."""

import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, Level, scope_problem
from config.errors import TidegateError
from runtime.core.facts import PersonFact
from runtime.fleet_process import owner
from runtime.operator import latch
from runtime.operator.control import Asked, ask, level_asked
from runtime.operator.keyboard import command_of, legible
from runtime.operator.left import End, Left, ends_of, left_of, waits, within
from runtime.operator.stands import above, beside, latched
from runtime.operator.ways import NoWayError, Tried, let_fall, ways_of

STATUS_S = 2.0
"""How long a daemon may take to say how it is: a thread answers, so it is stuck where it takes longer."""
GLANCE_S = 0.25
"""How long a flatten waits, before it is latched, to hear what it is about."""
QUEUED = "what is left waits for its market to open, and is closed then: look with tidegate status, or drop it"
"""Said of a flatten that can do nothing more now."""
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
    scope: str = ""
    """What the command was about; empty: the account."""
    left: tuple[Left, ...] = ()
    """What is left of ours, of that scope, as its daemon said last."""
    ends: tuple[End, ...] = ()
    """What a flatten has made of each position, as its daemon said last."""
    concerned: int | None = None
    """How many strategies are in that scope; None for the account, and where no daemon said so."""


def status(folder: Path) -> dict[str, Any]:
    """Return what the daemon says of itself, or what the latch says where no daemon runs or it is stuck.

    `latched` is what the latch tells of the level: who set it, when and why.
    """
    try:
        return _with_latched(folder, ask(folder, Asked(do="status"), STATUS_S))
    except OSError as error:
        now = latch.read(folder)
        stuck = isinstance(error, TimeoutError) or bool(owner(folder))
        told = {"ok": False, "running": False, "stuck": stuck, "level": now.level, "generation": now.generation}
        return _with_latched(folder, told)


def _with_latched(folder: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Return a status with, behind the level and its generation, what is latched."""
    names = list(told)
    place = names.index("generation") + 1 if "generation" in told else 0
    whole = told | {"latched": msgspec.to_builtins(latched(folder))}
    return {name: whole[name] for name in [*names[:place], "latched", *names[place:]]}


def ask_for(folder: Path, fact: PersonFact) -> dict[str, Any]:
    """Ask a running daemon to take something over; return its answer.

    UnreachableError where none answers, AbsentError where nobody listens.
    """
    words = {name: legible(word) for name, word in msgspec.structs.asdict(fact).items() if isinstance(word, str)}
    return _asked(folder, Asked(do="ask", fact=msgspec.structs.replace(fact, **words)))


def change_level(
    folder: Path, level: Level, why: str, *, who: str = "", patience_s: float = 10.0, force: bool = False,
    foreign: bool = False, scope: str = "", elsewhere: Callable[[], Report] | None = None,
) -> Report:  # fmt: skip
    """Latch a level; tightening needs nobody's help, loosening needs the daemon.

    elsewhere: another way, where all on this machine have failed. UnreachableError where none has worked; ValueError
    without a reason, or where `scope` is none.
    """
    if not why.strip():
        raise ValueError("a reason is needed")
    if problem := scope_problem(scope):
        raise ValueError(problem)
    ends = level == "halt" and latch.read(folder).own(scope) == "flatten"
    try:
        report = _tighten(
            folder, command_of(level, why, "direct", who, force=force, foreign=foreign, scope=scope), patience_s
        )
    except NoWayError as error:
        report = _elsewhere(folder, error, elsewhere)
    except latch.LatchError:  # looser
        report = _loosened(folder, command_of(level, why, "daemon", who, force=force, scope=scope), patience_s)
    now = latch.read(folder)
    notes = [FLATTEN_ENDS if ends else "", report.note]
    notes += [*above(now, scope), *beside(now, scope)] if level == "run" else []
    return msgspec.structs.replace(report, note="; ".join(note for note in notes if note))


def _tighten(folder: Path, command: Command, patience_s: float) -> Report:
    """Write the latch; once this returns nothing new can leave. Then wait until what rests is taken back."""
    about = _open_now(folder, command.scope) if command.level == "flatten" else None
    now, tried = let_fall(folder, command, ways_of(folder))
    report = Report(
        level=now["level"], generation=now["generation"], path=tried[-1].path, in_flight=now["in_flight"], about=about,
        tried=tried, scope=command.scope,
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
    except (OSError, RuntimeError, ValueError, ImportError, TidegateError) as error:
        tried = (*here.tried, Tried(path="mqtt", ok=False, why=str(error)))
        raise UnreachableError(str(NoWayError(folder, tried))) from None
    return msgspec.structs.replace(report, tried=(*here.tried, Tried(path=report.path, ok=True)))


def _open_now(folder: Path, scope: str) -> int | None:
    """Return how many positions of ours are open, as the daemon says at once, or None."""
    try:
        found: int | None = within(ask(folder, Asked(do="status"), GLANCE_S), scope).get("positions")
    except OSError:
        return None
    return found


def _confirmed(folder: Path, report: Report, patience_s: float) -> Report:
    return confirmed(lambda: within(_seen(folder), report.scope), report, patience_s)


def _seen(folder: Path) -> dict[str, Any]:
    """Return what the daemon says of itself; TimeoutError where it is there and does not, OSError where none is."""
    try:
        return ask(folder, Asked(do="status"), STATUS_S)
    except TimeoutError:
        raise
    except OSError:
        if not owner(folder):
            raise
        time.sleep(0.05)
        raise TimeoutError from None


def confirmed(look: Callable[[], dict[str, Any]], report: Report, patience_s: float) -> Report:
    """Return the report once a daemon says that nothing of ours rests any more, or that it has not said so in time.

    look: what the daemon says of the report's scope; TimeoutError where it does not answer now, OSError where there is
    none.
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
        report = msgspec.structs.replace(
            _counted(report, seen["positions"]), left=left_of(seen), concerned=seen.get("concerned"),
            ends=ends_of(seen) if report.level == "flatten" else (),
        )  # fmt: skip
        if seen["generation"] >= report.generation and _done(report.level, seen):
            break
        note = QUEUED if report.level == "flatten" and seen["generation"] >= report.generation and waits(seen) else ""
        if note:
            return msgspec.structs.replace(report, note=note, positions=seen["positions"])
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
    dropped = sum(one["state"] == "dropped" and not one.get("foreign") for one in seen.get("flatten", ()))
    return level != "flatten" or (seen["level"] != "flatten" and seen["positions"] <= dropped)


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
        if pid := owner(folder):
            raise AbsentError(
                f"its daemon (pid {pid}) is there, and cannot be asked: ask again once it has started; one whose "
                f"control.sock is gone hears the latch alone: end it with kill {pid}, start it anew"
            ) from None
        raise AbsentError("only a running daemon can do this: start it with tidegate run, ask again") from None


def _loosened(folder: Path, command: Command, patience_s: float) -> Report:
    """Have a daemon loosen; where none does, say where the latch stands."""
    try:
        return _ask_daemon(folder, command, patience_s)
    except UnreachableError as error:
        stands = latch.read(folder).own(command.scope)
        said = f"{error}; {command.scope or 'the account'} stands at {stands}, which is tighter than {command.level}"
        raise type(error)(said) from None


def _ask_daemon(folder: Path, command: Command, patience_s: float) -> Report:
    """Have a daemon loosen; a flatten never does. LatchError where it has a rule against that."""
    answer = _asked(folder, level_asked(command))
    if not answer["ok"]:
        raise (latch.LatchError if answer.get("refused") else UnreachableError)(answer["problem"])
    report = Report(
        level=answer["level"], generation=answer["generation"], path="daemon",
        in_flight=answer.get("in_flight", 0), scope=command.scope,
    )  # fmt: skip
    if command.level == "run":  # what rests may rest
        return msgspec.structs.replace(report, confirmed=True)
    return _confirmed(folder, report, patience_s)
