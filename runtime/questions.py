"""What people ask a running daemon for beyond a level: each is handed over, becomes a fact, and is answered once."""

import concurrent.futures

from typing import Any

from runtime.core.facts import PersonFact
from runtime.core.instructions import Reply

Answer = concurrent.futures.Future[dict[str, Any]]


class Questions:
    """Who waits for what; `expect` is safe from any thread, the rest is the daemon's."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self.waiting: dict[str, Answer] = {}

    def expect(self, fact: PersonFact) -> Answer:
        """Promise an answer."""
        answer = self.waiting[fact.asker.id] = concurrent.futures.Future()
        return answer

    def wanted(self, fact: PersonFact) -> bool:
        """Say whether somebody still waits: what was given up must not come true behind anybody's back."""
        answer = self.waiting.get(fact.asker.id)
        if answer is not None and answer.set_running_or_notify_cancel():
            return True
        self.waiting.pop(fact.asker.id, None)
        return False

    def answer(self, reply: Reply) -> None:
        """Hand an answer to the one who waits for it; after a restart nobody does."""
        waiting = self.waiting.pop(reply.asker.id, None)
        if waiting is not None:
            waiting.set_result({"ok": reply.ok, "text" if reply.ok else "problem": reply.text})
