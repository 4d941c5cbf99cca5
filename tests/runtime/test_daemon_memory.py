"""What a daemon keeps: the links it has lost leave nothing behind, however many they were."""

import os
import signal
import weakref

from pathlib import Path

from brokers.mt5.line import Frames, Spawned
from tests.daemons import Living, lived, still_server
from tests.trade_server import serving


def the_line_of(living: Living) -> weakref.ref[Frames]:
    """Return where the connection to today's worker is, without keeping it."""
    line = living.daemon.session.line
    assert isinstance(line, Spawned)
    assert line.frames is not None
    return weakref.ref(line.frames)


def test_a_link_that_was_lost_leaves_nothing_behind(tmp_path: Path) -> None:
    """Memory that the collector walks no more holds what is there at the last link, and of no earlier one."""
    lines: list[weakref.ref[Frames]] = []

    async def act(living: Living) -> None:
        for _ in range(3):
            await living.ready()
            lines.append(the_line_of(living))
            os.kill(living.daemon.session.pid, signal.SIGKILL)
            await living.until(lambda: not living.daemon.linker.up)
        await living.ready()
        await living.until(lambda: not any(line() for line in lines))

    home = still_server(tmp_path / "broker")
    with serving(home):
        lived(home, tmp_path, act)

    assert [None, None, None] == [line() for line in lines]
