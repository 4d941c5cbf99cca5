"""Who is told what, and how: the people on call of one account, by the secrets that hold their addresses."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from config.secrets import SecretRef, ref_problem

Seconds = Annotated[float, msgspec.Meta(ge=1)]


class OwnerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who is called."""

    urls: SecretRef
    """Addresses as apprise writes them, one a line; they hold passwords, so they are a secret."""


class RoutesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is called for what, the first first: the next one where nobody has acknowledged."""

    page: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    """All of them are told at once, and nobody has to acknowledge. Empty: notes are logged and journaled only."""
    operator: tuple[str, ...] = ()
    """For pages that the operator answers for; empty: as `page`. So the two below."""
    risk: tuple[str, ...] = ()
    model: tuple[str, ...] = ()


class AlertsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The people on call."""

    owners: dict[str, OwnerSection] = msgspec.field(default_factory=dict)
    routes: RoutesSection = RoutesSection()
    quiet_s: Seconds = 900.0
    """What comes back so soon after it was over is the same alert: it is counted, and nobody is called anew."""
    escalate_s: Seconds = 600.0
    """Not acknowledged for so long: the next one is called, and after the last the first again."""
    progress_s: Seconds = 60.0
    """A daemon that has not come round for so long, beyond what connecting may take, makes no progress."""


def alert_problems(section: AlertsSection, path: str) -> Iterator[str]:
    """Yield what is wrong with who is said to be called."""
    for name, owner in section.owners.items():
        if problem := ref_problem(owner.urls):
            yield f"{path}.owners.{name}.urls: expected {problem}"
    known = ", ".join(section.owners) or "there is none"
    for route in RoutesSection.__struct_fields__:
        for name in getattr(section.routes, route):
            if name not in section.owners:
                yield f'{path}.routes.{route}: expected names of `{path}.owners` ({known}), got "{name}"'
    if section.owners and not section.routes.page:
        yield f"{path}.routes.page: expected at least one owner: nobody else is called at night, got none"
