"""The history of one account as a terminal shows it beside the venue's: orders that rest, orders past, deals, hands.

The venue tells deals and ends of orders; what it does not keep (who asked, how an order was asked for, when a position
last changed) is kept here.
"""

from collections.abc import Iterable
from typing import Any, Self

import msgspec

from brokers.facts import DealMade, OrderGone
from brokers.holdings import lots
from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.record import Asked, Dealt, Gone, Output
from brokers.mt5.lookalike.requests import KIND_NUMBERS, expiry_of
from brokers.mt5.lookalike.rows import FILLINGS, REASONS, OrderRecord, deal_row
from brokers.mt5.lookalike.structs import TradeRequest
from market.money import cents
from market.types import Deal, DealReason, Order, Position

_STATES = {
    "filled": c.ORDER_STATE_FILLED,
    "cancelled": c.ORDER_STATE_CANCELED,
    "expired": c.ORDER_STATE_EXPIRED,
    "rejected": c.ORDER_STATE_REJECTED,
}


class Story(msgspec.Struct):
    """What a terminal knows of a position beside the position itself."""

    reason: DealReason
    updated: int
    """When it last changed, on the server's clock."""


class History:
    """All the past of an account; `deals` and `past` are in the order in which they were made."""

    __slots__ = ("_told", "deals", "dealt_at", "ended_at", "login", "past", "resting", "stories")

    def __init__(self, login: int) -> None:
        """Begin without a past."""
        self.login = login
        self.deals: list[list[Any]] = []
        self.dealt_at: list[int] = []
        self.past: list[OrderRecord] = []
        self.ended_at: list[int] = []
        self.resting: dict[int, OrderRecord] = {}
        self.stories: dict[int, Story] = {}
        self._told = 0.0

    def frozen(self) -> Self:
        """Return the history as it is now; it does not change with this one."""
        still = type(self)(self.login)
        still.deals, still.dealt_at, still.ended_at = list(self.deals), list(self.dealt_at), list(self.ended_at)
        still.past = list(self.past)
        still.resting = {ticket: msgspec.structs.replace(order) for ticket, order in self.resting.items()}
        still.stories = {ident: msgspec.structs.replace(story) for ident, story in self.stories.items()}
        still._told = self._told  # noqa: SLF001 - its own
        return still

    def rest(self, orders: Iterable[Order], asked: Asked | None) -> None:
        """Take note of the orders that rest now; a new one is what was asked for."""
        for order in orders:
            known = self.resting.get(order.ticket)
            if known is None:
                known = self.resting[order.ticket] = _placed(order, asked)
            known.left, known.price, known.stoplimit = order.volume, order.price, order.limit
            known.stop, known.target, known.expiry = order.stop, order.target, order.expiry
            known.kind = KIND_NUMBERS[order.kind, order.side]
            known.state = c.ORDER_STATE_PARTIAL if order.filled > 0.0 else c.ORDER_STATE_PLACED

    def story(self, position: Position) -> Story:
        """Return what is known of a position; of one whose deals do not show yet little is."""
        return self.stories.get(position.ident) or Story("expert", position.at)

    def touched(self, position: int, at: int) -> None:
        """Take note that a position's stop or target was set."""
        if position in self.stories:
            self.stories[position].updated = at

    def add(self, news: Iterable[DealMade | OrderGone], asked: Asked | None) -> list[Output]:
        """Take the venue's news in, and return it for the record; `asked` is what they came of."""
        told: list[Output] = []
        for fact in news:
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
        if deal.position:
            story = self.stories.setdefault(deal.position, Story(deal.reason, deal.at))
            story.updated = deal.at
        if deal.order in self.resting:
            order = self.resting[deal.order]
            order.position, order.dealt = deal.position, lots(order.dealt + deal.volume)
        elif deal.order:
            self._end(_market_order(deal, asked))
        return Dealt(login=self.login, deal=deal, balance=self._told)

    def _gone(self, fact: OrderGone) -> Output:
        order = self.resting.pop(fact.order)
        order.state, order.done = _STATES[fact.end], fact.at
        order.comment = fact.comment or order.comment
        order.left = 0.0 if fact.end == "filled" else lots(order.volume - order.dealt)
        self._end(order)
        return Gone(login=self.login, at=fact.at, order=fact.order, end=fact.end)

    def _end(self, order: OrderRecord) -> None:
        self.past.append(order)
        self.ended_at.append(order.done // 1000)


def _placed(order: Order, asked: Asked | None) -> OrderRecord:
    r: Any = TradeRequest(asked.request) if asked is not None else None
    return OrderRecord(
        ticket=order.ticket,
        at=order.at,
        kind=KIND_NUMBERS[order.kind, order.side],
        symbol=order.symbol,
        volume=order.volume + order.filled,
        price=order.price,
        expiry=order.expiry if r is None else max(0, expiry_of(r, order.at)),
        lifetime=c.ORDER_TIME_GTC if r is None else r.type_time,
        filling=FILLINGS[order.filling],
        magic=order.magic,
        reason=REASONS["expert" if asked is None else asked.by],
        comment=order.comment,
    )


def _market_order(deal: Deal, asked: Asked | None) -> OrderRecord:
    r: Any = TradeRequest(asked.request) if asked is not None and deal.reason == asked.by else None
    deals = r is not None and r.action == c.TRADE_ACTION_DEAL
    volume = r.volume if deals else deal.volume
    kind = c.ORDER_TYPE_BUY if deal.side > 0 else c.ORDER_TYPE_SELL
    return OrderRecord(
        ticket=deal.order,
        at=deal.at,
        done=deal.at,
        kind=c.ORDER_TYPE_CLOSE_BY if deal.entry == "out_by" else kind,
        state=c.ORDER_STATE_FILLED if volume == deal.volume else c.ORDER_STATE_PARTIAL,
        symbol=deal.symbol,
        volume=volume,
        left=lots(volume - deal.volume),
        price=r.price if deals else deal.price,
        stop=r.sl if deals else 0.0,
        target=r.tp if deals else 0.0,
        filling=r.type_filling if deals else c.ORDER_FILLING_IOC,
        magic=deal.magic,
        position=deal.position,
        by=r.position_by if deal.entry == "out_by" and r is not None else 0,
        reason=REASONS[deal.reason],
        comment=deal.comment,
    )
