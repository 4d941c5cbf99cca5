"""How a level falls, whoever hears of it: the latch first, then the daemon is woken, then what was leaving has left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from brokers.latch import Command
from runtime.operator import latch

SENT_S = 2.0
"""How long an order between check and answer is waited for."""

HALTED_ONLY = "the disk takes no flatten, so the latch reads as halt"


def fall(
    folder: Path, command: Command, wake: Callable[[], object], patience_s: float = SENT_S
) -> dict[str, Any]:  # fmt: skip
    """Latch a level that is no looser; return it with its generation and what is in flight still, after `patience_s`.

    Not ok where a flatten could not be written: nothing new leaves, but nobody closes anything for it either.
    LatchError where it would loosen, OSError where the disk refuses.
    """
    latched = latch.tighten(folder, command)
    wake()
    in_flight = latch.wait_sent(folder, patience_s)
    level = latched.level if latched.command is None else latched.own(command.scope)  # by nobody: of the account
    told = {"ok": True, "level": level, "generation": latched.generation, "in_flight": in_flight}
    if command.level == "flatten" and latched.command is None:
        return told | {"ok": False, "problem": HALTED_ONLY}
    return told
