"""One account of the trade server: its venue, and the history of orders a terminal shows beside the venue's deals."""

import copy

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.events import Flowed
from brokers.mt5.lookalike.record import Answered, Asked, Dealt, Gone, Output
from brokers.mt5.lookalike.requests import comment_of, expiry_of, port_request, refused, result
from brokers.mt5.lookalike.rows import REASONS, OrderRecord, deal_row
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.mt5.lookalike.structs import TradeRequest, names_of
from brokers.port import AnyRequest, DealMade, OrderGone
from brokers.venue import Venue
from market.money import cents
from market.types import Deal

_STATES = {
    "filled": c.ORDER_STATE_FILLED,
    "cancelled": c.ORDER_STATE_CANCELED,
    "expired": c.ORDER_STATE_EXPIRED,
    "rejected": c.ORDER_STATE_REJECTED,
}
_VOLUME = names_of(TradeRequest).index("volume")


class AccountDesk:
    """An account with all its past; `deals` and `past` are in the order in which they were made."""

    __slots__ = ("_told", "deals", "dealt_at", "past", "requests", "resting", "series", "setup", "venue")

    def __init__(self, setup: AccountSetup, series: Mapping[str, Series], at: int, first_ticket: int) -> None:
        """Open the account at the server's clock `at`; the deposit is its first deal."""
        self.setup = setup
        self.series = series
        self.venue = Venue(
            {name: s.setup.symbol for name, s in series.items()},
            {name: s.setup.costs for name, s in series.items()},
            currency=setup.currency,
            balance=setup.balance,
            leverage=setup.leverage,
            first_ticket=first_ticket,
            at=at,
        )
        self.requests = 0
        self.deals: list[list[Any]] = []
        self.dealt_at: list[int] = []
        self.resting: dict[int, OrderRecord] = {}
        self.past: list[OrderRecord] = []
        self._told = 0.0

    @property
    def news(self) -> int:
        """How many deals and ended orders there are: a reader that has seen as many need not ask for them."""
        return len(self.deals) + len(self.past)

    def trades(self, symbol: str) -> bool:
        """Tell whether anything of a symbol is open or rests."""
        symbols = {p.symbol for p in self.venue.positions()} | {o.symbol for o in self.venue.orders()}
        return symbol in symbols

    def frozen(self) -> Self:
        """Return the account as it is now; it does not change with this one."""
        still = copy.copy(self)
        still.venue = Venue.restore(self.venue.snapshot())
        still.deals, still.dealt_at = list(self.deals), list(self.dealt_at)
        still.past = [msgspec.structs.replace(order) for order in self.past]
        still.resting = {ticket: msgspec.structs.replace(order) for ticket, order in self.resting.items()}
        return still

    def moved(self, s: Series) -> None:
        """Take note that a symbol's prices have moved."""
        if s.tape is not None and not s.played:
            self.venue.tick(s.name, s.at, s.bid, s.ask)
        elif s.tape is None and s.played:
            self.venue.play_bar(s.name, s.at, *s.extremes)
        elif s.tape is None:
            self.venue.open_bar(s.name, s.at, s.open_price, s.spread)

    def flow(self, event: Flowed) -> None:
        """Let money come or go."""
        self.venue.deposit(event.amount, event.comment)

    def work(self, what: Asked) -> tuple[list[Any], list[Output]]:
        """Work a request, in the order of TradeRequest; returns its result and what is to be recorded."""
        self.requests += 1
        r: Any = TradeRequest(what.request)
        part = what.share < 1.0 and r.action == c.TRADE_ACTION_DEAL and r.symbol in self.series
        if part:
            spec = self.series[r.symbol].setup.symbol
            volume = spec.lots(r.volume * what.share) or spec.volume_min
            r = TradeRequest([*what.request[:_VOLUME], min(volume, r.volume), *what.request[_VOLUME + 1 :]])
        request = what.refused or self._translated(r, self.venue)
        if not isinstance(request, int) and not self.series[request.symbol].is_open(what.at):
            request = c.TRADE_RETCODE_MARKET_CLOSED
        if isinstance(request, int):
            said = refused(request, self.requests)
        else:
            series = self.series[request.symbol]
            said = result(self.venue.send(request), self.requests, series.bid, series.ask)
        if said[0] == c.TRADE_RETCODE_DONE and r.action == c.TRADE_ACTION_PENDING:
            self._placed(r, said[2])
        if said[0] == c.TRADE_RETCODE_DONE and part and r.volume < what.request[_VOLUME]:
            said = [c.TRADE_RETCODE_DONE_PARTIAL, *said[1:7], comment_of(c.TRADE_RETCODE_DONE_PARTIAL), *said[8:]]
        told = self.collect(what)
        code, deal, order, volume, price = said[:5]
        told.append(Answered(login=self.setup.login, retcode=code, deal=deal, order=order, volume=volume, price=price))
        return said, told

    def _translated(self, r: Any, venue: Venue) -> AnyRequest | int:  # noqa: ANN401 - a TradeRequest
        if r.action in {c.TRADE_ACTION_DEAL, c.TRADE_ACTION_PENDING} and r.symbol not in self.series:
            return c.TRADE_RETCODE_INVALID
        position = next((p for p in venue.positions() if p.ticket == r.position), None) if r.position else None
        order = next((o for o in venue.orders() if o.ticket == r.order), None) if r.order else None
        return port_request(r, self.requests, venue.at, position, order)

    def check(self, fields: list[Any]) -> tuple[int, Venue]:
        """Work a request on a copy of the account; returns its retcode and the copy."""
        trial = copy.deepcopy(self.venue, {id(self.venue.deals): []})
        request = self._translated(TradeRequest(fields), trial)
        code = request if isinstance(request, int) else result(trial.send(request), 0, 0.0, 0.0)[0]
        return (0 if code == c.TRADE_RETCODE_DONE else code), trial

    def _placed(self, r: Any, ticket: int) -> None:  # noqa: ANN401 - a TradeRequest
        order = next(o for o in self.venue.orders() if o.ticket == ticket)
        self.resting[ticket] = OrderRecord(
            ticket=ticket,
            at=order.at,
            kind=r.type,
            symbol=order.symbol,
            volume=order.volume,
            left=order.volume,
            price=order.price,
            stop=order.stop,
            target=order.target,
            expiry=expiry_of(r, order.at),
            lifetime=r.type_time,
            filling=r.type_filling,
            magic=order.magic,
            comment=order.comment,
        )

    # --- what the venue tells ---------------------------------------------------------------------------------------

    def collect(self, asked: Asked | None = None) -> list[Output]:
        """Take the venue's news into the history, and return it for the record; `asked` is what they came of."""
        told: list[Output] = []
        for fact in self.venue.news():
            match fact:
                case DealMade(deal=deal):
                    by = asked.by if asked is not None and deal.reason == "expert" else deal.reason
                    told.append(self._deal(msgspec.structs.replace(deal, reason=by), asked))
                case OrderGone():
                    told.append(self._gone(fact))
        return told

    def _deal(self, deal: Deal, asked: Asked | None) -> Output:
        self.deals.append(deal_row(deal))
        self.dealt_at.append(deal.at // 1000)
        self._told = cents(self._told + deal.money)
        if deal.order in self.resting:
            self.resting[deal.order].position = deal.position
        elif deal.order:
            self.past.append(self._market_order(deal, asked))
        return Dealt(login=self.setup.login, deal=deal, balance=self._told)

    def _market_order(self, deal: Deal, asked: Asked | None) -> OrderRecord:
        r: Any = TradeRequest(asked.request) if asked is not None and deal.reason == asked.by else None
        volume = deal.volume if r is None else r.volume
        return OrderRecord(
            ticket=deal.order,
            at=deal.at,
            done=deal.at,
            kind=c.ORDER_TYPE_BUY if deal.side > 0 else c.ORDER_TYPE_SELL,
            state=c.ORDER_STATE_FILLED if volume == deal.volume else c.ORDER_STATE_PARTIAL,
            symbol=deal.symbol,
            volume=volume,
            left=volume - deal.volume,
            price=deal.price if r is None else r.price,
            stop=0.0 if r is None else r.sl,
            target=0.0 if r is None else r.tp,
            magic=deal.magic,
            position=deal.position,
            reason=REASONS[deal.reason],
            comment=deal.comment,
        )

    def _gone(self, fact: OrderGone) -> Output:
        order = self.resting.pop(fact.order)
        order.state, order.done = _STATES[fact.end], fact.at
        if fact.end == "filled":
            order.left = 0.0
        self.past.append(order)
        return Gone(login=self.setup.login, at=fact.at, order=fact.order, end=fact.end)
