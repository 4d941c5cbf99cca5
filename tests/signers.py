"""Keys of people and of a daemon, and commands that they have signed."""

import functools

from typing import Any

import msgspec

from brokers.latch import Latch
from runtime.operator.judge import Arguments, Told, Word
from runtime.operator.signing import Pinned, Ring, Role, Signer, new_signer

NOW = 1_700_000_000_000
"""Wall clock of whoever hears a command, UTC milliseconds."""
ACCOUNT = "demo"
AT_RUN = Latch(level="run", generation=4)
AT_HALT = Latch(level="halt", generation=5)


@functools.cache
def signer(role: Role) -> Signer:  # noqa: ARG001 - it is what is remembered by
    """Return the key of somebody with a role, the same in all tests of a process."""
    return new_signer()


def pinned(role: Role) -> Pinned:
    """Return the public half of it."""
    return signer(role).pinned(ACCOUNT if role == "daemon" else f"the {role}", role)


def ring(*roles: Role) -> Ring:
    """Return a ring of the keys of some, or of everybody."""
    return Ring(tuple(pinned(role) for role in roles or ("viewer", "phone", "operator", "risk", "daemon")))


def told(command: Word, *, generation: int = AT_HALT.generation, force: bool = False, **fields: Any) -> Told:  # noqa: ANN401
    """Return a command as somebody signs it now."""
    plain: dict[str, Any] = {
        "account": ACCOUNT, "why": "a test", "id": "command-0001", "sequence": 7, "issued": NOW - 500,
        "expires": NOW + 30_000,
    }  # fmt: skip
    return Told(command=command, arguments=Arguments(force=force, generation=generation), **{**plain, **fields})


def signed(role: Role, command: Told) -> bytes:
    """Return a command as it travels."""
    return signer(role).sign(msgspec.json.encode(command))
