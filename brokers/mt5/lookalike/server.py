"""The trade server process: `python -m brokers.mt5.lookalike.server FOLDER` answers connections until told to stop.

One thread, one selector; a call is worked wholly before the next. The folder's `port` file tells clients where it
listens, and the token without which it lets nobody in.
"""

import argparse
import contextlib
import ctypes
import gc
import heapq
import hmac
import itertools
import json
import os
import secrets
import selectors
import signal
import socket
import sys
import threading
import time

from pathlib import Path
from typing import IO, Any, assert_never

from brokers.mt5.locks import taken
from brokers.mt5.lookalike.connection import Connection
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.outcomes import Delayed, Hangup, Outcome, Reply, Silence
from brokers.mt5.lookalike.record import RecordError
from brokers.mt5.lookalike.service import Service
from brokers.mt5.lookalike.setup import SetupError
from brokers.mt5.lookalike.wire import Stranger
from brokers.mt5.mortal import stdin_ended
from brokers.venue import VenueError
from market.undecoded import UNDECODED

BACKLOG = 256
"""How many terminals may knock at once."""
_PR_SET_PDEATHSIG = 1
EXIT_DATA = 4
EXIT_RUNNING = 8


class Server:
    """Carries calls to the service and outcomes back; `run` returns when `stop` was called."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        """Listen on a free port of the loopback."""
        self.service = Service(exchange, folder)
        self.exchange = exchange
        self.token = secrets.token_hex(16)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self.listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._stopping = False
        self._late: list[tuple[float, int, Connection, Reply]] = []
        self._count = itertools.count()
        self._next = time.monotonic() + self._pace()

    def stop(self, *_signal: object) -> None:
        """Leave the loop once the call in work is answered; may be called by a signal's handler."""
        self._stopping = True
        self._wake.send(b"x")

    def watch_stdin(self) -> None:
        """Stop when standard input ends: whoever started this server is gone."""
        threading.Thread(target=self._until_eof, name="stdin", daemon=True).start()

    def _until_eof(self) -> None:
        """Wait for the end of standard input, in a thread: Windows can select sockets only."""
        if stdin_ended():
            with contextlib.suppress(OSError):  # it may be closing already
                self.stop()

    def run(self) -> None:
        """Answer calls, send what was due later, and without lock-step let the clock go on by itself."""
        while not self._stopping:
            for key, _ in self._selector.select(self._timeout()):
                if isinstance(key.data, Connection):
                    self._read(key.data)
                elif key.fileobj is self.listener:
                    self._accept()
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, line, reply = heapq.heappop(self._late)
                self._show(line, reply)
            if not self.exchange.setup.lockstep and time.monotonic() >= self._next:
                self.service.go_on()
                self._next = time.monotonic() + self._pace()

    def _pace(self) -> float:
        speed = self.exchange.setup.speed
        return 0.0 if speed == "max" else self.exchange.replay.step / 1000.0 / float(speed)

    def _timeout(self) -> float | None:
        due = [self._late[0][0]] if self._late else []
        if not self.exchange.setup.lockstep and not self.exchange.replay.ended:
            due.append(self._next)
        return max(0.0, min(due) - time.monotonic()) if due else None

    # --- connections ------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        line = Connection(self.listener.accept()[0])
        self._selector.register(line.line, selectors.EVENT_READ, line)

    def _drop(self, line: Connection) -> None:
        if line.line.fileno() >= 0:
            self._selector.unregister(line.line)
            line.line.close()

    def _read(self, line: Connection) -> None:
        try:
            data = line.line.recv(65536)
            line.buffer += data
            for verb, arguments in line.calls() if data else ():
                self._show(line, self._answer(line, verb, arguments))
        except (OSError, Stranger, *UNDECODED):
            data = b""
        if not data:
            self._drop(line)

    def _answer(self, line: Connection, verb: str, arguments: list[Any]) -> Outcome:
        """Ask the service; whoever has not shown the token is asked for it, and a second terminal is a new line."""
        if line.place is not None:
            return self.service.answer(line.place, verb, arguments)
        if verb != "hello" or not hmac.compare_digest(str(arguments[0]).encode(), self.token.encode()):
            raise Stranger(f"a call without the token: {verb}")
        line.place = self.service.place_of(arguments[1])
        return self.service.answer(line.place, "hello", [])

    def _show(self, line: Connection, outcome: Outcome) -> None:
        """Show a client what came of its call; one that is gone by now sees nothing."""
        match outcome:
            case Reply(code, text, value):
                try:
                    line.send((code, text, value))
                except OSError:
                    self._drop(line)
            case Delayed(seconds, reply):
                heapq.heappush(self._late, (time.monotonic() + seconds, next(self._count), line, reply))
            case Silence():
                pass
            case Hangup():
                self._drop(line)
            case _:
                assert_never(outcome)

    def close(self) -> None:
        """Close every socket and the record."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Connection):
                self._drop(key.data)
        for one in (self._selector, self.listener, self._wake, self._woken, self.exchange):
            one.close()


def die_with(parent: int) -> None:
    """Have Linux stop this process when its parent dies; exits if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if sys.platform != "win32" and os.getppid() != parent:  # there a virtual environment's launcher stands between
        raise SystemExit(0)


def lock(folder: Path) -> IO[bytes]:
    """Hold the folder for this process; OSError where another server holds it. The lock goes with the process."""
    held = (folder / "server.lock").open("ab")
    if not taken(held):
        held.close()
        raise BlockingIOError(f"{folder} is served already")
    return held


def tell_port(path: Path, server: Server) -> None:
    """Write where the server listens, for its owner alone, whole or not at all."""
    host, port = server.listener.getsockname()
    content = json.dumps({"host": host, "port": port, "token": server.token, "pid": os.getpid()})
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    new.replace(path)


def serve(folder: Path, port_file: Path, *, stdin_eof: bool) -> None:
    """Serve a folder until told to stop."""
    server = Server(Exchange(folder), folder)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, server.stop)
    if stdin_eof:
        server.watch_stdin()
    gc.collect()
    gc.freeze()
    tell_port(port_file, server)
    try:
        server.run()
    finally:
        port_file.unlink(missing_ok=True)
        server.close()


def main(argv: list[str] | None = None) -> int:
    """Run a trade server; returns its exit code: 0, 4 for a folder that cannot be served, 8 for one served already."""
    parser = argparse.ArgumentParser(prog="python -m brokers.mt5.lookalike.server", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port-file", type=Path, help="where to tell the port, default FOLDER/port")
    parser.add_argument("--parent-pid", type=int, help="stop when this process, which must be the parent, dies")
    parser.add_argument("--stdin-eof", action="store_true", help="stop when standard input ends")
    given = parser.parse_args(argv)
    if given.parent_pid:
        die_with(given.parent_pid)
    folder = given.folder.resolve()
    try:
        held = lock(folder)
    except FileNotFoundError:
        return _say(f"{folder} does not exist: set it up with write_setup", EXIT_DATA)
    except OSError:
        return _say(f"{folder} is served already: stop that server, or wait for it to end", EXIT_RUNNING)
    with held:
        try:
            serve(folder, given.port_file or folder / "port", stdin_eof=given.stdin_eof)
        except (SetupError, RecordError, VenueError) as error:
            return _say(str(error), EXIT_DATA)
    return 0


def _say(problem: str, code: int) -> int:
    sys.stderr.write(f"{problem}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
