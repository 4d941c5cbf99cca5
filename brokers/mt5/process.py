"""The worker's process: one terminal, one blocking loop; the only file that names MetaTrader5.

The package holds the GIL during every call and no call has a timeout, so it lives here alone; the daemon kills this
process when a deadline passes. It dials back to its parent, answers one request at a time, and dies with its parent.
"""

import argparse
import contextlib
import gc
import os
import signal
import socket
import sys
import threading

from typing import Any

from brokers.mt5.frames import LENGTH, LONGEST_FRAME, AnyAsk, Connect, Lost, decode_ask, framed
from brokers.mt5.locks import terminals
from brokers.mt5.mortal import die_with_parent, watch_stdin
from brokers.mt5.worker import Worker
from market.undecoded import UNDECODED


def receive(line: socket.socket) -> bytes | None:
    """Return the next frame's body, or None at the end of the line."""
    head = _exactly(line, LENGTH.size)
    if head is None:
        return None
    (size,) = LENGTH.unpack(head)
    return None if size > LONGEST_FRAME else _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytes | None:
    body = b""
    while len(body) < size:
        part = line.recv(size - len(body))
        if not part:
            return None
        body += part
    return body


def package_of(kind: str) -> tuple[Any, Any]:
    """Return the terminal's package and its replay control."""
    if kind == "lookalike":
        from brokers.mt5 import lookalike  # noqa: PLC0415 - only one of the two is ever imported
        from brokers.mt5.lookalike import control  # noqa: PLC0415

        return lookalike, control
    import MetaTrader5  # noqa: PLC0415 - exists on Windows (and Wine) only

    return MetaTrader5, None


class Absent:
    """Answers in a worker's place where the package cannot be imported: what is missing; waiting cannot help."""

    def __init__(self, problem: ImportError) -> None:
        """Know what the import said."""
        where = f"{sys.executable} ({sys.platform})"
        self.reason = f"{problem} for {where}: it exists for Windows alone; name a Windows Python in terminal.python"

    def answer(self, _ask: AnyAsk) -> Lost:
        """Say what is missing."""
        return Lost(code=0, reason=self.reason, fatal=True)


def worker_of(kind: str) -> Worker | Absent:
    """Return who answers for a kind of terminal."""
    try:
        package, control = package_of(kind)
    except ImportError as problem:
        return Absent(problem)
    return Worker(package, control, terminals=terminals())


def serve(line: socket.socket, worker: Worker | Absent) -> None:
    """Answer until the line ends."""
    while (body := receive(line)) is not None:
        ask = decode_ask(body)
        line.sendall(framed(worker.answer(ask)))
        if isinstance(ask, Connect):
            gc.collect()
            gc.freeze()  # what is loaded by now stays: the collector need not walk it again and again


def main() -> None:
    """Dial back to the daemon and serve; the one-time token comes by stdin, so no process list shows it."""
    parser = argparse.ArgumentParser(prog="brokers.mt5.process")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("lookalike", "metatrader5"), required=True)
    parser.add_argument("--parent", type=int, required=True)
    args = parser.parse_args()
    die_with_parent(args.parent)
    token = os.read(0, 64)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    threading.Thread(target=watch_stdin, daemon=True).start()
    worker = worker_of(args.kind)
    with socket.create_connection(("127.0.0.1", args.port), timeout=10) as line:
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(token)
        with contextlib.suppress(ConnectionError, *UNDECODED):
            serve(line, worker)


if __name__ == "__main__":
    main()
