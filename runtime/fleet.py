"""The supervisor of many accounts: one daemon process for each TOML of a folder, each with a life of its own.

It only starts, stops and counts; it trades nothing and reads no market. What befalls one account is that one's alone.
"""

import contextlib
import os
import random
import select
import signal
import time

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from config.errors import AlreadyRunning, ConfigError, Negative, UsageError
from runtime.alerts.crier import Crier
from runtime.fleet_folder import Entry, entries_of
from runtime.fleet_guard import Guard
from runtime.fleet_life import Life, State
from runtime.fleet_log import Log
from runtime.fleet_process import Child, Found, Process, owner
from runtime.fleet_secrets import foreign_to, secrets_of, unguarded
from runtime.fleet_signals import woken
from runtime.fleet_told import Told, held, last_line, tell
from runtime.operator.control import Asked, ask

GAP_S = 0.5
"""Between two starts: a daemon and its worker take most of a second of processor time to come up."""
LOOK_S = 0.5
"""How often is looked at what no signal tells of."""
STOP_S = 30.0
"""How long a daemon may take to end between two facts; then it is killed, which costs it nothing but a recovery."""
HUNG_S = 90.0
"""A daemon that answers nobody for so long, or does nothing, beyond what its calls may take, is killed."""
HUNG_LOOKS = 6
"""How often is asked in that time."""
ASK_S = 0.2
"""How long one may take to answer; a thread of its own answers, so it is stuck where it takes longer."""

Command = Callable[[Entry], Sequence[str]]
"""What starts the daemon of an account, and has it log into its own file."""


class Account:
    """One account of the fleet: what its file says, the daemon that runs, and the life it leads."""

    def __init__(self, entry: Entry) -> None:
        """Begin without a daemon."""
        self.entry = entry
        self.life = Life()
        self.runs: Entry | None = None
        """What the daemon that runs now was started with."""
        self.process: Process | None = None
        self.kill_at = 0.0
        self.answered = 0.0
        self.gone = False
        """Its file is."""

    def told(self) -> Told:
        """Return what is known of it, for whoever asks from outside."""
        entry, life = self.runs or self.entry, self.life
        return Told(
            name=entry.name, state=str(entry.state or ""), life=life.state, restarts=life.restarts, why=life.why,
            pid=self.process.pid if self.process else 0,
        )  # fmt: skip


