"""A story is played: processes of a world live, die and rise again, until one has seen the end of the data."""

import asyncio

from brokers.mt5.lookalike.client import LINE, dialled
from config.errors import TerminalRefused
from tests.chaos.back import standing
from tests.chaos.house import House
from tests.chaos.people import STORY_S, market, on_call
from tests.chaos.virtual import Stuck
from tests.chaos.world import World


def play(world: World) -> None:
    """Play the story to its end; what is wrong is noted in `wrong`."""
    try:
        world.loop.run_until_complete(_lives(world))
    except Stuck as stuck:
        world.wrong.append(f"stuck: {stuck}")
    finally:
        _clear(world)


def _clear(world: World) -> None:
    """Leave nothing of this world to the next."""
    for task in asyncio.all_tasks(world.loop):
        task.cancel()
    world.loop.run_until_complete(asyncio.sleep(0))
    if world.house is not None:
        world.house.leave()
    world.loop.forget()  # timers of the dead
    world.broker.close()
    LINE.dial = dialled  # whoever comes after us in this process dials a real server


async def _lives(world: World) -> None:
    """Have one process after the other live, until one sees the end of the data."""
    helpers = [world.loop.create_task(on_call(world))]
    if not world.story.lockstep:
        helpers.append(world.loop.create_task(market(world)))
    while not world.wrong:
        house = world.house = House(world)
        world.task = world.loop.create_task(house.live())
        await asyncio.wait({world.task, *helpers}, timeout=STORY_S - world.loop.now, return_when="FIRST_COMPLETED")
        if not world.task.done():
            world.wrong.append(f"liveness: the story did not end; {standing(world)}")
            return
        if _ended(world, house):
            return
        await asyncio.sleep(world.draw.choice((0.001, 0.05, 0.4, 1.5)))


def _ended(world: World, house: House) -> bool:
    """Say whether the end of the data was reached; note an end that is a bug."""
    assert world.task is not None
    error = None if world.task.cancelled() else world.task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if house.dead:
        return False
    if isinstance(error, TerminalRefused):
        world.tell(f"the daemon refused to start: {error}")
        world.ends += 1
        return False
    if error is not None:
        world.wrong.append(f"a bug: {type(error).__name__}: {error}")
        return True
    reason = world.task.result()
    world.tell(f"the daemon ended: {reason}")
    return reason == "end of data"
