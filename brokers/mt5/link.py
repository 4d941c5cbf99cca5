"""The life of a link to a terminal, as a table: when to try again, and when to stop trying and call a person.

Rule 1: a worker that dies or hangs again and again, a login that is refused, another account than ours: these are
faults of ours, so halt and page. Rule 2: a broker that is merely out of reach (weekend, maintenance, update, a terminal
that starts anew) is not: wait, hold, come back by itself, and never give up; a person is called once, after so long of
an open market. Moments are monotonic seconds, given by the caller.
"""

from typing import Literal

import msgspec

State = Literal["down", "starting", "up", "given_up"]
Event = Literal["start", "connected", "crashed", "hung", "unreachable", "refused", "wrong"]
"""crashed: our worker died. hung: it was killed at a deadline. refused: login or symbol; trying again cannot help."""

LIFE: dict[tuple[State, Event], State] = {
    ("down", "start"): "starting",
    ("starting", "connected"): "up",
    ("starting", "crashed"): "down",
    ("starting", "hung"): "down",
    ("starting", "unreachable"): "down",
    ("starting", "refused"): "given_up",  # asked again and again, a broker locks an account
    ("starting", "wrong"): "given_up",
    ("up", "crashed"): "down",
    ("up", "hung"): "down",
    ("up", "unreachable"): "down",
    ("up", "refused"): "given_up",
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
    down_since: float = -1.0
    """When it was lost; below 0: it is up, or was never tried."""
    away_s: float = 0.0
    """Seconds of an open market without it, since it last held for so long that it counted as healthy."""
    looked: float = 0.0
    paged: bool = False

    def step(self, event: Event, now: float) -> State:
        """Move along the table; a crash loop gives up."""
        after = LIFE.get((self.state, event))
        if after is None:
            msg = f"a link that is {self.state} cannot become {event!r}"
            raise RuntimeError(msg)
        if self.state == "up" and now - self.up_since >= HEALTHY_S:
            self.tries = 0
            self.away_s, self.paged = 0.0, False
        if event in {"crashed", "hung"}:
            self.crashes = [t for t in self.crashes if now - t < WINDOW_S] + [now]
            if len(self.crashes) >= CRASHES:
                after = "given_up"
        if event == "connected":
            self.up_since, self.down_since = now, -1.0
        elif event != "start" and self.down_since < 0.0:
            self.down_since = self.looked = now
        self.tries += after == "down"
        self.state = after
        return after

    def delay(self, jitter: float) -> float:
        """Return seconds to wait before the next try: doubling, bounded, spread by jitter in [0, 1)."""
        return min(LONGEST_S, FIRST_S * float(1 << min(self.tries, 10))) * (0.5 + 0.5 * jitter)

    def count(self, now: float, *, market_open: bool) -> bool:
        """Count the time without a terminal since the last look; return whether one is waited for."""
        if self.down_since < 0.0 or self.state == "given_up":
            return False
        if market_open:
            self.away_s += now - self.looked
        self.looked = now
        return True

    def away(self, now: float, patience_s: float, *, market_open: bool) -> bool:
        """Count, and say, once a loss, that it calls for a person; one that comes back and does not hold goes on."""
        if not self.count(now, market_open=market_open) or self.paged or self.away_s < patience_s:
            return False
        self.paged = True
        return True
