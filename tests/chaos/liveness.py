"""Whether a house trades again once nothing goes wrong any more: the quiet bars that end a story, and their probes."""

from collections.abc import Iterator
from typing import Any

import msgspec

from brokers.mt5.lookalike.constants import TRADE_RETCODE_DONE as DONE
from tests.chaos.story import HISTORY, PROBE, Story
from tests.chaos.world import World
from tests.trade_server import HOUR, START

Line = dict[str, Any]
FOUND_S = 14.0
"""Until an entry that never was is called missing, and its symbol is free again: two looks and five settle windows."""


def back(world: World, decisions: dict[str, Line]) -> Iterator[str]:
    """In the quiet bars the strategies' probes were traded, unless the account is halted or none could be told in time.

    That is so where a bar closes as soon as the terminal is asked again: of two that close between two polls the older
    one is missed, and it may be the probe's each time. The newest of a poll is never missed.
    """
    stands = world.latch()
    if world.story.stays_halted and (stands.level != "run" or stands.scopes):
        return
    quiet = [row for row in decisions.values() if row["bar_time"] >= world.quiet_at <= _told_at(world, row)]
    late = _claimed_late(world)
    held = [row for row in quiet if row["class"] == "held" and not _excused(row, late=late)]
    if held:
        yield f"liveness: still held in the quiet bars: {held[0]['id']} {held[0]['holds']}"
    if any(row["class"] in {"traded", "in_position", "exit", "order_working"} for row in quiet):
        return
    if outrun(world.story) and _probes_missed(world.story, quiet):
        return
    yield f"liveness: nothing was traded in the quiet bars: {[row['class'] for row in quiet]}"


def _excused(row: Line, *, late: bool) -> bool:
    """Say whether a bar may be held: data is over, or nothing holds it but what an entry claimed late is missed for."""
    names = {hold.partition(":")[0] for hold in msgspec.json.decode(row["holds"], type=list[str])}
    return "ENDED" in names or (late and names == {"MISSING"})


def _claimed_late(world: World) -> bool:
    """Say whether the server claimed so late to have done what it has not that its symbol may be held still."""
    claims = [a.at for a in world.broker.asked if not a.worked and a.result is not None and a.result[0] == DONE]
    return any(at > world.quiet_since - FOUND_S for at in claims)


def _told_at(world: World, decision: Line) -> int:
    """Return when a bar was decided."""
    wall: int = world.disk.log[decision["seq"] - 1].wall
    return wall


def outrun(story: Story) -> bool:
    """Say whether bars close as fast as the terminal is asked for them."""
    return not story.lockstep and story.bar_s <= story.poll_s


def _probes_missed(story: Story, quiet: list[Line]) -> bool:
    """Say whether the bars of all probes were missed, and others were not."""
    scripts = {f"lane{number}": script for number, (_, script) in enumerate(story.lanes, 1)}
    first = START + HISTORY * HOUR
    probes = [row for row in quiet if scripts[row["strategy"]][(row["bar_time"] - first) // HOUR] == PROBE]
    told = {row["class"] == "missed" for row in probes}
    return told == {True} and any(row["class"] != "missed" for row in quiet)
