"""The worker: one process, one terminal, one blocking loop; the only file that names MetaTrader5.

The package holds the GIL during every call and no call has a timeout, so it lives here alone; the daemon kills this
process when a deadline passes. It dials back to its parent, answers one request at a time from a fixed list of verbs,
sends nothing by itself, and never sends anything twice. It is also the order gateway, and dies with its parent.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading

from pathlib import Path
from typing import Any

import msgspec

from brokers.mt5.frames import (
    LENGTH,
    LONGEST_FRAME,
    AnyAsk,
    AnyTell,
    Closed,
    Connect,
    Connected,
    FeedCursor,
    History,
    Identity,
    Look,
    Looked,
    Lost,
    Past,
    Poll,
    Polled,
    Send,
    Sent,
    Translator,
    decode_ask,
    framed,
)
from brokers.mt5.gateway import Gateway
from brokers.mt5.orders import answer_of, mt5_request
from brokers.port import DealMade, OrderGone
from market.types import TIMEFRAMES, Bar

_DAY_S = 86_400
_GONE_STATES = {2: "cancelled", 4: "filled", 5: "rejected", 6: "expired"}
_TRADES = {0, 1}


class TerminalLostError(Exception):
    """A call that must answer did not: the connection has to be made anew."""


class Worker:
    """What this process knows of its terminal."""

    def __init__(self, package: Any, control: Any) -> None:  # noqa: ANN401 - the package, or what looks like it
        """Begin unconnected; `control` is the look-alike's replay control, or None."""
        self.mt5, self.control = package, control
        self.names: dict[str, str] = {}
        self.path = ""
        self.translate = Translator("UTC", {})
        self.gateway: Gateway | None = None
        self.digits: dict[str, Any] = {}
        self.timeframes = {name: getattr(package, f"TIMEFRAME_{name}") for name in TIMEFRAMES}

    # --- verbs ------------------------------------------------------------------------------------------------------

    def answer(self, ask: AnyAsk) -> AnyTell:
        """Answer one request; a terminal that does not answer is told as Lost."""
        try:
            match ask:
                case Connect():
                    return self.connect(ask)
                case Poll():
                    return self.poll(ask)
                case Past():
                    return self.past(ask)
                case Send():
                    return self.send(ask)
                case Look():
                    return self.look(ask)
        except TerminalLostError as error:
            code, text = self.mt5.last_error()
            return Lost(code=code, reason=f"{error}: {code} {text}")

    def connect(self, ask: Connect) -> AnyTell:
        """Initialize, log in, select symbols, snapshot their contracts, and take the gate."""
        login = {"login": ask.login, "password": ask.password, "server": ask.server, "timeout": ask.timeout_ms}
        if not self.mt5.initialize(ask.path, **login):
            raise TerminalLostError("initialize failed")
        self.names, self.path = ask.symbols, ask.path
        self.translate = Translator(ask.zone, ask.symbols)
        for broker in ask.symbols.values():
            if not self.mt5.symbol_select(broker, True):  # noqa: FBT003 - positional only in the package
                raise TerminalLostError(f"the terminal has no symbol {broker}")
        symbols = tuple(self.translate.symbol(self._must(self.mt5.symbol_info(b), b)) for b in ask.symbols.values())
        for name, broker in ask.symbols.items():
            self.digits[name] = self._must(self.mt5.symbol_info(broker), broker)
        account = self.translate.account(self._must(self.mt5.account_info(), "account_info"))
        if ask.latch:
            self.gateway = Gateway(Path(ask.latch), ask.limits, {s.name: s for s in symbols}, account.currency)
        lockstep = bool(self.control and self._must(self.control.state(), "state")["lockstep"])
        return Connected(who=self.who(), at=self.now(), account=account, symbols=symbols, lockstep=lockstep)

    def poll(self, ask: Poll) -> Polled:
        """Tell new deals, ended orders and closed bars; identity is read in the same breath."""
        if self.control is not None and ask.done:
            self._must(self.control.done(self.translate.dial(ask.done)), "done")
        who = self.who()
        ended = self.ended()
        news = self.news(ask.last_deal, ask.last_deal_at, ask.watch)
        bars = tuple(closed for feed in ask.feeds for closed in self.closed(feed, ended=ended))
        return Polled(who=who, at=self.now(), news=news, bars=bars, ended=ended)

    def past(self, ask: Past) -> History:
        """Give closed bars from history."""
        rates = self._rates(ask.symbol, ask.timeframe, 0, ask.count + 1)
        rows = rates if self.ended() else rates[:-1]
        bars = tuple(self._bar(ask.symbol, ask.timeframe, row) for row in rows[-ask.count :]) if ask.count else ()
        return History(who=self.who(), bars=bars)

    def send(self, ask: Send) -> Sent:
        """Check at the gate, mark, send once, and say what the terminal said: result and last_error together."""
        request, gate = ask.request, self.gateway
        broker = self.names.get(request.symbol, request.symbol)
        if gate is None:
            raise TerminalLostError("not connected as a gateway")
        gate.mark(request.id)
        try:
            tick = self._must(self.mt5.symbol_info_tick(broker), broker)
            at = self.translate.utc(tick.time_msc)
            refused = gate.check(request, at, tick.bid, tick.ask)
            if refused is not None:
                return Sent(who=self.who(), answer=refused)
            order = mt5_request(self.mt5, request, broker, self.digits.get(request.symbol), self.translate)
            result = self.mt5.order_send(order)
            answer = answer_of(request.id, at, result, self.mt5.last_error())
        finally:
            gate.mark(0)
        return Sent(who=self.who(), answer=answer)

    def look(self, ask: Look) -> Looked:
        """Read account, positions, orders and every deal; None is a failure, never flat."""
        news = self.news(ask.last_deal, ask.last_deal_at, ask.watch)
        positions = self._must(self.mt5.positions_get(), "positions_get")
        orders = self._must(self.mt5.orders_get(), "orders_get")
        account = self.translate.account(self._must(self.mt5.account_info(), "account_info"))
        deals = self._deals(ask.last_deal_at)
        return Looked(
            who=self.who(),
            at=self.now(),
            account=account,
            positions=tuple(self.translate.position(p) for p in positions),
            orders=tuple(self.translate.order(o) for o in orders),
            news=news,
            last_deal=max((d.ticket for d in deals), default=ask.last_deal),
        )

    # --- reading ----------------------------------------------------------------------------------------------------

    def _must(self, value: Any, what: str) -> Any:  # noqa: ANN401 - whatever the package returns
        if value is None:
            raise TerminalLostError(f"{what} gave nothing")
        return value

    def who(self) -> Identity:
        """Say which account and terminal this is, now."""
        account = self._must(self.mt5.account_info(), "account_info")
        terminal = self._must(self.mt5.terminal_info(), "terminal_info")
        if not terminal.connected:
            raise TerminalLostError("the terminal has no connection to its broker")
        return Identity(account.login, account.server, self.path)

    def now(self) -> int:
        """Return the newest server time any of our symbols shows, UTC milliseconds."""
        ticks = [self.mt5.symbol_info_tick(broker) for broker in self.names.values()]
        return max((self.translate.utc(t.time_msc) for t in ticks if t is not None), default=0)

    def ended(self) -> bool:
        """Say whether recorded data is over; a real market never is."""
        return bool(self.control and self._must(self.control.state(), "state")["ended"])

    def closed(self, feed: FeedCursor, *, ended: bool) -> list[Closed]:
        """Return the bars that closed after the cursor, with the tick of now."""
        count = 3
        while True:
            rates = self._rates(feed.symbol, feed.timeframe, 0, count)
            rows = rates if ended else rates[:-1]
            times = [self.translate.utc(int(row[0]) * 1000) for row in rates]
            if len(rates) < count or not times or times[0] <= feed.after:
                break
            count *= 8
        tick = self._must(self.mt5.symbol_info_tick(self.names[feed.symbol]), feed.symbol)
        return [
            Closed(
                self._bar(feed.symbol, feed.timeframe, row), tick.bid, tick.ask, times[i + 1] if i + 1 < len(times) else 0
            )
            for i, row in enumerate(rows)
            if times[i] > feed.after
        ]

    def _rates(self, symbol: str, timeframe: str, start: int, count: int) -> list[Any]:
        rates = self.mt5.copy_rates_from_pos(self.names[symbol], self.timeframes[timeframe], start, count)
        return list(self._must(rates, f"bars of {symbol} {timeframe}").tolist())

    def _bar(self, symbol: str, timeframe: str, row: Any) -> Bar:  # noqa: ANN401 - a row of the package's array
        time, open_, high, low, close, volume, spread, _ = row
        return Bar(
            symbol, timeframe, self.translate.utc(time * 1000), open_, high, low, close, float(volume), float(spread)
        )

    def _deals(self, since: int) -> Any:  # noqa: ANN401 - a tuple of the package's structures
        start = self.translate.server(since) if since else 0
        return self._must(self.mt5.history_deals_get(start, self._horizon()), "history_deals_get")

    def _horizon(self) -> int:
        """A moment surely after every deal: server clocks run ahead of UTC."""
        return min(2**31 - 1, self.translate.server(self.now()) + 7 * _DAY_S)

    def news(self, last_deal: int, since: int, watch: tuple[int, ...]) -> tuple[DealMade | OrderGone, ...]:
        """Return deals after the cursor and what became of watched orders that rest no more."""
        fresh = sorted((d for d in self._deals(since) if d.ticket > last_deal), key=lambda d: d.ticket)
        made = [DealMade(at=self.translate.utc(d.time_msc), deal=self.translate.deal(d)) for d in fresh]
        return (*made, *self._ended(watch))

    def _ended(self, watch: tuple[int, ...]) -> list[OrderGone]:
        gone = []
        for ticket in watch:
            resting = self._must(self.mt5.orders_get(ticket=ticket), "orders_get")
            if resting:
                continue
            for order in self._must(self.mt5.history_orders_get(ticket=ticket), "history_orders_get"):
                end: Any = _GONE_STATES.get(order.state)
                if end is not None:
                    at = self.translate.utc(order.time_done_msc)
                    gone.append(OrderGone(at=at, order=ticket, magic=order.magic, end=end))
        return gone


# --- the process ----------------------------------------------------------------------------------------------------


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill us when our parent goes (Linux), and leave if it has gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(0)


def watch_stdin() -> None:
    """End when our parent's end of stdin closes: works on every platform."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    os._exit(0)


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


def serve(line: socket.socket, worker: Worker) -> None:
    """Answer until the line ends."""
    while (body := receive(line)) is not None:
        line.sendall(framed(worker.answer(decode_ask(body))))


def main() -> None:
    """Dial back to the daemon and serve; the one-time token comes by stdin, so no process list shows it."""
    parser = argparse.ArgumentParser(prog="brokers.mt5.worker")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("lookalike", "metatrader5"), required=True)
    parser.add_argument("--parent", type=int, required=True)
    args = parser.parse_args()
    die_with_parent(args.parent)
    token = os.read(0, 64)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    threading.Thread(target=watch_stdin, daemon=True).start()
    package, control = package_of(args.kind)
    with socket.create_connection(("127.0.0.1", args.port), timeout=10) as line:
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(token)
        with contextlib.suppress(ConnectionError, msgspec.MsgspecError):
            serve(line, Worker(package, control))


if __name__ == "__main__":
    main()
