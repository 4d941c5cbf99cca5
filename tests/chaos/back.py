"""Whether trading has come back in a world, and how its daemon stands."""

from typing import Any

LIFTED_BY_BARS = frozenset({"CONTRACT", "WARMING", "STALE_FEED", "LOSS_LIMIT", "SESSION", "ENDED"})
"""Holds that only another bar can lift: whoever waits for them while no bar comes waits for ever."""


def standing(world: Any) -> str:  # noqa: ANN401 - a World
    """Return how the daemon stands, in words."""
    daemon = world.house.daemon if world.house is not None else None
    if daemon is None:
        return "no daemon runs"
    levels = {"": daemon.ledger.level, **{scope: one.level for scope, one in daemon.ledger.scopes.items()}}
    told = f"link {daemon.linker.link.state}, levels {levels}, holds {daemon.ledger.holds}"
    return f"{told}, bar {world.broker.bar} of {world.story.length}"


def back(world: Any) -> bool:  # noqa: ANN401 - a World
    """Say whether a daemon runs that has settled everything and may trade, or is halted for a reason."""
    daemon = world.daemon
    if daemon is None or not daemon.linker.up or daemon.core.unsettled or world.broker.keeps_back:
        return False
    if any(key.partition(":")[0] not in LIFTED_BY_BARS for key in daemon.ledger.holds):
        return False
    if world.bus.unheard_s() > world.loop.now - world.quiet_since:  # or silence is noticed after its end
        return False
    levels = {daemon.ledger.level, *(one.level for one in daemon.ledger.scopes.values())}
    return "flatten" not in levels and (levels == {"run"} or bool(world.story.stays_halted))
