"""Calling people: a thread that feeds the mouth, waits for its answers, and tries again; it delays nobody else.

An order is never sent twice, an alert may be: where no answer comes in time the mouth is ended, another is begun, and
what was on its way is called again. What cannot be told to anybody is in the log in any case.
"""

import contextlib
import queue
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterable, Mapping
from typing import IO

import msgspec
import structlog

from brokers.mt5.begun import inherited
from config.errors import ConfigError
from config.secrets import SecretRef, read_secret, variables_of
from runtime.alerts.mouth import Answer, Call

ANSWER_S = 25.0
"""So long a call may take before the mouth counts as hung."""
FIRST_S, LONGEST_S, TRIES = 2.0, 60.0, 10
END_S = 3.0

Told = Callable[[str, str], object]
"""What is told once about each call: who was called, and why he was not reached; empty: he was."""


class Wanted(msgspec.Struct):
    """A call that is to be made."""

    who: str
    title: str
    body: str
    told: Told
    tries: int = 0
    due: float = 0.0


class Caller:
    """Calls people by the secrets that hold their addresses."""

    def __init__(self, owners: Mapping[str, SecretRef], *, ready: bool = False, secrets: Iterable[str] = ()) -> None:
        """Begin a mouth with the first call, or now where it is to be `ready` for that one.

        It inherits neither the variables of our environment that hold addresses nor the `secrets` there.
        """
        self.owners, self.ready = owners, ready and bool(owners)
        self.secrets = variables_of(owners) | frozenset(secrets)
        self.log = structlog.get_logger()
        self.inbox: queue.SimpleQueue[Wanted | Answer | None] = queue.SimpleQueue()
        self.under_way: dict[int, tuple[Wanted, float]] = {}
        self.later: list[Wanted] = []
        self.mouth: subprocess.Popen[bytes] | None = None
        self.number = 0
        self.ending = 0.0
        self.thread = threading.Thread(target=self._run, name="caller", daemon=True)

    def begin(self) -> None:
        """Go to work."""
        self.thread.start()

    def call(self, who: str, title: str, body: str, told: Told) -> None:
        """Have somebody told; returns at once, `told` is called from another thread."""
        self.inbox.put(Wanted(who, title, body, told))

    def close(self) -> None:
        """End; what is under way has a moment left."""
        self.inbox.put(None)
        if self.thread.is_alive():
            self.thread.join(timeout=END_S + 1.0)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self.ready:
            with contextlib.suppress(OSError):
                self._begun()
        while not self.ending or (self.under_way and time.monotonic() < self.ending):
            try:
                self._turn()
            except Exception:  # a bug here must not end the only thread that calls people
                self.log.exception("caller")
                time.sleep(1.0)
        self._end_mouth()

    def _turn(self) -> None:
        try:
            item = self.inbox.get(timeout=self._patience())
        except queue.Empty:
            self._overdue()
            return
        if item is None:
            self.ending = time.monotonic() + END_S
        elif isinstance(item, Answer):
            self._answered(item)
        else:
            self._speak(item)
        self._overdue()

    def _patience(self) -> float:
        moments = [deadline for _, deadline in self.under_way.values()] + [wanted.due for wanted in self.later]
        moments += [self.ending] if self.ending else []
        return max(0.0, min(moments, default=time.monotonic() + 3600.0) - time.monotonic())

    def _speak(self, wanted: Wanted) -> None:
        """Hand a call to the mouth."""
        wanted.tries, self.number = wanted.tries + 1, self.number + 1
        try:
            line = msgspec.json.encode(Call(self.number, self._urls(wanted.who), wanted.title, wanted.body))
            mouth = self._begun()
            self.under_way[self.number] = wanted, time.monotonic() + ANSWER_S
            assert mouth.stdin is not None  # noqa: S101 - it was begun with one
            mouth.stdin.write(line + b"\n")
            mouth.stdin.flush()
        except (OSError, ConfigError) as error:
            self.under_way.pop(self.number, None)
            self._failed(wanted, str(error))
            if isinstance(error, OSError):
                self._end_mouth()

    def _urls(self, who: str) -> tuple[str, ...]:
        """Return somebody's addresses, read when they are needed: they may have been mended since the start."""
        ref = self.owners.get(who)
        return () if ref is None else tuple(read_secret(ref).reveal().split())

    def _answered(self, answer: Answer) -> None:
        wanted, _ = self.under_way.pop(answer.number, (None, 0.0))
        if wanted is not None and answer.problem:
            self._failed(wanted, answer.problem)
        elif wanted is not None:
            wanted.told(wanted.who, "")

    def _failed(self, wanted: Wanted, why: str) -> None:
        """Try again later; the first time and the last it is told that somebody was not reached."""
        wanted.due = time.monotonic() + min(LONGEST_S, FIRST_S * float(1 << wanted.tries))
        if wanted.tries < TRIES:
            self.later.append(wanted)
        if wanted.tries in {1, TRIES}:
            wanted.told(wanted.who, why)

    def _overdue(self) -> None:
        now = time.monotonic()
        for wanted in [w for w in self.later if w.due <= now]:
            self.later.remove(wanted)
            self._speak(wanted)
        gone = self.mouth is not None and self.mouth.poll() is not None
        if gone or any(deadline <= now for _, deadline in self.under_way.values()):
            self._end_mouth()
            lost, self.under_way = self.under_way, {}
            for wanted, _ in lost.values():
                self._failed(wanted, "the mouth has ended" if gone else f"no answer within {ANSWER_S:g} s")

    # --- the mouth --------------------------------------------------------------------------------------------------

    def _begun(self) -> "subprocess.Popen[bytes]":
        if self.mouth is not None and self.mouth.poll() is not None:
            self._end_mouth()
        if self.mouth is None:
            command = [sys.executable, "-m", "runtime.alerts.mouth", *(["--ready"] if self.ready else [])]
            self.mouth = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=inherited(self.secrets),
            )  # fmt: skip
            threading.Thread(target=self._listen, args=(self.mouth.stdout,), daemon=True).start()
        return self.mouth

    def _listen(self, answers: IO[bytes]) -> None:
        """Pass on what a mouth answers, until it ends."""
        with answers, contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
            for line in answers:
                self.inbox.put(msgspec.json.decode(line, type=Answer))
        self.inbox.put(Answer(0))  # it may have ended with calls under way

    def _end_mouth(self) -> None:
        mouth, self.mouth = self.mouth, None
        if mouth is None:
            return
        with contextlib.suppress(OSError):
            assert mouth.stdin is not None  # noqa: S101 - it was begun with one
            mouth.stdin.close()
        if self.ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                mouth.wait(0.5)
        if mouth.poll() is None:
            mouth.kill()
        mouth.wait()
