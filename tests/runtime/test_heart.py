"""How far a daemon has come, as it says itself: in a real daemon over a real worker, and while it waits."""

import asyncio
import os

from pathlib import Path

from runtime.heart import BEAT_S, Heart, Progress, progress_of
from tests.daemons import Living, lived, still_server
from tests.trade_server import attended


def told(folder: Path) -> Progress:
    """Return what is said in a folder."""
    found = progress_of(folder)
    assert found is not None
    return found


def test_a_daemon_that_is_idle_comes_round_and_says_so(tmp_path: Path) -> None:
    """Its market stands still for an hour, it works through its inbox all the same; and it says when it has ended."""
    seen: list[Progress] = []

    async def watch(living: Living) -> None:
        await living.ready()
        seen.append(told(living.daemon.folder))
        await living.until(lambda: told(living.daemon.folder).works > seen[0].works + 20)
        seen.append(told(living.daemon.folder))

    with attended(still_server(tmp_path / "server")) as home:
        living = lived(home, tmp_path, watch)
    first, second = seen

    assert (True, os.getpid(), True) == (first.live, first.pid, second.turns >= first.turns)
    assert not told(living.daemon.folder).live


def test_what_is_waited_for_is_announced(tmp_path: Path) -> None:
    """While it waits for something with a deadline it says how long that is; before and after, what a work may take."""
    heart = Heart(tmp_path, 2.0)
    seen: list[Progress] = []

    async def life() -> None:
        with heart.beating(asyncio.get_running_loop()):
            seen.append(told(tmp_path))
            with heart.waiting(30.0):
                seen.append(told(tmp_path))
            seen.append(told(tmp_path))

    asyncio.run(life())

    assert [7.0, 37.0, 7.0] == [one.patience_s for one in seen]
    assert seen[0].works < seen[1].works < seen[2].works


def test_a_loop_beats_without_anything_to_do(tmp_path: Path) -> None:
    """What takes long by itself is told from a loop that does not go round."""
    heart = Heart(tmp_path, 2.0)

    async def life() -> Progress:
        with heart.beating(asyncio.get_running_loop()):
            for _ in range(8):
                await asyncio.sleep(BEAT_S / 2)
            return told(tmp_path)

    seen = asyncio.run(life())

    assert (True, 0) == (seen.turns >= 3, seen.works)
