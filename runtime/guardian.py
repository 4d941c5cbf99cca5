"""The guardian: a process beside the daemons that sees whether they move, halts one that does not, and ends it at last.

It reads how far a daemon has come, writes the latch by itself, and listens at a socket of its own: for whoever cannot
write the latch, it is another way to a halt. It loosens nothing, trades nothing, and needs neither terminal nor
journal. What is open stays guarded by its stops at the broker.
"""

import concurrent.futures
import contextlib
import time

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import structlog

from brokers.latch import Command
from brokers.mt5.locks import held
from config.alerts import AlertsSection
from runtime.alerts.crier import Crier
from runtime.fleet_process import owner
from runtime.heart import progress_of
from runtime.operator import latch
from runtime.operator.control import Control
from runtime.operator.ears import GUARDIAN
from runtime.operator.fall import fall
from runtime.operator.keyboard import command_of
from runtime.processes import barred, end, starved_s, traced
from runtime.watch import Watch

LOCK_FILE = "guardian.lock"
EVERY_S = 0.05
LONGEST_S = 2 * EVERY_S
"""More than so much counts of no pause between two looks: the machine slept, or we did."""
BAR_S = 2.0
"""How long a killed daemon may take to let go of its lock."""


class Guarded:
    """One account under guard: its folder, what was seen of its daemon, and what was done about it."""

    def __init__(
        self,
        name: str,
        folder: Path,
        halt_s: float,
        kill_s: float,
        alerts: AlertsSection | None = None,
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        """Guard an account; the caller holds its lock. `alerts`: whom to call, besides saying it in the log.

        `secrets`: variables of our environment that who speaks to them does not inherit.
        """
        self.secrets = secrets
        self.name, self.folder, self.alerts = name, folder, alerts
        self.crier: Crier | None = None
        self.watch = Watch(halt_s=halt_s, kill_s=kill_s)
        self.log = structlog.get_logger().bind(account=name)
        self.told = ""
        """What was said of it last: well, stuck or lost."""
        self.starved_s = 0.0
        self.owed: Command | None = None
        """What could not be latched, and was made so by ending the daemon."""
        self.bar: IO[bytes] | None = None
        """The daemon's own lock, held so that none begins."""

    def look(self, passed_s: float) -> None:
        """Take a look, so many seconds after the last one."""
        self._pay()
        seen = progress_of(self.folder)
        if self.watch.over_s > 0.0 and seen is not None:
            passed_s = max(0.0, passed_s - self._starved(seen.pid))
        verdict = self.watch.step(seen, passed_s)
        if verdict != "well" and not self._lives():
            self.watch.forgive()
            return
        if verdict == "well":
            if self.told and self.watch.over_s <= 0.0:
                self.told = ""
                self.log.warning("moves again", text="its level stays until a person resumes")
                if self.crier is not None:
                    self.crier.over(self.folder)
        elif verdict != self.told:
            self.told = verdict
            if verdict == "stuck":
                self.halt()
            else:
                self.end(f"{self.watch.why}: the daemon is ended; positions keep their stops at the broker")

    def _starved(self, pid: int) -> float:
        """Return for how many seconds since the last question it waited for a processor: that is not its own fault."""
        before, self.starved_s = self.starved_s, starved_s(pid)
        return self.starved_s - before if before else 0.0

    def _lives(self) -> bool:
        """Say whether what does not move is the account's daemon, and nobody looks at it with a debugger."""
        seen = self.watch.seen
        return seen is not None and owner(self.folder) == seen.pid and not traced(seen.pid)

    # --- what is done -----------------------------------------------------------------------------------------------

    def halt(self) -> None:
        """Latch a halt, and call a person; where the latch cannot be written, the daemon is ended at once."""
        why = f"{self.watch.why}: halted by the guardian"
        stands = latch.read(self.folder).level
        if stands in {"halt", "flatten"}:  # a flatten must not end here
            self.page(f"{self.watch.why}; the account stands at {stands} already")
            return
        said = self.fallen(command_of("halt", why, "guardian", "guardian"))
        if said.get("killed"):  # told by then, and no halt
            return
        order = f"; order {said['in_flight']} was on its way" if said["in_flight"] else ""
        self.page(f"{why if said['ok'] else said['problem']}{order}")

    def fallen(self, command: Command) -> dict[str, Any]:
        """Latch what tightens; where that cannot be done end the daemon, so that nothing new can leave either way."""
        try:
            return fall(self.folder, command, lambda: None)
        except OSError as error:
            return self._ended_instead(command, str(error))

    def _ended_instead(self, command: Command, problem: str) -> dict[str, Any]:
        """End the daemon, and let none begin until the latch can be written; the answer says that it was so."""
        self.owed = command
        self.end(f"the latch cannot be written ({problem}): the daemon is ended instead: {command.why}")
        ended = self.bar is not None or self._let_go()
        trouble = "" if ended else f"the latch cannot be written ({problem}), and the daemon cannot be ended"
        now, sent = latch.read(self.folder), latch.sending(self.folder)
        return {
            "ok": ended, "level": command.level, "generation": now.generation, "problem": trouble, "killed": ended,
            "in_flight": sent,
        }  # fmt: skip

    def _let_go(self) -> bool:
        """Say whether a daemon that was killed is gone; where its lock cannot be had, its end is waited for."""
        for _ in range(int(BAR_S / EVERY_S)):
            if not owner(self.folder):
                return True
            time.sleep(EVERY_S)
        return False

    def _pay(self) -> None:
        """Write what is owed to the latch once that can be done, and let a daemon begin again."""
        if self.owed is not None:
            with contextlib.suppress(OSError, latch.LatchError):
                latch.tighten(self.folder, self.owed)
                self.owed = None
                if self.bar is not None:
                    self.bar.close()
                self.bar = None

    def end(self, why: str) -> None:
        """Kill daemon and worker: nothing new can leave; and have the latch's log say who did it and why."""
        pid = owner(self.folder)
        end(self.folder, pid)
        self.log.warning("killed", pid=pid, why=why)
        if self.owed is not None:
            with contextlib.suppress(OSError):
                self.bar = self.bar or barred(self.folder, BAR_S)
        elif latch.read(self.folder).level != "flatten":
            with contextlib.suppress(OSError, latch.LatchError):
                latch.tighten(self.folder, command_of("halt", why, "guardian", "guardian"))
        self.page(why)

    def page(self, text: str) -> None:
        """Call a person."""
        self.log.warning("alert", severity="page", text=text)
        if self.crier is not None:
            self.crier.cry(self.folder, self.name, self.alerts, text)

    # --- the socket -------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return where the latch stands, for whoever asks at the socket."""
        now = latch.read(self.folder)
        return {"guardian": True, "level": now.level, "generation": now.generation, "over_s": self.watch.over_s}


def refuse(_: Command) -> "concurrent.futures.Future[dict[str, Any]]":
    """Refuse to loosen."""
    answer: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
    answer.set_result({"ok": False, "problem": "a guardian only tightens: its daemon may loosen"})
    return answer


class Guardian:
    """Guards accounts, each by itself, in one thread; each has a socket beside."""

    def __init__(self) -> None:
        """Begin with none."""
        self.guarded: dict[Path, tuple[Guarded, IO[bytes], Control]] = {}
        self.stopping = False
        self.crier = Crier()
        self.last = time.monotonic()

    def take(self, one: Guarded) -> bool:
        """Guard an account; False where another guardian does. OSError where its folder cannot be written."""
        if one.folder in self.guarded:
            return True
        one.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = held(one.folder / LOCK_FILE, 0.0)
        if lock is None:
            return False
        try:
            ear = Control(one.folder, one.status, refuse, lambda: None, name=GUARDIAN, let_fall=one.fallen)
        except OSError:
            lock.close()
            raise
        one.crier = self.crier
        self.crier.secrets |= one.secrets
        self.guarded[one.folder] = one, lock, ear
        one.log.info("guarded", halt_s=one.watch.halt_s, kill_s=one.watch.kill_s)
        return True

    def drop(self, folder: Path) -> None:
        """Guard an account no more."""
        _, lock, ear = self.guarded.pop(folder)
        ear.close()
        lock.close()

    def stop(self) -> None:
        """End in the next turn; may be called by a signal's handler."""
        self.stopping = True

    def turn(self) -> None:
        """Look at every account once."""
        now = time.monotonic()
        passed, self.last = min(now - self.last, LONGEST_S), now
        for one, _, _ in list(self.guarded.values()):
            one.look(passed)

    def run(self, other: Callable[[], object] = lambda: None) -> None:
        """Guard until told to stop; `other` is done in every turn."""
        try:
            while not self.stopping:
                self.turn()
                other()
                time.sleep(EVERY_S)
        finally:
            for folder in list(self.guarded):
                self.drop(folder)
            self.crier.close()
