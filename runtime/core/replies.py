"""Answers to a person who asked: what was done, or why not."""

from runtime.core.desk import OrderDesk
from runtime.core.instructions import Asker, Reply


def reply(desk: OrderDesk, asker: Asker, what: str, scope: str, text: str, *, ok: bool) -> None:
    """Say to the one who asked what came of it; scope is the strategy or symbol that was meant."""
    desk.out.append(Reply(id=desk.next_id(), asker=asker, what=what, scope=scope, text=text, ok=ok))
