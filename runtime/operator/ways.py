"""The ways to a tighter level, tried one after the other until one has surely worked; each is enough by itself.

First the latch, by this process; then the daemon at its socket, the guardian at its own, and last whatever else is
given (the bus). That something was answered proves nothing: the latch is read back, where this process may read it. A
guardian that cannot write the latch either ends the daemon, which keeps everything from leaving, too.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import RANK, Command
from brokers.mt5.orphans import orphan_of
from runtime.fleet_process import owner
from runtime.operator import latch
from runtime.operator.control import ask, level_asked
from runtime.operator.ears import DAEMON, GUARDIAN
from runtime.operator.fall import HALTED_ONLY, SENT_S, fall

WAY_S = SENT_S + latch.PATIENCE_S + 1.0
"""How long one may take to answer: that an order leaves, and that another writer is done, is waited for."""


CLOSE = (
    "nothing new can leave, and stops stay in place: make room on the disk and ask again, or close what is open by "
    "tidegate flatten-alone, or at the terminal"
)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A way that was tried."""

    path: str
    ok: bool
    why: str = ""
    """Why it did not work."""


class NoWayError(RuntimeError):
    """None has worked; what to do instead is said."""

    def __init__(self, folder: Path, tried: tuple[Tried, ...]) -> None:
        """Name each with its reason."""
        self.tried = tried
        reasons = "; ".join(f"{one.path}: {one.why}" for one in tried)
        if any(one.why == HALTED_ONLY for one in tried):
            super().__init__(f"NO FLATTEN HAS BEGUN ({reasons}): {CLOSE}")
            return
        pids = [str(pid) for pid in (owner(folder), orphan_of(folder)) if pid]
        end = f"kill -9 {' '.join(pids)}" if pids else "look whether its daemon or worker runs, and end them"
        super().__init__(f"NOTHING HAS WORKED ({reasons}): {end}: then nothing new can leave, and stops stay in place")


Way = Callable[[Command], dict[str, Any]]
"""Obeys a command; OSError or RuntimeError where it cannot. LatchError: the command would loosen."""


def ways_of(folder: Path) -> dict[str, Way]:
    """Return the ways to an account's latch on this machine, in the order in which they are tried."""

    def asked(name: str) -> Way:
        return lambda command: ask(folder, level_asked(command), WAY_S, name)

    return {
        "direct": lambda command: fall(folder, command, lambda: None),  # the daemon, if one runs, looks by itself
        "daemon": asked(DAEMON),
        "guardian": asked(GUARDIAN),
    }


def let_fall(folder: Path, command: Command, ways: Mapping[str, Way]) -> tuple[dict[str, Any], tuple[Tried, ...]]:
    """Try one way after the other until one has worked: return its answer, and all that were tried, it last.

    LatchError where the command would loosen, NoWayError where none has worked.
    """
    tried: list[Tried] = []
    for path, way in ways.items():
        try:
            said = way(msgspec.structs.replace(command, path=path))
        except latch.LatchError:
            raise
        except TimeoutError:
            why = "it is there, and does not answer"
        except (OSError, RuntimeError, ValueError) as error:
            why = str(error) or type(error).__name__
        else:
            why = unproven(folder, command, said)
            if not why:
                return said, (*tried, Tried(path=path, ok=True))
        tried.append(Tried(path=path, ok=False, why=why))
    raise NoWayError(folder, tuple(tried))


def unproven(folder: Path, command: Command, said: Mapping[str, Any]) -> str:
    """Return why an answer does not show that the level has fallen; empty where it does."""
    if not said["ok"]:
        return str(said["problem"])
    now = latch.read(folder)
    if said.get("killed") or now.command is None:  # ended instead; or it reads as halt, or not at all for us
        return ""
    stands = now.own(command.scope)
    if RANK[stands] < RANK[command.level] or now.generation < said["generation"]:
        return f"it answered, but the latch stands at {stands}, generation {now.generation}"
    return ""
