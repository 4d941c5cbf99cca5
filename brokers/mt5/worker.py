"""The worker's verbs: what one terminal is asked, and the only place that may send it an order.

Blocking, one request at a time, from a fixed list of verbs; it sends nothing by itself, never sends anything twice, and
is the order gateway. `brokers/mt5/process.py` gives it a process of its own; tests call it where they are.
"""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from brokers.facts import Accepted, Answer, DealMade, InDoubt, OrderGone, Refused, Rejected
from brokers.limits import GATES
from brokers.mt5.contracts import contract_of
from brokers.mt5.frames import (
    AnyAsk,
    AnyTell,
    Connect,
    Connected,
    FeedCursor,
    History,
    Identity,
    Listed,
    Look,
    Looked,
    Lost,
    Past,
    Poll,
    Polled,
    Renew,
    Renewed,
    Send,
    Sent,
    SymbolInfos,
    Symbols,
)
from brokers.mt5.gateway import Gateway
from brokers.mt5.missing import explained
from brokers.mt5.orders import answer_of, at_market, mt5_request
from brokers.mt5.reader import Reader, StrangerError, TerminalLostError, adds_up
from brokers.mt5.retcodes import LOST
from brokers.mt5.seats import ORPHAN_S, Seats
from brokers.mt5.translator import Translator
from brokers.mt5.watch import Watch
from brokers.requests import AnyRequest
from market.types import TIMEFRAMES, Symbol

LOOKS = 3
"""How often a look begins anew where deals are made while it reads."""

INVALID = -2
"""`last_error` for arguments the package does not take."""
UNTAKEN = (TypeError, OverflowError, OSError)
"""Causes of a SystemError by which the package says that it cannot take an argument: nothing has left."""

NOT_STARTED = -10003
AUTH_FAILED = -6
"""`last_error` where the broker refuses login or password."""


