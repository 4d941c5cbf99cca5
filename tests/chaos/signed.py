"""Whether what people signed was obeyed once and in its order, whatever the bus did; and what its silence did.

A command that a daemon has acknowledged and that only tightens is in force, once. One that loosens is obeyed as long as
nobody has changed anything since its sender looked. A silent bus keeps entries back, a sound one keeps back nothing.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from brokers.latch import RANK
from runtime.operator import latch
from runtime.operator.latchlog import Logged
from tests.chaos.bus import SILENT_S
from tests.chaos.door import verb_of
from tests.chaos.points import OF_THE_BUS
from tests.chaos.world import World

LATE_S = 2.0
"""Beyond the silence that is configured: rounds of the one who watches, and a request that was under way."""
TIGHTEST = RANK["halt"]


def signed(world: World, decisions: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the bus of a story."""
    if world.story.has_bus:
        lines = [line for line in latch.logged(world.state, 0) if line.command.path == "mqtt"]
        yield from _once(lines)
        yield from _in_force(world, lines)
        yield from _unchanged(world)
        yield from _kept_back(world)
    yield from _let_go(world, decisions)


def _told(line: Logged) -> str:
    """Return the id under which a command was signed: the latch has its key before it."""
    return line.command.id.rpartition(".")[2]


def _once(lines: list[Logged]) -> Iterator[str]:
    for ident, count in Counter(map(_told, lines)).items():
        if count > 1:
            yield f"signed: {ident} was obeyed {count} times"


def _in_force(world: World, lines: list[Logged]) -> Iterator[str]:
    """Yield each tightening that the broker has let go of, or that was answered, and that is not in the log."""
    bus, obeyed = world.bus, set(map(_told, lines))
    waiting = {arrived.payload for arrived in bus.kept.values()}
    for ident, told in bus.signed.items():
        if told.command == "status" or RANK[told.command] < TIGHTEST or ident in obeyed:
            continue
        if ident in bus.answers or bus.raw[ident] not in waiting:
            yield f"signed: {told.command} {told.arguments.scope or 'account'}, {ident}, was taken and not latched"


def _unchanged(world: World) -> Iterator[str]:
    """Yield each command that loosened what somebody had changed since its sender looked."""
    levels: dict[str, int] = {}
    generation = 0
    for line in latch.logged(world.state, 0):
        rank, scope = RANK[line.command.level], line.command.scope
        told = world.bus.signed.get(_told(line)) if line.command.path == "mqtt" else None
        if told is not None and rank < levels.get(scope, 0) and told.arguments.generation != generation:
            yield f"signed: {told.id} loosened, knowing {told.arguments.generation}, where {generation} stood"
        levels[scope], generation = rank, line.generation


def _kept_back(world: World) -> Iterator[str]:
    for asked in world.broker.asked:
        if verb_of(asked) == "entry" and asked.unheard_s > SILENT_S + LATE_S:
            yield f"silent: instruction {asked.instruction} entered, {asked.unheard_s:.2f} s after the bus was heard"


def _let_go(world: World, decisions: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield a bar that was held by a bus with which nothing was wrong."""
    if not world.struck.isdisjoint(OF_THE_BUS[:2]):
        return
    for row in decisions.values():
        if "BUS_SILENT" in msgspec.json.decode(row["holds"] or "[]", type=list[str]):
            yield f"silent: {row['id']} was held, and the bus was never silent"
