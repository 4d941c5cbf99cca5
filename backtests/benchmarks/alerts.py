"""From an alarm to the person: how long until what stands is said, by a file and by apprise over HTTP on this machine.

The router of a daemon, and the process that speaks, as they are; from the daemon's word to the moment at which it is
said. Beside it what the daemon's own thread gives for its word.
"""

import argparse
import http.server
import tempfile
import threading
import time

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from backtests.benchmarks.timing import tail, tail_head
from config.alerts import AlertsSection, OwnerSection, RoutesSection
from config.secrets import SecretRef
from runtime.alerts.router import Router
from runtime.clock import Clock
from runtime.core.kinds import Alarm

SHARES = (0.99, 0.999)
AIM_MS = 1000.0
PATIENCE_S = 60.0


class Post(http.server.BaseHTTPRequestHandler):
    """Notes when something was posted."""

    arrived: list[int]

    def do_POST(self) -> None:
        """Take one message."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.arrived.append(time.time_ns())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Told(msgspec.Struct):
    """When a line of the file was said."""

    at: int


def measure(folder: Path, url: str, trials: int, said: Callable[[], list[int]]) -> tuple[list[float], list[float]]:
    """Return milliseconds until each of many alarms is said, and microseconds that the daemon's thread gives."""
    (folder / "urls").write_text(url, encoding="utf-8")
    (folder / "urls").chmod(0o600)
    section = AlertsSection(
        owners={"ann": OwnerSection(urls=SecretRef(file=str(folder / "urls")))}, routes=RoutesSection(page=("ann",))
    )
    router = Router(folder / "state", "measured", section, Clock())
    router.begin()
    late, given = [], []
    for n in range(trials + 1):
        alarm = Alarm("break", str(n), f"number {n}")
        began, before = time.time_ns(), time.perf_counter_ns()
        router.look((alarm,), {})
        given.append((time.perf_counter_ns() - before) / 1e3)
        late.append((_awaited(said, 2 * n + 1)[2 * n] - began) / 1e6)
        router.look((), {})
        _awaited(said, 2 * n + 2)
    router.close()
    return late[1:], given[1:]  # with the first the other process begins


def _awaited(said: Callable[[], list[int]], many: int) -> list[int]:
    deadline = time.monotonic() + PATIENCE_S
    while len(found := said()) < many:
        if time.monotonic() > deadline:
            raise TimeoutError("nobody was told")
        time.sleep(0.001)
    return found


def _lines(file: Path) -> list[int]:
    raw = file.read_bytes() if file.exists() else b""
    return [msgspec.json.decode(line, type=Told).at for line in raw.splitlines()]


@contextmanager
def _served() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    trials = parser.parse_args().trials
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    rows = []
    with tempfile.TemporaryDirectory() as first:
        file = Path(first) / "said"
        late, given = measure(Path(first), f"sink:{file}", trials, lambda: _lines(file))
        rows += [tail("alarm to a file", late, "ms", SHARES), tail("the daemon's own thread", given, "us", SHARES)]
    with tempfile.TemporaryDirectory() as second, _served() as port:
        Post.arrived = []
        late, _ = measure(Path(second), f"json://127.0.0.1:{port}", trials, lambda: list(Post.arrived))
        rows.append(tail("alarm to a server on this machine, by apprise", late, "ms", SHARES))
    print(tail_head(SHARES))
    print("\n".join(rows))
    print(f"aim: 99 % within {AIM_MS:g} ms")


if __name__ == "__main__":
    main()
