"""The one reader of the clock; everything else gets its time from a fact or from here."""

import time


class Clock:
    """Wall time for people, elapsed time for deadlines."""

    def wall_ms(self) -> int:
        """Return UTC milliseconds."""
        return time.time_ns() // 1_000_000

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()
