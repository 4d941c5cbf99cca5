"""Signals that tell a supervisor what to do, and wake it from its sleep: SIGTERM, SIGINT, SIGHUP, and a child's end."""

import contextlib
import signal
import socket

from collections.abc import Callable, Iterator


@contextlib.contextmanager
def woken(stop: Callable[[], None], look: Callable[[], None]) -> Iterator[socket.socket]:
    """Have signals call `stop` and `look`; yields what becomes readable when one came, a child's end too."""
    handlers = {"SIGTERM": stop, "SIGINT": stop, "SIGHUP": look, "SIGCHLD": lambda: None}
    numbers = {getattr(signal, name): handler for name, handler in handlers.items() if hasattr(signal, name)}
    wake, waker = socket.socketpair()
    for end in (wake, waker):
        end.settimeout(0.0)
    before = {number: signal.signal(number, _calling(handler)) for number, handler in numbers.items()}
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    try:
        yield wake
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        wake.close()
        waker.close()


def _calling(handler: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: handler()
