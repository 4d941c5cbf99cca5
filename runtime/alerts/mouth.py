"""The process that speaks to people: reads calls from stdin, one JSON line each, and answers what came of each.

A network that hangs, hangs here: the daemon only waits for an answer, in a thread of its own, and begins another mouth
where none comes. Addresses come over stdin, never over the command line, and nothing of them is said anywhere. It ends
with its stdin. `sink:PATH` appends to a file: for tests, and for a first look.
"""

import contextlib
import logging
import os
import sys
import threading
import time

from concurrent.futures import ThreadPoolExecutor

import msgspec

AT_ONCE = 8
LAST_S = 10.0
"""So long after the end of stdin what was asked for before may still take."""
SINK = "sink:"


class Call(msgspec.Struct, frozen=True):
    """What one person is told."""

    number: int
    urls: tuple[str, ...]
    title: str
    body: str

    def __repr__(self) -> str:
        """Say what is told; never where to."""
        return f"Call({self.number}, {self.title!r})"


class Answer(msgspec.Struct, frozen=True):
    """What came of it: reached by one way at least, or why not."""

    number: int
    problem: str = ""


def spoken(call: Call) -> Answer:
    """Tell one person by every way there is."""
    try:
        failed = [way for url in call.urls if (way := _unreached_by(url, call))]
    except ImportError:
        return Answer(call.number, "apprise is not installed here: install tidegate[alerts]")
    if not call.urls:
        return Answer(call.number, "no address")
    return Answer(call.number, f"not reached by {', '.join(failed)}" if len(failed) == len(call.urls) else "")


def _unreached_by(url: str, call: Call) -> str:
    """Return the kind of an address that did not take a call: all of it that may be said; empty: it did."""
    if url.startswith(SINK):
        return "" if _sunk(url.removeprefix(SINK), call) else "sink"
    import apprise  # noqa: PLC0415 - 0.2 s of a processor, for who is called over a network only

    told = apprise.Apprise()
    if not told.add(url):
        return "an address that is none"
    return "" if told.notify(title=call.title, body=call.body) else url.partition(":")[0]


def _sunk(path: str, call: Call) -> bool:
    line = msgspec.json.encode({"at": time.time_ns(), "title": call.title, "body": call.body}) + b"\n"
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(number, line)
        os.close(number)
    except OSError:
        return False
    return True


def main() -> None:
    """Speak until stdin ends."""
    logging.disable(logging.CRITICAL)  # what apprise logs may hold addresses
    writing = threading.Lock()

    def work(call: Call) -> None:
        try:
            answer = spoken(call)
        except Exception as error:  # noqa: BLE001 - of another's library; its words may hold an address
            answer = Answer(call.number, f"not sent: {type(error).__name__}")
        with writing, contextlib.suppress(OSError):
            sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
            sys.stdout.buffer.flush()

    pool = ThreadPoolExecutor(AT_ONCE)
    if any(word == "--ready" for word in sys.argv):
        pool.submit(_prepare)
    for line in sys.stdin.buffer:
        pool.submit(work, msgspec.json.decode(line, type=Call))
    last = threading.Timer(LAST_S, os._exit, (0,))  # a call that hangs keeps nobody
    last.daemon = True
    last.start()
    pool.shutdown()
    os._exit(0)


def _prepare() -> None:
    """Load what speaks before it is needed, where it is there."""
    try:
        import apprise  # noqa: F401, PLC0415
    except ImportError:
        return


if __name__ == "__main__":
    main()
