"""A trade server in a thread, and a worker to ask it by: the worker's verbs, with no daemon and no process around."""

import contextlib
import threading

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import brokers.mt5.lookalike as m

from brokers.mt5.frames import AnyTell, Connect, Connected, FeedCursor, Look, Looked, Poll, Polled, Send, Sent
from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.server import Server, tell_port
from brokers.mt5.worker import Worker
from brokers.requests import AnyRequest
from tests.latches import latched
from tests.orders import LIMITS
from tests.trade_server import set_up

H1 = FeedCursor("GOLD", "H1", 0)


class Terminal:
    """A trade server and a worker in this process, connected as somebody."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Set up a server and a latch at run."""
        self.stack, self.home, self.state = stack, folder / "terminal", latched(folder / "state", "run")
        self.worker = Worker(m, control)
        self.server: Server | None = None

    def serve(self, **changes: Any) -> "Terminal":  # noqa: ANN401 - fields of ServerSetup
        """Start the server."""
        set_up(self.home, **changes)
        self.server = Server(Exchange(self.home), self.home)
        tell_port(self.home / "port", self.server)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.stack.callback(self.end)
        return self

    def end(self) -> None:
        """Stop the server, if it still runs."""
        m.shutdown()
        self.worker.close()
        if self.server is not None:
            self.server.stop()
            self.thread.join()
            self.server.close()
        self.server = None

    def connect(self, **changes: Any) -> AnyTell:  # noqa: ANN401 - fields of Connect
        """Connect as login 7 to the server, as the gateway of the latch."""
        given: dict[str, Any] = {
            "path": str(self.home), "login": 7, "password": "open", "server": "Lookalike-Demo", "zone": "UTC",
            "symbols": {"GOLD": "GOLD", "OIL": "OIL"}, "limits": LIMITS, "latch": str(self.state), "timeout_ms": 1000,
        }  # fmt: skip
        return self.worker.answer(Connect(**(given | changes)))

    def odd(self, package: Any) -> "Terminal":  # noqa: ANN401 - a package with something odd about it
        """Have the worker speak through another package from now on."""
        self.worker.mt5 = self.worker.reader.mt5 = package
        return self

    def up(self) -> "Terminal":
        """Connect, which must work."""
        assert isinstance(self.connect(), Connected)
        return self

    def poll(self, feed: FeedCursor = H1, *, deal: int = 0, watch: tuple[int, ...] = (), **more: Any) -> Polled:  # noqa: ANN401
        """Ask what is new; `more` are further fields of Poll."""
        told = self.worker.answer(Poll(feeds=(feed,), last_deal=deal, last_deal_at=0, watch=watch, **more))
        assert isinstance(told, Polled), told
        return told

    def send(self, request: AnyRequest) -> Any:  # noqa: ANN401 - an Answer
        """Have a request worked."""
        told = self.worker.answer(Send(request=request))
        assert isinstance(told, Sent), told
        return told.answer

    def look(self, deal: int = 0, at: int = 0, watch: tuple[int, ...] = (), **more: Any) -> Looked:  # noqa: ANN401
        """Look at all there is; `more` are further fields of Look."""
        told = self.worker.answer(Look(last_deal=deal, last_deal_at=at, watch=watch, **more))
        assert isinstance(told, Looked), told
        return told


@contextlib.contextmanager
def terminal_in(folder: Path) -> Iterator[Terminal]:
    """Have a terminal whose server is not up yet; it is ended with the test."""
    with ExitStack() as stack:
        yield Terminal(folder, stack)
