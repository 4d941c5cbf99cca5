"""The process of a strategy's own: it imports what the function needs, and calls it once a question.

It dials back to its daemon, answers one question at a time, and dies with it. Whatever the function raises is an answer
too: the reason why there is none.
"""

import argparse
import contextlib
import gc
import os
import signal
import socket
import threading

from pathlib import Path

from brokers.mt5.frames import framed
from brokers.mt5.mortal import die_with_parent, watch_stdin
from brokers.mt5.process import receive
from config.making import look_in
from market.undecoded import UNDECODED
from runtime.asked import Question
from runtime.model_frames import AnyModelAsk, AnyModelTell, Failed, Load, Ready, Wanted, decode_model_ask
from strategies.adapter import checked, flat_of
from strategies.protocol import StrategyError, lifetime
from strategies.registry import bound, resolve
from strategies.window import WindowStrategy, window_of


class Model:
    """One function, and what is asked of it."""

    def __init__(self) -> None:
        """Know no function yet."""
        self.strategy: WindowStrategy | None = None

    def answer(self, ask: AnyModelAsk) -> AnyModelTell:
        """Return what the function answers; its exceptions are reasons."""
        try:
            return self._load(ask) if isinstance(ask, Load) else self._call(ask)
        except StrategyError as error:
            return Failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises
            return Failed(f"{type(error).__name__}: {' '.join(str(error).split())}")

    def _load(self, load: Load) -> AnyModelTell:
        look_in(Path(load.folder))
        strategy = resolve(load.use, {**load.params, "process": True})
        assert isinstance(strategy, WindowStrategy)  # noqa: S101 - only functions have a process
        self.strategy = bound(strategy)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: the collector need not walk it again and again
        return Ready()

    def _call(self, q: Question) -> AnyModelTell:
        if self.strategy is None:
            return Failed("no function is loaded")
        window = window_of(q.columns, q.symbol, q.timeframe, q.position, q.held)
        want = flat_of(*checked(self.strategy.name, self.strategy.asked(window, q.features, q.others)))
        lifetime(self.strategy.name, want)
        return Wanted(want)


def serve(line: socket.socket, model: Model) -> None:
    """Answer until the line ends."""
    while (body := receive(line)) is not None:
        line.sendall(framed(model.answer(decode_model_ask(body))))


def main() -> None:
    """Dial back to the daemon and serve; the one-time token comes by stdin, so no process list shows it."""
    parser = argparse.ArgumentParser(prog="runtime.model_process")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    args = parser.parse_args()
    die_with_parent(args.parent)
    token = os.read(0, 64)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    threading.Thread(target=watch_stdin, daemon=True).start()
    with socket.create_connection(("127.0.0.1", args.port), timeout=10) as line:
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(token)
        with contextlib.suppress(ConnectionError, *UNDECODED):
            serve(line, Model())


if __name__ == "__main__":
    main()
