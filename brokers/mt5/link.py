"""The life of a link to a terminal, as a table: when to try again, and when to stop trying and call a person.

Rule 1: a worker that dies again and again, or speaks for another account, is a fault of ours: halt and page. Rule 2: a
broker that is merely out of reach (weekend, maintenance, update) is not: wait, hold, come back by itself.
Moments are monotonic seconds, given by the caller.
"""

from typing import Literal

import msgspec

State = Literal["down", "starting", "up", "given_up"]
Event = Literal["start", "connected", "crashed", "unreachable", "wrong"]

LIFE: dict[tuple[State, Event], State] = {
    ("down", "start"): "starting",
    ("starting", "connected"): "up",
    ("starting", "crashed"): "down",
    ("starting", "unreachable"): "down",
    ("starting", "wrong"): "given_up",
    ("up", "crashed"): "down",
    ("up", "unreachable"): "down",
    ("up", "wrong"): "given_up",
}

CRASHES = 5
WINDOW_S = 60.0
FIRST_S, LONGEST_S, HEALTHY_S = 0.25, 30.0, 60.0


class Link(msgspec.Struct):
    """Where the link stands."""

    state: State = "down"
    tries: int = 0
    up_since: float = 0.0
    crashes: list[float] = []

    def step(self, event: Event, now: float) -> State:
        """Move along the table; a crash loop gives up."""
        after = LIFE.get((self.state, event))
        if after is None:
            msg = f"a link that is {self.state} cannot become {event!r}"
            raise RuntimeError(msg)
        if self.state == "up" and now - self.up_since >= HEALTHY_S:
            self.tries = 0
        if event == "crashed":
            self.crashes = [t for t in self.crashes if now - t < WINDOW_S] + [now]
            if len(self.crashes) >= CRASHES:
                after = "given_up"
        if event == "connected":
            self.up_since = now
        self.tries += after == "down"
        self.state = after
        return after

    def delay(self, jitter: float) -> float:
        """Return seconds to wait before the next try: doubling, bounded, spread by jitter in [0, 1)."""
        return min(LONGEST_S, FIRST_S * float(1 << min(self.tries, 10))) * (0.5 + 0.5 * jitter)