class Supervisor:
    """Keeps the daemons of a folder running."""

    def __init__(
        self, folder: Path, command: Command, *, gap_s: float = GAP_S, stop_s: float = STOP_S, hung_s: float = HUNG_S,
        guard: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Be ready to run; `command` starts one daemon, `guard` the guardian of them all."""
        self.folder, self.command, self.gap_s, self.stop_s, self.hung_s = folder, command, gap_s, stop_s, hung_s
        self.accounts: dict[str, Account] = {}
        self.next_start = self.next_ask = 0.0
        self.stopping = self.looking = False
        self.log: Log = structlog.get_logger()
        self.crier = Crier()
        self.last_told: list[Told] = []
        self.guard = Guard(guard, self.log.warning, lambda: unguarded(self._entries()))

    # --- life -------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run until told to stop, or until nothing runs any more.

        UsageError for no folder, AlreadyRunning where another has it, ConfigError where not one file is good, Negative
        where all daemons are gone and not all of their own will.
        """
        with held(self.folder) as free:
            if not free:
                raise AlreadyRunning(f"{self.folder} is supervised already: stop that `tidegate up`, or send it SIGHUP")
            with woken(self.stop, self.look_again) as wake:
                self._begin()
                while self._turn():
                    select.select([wake], [], [], self._patience())
                    with contextlib.suppress(BlockingIOError):
                        wake.recv(4096)
                self.guard.stop()
        self.crier.close()
        self._say_end()

    def stop(self) -> None:
        """End every daemon, then this; may be called by a signal's handler."""
        self.stopping = True

    def look_again(self) -> None:
        """Look at the folder in the next turn; may be called by a signal's handler."""
        self.looking = True

    def _begin(self) -> None:
        self.look()
        good = [a for a in self.accounts.values() if not a.entry.problem]
        if not self.accounts:
            raise UsageError(f"no account in {self.folder}: put a TOML there (`tidegate new-account` makes one)")
        if not good:
            raise ConfigError(*(a.entry.problem for a in self.accounts.values()))
        hint = f"after a change in the folder: kill -HUP {os.getpid()}"
        self.log.info("up", folder=str(self.folder), accounts=len(good), pid=os.getpid(), hint=hint)

    def _turn(self) -> bool:
        """Do all that is due; say whether there is anything left to do."""
        now = time.monotonic()
        if self.looking:
            self.looking = False
            self.look()
        self.guard.attend(now)
        for account in list(self.accounts.values()):
            self.attend(account, now)
        if now >= self.next_ask:
            self.next_ask = now + self.hung_s / HUNG_LOOKS
        self._tell()
        return any(a.process or (a.life.state == "waiting" and not self.stopping) for a in self.accounts.values())

    def attend(self, account: Account, now: float) -> None:
        """Do what is due for one account, at a moment."""
        if account.process is not None:
            code = account.process.poll()
            if code is not None:
                self._ended(account, code, now)
            elif self.stopping and account.life.state == "running":
                self._stop(account, "the supervisor was told to stop")
            elif account.life.state == "stopping" and now >= account.kill_at:
                self.log.warning("killed", account=account.entry.name, why=f"it did not end within {self.stop_s:g} s")
                account.process.send(int(signal.SIGKILL))
                account.kill_at = now + self.stop_s
            elif account.life.state == "running" and now >= self.next_ask:
                self._ask(account, now)
        elif account.life.state == "waiting" and not self.stopping and now >= max(account.life.due, self.next_start):
            self._start(account, now)
            self.next_start = now + self.gap_s

    def _patience(self) -> float:
        return 0.05 if any(a.life.state in {"waiting", "stopping"} for a in self.accounts.values()) else LOOK_S

    # --- one daemon -------------------------------------------------------------------------------------------------

    def _start(self, account: Account, now: float) -> None:
        entry = account.entry
        assert entry.state is not None  # noqa: S101 - without one there is a problem, and nothing waits with a problem
        pid = owner(entry.state)
        try:
            entry.state.mkdir(parents=True, exist_ok=True, mode=0o700)  # its log is kept there, from the first line on
            account.process = (
                Found(entry.state, pid) if pid else Child(self.command(entry), foreign_to(entry, self._entries()))
            )
        except OSError as error:
            account.life.begin(now)
            self._ended(account, 10, now, why=f"it cannot be started: {error}")
            return
        account.runs, account.answered = entry, now
        account.life.begin(now)
        self.log.info("found running" if pid else "started", account=entry.name, pid=account.process.pid)

    def _entries(self) -> list[Entry]:
        return [account.entry for account in self.accounts.values()]

    def _stop(self, account: Account, why: str) -> None:
        assert account.process is not None  # noqa: S101 - only what runs is stopped
        account.life.state, account.life.why = "stopping", why
        account.kill_at = time.monotonic() + self.stop_s
        account.process.send(int(signal.SIGTERM))

    def _ended(self, account: Account, code: int, now: float, why: str = "") -> None:
        """Note an end, and what follows from it: another start, or a person who is called."""
        entry, life, asked = account.runs or account.entry, account.life, account.life.state == "stopping"
        account.process = account.runs = None
        if asked:
            self.log.info("stopped", account=entry.name, code=code, why=life.why)
            life.state = "ended"
            if account.gone:
                del self.accounts[entry.name]
            elif not self.stopping:  # for its changed file
                account.life = Life(restarts=life.restarts)
            return
        means = life.end(code, now, random.random())  # noqa: S311 - jitter
        said = why or (last_line(entry.state) if entry.state and code > 0 else "")
        life.why = f"{life.why}: {said}" if said else life.why
        self.log.warning("ended", account=entry.name, code=code, means=means, life=life.state, why=life.why)
        if life.state in {"refused", "given_up"}:
            text = f"account {entry.name} is {life.state.replace('_', ' ')}: {life.why}"
            self._cry(entry, text)

    def _ask(self, account: Account, now: float) -> None:
        """Ask a daemon how it is; one that answers nobody for long is killed like one that died."""
        entry = account.runs or account.entry
        assert entry.state is not None  # noqa: S101 - it was started from it
        patience = self.hung_s + (entry.config.terminal.deadlines.connect if entry.config else 0.0)
        with contextlib.suppress(OSError):
            if ask(entry.state, Asked(do="status"), ASK_S).get("turned_s", 0.0) < patience:
                account.answered = now
                self.crier.over(entry.state)
        if now - account.answered >= patience and account.process is not None:
            silent = now - account.answered
            self.log.warning("hung", account=entry.name, pid=account.process.pid, seconds=silent)
            self._cry(entry, f"the daemon of {entry.name} has done nothing for {silent:.0f} s: it is killed")
            account.process.send(int(signal.SIGKILL))

    def _cry(self, entry: Entry, text: str) -> None:
        """Call the people of an account."""
        self.log.warning("alert", severity="page", account=entry.name, text=text)
        if entry.state is not None and entry.config is not None:
            self.crier.secrets = secrets_of(self._entries())
            self.crier.cry(entry.state, entry.config.account.name, entry.config.alerts, text)

    # --- the folder -------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look at the folder: start what is new, start again what was changed or mended, stop what is gone."""
        running = {name for name, a in self.accounts.items() if a.process is not None}
        found = entries_of(self.folder, running)
        for name in [name for name in self.accounts if name not in found]:
            self._gone(name)
        for name, entry in found.items():
            if name not in self.accounts:
                self._take_in(name, entry)
            else:
                self._compare(self.accounts[name], entry)

    def _take_in(self, name: str, entry: Entry) -> None:
        account = self.accounts[name] = Account(entry)
        if entry.problem:
            self._refuse(account)

    def _refuse(self, account: Account) -> None:
        account.life.state, account.life.why = "refused", account.entry.problem
        self.log.warning("refused", account=account.entry.name, why=account.entry.problem)

    def _compare(self, account: Account, entry: Entry) -> None:
        changed = entry.digest != account.entry.digest
        if account.process is not None and entry.problem:
            why = f"it runs on with what it read before, but could not be started again: {entry.problem}"
            account.life.why = why
            self.log.warning("refused", account=entry.name, why=why)
        elif account.process is not None:
            account.gone, account.life.why = False, ""
            if changed:
                account.entry = entry
                self._stop(account, "its file was changed")
        elif changed or account.life.state in {"refused", "given_up"}:
            account.entry, account.life = entry, Life()
            if entry.problem:
                self._refuse(account)

    def _gone(self, name: str) -> None:
        account = self.accounts[name]
        if account.process is None:
            del self.accounts[name]
            return
        account.gone, account.entry = True, Entry(file=account.entry.file, state=account.entry.state)
        self._stop(account, "its file is gone")

    # --- telling ----------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        told = [account.told() for account in self.accounts.values()]
        if told != self.last_told:
            self.last_told = told
            try:
                tell(self.folder, told)
            except OSError as error:
                self.log.warning("not told", why=str(error))

    def _say_end(self) -> None:
        bad = [f"{a.entry.name}: {a.life.why}" for a in self.accounts.values() if a.life.state in _UNWELL]
        self.log.info("down", stopped=self.stopping, unwell=bad)
        if bad and not self.stopping:
            raise Negative(f"nothing runs any more: {'; '.join(bad)}")


_UNWELL: frozenset[State] = frozenset({"refused", "given_up"})
