"""Who moves a world beside its processes: the market, and the person who is on call."""

import asyncio

from typing import Any

from tests.chaos.back import back, standing
from tests.chaos.words import Said

STORY_S = 900.0
"""No story takes longer, however often somebody dies."""
QUIET_S = 120.0
"""So long may the quiet bars take, which includes coming back from everything."""
ON_CALL_S = 3.0
"""How long a person takes to restart what has given up."""
LOOK_S = 0.5


async def market(world: Any) -> None:  # noqa: ANN401 - a World
    """Let the bars pass by themselves; the quiet ones wait until trading has come back."""
    while not world.broker.ended:
        await asyncio.sleep(world.story.bar_s)
        while world.quiet_since >= 0.0 and not back(world):  # noqa: ASYNC110 - in virtual time waiting costs nothing
            await asyncio.sleep(LOOK_S / 2)
        world.broker.go_on()
    await asyncio.sleep(STORY_S)


async def on_call(world: Any) -> None:  # noqa: ANN401 - a World
    """Restart what has given up, resume in the quiet bars, and see whether trading and stops come back."""
    given_up = 0.0
    while not world.wrong:
        await asyncio.sleep(LOOK_S)
        world.bare.passed(LOOK_S)
        if 0.0 <= world.quiet_since < world.loop.now - QUIET_S:
            world.wrong.append(f"liveness: not back {QUIET_S:g} s after all was well; {standing(world)}")
            return
        daemon = world.daemon
        if daemon is None:
            continue
        given_up = given_up + LOOK_S if daemon.linker.link.state == "given_up" else 0.0
        if given_up >= ON_CALL_S:
            given_up = 0.0
            world.tell("a person restarts the daemon, since it gave the link up")
            daemon.stop("SIGTERM")
        else:
            for scope in resumable(world, daemon):
                world.say(Said(0, 0.0, "run", scope))


def resumable(world: Any, daemon: Any) -> list[str]:  # noqa: ANN401 - a World and its daemon
    """Return what a person would let trade again now: all is quiet, nothing shall stay halted, nobody asked yet.

    A flatten is let come to its end before.
    """
    if world.quiet_since < 0.0 or world.story.stays_halted or not daemon.linker.up or daemon.switch.waiting:
        return []
    levels = {"": daemon.ledger.level, **{scope: one.level for scope, one in daemon.ledger.scopes.items()}}
    return [scope for scope, level in levels.items() if level not in {"run", "flatten"}]
