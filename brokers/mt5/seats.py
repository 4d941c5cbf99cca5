"""What one worker alone may hold: a terminal, which a second account would log out, and an account's gate."""

import hashlib

from pathlib import Path
from typing import IO

from brokers.mt5.frames import Connect
from brokers.mt5.locks import claimed, held
from brokers.mt5.reader import TerminalLostError, home_of

ORPHAN_S = 5.0
"""How long a new worker waits for the last one to go."""


class Seats:
    """The locks of one worker."""

    def __init__(self, patience_s: float, terminals: Path | None) -> None:
        """Hold nothing; `terminals` is where the locks of terminals are, None: nobody else is in reach of this one."""
        self.patience_s, self.terminals = patience_s, terminals
        self.lock: IO[bytes] | None = None
        self.seat: IO[bytes] | None = None

    def take(self, ask: Connect) -> None:
        """Hold the terminal, before anything is said to it: a second account would log the first one out."""
        if self.terminals is None or self.seat is not None:
            return
        ours = f"login {ask.login} on {ask.server}"
        name = hashlib.sha256(home_of(ask.path).encode()).hexdigest()[:32]
        seat = claimed(self.terminals / f"{name}.lock", ours, self.patience_s)
        if not isinstance(seat, str):
            self.seat = seat
        elif seat == ours:
            raise TerminalLostError(f"another worker of {ours} still has the terminal at {ask.path}")
        else:
            why = f"the terminal at {ask.path} is in use by {seat or 'another'}; {ours} needs a terminal of its own"
            raise TerminalLostError(why, fatal=True)

    def take_gate(self, folder: Path) -> None:
        """Hold the account's gate; wait a little for an orphan of a dead daemon to go."""
        if self.lock is None:
            self.lock = held(folder / "worker.lock", self.patience_s)
            if self.lock is None:
                raise TerminalLostError("another worker is the gateway of this account")

    def close(self) -> None:
        """Let go of both."""
        for lock in (self.lock, self.seat):
            if lock is not None:
                lock.close()
