"""The trade server process: `python -m brokers.mt5.lookalike.server FOLDER` answers connections until told to stop.

One thread, one selector; a call is worked wholly before the next. The folder's `port` file tells clients where it
listens, and the token without which it lets nobody in.
"""

import argparse
import ctypes
import gc
import json
import os
import secrets
import selectors
import signal
import socket
import sys
import time

from pathlib import Path
from typing import IO, Any

import msgspec

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

from brokers.mt5.lookalike.client import Failed
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.record import RecordError
from brokers.mt5.lookalike.setup import SetupError
from brokers.mt5.lookalike.verbs import Verbs
from brokers.mt5.lookalike.wire import HEADER, Call, Reply, Stranger, frame, length_of, read_call
from brokers.venue import VenueError

PATIENCE_S = 5.0
"""A client that does not take its reply for so long is dropped."""
_PR_SET_PDEATHSIG = 1
EXIT_DATA = 4
EXIT_RUNNING = 8


class Client:
    """One connection: what it has sent of its next call, and whether it showed the token."""

    __slots__ = ("buffer", "known", "line")

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(0.0)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = line
        self.buffer = b""
        self.known = False

    def send(self, reply: bytearray) -> None:
        """Send a reply; only one too long for the system's buffer costs waiting, and OSError when nobody takes it."""
        try:
            sent = self.line.send(reply)
        except BlockingIOError:
            sent = 0
        if sent < len(reply):
            self.line.settimeout(PATIENCE_S)
            self.line.sendall(memoryview(reply)[sent:])
            self.line.settimeout(0.0)


class Server:
    """Answers calls; `run` returns when `stop` was called."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        """Listen on a free port of the loopback."""
        self.exchange = exchange
        self.token = secrets.token_hex(16)
        self.verbs = Verbs(exchange, str(folder), self.token)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self.listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._stopping = False
        self._next = time.monotonic() + self._pace()

    def stop(self, *_signal: object) -> None:
        """Leave the loop once the call in work is answered; may be called by a signal's handler."""
        self._stopping = True
        self._wake.send(b"x")

    def watch_stdin(self) -> None:
        """Stop when standard input ends: whoever started this server is gone."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)

    def run(self) -> None:
        """Answer calls, and without lock-step let the clock go on by itself."""
        while not self._stopping:
            for key, _ in self._selector.select(self._timeout()):
                if isinstance(key.data, Client):
                    self._read(key.data)
                elif key.fileobj is self.listener:
                    self._accept()
                elif key.fileobj is not self._woken and not os.read(key.fd, 4096):
                    self._stopping = True
            if not self.exchange.setup.lockstep and time.monotonic() >= self._next:
                self.exchange.go_on()
                self._next = time.monotonic() + self._pace()

    def _pace(self) -> float:
        speed = self.exchange.setup.speed
        return 0.0 if speed == "max" else self.exchange.replay.step / 1000.0 / float(speed)

    def _timeout(self) -> float | None:
        if self.exchange.setup.lockstep or self.exchange.replay.ended:
            return None
        return max(0.0, self._next - time.monotonic())

    def _accept(self) -> None:
        client = Client(self.listener.accept()[0])
        self._selector.register(client.line, selectors.EVENT_READ, client)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.line)
        client.line.close()

    def _read(self, client: Client) -> None:
        try:
            data = client.line.recv(65536)
            client.buffer += data
            while data and (call := self._call(client)) is not None:
                client.send(frame(self._answer(client, *call)))
        except (OSError, Stranger, msgspec.DecodeError):
            data = b""
        if not data:
            self._drop(client)

    def _call(self, client: Client) -> Call | None:
        """Take the next whole call out of what a client has sent."""
        if len(client.buffer) < HEADER or len(client.buffer) < (length := length_of(client.buffer)):
            return None
        body, client.buffer = client.buffer[HEADER:length], client.buffer[length:]
        call: Call = read_call(body)
        return call

    def _answer(self, client: Client, verb: str, arguments: list[Any]) -> Reply:
        if verb not in self.verbs.table or not (client.known or verb == "hello"):
            raise Stranger(f"a call nobody here would make: {verb}")
        try:
            value = self.verbs.table[verb](*arguments)
        except Failed as failed:
            return *failed.error, None
        client.known = True
        return 1, "", value

    def close(self) -> None:
        """Close every socket and the record."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Client):
                self._drop(key.data)
        for one in (self._selector, self.listener, self._wake, self._woken, self.exchange):
            one.close()


def die_with(parent: int) -> None:
    """Have Linux stop this process when its parent dies; exits if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)


def lock(folder: Path) -> IO[bytes]:
    """Hold the folder for this process; OSError where another server holds it. The lock goes with the process."""
    held = (folder / "server.lock").open("ab")
    if sys.platform == "win32":
        msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
