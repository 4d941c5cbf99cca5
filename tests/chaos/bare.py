"""Positions without a stop: none for a moment by our own doing; where a person took it, for as long as is allowed.

The server's book is looked at whenever it changes. A stop that a person took away is set again at the next look, or the
trade is left at the one after it; the time counts only while the house runs and may do so.
"""

from typing import Any

SLACK_S = 5.0
"""Beyond two looks: deadlines of calls, a settle window, and a round of whoever counts."""


class Bare:
    """What stands at the server without a stop."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world = world
        self.allowed_s = 2.0 * world.story.reconcile_s + SLACK_S
        self.taken: dict[int, float] = {}
        """Positions whose stop a person took away -> how long the house could have set it again, seconds."""
        self.complaints: list[str] = []

    def take(self, ticket: int) -> None:
        """Note that a person takes the stop of a position away."""
        self.taken.setdefault(ticket, 0.0)

    def changed(self) -> None:
        """Look at the server's book, which has changed."""
        broker = self.world.broker
        bare = {p.ticket for p in broker.venue.positions() if not p.stop > 0.0} - broker.others.all
        self.complaints += [
            f"bare: position {ticket} had no stop at {self.world.loop.now:.4f}, and no person took it"
            for ticket in sorted(bare.difference(self.taken))
        ]
        if self.taken:
            self.taken = {ticket: age for ticket, age in self.taken.items() if ticket in bare}

    def passed(self, seconds: float) -> None:
        """Count the time that has passed; where the house could not act, its allowance begins anew."""
        for ticket, age in self.taken.items():
            self.taken[ticket] = age + seconds if self._able(ticket) else 0.0
            if age <= self.allowed_s < self.taken[ticket]:
                self.complaints.append(f"bare: position {ticket} had no stop for more than {self.allowed_s:g} s")

    def _able(self, ticket: int) -> bool:
        daemon = self.world.daemon
        if daemon is None or not daemon.linker.up:
            return False
        symbol = next(p.symbol for p in self.world.broker.venue.positions() if p.ticket == ticket)
        core = daemon.core
        holders = [lane for lane in core.lanes if lane.trade is not None and lane.trade.position == ticket]
        return all(not core.decider.blocked("tighten", x) for x in holders or core.lanes if x.plan.symbol == symbol)
