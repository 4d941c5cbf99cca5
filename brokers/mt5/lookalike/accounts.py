"""One account of the trade server: its venue, and the history of orders a terminal shows beside the venue's deals."""

import copy

from collections.abc import Mapping
from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.record import Answered, Dealt, Gone, Output
from brokers.mt5.lookalike.requests import expiry_of, port_request, refused, result
from brokers.mt5.lookalike.rows import REASONS, OrderRecord, deal_row
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.mt5.lookalike.structs import TradeRequest
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

    def work(self, fields: list[Any]) -> tuple[list[Any], list[Output]]:
        """Work a request, in the order of TradeRequest; returns its result and what is to be recorded."""
        self.requests += 1
        r: Any = TradeRequest(fields)
        request = self._translated(r, self.venue)
        if isinstance(request, int):
            said = refused(request, self.requests)
        else:
            series = self.series[request.symbol]
            said = result(self.venue.send(request), self.requests, series.bid, series.ask)
        if said[0] == c.TRADE_RETCODE_DONE and r.action == c.TRADE_ACTION_PENDING:
            self._placed(r, said[2])
        told = self.collect(r)
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

    def collect(self, request: Any = None) -> list[Output]:  # noqa: ANN401 - a TradeRequest, where one was worked
        """Take the venue's news into the history, and return it for the record."""
        told: list[Output] = []
        for fact in self.venue.news():
            match fact:
                case DealMade():
                    told.append(self._deal(fact.deal, request))
                case OrderGone():
                    told.append(self._gone(fact))
        return told

    def _deal(self, deal: Deal, request: Any) -> Output:  # noqa: ANN401 - a TradeRequest
        self.deals.append(deal_row(deal))
        self.dealt_at.append(deal.at // 1000)
        self._told = cents(self._told + deal.money)
        if deal.order in self.resting:
            self.resting[deal.order].position = deal.position
        elif deal.order:
            self.past.append(self._market_order(deal, request))
        return Dealt(login=self.setup.login, deal=deal, balance=self._told)

    def _market_order(self, deal: Deal, request: Any) -> OrderRecord:  # noqa: ANN401 - a TradeRequest
        asked = request is not None and deal.reason == "expert"
        return OrderRecord(
            ticket=deal.order,
            at=deal.at,
            done=deal.at,
            kind=c.ORDER_TYPE_BUY if deal.side > 0 else c.ORDER_TYPE_SELL,
            state=c.ORDER_STATE_FILLED,
            symbol=deal.symbol,
            volume=deal.volume,
            price=request.price if asked else deal.price,
            stop=request.sl if asked else 0.0,
            target=request.tp if asked else 0.0,
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
