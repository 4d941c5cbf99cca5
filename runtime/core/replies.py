"""Answers to a person who asked: what was done, or why not."""

from collections.abc import Collection

from runtime.core.desk import OrderDesk
from runtime.core.instructions import Asker, Reply
from runtime.core.permissions import UNSEEN


def reply(desk: OrderDesk, asker: Asker, what: str, scope: str, text: str, *, ok: bool) -> None:
    """Say to the one who asked what came of it; scope is the strategy or symbol that was meant."""
    desk.out.append(Reply(id=desk.next_id(), asker=asker, what=what, scope=scope, text=text, ok=ok))


def unseen(holds: Collection[str]) -> str:
    """Return why nobody knows what the venue has, by all holds in place; empty where it was seen."""
    hidden = [hold for hold in holds if hold in UNSEEN]
    return not_known(hidden) if hidden else ""


def not_known(holds: Collection[str]) -> str:
    """Return why nothing can be done while these holds keep us from knowing what the venue has."""
    return f"what the venue holds is not known ({', '.join(holds)}): ask again when it is"
