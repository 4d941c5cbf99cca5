"""A ticket: the promise that an entry will be on disk, kept or broken exactly once."""

import asyncio
import sys
import threading

from collections.abc import Callable, Iterable, Sequence

from runtime.journal.errors import JournalFailed

Callback = Callable[["Ticket"], object]


class Ticket:
    """What `append` returns; many cost little, since nothing is made until somebody waits."""

    __slots__ = ("_callbacks", "_done", "_failure", "_lock", "seq")

    def __init__(self, seq: int, lock: threading.Lock) -> None:
        self.seq = seq
        """Number of the entry in the log; certain only when the ticket is done."""
        self._lock = lock
        self._done = False
        self._failure: tuple[str, int] | None = None
        self._callbacks: list[Callback] | None = None

    def done(self) -> bool:
        """Tell whether the entry is on disk, or never will be."""
        return self._done

    def result(self) -> int:
        """Return the entry's seq, or raise JournalFailed; TimeoutError while it is not decided."""
        if not self._done:
            raise TimeoutError(f"entry {self.seq} is not written yet")
        if self._failure is not None:
            raise JournalFailed(*self._failure)
        return self.seq

    def wait(self, timeout: float | None = None) -> int:
        """Block until the entry is on disk, at most `timeout` seconds; return and raise as `result` does."""
        woken = threading.Event()
        self.add_done_callback(lambda _ticket: woken.set())
        woken.wait(timeout)
        return self.result()

    async def settled(self) -> int:
        """Wait in an event loop; return and raise as `result` does."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self.add_done_callback(_Waiting(loop, waiting))
        await waiting
        return self.result()

    def add_done_callback(self, callback: Callback) -> None:
        """Call back once it is decided: in the writer's thread, or at once when it already is."""
        with self._lock:
            if not self._done:
                self._callbacks = [*(self._callbacks or ()), callback]
                return
        callback(self)

    def settle(self, failure: tuple[str, int] | None = None) -> Sequence[Callback]:
        """Decide the ticket (the writer's part); return who is to be told, which `settle_all` does."""
        with self._lock:
            self._failure = failure
            self._done = True
            callbacks, self._callbacks = self._callbacks, None
        return callbacks or ()


class _Waiting:
    """Somebody who waits in an event loop."""

    __slots__ = ("loop", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[None]) -> None:
        self.loop, self.waiting = loop, waiting

    def __call__(self, _ticket: Ticket) -> None:
        self.loop.call_soon_threadsafe(_wake, (self.waiting,))


def _wake(all_of_them: Sequence[asyncio.Future[None]]) -> None:
    for waiting in all_of_them:
        if not waiting.done():  # who was cancelled meanwhile waits no more
            waiting.set_result(None)


def settle_all(tickets: Iterable[Ticket], failure: tuple[str, int] | None = None) -> None:
    """Decide the tickets of a commit; those who wait in one event loop are told at once, since each call costs it.

    An error in a callback is shown and stops nobody else's.
    """
    waiting: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for ticket in tickets:
        for callback in ticket.settle(failure):
            if isinstance(callback, _Waiting):
                waiting.setdefault(callback.loop, []).append(callback.waiting)
            else:
                _told(callback, ticket)
    for loop, all_of_them in waiting.items():
        _told(loop.call_soon_threadsafe, _wake, all_of_them)


def _told(callback: Callable[..., object], *what: object) -> None:
    try:
        callback(*what)
    except Exception:  # noqa: BLE001 - it is somebody else's; the entry is written all the same
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
