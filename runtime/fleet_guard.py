"""The guardian of a supervised fleet: one process for all its accounts, started again when it ends."""

import signal

from collections.abc import Callable, Iterable, Sequence

from runtime.fleet_process import Child

AGAIN_S = 1.0
"""Between its end and its next start."""


class Guard:
    """The guardian's process, which outlives a supervisor that dies, as daemons do."""

    def __init__(
        self, command: Sequence[str], said: Callable[..., object], withheld: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Be ready to start it by a command, empty for none; `said` tells what happened to it.

        `withheld` tells which variables of our environment it does not inherit.
        """
        self.command, self.said, self.withheld = command, said, withheld
        self.process: Child | None = None
        self.due = 0.0

    def attend(self, now: float) -> None:
        """Start it, the first time or again, where that is due."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process, self.due = None, now + AGAIN_S
            self.said("guardian ended", code=code)
        if self.command and now >= self.due:
            self.due = now + AGAIN_S
            try:
                self.process = Child(self.command, self.withheld())
            except OSError as error:
                self.said("guardian not started", why=str(error))
                return
            self.said("guardian started", pid=self.process.pid)

    def stop(self) -> None:
        """End it, after the last daemon: until then it is needed."""
        if self.process is not None:
            self.process.send(int(signal.SIGTERM))
            self.process.process.wait()
            self.process = None
