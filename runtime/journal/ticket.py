"""A ticket: the promise that an entry will be on disk, kept or broken exactly once."""

import asyncio
import sys
import threading

from collections.abc import Callable

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
        woken = asyncio.Event()
        self.add_done_callback(lambda _ticket: loop.call_soon_threadsafe(woken.set))
        await woken.wait()
        return self.result()

    def add_done_callback(self, callback: Callback) -> None:
        """Call back once it is decided: in the writer's thread, or at once when it already is."""
        with self._lock:
            if not self._done:
                self._callbacks = [*(self._callbacks or ()), callback]
                return
        callback(self)

    def settle(self, failure: tuple[str, int] | None = None) -> None:
        """Decide the ticket (the writer's part); an error in a callback is shown and stops nobody else's."""
        with self._lock:
            self._failure = failure
            self._done = True
            callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            try:
                callback(self)
            except Exception:  # noqa: BLE001 - it is somebody else's; the entry is written all the same
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
