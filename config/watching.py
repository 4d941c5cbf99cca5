"""Who watches over an account from outside: its guardian, and people, who say that they look."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class GuardianSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a daemon may stand still under a guardian (`tidegate guard`)."""

    halt_s: Annotated[float, msgspec.Meta(ge=0.5)] = 1.0
    """Then the account is halted: its event loop has not gone round for so long, or what it worked at has taken so
    much longer than its deadline."""
    kill_s: Seconds = 30.0
    """Then daemon and worker are ended; 0: never, but where the latch cannot be written."""


def watching_problems(guardian: GuardianSection) -> Iterator[str]:
    """Yield what is wrong with how an account is watched."""
    if 0.0 < guardian.kill_s <= guardian.halt_s:
        yield f"guardian.kill_s: expected more than halt_s, or 0 for never, got {guardian.kill_s:g}"
