"""A daemon that is spoken to as soon as its socket is open, before its loop has gone round."""

import asyncio

from pathlib import Path

from runtime.core.facts import AdoptionAsked
from runtime.daemon import Daemon
from runtime.operator.keyboard import asker_of
from tests.daemons import made
from tests.latches import command


class Early(Daemon):
    """One that is asked by another thread before it does anything else."""

    async def live(self, run: int) -> str:
        """Be asked, and end."""
        await asyncio.to_thread(self.hand_over, command("run"))
        await asyncio.to_thread(
            self.ask, AdoptionAsked(at=0, asker=asker_of("a test"), magic=run, strategy="lane1", quiet_ms=0)
        )
        return "asked"


def test_what_is_asked_before_the_loop_has_gone_round_lies_in_the_inbox(tmp_path: Path) -> None:
    """The socket opens first: a command that came at that moment met a daemon without a loop."""
    with made(tmp_path / "broker", tmp_path, kind=Early) as living:
        ended = asyncio.run(living.daemon.run(1))

    assert "asked" == ended
    assert 2 == living.daemon.inbox.qsize()
