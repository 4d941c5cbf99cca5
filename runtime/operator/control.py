"""The local control socket: served by a thread of its own, so that it answers while the event loop is busy.

One JSON line in, one JSON line out. Only the user that runs the daemon is heard (`ears`). Tightening is done here and
now, in this thread; loosening is handed to the daemon.
"""

import concurrent.futures
import contextlib
import socket
import threading

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, scope_problem
from market.undecoded import UNDECODED
from runtime.core.facts import NoteWritten, PersonFact
from runtime.operator import latch
from runtime.operator.ears import DAEMON, HEARD_S, call, open_ear
from runtime.operator.fall import fall

_LONGEST_LINE = 65536
LOOSEN_S = 20.0
"""How long a daemon that is busy may take to loosen."""
NOTE_S = 5.0
"""How long it may take to journal a note, which waits for its next start else: a person has more to do than wait."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question at the socket."""

    do: str
    """status, level, scoped (the level of a scope), or ask."""
    command: Command | None = None
    fact: PersonFact | None = None


def level_asked(command: Command) -> Asked:
    """Return the question for a level; who does not know of scopes must not take one's for the account's."""
    return Asked(do="scoped" if command.scope else "level", command=command)


class Control:
    """The daemon's ear."""

    def __init__(
        self,
        folder: Path,
        status: Callable[[], dict[str, Any]],
        loosen: Callable[[Command], "concurrent.futures.Future[dict[str, Any]]"],
        wake: Callable[[], object],
        put: Callable[[PersonFact], "concurrent.futures.Future[dict[str, Any]]"] | None = None,
        *,
        name: str = DAEMON,
        let_fall: Callable[[Command], dict[str, Any]] | None = None,
    ) -> None:
        """Listen for an account: `status` and `wake` are safe from any thread, the rest is worked by the daemon.

        Who is woken after its end does nothing. `name`: whose ear it is. `let_fall` latches what tightens.
        """
        self.folder, self.status, self.loosen, self.wake, self.put = folder, status, loosen, wake, put
        self.let_fall = let_fall or (lambda command: fall(folder, command, wake))
        self.ear = open_ear(folder, name)
        self.thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.ear.close()
        self.thread.join(timeout=2)

    def _serve(self) -> None:
        while True:
            try:
                line = self.ear.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(line,), daemon=True).start()

    def _hear(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.settimeout(HEARD_S)
            if not self.ear.welcome(line):
                return
            raw = b""
            while not raw.endswith(b"\n") and len(raw) < _LONGEST_LINE:
                part = line.recv(4096)
                if not part:
                    break
                raw += part
            if len(raw) >= _LONGEST_LINE:
                return
            line.sendall(msgspec.json.encode(self._answer(raw)) + b"\n")

    def _answer(self, raw: bytes) -> dict[str, Any]:
        try:
            asked = msgspec.json.decode(raw, type=Asked)
        except UNDECODED as error:
            return {"ok": False, "problem": f"not understood: {error}"}
        if asked.do == "status":
            self.wake()  # who asks may wait for what a latch has changed, and that is read in the next round
            return {"ok": True, **self.status()}
        if asked.do == "ask" and asked.fact is not None and self.put is not None:
            return self._ask(asked.fact, self.put)
        if asked.do not in {"level", "scoped"} or asked.command is None:
            return {"ok": False, "problem": f"unknown question {asked.do!r}"}
        return self._level(asked.command)

    def _ask(
        self, fact: PersonFact, put: Callable[[PersonFact], "concurrent.futures.Future[dict[str, Any]]"]
    ) -> dict[str, Any]:
        if not fact.asker.why.strip():
            return {"ok": False, "problem": "a reason is needed"}
        return awaited(put(fact), "nothing was done", NOTE_S if isinstance(fact, NoteWritten) else LOOSEN_S)

    def _level(self, command: Command) -> dict[str, Any]:
        if not command.why.strip():
            return {"ok": False, "problem": "a reason is needed"}
        if problem := scope_problem(command.scope):
            return {"ok": False, "problem": problem}
        try:
            return self.let_fall(command)
        except latch.LatchError:
            return self._loosen(command)
        except OSError as error:
            return {"ok": False, "problem": f"not latched: {error}: stop the daemon"}

    def _loosen(self, command: Command) -> dict[str, Any]:
        """Hand it over."""
        return awaited(self.loosen(command), "its level is unchanged")


def awaited(
    answer: "concurrent.futures.Future[dict[str, Any]]", otherwise: str, patience_s: float = LOOSEN_S
) -> dict[str, Any]:
    """Wait, and take it back where the daemon is too busy: it must not come true behind our back."""
    with contextlib.suppress(concurrent.futures.TimeoutError):
        return answer.result(timeout=patience_s)
    if not answer.cancel():
        return answer.result(timeout=LOOSEN_S)
    return {"ok": False, "problem": f"the daemon did not answer within {patience_s:g} s: {otherwise}"}


def ask(folder: Path, asked: Asked, timeout_s: float = 30.0, name: str = DAEMON) -> dict[str, Any]:
    """Ask the daemon of an account; OSError where nobody listens or answers, TimeoutError where it is stuck."""
    with call(folder, timeout_s, name) as line:
        line.sendall(msgspec.json.encode(asked) + b"\n")
        raw = b""
        while part := line.recv(65536):
            raw += part
    if not raw.endswith(b"\n"):
        raise ConnectionError("the daemon did not answer: it may be another user's, or ending")
    answer: dict[str, Any] = msgspec.json.decode(raw)
    return answer