class Worker:
    """The verbs of this process."""

    def __init__(
        self,
        package: Any,  # noqa: ANN401 - a module
        control: Any,  # noqa: ANN401 - a module, or None
        patience_s: float = ORPHAN_S,
        terminals: Path | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Begin unconnected, with the package and, in a replay, its control; wait so long for an older worker.

        `terminals` is where the locks of terminals are; None: nobody else is in reach of this one.
        """
        self.seats = Seats(patience_s, terminals)
        self.mt5 = package
        self.reader = Reader(package, control)
        self.watch = watch or Watch()
        self.gateway: Gateway | None = None
        self.infos: dict[str, Any] = {}
        self.ours = Identity(0, "", "")
        self.heard = -1

    def answer(self, ask: AnyAsk) -> AnyTell:
        """Answer one request; a terminal that does not answer is told as Lost."""
        self.watch.asked(anew=isinstance(ask, Connect) or (isinstance(ask, Poll) and bool(ask.feeds)))
        try:
            return self._answer(ask)
        finally:
            self.watch.answered()

    def _answer(self, ask: AnyAsk) -> AnyTell:
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
                case Symbols():
                    return self.symbols(ask)
                case Renew():
                    return Renewed(who=self.ours)
        except StrangerError as error:
            return Lost(who=error.who, code=0, reason=str(error))
        except TerminalLostError as error:
            code, text = self.last_error()
            reason = explained(str(error), code, text, self.reader.path)
            return Lost(code=code, reason=reason, fatal=error.fatal or code == AUTH_FAILED)

    def last_error(self) -> tuple[int, str]:
        """Return code and text of the last call; the text cannot be read where it tells a path that is not ASCII."""
        try:
            code, text = self.mt5.last_error()
        except UnicodeDecodeError:
            return NOT_STARTED, "the terminal cannot be started; its path has letters that the package cannot tell"
        return int(code), str(text)

    def connect(self, ask: Connect) -> AnyTell:
        """Initialize, log in, see who answers, select symbols, snapshot their contracts, and take the gate."""
        self.seats.take(ask)
        login = {"login": ask.login, "password": ask.password, "server": ask.server, "timeout": ask.timeout_ms}
        r = self.reader
        r.path = ask.path
        if not self.mt5.initialize(ask.path, **login):
            raise TerminalLostError("initialize failed")
        self.ours = Identity(ask.login, ask.server, ask.path)
        r.names, r.translate = ask.symbols, Translator(ask.zone, ask.symbols)
        found = r.who()
        if found != self.ours:
            raise StrangerError(found)
        for name, broker in ask.symbols.items():
            if not self.mt5.symbol_select(broker, True):  # noqa: FBT003 - positional only in the package
                lost = self.mt5.last_error()[0] in LOST
                raise TerminalLostError(f"the terminal has no symbol {broker}", fatal=not lost)
            self.infos[name] = r.must(self.mt5.symbol_info(broker), broker)
        symbols = self.contracts()
        account = r.account(self.ours)
        if ask.latch:
            self.seats.take_gate(Path(ask.latch))
            self.gateway = Gateway(Path(ask.latch), ask.limits, {s.name: s for s in symbols}, account.currency)
        return Connected(
            who=r.who(), at=r.now(), account=account, symbols=symbols, lockstep=bool(r.replay()["lockstep"]),
            forbidden=r.forbidden,
        )  # fmt: skip

    def _now(self) -> int:
        """Read every price; return the newest server time among them, and remember how they moved."""
        at = self.reader.now()
        for name, tick in self.reader.ticks.items():
            if tick is not None:
                moment = self.reader.translate.utc(tick.time_msc)
                self.watch.saw(name, moment)
                if self.gateway is not None:
                    self.gateway.saw(name, moment, tick.bid, tick.ask, at)
        return at

    def contracts(self) -> tuple[Symbol, ...]:
        """Return the contracts as read last."""
        return tuple(self.reader.translate.symbol(info) for info in self.infos.values())

    def close(self) -> None:
        """Let go of gate and terminal."""
        self.seats.close()
        if self.gateway is not None:
            self.gateway.close()

    def poll(self, ask: Poll) -> Polled:
        """Tell new deals, ended orders, closed bars and what changed of those told; who spoke is read last.

        The shorter bars are read first: where one has closed, the longer ones that closed with it are there as well.
        """
        r = self.reader
        state = r.replay(ask.done)
        news: tuple[DealMade | OrderGone, ...] = ()
        if state["news"] != self.heard or state["news"] < 0:  # a replay counts them; a real terminal is always asked
            news = r.news(ask)
            self.heard = state["news"]
        feeds = sorted(ask.feeds, key=lambda feed: TIMEFRAMES[feed.timeframe])
        rows = [(feed, r.since(feed)) for feed in feeds]
        at = self._now()
        told = [(feed, None if found is None else r.closed(feed, found, ended=state["ended"])) for feed, found in rows]
        return Polled(
            at=at, news=news, ended=state["ended"],
            bars=tuple(closed for _, bars in told for closed in bars or ()),
            revised=tuple(bar for feed, found in rows if found is not None for bar in r.revised(feed, found)),
            moved=any(r.moved(feed, found) for feed, found in rows if found),
            late=tuple((feed.symbol, feed.timeframe) for feed, bars in told if bars is None),
            ticks={name: r.translate.utc(tick.time_msc) for name, tick in r.ticks.items() if tick is not None},
            quotes={name: (tick.bid, tick.ask) for name, tick in r.ticks.items() if tick is not None},
            who=r.who(), forbidden=r.forbidden, worth=r.worth,
        )  # fmt: skip

    def past(self, ask: Past) -> History:
        """Give closed bars from history, as many as were asked for or as the terminal shows in a chart."""
        r = self.reader
        count = min(ask.count, r.must(self.mt5.terminal_info(), "terminal_info").maxbars - 1)  # of more it gives none
        rows = r.rates(ask.symbol, ask.timeframe, count + 1)
        closed = rows if r.replay()["ended"] else rows[:-1]
        feed = FeedCursor(ask.symbol, ask.timeframe, 0)
        bars = r.finished(feed, closed[-count:]) if count else ()
        return History(bars=bars, whole=len(rows) > count, who=r.who())

    def symbols(self, ask: Symbols) -> SymbolInfos:
        """Name the terminal's symbols; none of them is selected for it."""
        r, group = self.reader, {"group": ask.group} if ask.group else {}
        infos = r.must(self.mt5.symbols_get(**group), "symbols_get")
        listed = tuple(Listed(contract_of(i, i.name, r.translate.utc), i.description, i.path) for i in infos)
        return SymbolInfos(who=r.who(), symbols=listed)

    def send(self, ask: Send) -> Sent:
        """Check at the gate, mark, send once, and say what the terminal said: result and last_error together.

        Where the terminal is lost, it is so before anything was sent: nothing raises after `order_send`.
        """
        request, gate, r = ask.request, self.gateway, self.reader
        if gate is None:
            raise TerminalLostError("not connected as a gateway")
        who = r.who()
        if who != self.ours:
            why = f"the terminal is logged in as {who.login} on {who.server}: nothing was sent"
            return Sent(who=who, answer=Refused(at=0, id=request.id, code=1 + GATES.index("session"), reason=why))
        gate.mark(request.id)
        try:
            answer = self._sent(request, gate)
        finally:
            gate.mark(0)
        return self._witnessed(answer, who)

    def _sent(self, request: AnyRequest, gate: Gateway) -> Answer:
        r = self.reader
        broker = r.names.get(request.symbol, request.symbol)
        tick = self.mt5.symbol_info_tick(broker)
        if tick is None:
            why = f"no tick of {broker}: nothing was sent"
            return Refused(at=0, id=request.id, code=1 + GATES.index("no price"), reason=why)
        symbol, at = request.symbol, r.translate.utc(tick.time_msc)
        price = gate.tick(symbol, at, tick.bid, tick.ask, self.watch.age_s(symbol, at), r.last(symbol))
        refused = gate.check(request, price, self.watch.silent_s)
        if refused is not None:
            return refused
        request = at_market(request, tick.bid, tick.ask)
        order = mt5_request(self.mt5, request, broker, gate.symbols[request.symbol], r.translate)
        try:
            result = self.mt5.order_send(order)
        except SystemError as error:  # the package's own word for a field it cannot take, or an answer it cannot tell
            why = f"{error}: {error.__cause__}"
            if isinstance(error.__cause__, UNTAKEN):
                return Rejected(at=at, id=request.id, code=INVALID, reason=why)
            return InDoubt(at=at, id=request.id, code=0, reason=why)
        answer = answer_of(request.id, at, result, self.last_error())
        return replace(answer, bid=tick.bid, ask=tick.ask) if isinstance(answer, Accepted) else answer

    def _witnessed(self, answer: Answer, before: Identity) -> Sent:
        """Say once more who this is: an order whose account nobody can swear to is in doubt, unless it was refused."""
        try:
            after = self.reader.who()
        except TerminalLostError as error:
            after, why = before, f"after it was sent: {error}"
        else:
            why = "" if after == before else f"the account was switched to {after.login} while it was sent"
        if why and isinstance(answer, Accepted):
            answer = InDoubt(at=answer.at, id=answer.id, code=0, reason=why)
        return Sent(who=after, answer=answer)

    def look(self, ask: Look) -> Looked:
        """Read account, positions, orders and every deal; None is a failure, never flat.

        Reading takes several calls: it begins anew where a deal was made in between.
        """
        r = self.reader
        for _ in range(LOOKS):
            at = self._now()
            news = r.news(ask)
            positions = r.must(self.mt5.positions_get(), "positions_get")
            orders = r.must(self.mt5.orders_get(), "orders_get")
            account = r.account(self.ours)
            after = {d.ticket for d in r.fresh(ask)}
            told = {n.deal.ticket for n in news if isinstance(n, DealMade)}
            news = (*news, *r.ended(ask.doubts, ask.last_deal_at))
            if still := after <= told:
                break
        first = not ask.last_deal_at
        for name, broker in r.names.items():
            self.infos[name] = r.must(self.mt5.symbol_info(broker), broker)
        symbols = self.contracts()
        if self.gateway is not None:
            self.gateway.symbols = {symbol.name: symbol for symbol in symbols}
        return Looked(
            at=at, account=account, positions=tuple(r.translate.position(p) for p in positions),
            orders=tuple(r.translate.order(o) for o in orders), news=news, last_deal=max(after, default=ask.last_deal),
            symbols=symbols, still=still, summed=first and adds_up(news, account.balance),
            magics=r.past_magics() if first else (), who=r.who(),
        )  # fmt: skip
