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


class DeadManSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of an account that nobody looks at: seconds since the last heartbeat of those who watch it.

    A heartbeat is `tidegate heartbeat ACCOUNT`, or a signed command over the bus that is obeyed, a status too.
    """

    alert_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    """Then a person is called."""
    close_only_s: Annotated[float, msgspec.Meta(ge=1)] = 120.0
    """Then close-only is latched, until a person resumes."""
    flatten_s: Seconds = 0.0
    """Then the account is flattened; 0: never."""


class FlattenerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A terminal of its own for `tidegate flatten-alone`: a copy of the account's, logged in to the same account."""

    path: str
    """Its program, another folder's than the account's own terminal."""
    python: str = ""
    """Interpreter of its worker; empty: that of the account's terminal."""


def watching_problems(guardian: GuardianSection, dead_man: DeadManSection | None) -> Iterator[str]:
    """Yield what is wrong with how an account is watched."""
    if 0.0 < guardian.kill_s <= guardian.halt_s:
        yield f"guardian.kill_s: expected more than halt_s, or 0 for never, got {guardian.kill_s:g}"
    if dead_man is None:
        return
    if dead_man.close_only_s < dead_man.alert_s:
        yield f"deadman.close_only_s: expected alert_s at least, got {dead_man.close_only_s:g}"
    if 0.0 < dead_man.flatten_s <= dead_man.close_only_s:
        yield f"deadman.flatten_s: expected more than close_only_s, or 0 for never, got {dead_man.flatten_s:g}"
