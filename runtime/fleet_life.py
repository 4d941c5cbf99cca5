"""The life of one daemon under its supervisor: when it is started again, and when a person is called instead.

What an exit code means is a table (`docs/exit-codes.md`). A crash is followed by another try after a pause that
doubles; five in a minute are a loop: it is given up. A refusal is not tried again, as trying cannot help. A full disk
is the world's fault, as an unreachable broker is: it is waited for. Moments are monotonic seconds, given by the caller.
"""

from typing import Literal

import msgspec

State = Literal["waiting", "running", "stopping", "ended", "refused", "given_up"]
End = Literal["ended", "refused", "waits", "crashed"]

ENDS: dict[int, End] = {
    0: "ended",  # its data ended, or it was asked to
    130: "ended",
    -2: "ended",  # SIGINT and SIGTERM, before it could listen for them
    -15: "ended",
    2: "refused",
    3: "refused",
    4: "refused",
    5: "refused",
    6: "refused",
    7: "refused",
    8: "refused",
    11: "refused",
    10: "waits",
}
"""What becomes of a daemon by its exit code, the negated number of a signal; any other is a crash."""

CRASHES = 5
WINDOW_S = 60.0
FIRST_S, LONGEST_S, HEALTHY_S = 0.25, 30.0, 60.0


class Life(msgspec.Struct):
    """Where one daemon stands."""

    state: State = "waiting"
    due: float = 0.0
    """When it is to be started, while it waits."""
    started: float = 0.0
    tries: int = 0
    """Starts that failed since it last was healthy."""
    restarts: int = 0
    """How often it was started again."""
    crashes: list[float] = []
    why: str = ""

    def begin(self, now: float) -> None:
        """Take note that it was started."""
        self.state, self.started = "running", now

    def end(self, code: int, now: float, jitter: float) -> End:
        """Take note that it ended with an exit code; `jitter` in [0, 1) spreads what would start at once."""
        means = ENDS.get(code, "crashed")
        self.why = meaning(code)
        if means == "ended":
            self.state = "ended"
        elif means == "refused":
            self.state = "refused"
        else:
            self._again(means, now, jitter)
        return means

    def _again(self, means: End, now: float, jitter: float) -> None:
        if now - self.started >= HEALTHY_S:
            self.tries = 0
        if means == "crashed":
            self.crashes = [t for t in self.crashes if now - t < WINDOW_S] + [now]
            if len(self.crashes) >= CRASHES:
                self.state = "given_up"
                self.why = f"{CRASHES} crashes within {WINDOW_S:g} s, the last: {self.why}"
                return
        longest = FIRST_S * float(1 << min(self.tries, 10)) if means == "crashed" else LONGEST_S
        self.state, self.due = "waiting", now + min(LONGEST_S, longest) * (0.5 + 0.5 * jitter)
        self.tries += 1
        self.restarts += 1


def meaning(code: int) -> str:
    """Return an exit code in words.

    >>> meaning(0), meaning(-9), meaning(3)
    ('ended', 'killed by signal 9', 'exit code 3')
    """
    if code < 0:
        return f"killed by signal {-code}"
    return f"exit code {code}" if code else "ended"
