"""Answers to a person who asked: what was done, or why not."""

from collections.abc import Collection

from runtime.core.desk import OrderDesk
from runtime.core.instructions import Asker, Reply


def reply(desk: OrderDesk, asker: Asker, what: str, scope: str, text: str, *, ok: bool) -> None:
    """Say to the one who asked what came of it; scope is the strategy or symbol that was meant."""
    desk.out.append(Reply(id=desk.next_id(), asker=asker, what=what, scope=scope, text=text, ok=ok))


def not_known(holds: Collection[str]) -> str:
    """Return why nothing can be done while these holds keep us from knowing what the venue has."""
    return f"what the venue holds is not known ({', '.join(holds)}): ask again when it is"
