"""Where requests are worked: a live terminal, or, on paper, a simulated venue beside a live terminal's bars."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from brokers.costs import Costs
from brokers.facts import Answer, BarClosed, DealMade, OrderEnd, OrderGone, Reconciled
from brokers.mt5.session import Session
from brokers.requests import AnyRequest
from brokers.venue import Venue
from market.types import Account, Symbol
from runtime.core.plan import Plan
from runtime.core.state import Ledger
from runtime.follow import Follower, Told

News = tuple[DealMade | OrderGone, ...]

KEPT = 1000
"""Deals that a paper account keeps: more than a journal can have lost with its last rows."""


class LiveDesk(Protocol):
    """What the daemon needs of the place where its orders go."""

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Work one request once."""
        ...

    async def news(self, ledger: Ledger) -> News:
        """Tell what has become visible since the core last heard."""
        ...

    async def look(self, ledger: Ledger, ident: int, *, settled: bool) -> tuple[News, Reconciled]:
        """Tell all deals not heard yet, and then all that is held."""
        ...


def watched(ledger: Ledger) -> tuple[int, ...]:
    """Return the tickets of our resting entries, but for those that were told none yet."""
    ours = (o for o in ledger.orders.values() if o.verb == "entry" and o.state in {"WORKING", "PARTIAL"})
    return tuple(o.ticket for o in ours if o.ticket)


def doubted(ledger: Ledger) -> tuple[int, ...]:
    """Return the magic numbers of our entries of which nobody knows what became."""
    return tuple(o.magic for o in ledger.orders.values() if o.verb == "entry" and o.state in {"IN_DOUBT", "MISSING"})


class TerminalDesk:
    """Orders go to the terminal."""

    def __init__(self, session: Session) -> None:
        """Speak through a session."""
        self.session = session

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Send once; what goes wrong on the way is in doubt."""
        return await self.session.send(request, at)

    async def news(self, ledger: Ledger) -> News:
        """Ask for deals and ended orders."""
        told = await self.session.news(ledger.last_deal, ledger.last_deal_at, watched(ledger), ledger.heard)
        return told.news

    async def look(self, ledger: Ledger, ident: int, *, settled: bool) -> tuple[News, Reconciled]:
        """Read the venue; on the very first look its history is not ours to tell."""
        told = await self.session.look(
            ledger.last_deal, ledger.last_deal_at, watched(ledger), doubted(ledger), ledger.heard
        )
        found = Reconciled(
            at=told.at, id=ident, account=told.account, positions=told.positions, orders=told.orders,
            last_deal=told.last_deal, settled=settled, counted=told.still and (told.summed or settled),
        )  # fmt: skip
        return (told.news if ledger.known else ()), found


class PaperDesk:
    """Orders go to a simulated venue that follows the terminal's bars; its state survives restarts in one file."""

    def __init__(self, plan: Plan, costs: dict[str, Costs], balance: float, file: Path) -> None:
        """Take the venue up where its file left it, or open an account with `balance`."""
        self.file, self.account = file, Account(
            login=0, server="paper", currency=plan.currency, leverage=plan.leverage, hedging=plan.hedging, demo=True,
            trade_allowed=True, balance=balance, equity=balance,
        )  # fmt: skip
        feeds = {s.symbol: s.timeframe for s in reversed(plan.strategies)}
        if file.exists():
            opened, state = msgspec.msgpack.decode(file.read_bytes(), type=tuple[dict[str, Told], bytes])
            venue = Venue.restore(state)
            venue.live_by(plan.zone)
        else:
            opened = {}
            venue = Venue(
                plan.symbols,
                costs,
                currency=plan.currency,
                balance=balance,
                leverage=plan.leverage,
                at=0,
                hedging=plan.hedging,
                zone=plan.zone,
            )
            venue.news()
        self.follower = Follower(venue, feeds, {name: s.scale for name, s in plan.symbols.items()})
        self.follower.opened = opened
        self._save()

    @property
    def venue(self) -> Venue:
        """The simulated venue."""
        return self.follower.venue

    def trade_by(self, symbols: Iterable[Symbol]) -> None:
        """Trade by these contracts from now on, what is open too: a person took them, before a restart perhaps."""
        for symbol in symbols:
            self.follower.respecify(symbol)
        self._save()

    def forget(self, symbol: str) -> None:
        """Have a symbol's bars told anew."""
        self.follower.forget(symbol)

    def market(self, fact: BarClosed, *, ended: bool) -> None:
        """Let the venue follow one told bar."""
        if self.follower.market(fact, ended=ended):
            self._save()

    async def send(self, request: AnyRequest, at: int) -> Answer:  # noqa: ARG002 - the desk's shape
        """Fill in the venue."""
        answer = self.venue.send(request)
        self._save()
        return answer

    async def news(self, ledger: Ledger) -> News:  # noqa: ARG002 - the desk's shape
        """Tell what the venue did."""
        return tuple(self.venue.news())

    async def look(self, ledger: Ledger, ident: int, *, settled: bool) -> tuple[News, Reconciled]:
        """Read the venue; deals and ends of orders the core has not heard of are told again."""
        heard = ledger.last_deal if ledger.known else self.venue.deals[-1].ticket
        self.venue.news()
        deals = [DealMade(at=d.at, deal=d) for d in self.venue.deals if d.ticket > heard]
        news: News = (*deals, *self._gone(ledger))
        account = msgspec.structs.replace(self.account, balance=self.venue.balance, equity=self.venue.equity())
        found = Reconciled(
            at=self.venue.at, id=ident, account=account, positions=self.venue.positions(),
            orders=self.venue.orders(), last_deal=self.venue.deals[-1].ticket, settled=settled,
        )  # fmt: skip
        return news, found

    def _gone(self, ledger: Ledger) -> Iterator[OrderGone]:
        """Tell of our entries that rest no more: what the venue said of them may be lost with a journal's last rows."""
        resting = {order.ticket for order in self.venue.orders()}
        filled = {deal.order for deal in self.venue.deals}
        for order in ledger.orders.values():
            if order.ticket in watched(ledger) and order.ticket not in resting:
                end: OrderEnd = "filled" if order.ticket in filled else "cancelled"
                yield OrderGone(at=self.venue.at, order=order.ticket, magic=order.magic, end=end)

    def _save(self) -> None:
        self.venue.keep(KEPT)
        draft = self.file.with_suffix(".new")
        draft.write_bytes(msgspec.msgpack.encode((self.follower.opened, self.venue.snapshot())))
        draft.replace(self.file)
