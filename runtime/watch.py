"""When a daemon counts as stuck: for how long it was seen not to move, by somebody who was there all the time.

Nobody's clock is held against another's. Time counts in small pieces, each as long as the watcher himself was awake: of
a machine that slept, of a watcher that was starved or stopped, next to nothing counts.
"""

from typing import Literal

import msgspec

from runtime.heart import Progress

Verdict = Literal["well", "stuck", "lost"]
"""stuck: it must be halted. lost: it has been stuck for so long that it must be ended."""


class Watch(msgspec.Struct, kw_only=True):
    """What was seen of one daemon."""

    halt_s: float
    kill_s: float
    """0: it is never ended."""
    seen: Progress | None = None
    loop_s: float = 0.0
    """For so long its loop did not go round."""
    work_s: float = 0.0
    """For so long nothing was worked through."""

    def step(self, seen: Progress | None, passed_s: float) -> Verdict:
        """Take a look in, `passed_s` seconds after the one before; what starts, has ended or is traced is well."""
        before, self.seen = self.seen, seen
        if seen is None or before is None or not seen.live or seen.traced or seen.pid != before.pid:
            self.forgive()
            return "well"
        worked = seen.works != before.works
        self.work_s = 0.0 if worked else self.work_s + passed_s
        self.loop_s = 0.0 if worked or seen.turns != before.turns else self.loop_s + passed_s
        over = self.over_s
        if 0.0 < self.kill_s <= over:
            return "lost"
        return "stuck" if over >= self.halt_s else "well"

    @property
    def over_s(self) -> float:
        """For how many seconds it has not moved, beyond what it may take; at most 0: it has."""
        patience = self.seen.patience_s if self.seen is not None else 0.0
        return max(self.loop_s, self.work_s - patience)

    def forgive(self) -> None:
        """Count anew."""
        self.loop_s = self.work_s = 0.0

    @property
    def why(self) -> str:
        """How it stands still, in words."""
        if self.loop_s >= self.over_s:
            return f"its event loop has not gone round for {self.loop_s:.2f} s"
        return f"its loop goes round, but nothing was worked through for {self.work_s:.1f} s"
