"""What a resume would meet: what is in its way, and what has changed since the account was let go last."""

from pathlib import Path
from typing import Any

import msgspec

from runtime.alerts.person import listed
from runtime.operator import latch
from runtime.operator.client import status
from runtime.operator.handover import Event, happened
from runtime.operator.stands import above, beside, latched


class Dry(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    level: str
    who: str
    """Who set the level, when and why, as the latch tells."""
    at: int
    why: str
    blockers: tuple[str, ...]
    beside: tuple[str, ...]
    """What else is latched by itself, and stays where it is."""
    changes: tuple[Event, ...]
    """What happened since."""
    scope: str = ""
    """What would be let go; empty: the account."""


def dry(folder: Path, scope: str = "") -> Dry:
    """Look at an account, or a scope of it, as a resume would, and change nothing."""
    found, now = status(folder), latch.read(folder)
    by = latched(folder, scope)
    changes = tuple(happened(folder, by.at)) if by.at else ()
    return Dry(
        level=by.level, who=by.who, at=by.at, why=by.why,
        blockers=(*above(now, scope), *blockers(found, folder)),
        beside=tuple(beside(now, scope)), changes=changes, scope=scope,
    )  # fmt: skip


def blockers(found: dict[str, Any], folder: Path) -> list[str]:
    """Return what keeps an account from being let go, or from trading then, the gravest first."""
    said = []
    if found.get("stuck"):
        said.append("its daemon is there, and does not answer: only a daemon that answers can let it go")
    elif not found.get("running"):
        said.append("no daemon runs: only a running one can let it go; tidegate run starts one")
    if found.get("unguarded"):
        said.append(f"positions without a stop: {found['unguarded']}")
    if found.get("in_doubt"):
        said.append(f"orders in doubt: {found['in_doubt']}")
    said += [
        f"{one['hold']}: {one['why']}; lifted by {one['lifts'] or 'what laid it'}" for one in found.get("held", ())
    ]
    said += found.get("no_model", ())
    for alert in listed(folder):
        if alert["kind"] != "halt" and not alert["acked_by"]:
            said.append(f"alert {alert['id']} ({alert['kind']}) is open, and nobody has it: {alert['text']}")
    return said
