"""Which accounts a guardian guards: one by its TOML, or all of a folder, which is looked at again and again."""

import os
import time

from pathlib import Path

import structlog

from config.account import AccountConfig
from config.errors import AlreadyRunning, DiskError, UsageError
from config.secrets import variables_of
from runtime.fleet_folder import Entry, entry_of
from runtime.fleet_log import Log
from runtime.fleet_signals import woken
from runtime.fleet_told import supervised
from runtime.guardian import Guarded, Guardian

AGAIN_S = 2.0
"""How often a folder is looked at again."""


def guarded_of(config: AccountConfig, state: Path) -> Guarded:
    """Return an account to be guarded as its configuration says."""
    settings = config.guardian
    secrets = variables_of(config)
    return Guarded(config.account.name, state, settings.halt_s, settings.kill_s, config.alerts, secrets)


def guard_one(config: AccountConfig, state: Path) -> None:
    """Guard one account until told to stop; AlreadyRunning where another guardian does."""
    guardian = Guardian()
    try:
        if not guardian.take(guarded_of(config, state)):
            raise AlreadyRunning(f"{config.account.name} is guarded already: stop that guardian first")
    except OSError as error:
        raise DiskError(f"{state}: {error.strerror}: a guardian's lock and socket lie there") from None
    with woken(guardian.stop, lambda: None):
        guardian.run()


class Folder:
    """The accounts of a folder: each is taken under guard as soon as its file is good and nobody else guards it."""

    def __init__(self, folder: Path, parent: int = 0) -> None:
        """Guard the accounts of a folder; `parent`: the supervisor that began us, 0: a person did."""
        self.folder, self.parent = folder, parent
        self.guardian = Guardian()
        self.log: Log = structlog.get_logger()
        self.next_look = 0.0
        self.said: dict[str, str] = {}
        self.known: dict[Path, tuple[int, int, int]] = {}
        """Files whose accounts are guarded as they say, and what shows that one was changed."""

    def run(self) -> None:
        """Guard until told to stop; UsageError where it is no folder."""
        if not self.folder.is_dir():
            raise UsageError(f"{self.folder} is not a folder: name the one that the accounts' TOML files lie in")
        with woken(self.guardian.stop, self.look_again):
            self.guardian.run(self._other)

    def look_again(self) -> None:
        """Look at the folder in the next turn, and read all of it."""
        self.next_look = 0.0
        self.known.clear()

    def _other(self) -> None:
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + AGAIN_S
        if self._left():
            self.guardian.stop()
            return
        self.look()

    def _left(self) -> bool:
        """Say whether another supervisor has come, whose guardian shall have the accounts, since ours died."""
        return bool(self.parent) and os.getppid() != self.parent and supervised(self.folder)

    def look(self) -> None:
        """Take what is new, with its settings; what is gone from the folder stays guarded, as its daemon may run on.

        What is known is not read again: meanwhile nobody is watched.
        """
        for file in sorted(self.folder.glob("*.toml")):
            stamp = _stamp(file)
            if self.known.get(file) != stamp and self._guarded(entry_of(file)):
                self.known[file] = stamp

    def _guarded(self, entry: Entry) -> bool:
        """Guard an account as its file says; False where that cannot be, and has to be tried again."""
        if entry.config is None or entry.state is None:
            self._say(entry.name, entry.problem)
            return False
        settings, known = entry.config.guardian, self.guardian.guarded.get(entry.state)
        if known is not None:
            known[0].watch.halt_s, known[0].watch.kill_s = settings.halt_s, settings.kill_s
            known[0].alerts = entry.config.alerts
            return True
        try:
            ours = self.guardian.take(guarded_of(entry.config, entry.state))
        except OSError as error:
            self._say(entry.name, str(error))
            return False
        self._say(entry.name, "" if ours else "another guardian has it")
        return ours

    def _say(self, name: str, why: str) -> None:
        """Say once why an account is not guarded."""
        if why and self.said.get(name) != why:
            self.log.warning("not guarded", account=name, why=why)
        self.said[name] = why


def _stamp(file: Path) -> tuple[int, int, int]:
    """Return what shows that a file was changed, or put in the place of another; zeros where it is gone."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino
