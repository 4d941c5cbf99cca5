"""A clock that a test moves."""

from runtime.clock import Clock


class Moved(Clock):
    """Stands where it was put."""

    now = 100.0

    def elapsed(self) -> float:
        """Return the moment set."""
        return self.now

    def wall_ms(self) -> int:
        """Return a wall time."""
        return 5
