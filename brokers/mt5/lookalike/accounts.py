"""One account of the trade server: its venue, and the history a terminal shows beside the venue's."""

import copy

from collections.abc import Mapping
from typing import Any, Self

from brokers.facts import Accepted
from brokers.fillrules import filling_of
from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.events import Flowed
from brokers.mt5.lookalike.history import History
from brokers.mt5.lookalike.record import Answered, Asked, Output
from brokers.mt5.lookalike.requests import FILLINGS, expiry_of, port_request, refused, result
from brokers.mt5.lookalike.rows import OrderRecord
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.mt5.lookalike.structs import TradeRequest
from brokers.requests import AnyRequest, StopRequest
from brokers.venue import Venue
from market.types import Order, Position, Symbol

_DEALING = {c.TRADE_ACTION_DEAL, c.TRADE_ACTION_PENDING}


class AccountDesk:
    """An account with all its past."""

    __slots__ = ("history", "requests", "series", "setup", "venue")

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
            stop_out=setup.stop_out,
            hedging=setup.margin_mode == "hedging",
            limit_orders=setup.limit_orders,
            visible_after_ms=setup.visible_after_ms,
            seed=setup.seed,
            stop_out_money=setup.stop_out_money,
            margin_call=setup.margin_call,
        )
        self.requests = 0
        self.history = History(setup.login)

    @property
    def deals(self) -> list[list[Any]]:
        """All TradeDeals, in the order in which they were made."""
        return self.history.deals

    @property
    def past(self) -> list[OrderRecord]:
        """All orders that have ended, in the order of their ends."""
        return self.history.past

    @property
    def resting(self) -> dict[int, OrderRecord]:
        """Orders that rest, by ticket."""
        return self.history.resting

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
        still.venue, still.history = Venue.restore(self.venue.snapshot()), self.history.frozen()
        return still

    # --- the market and the broker ----------------------------------------------------------------------------------

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
        self.venue.flow(event.flow or "balance", event.amount, event.comment)

    def respecify(self, symbol: Symbol) -> None:
        """Trade a symbol by another contract from now on."""
        self.venue.respecify(symbol)

    def collect(self, asked: Asked | None = None) -> list[Output]:
        """Take the venue's news into the history, and return it for the record; `asked` is what they came of."""
        if asked is not None or self.history.resting:
            self.history.rest(self.venue.orders(), asked)
        return self.history.add(self.venue.news(), asked)

    # --- requests ---------------------------------------------------------------------------------------------------

    def work(self, what: Asked) -> tuple[list[Any], list[Output]]:
        """Work a request, in the order of TradeRequest; returns its result and what is to be recorded."""
        self.requests += 1
        r: Any = TradeRequest(what.request)
        request = what.refused or self._translated(r, self.venue)
        if not isinstance(request, int) and not self.series[request.symbol].is_open(what.at):
            request = c.TRADE_RETCODE_MARKET_CLOSED
        said = refused(request, self.requests) if isinstance(request, int) else self._send(request, r, what.share)
        told = self.collect(what)
        code, deal, order, volume, price = said[:5]
        told.append(Answered(login=self.setup.login, retcode=code, deal=deal, order=order, volume=volume, price=price))
        return said, told

    def _send(self, request: AnyRequest, r: Any, share: float) -> list[Any]:  # noqa: ANN401 - a TradeRequest
        """Have the venue work a request, of which the market has only a share where that is not 1.0."""
        series = self.series[request.symbol]
        scarce = share < 1.0 and r.action == c.TRADE_ACTION_DEAL
        if scarce:
            symbol = series.setup.symbol
            self.venue.offer(request.symbol, symbol.lots(r.volume * share) or symbol.volume_min)
        answer = self.venue.send(request)
        if scarce:
            self.venue.offer(request.symbol, series.setup.costs.depth)
        if isinstance(request, StopRequest) and isinstance(answer, Accepted):
            held = self._position(self.venue, request.position)
            self.history.touched(held.ident if held is not None else 0, self.venue.at)
        asked = r.volume if r.action == c.TRADE_ACTION_DEAL else 0.0
        return result(answer, self.requests, series.bid, series.ask, asked)

    def _translated(self, r: Any, venue: Venue) -> AnyRequest | int:  # noqa: ANN401 - a TradeRequest
        if r.action in _DEALING and r.symbol not in self.series:
            return c.TRADE_RETCODE_INVALID
        position = self._position(venue, r.position) if r.position else None
        order = next((o for o in venue.orders() if o.ticket == r.order), None) if r.order else None
        return self._unoffered(r, position, order) or port_request(r, self.requests, venue.at, position, order)

    def _unoffered(self, r: Any, position: Position | None, order: Order | None) -> int:  # noqa: ANN401 - a TradeRequest
        """Return why a filling or a lifetime is refused before the venue looks, 0 where it is offered."""
        if r.action == c.TRADE_ACTION_DEAL and position is not None and r.symbol == position.symbol:
            filling = FILLINGS.get(r.type_filling)
            if filling is None or filling_of(self.series[r.symbol].setup.symbol, "market", filling) is None:
                return c.TRADE_RETCODE_INVALID_FILL
        if r.action == c.TRADE_ACTION_PENDING or (r.action == c.TRADE_ACTION_MODIFY and order is not None):
            symbol = self.series[order.symbol if order is not None else r.symbol].setup.symbol
            if expiry_of(r, self.venue.at) < 0 or not symbol.expiration_mask & 1 << r.type_time:
                return c.TRADE_RETCODE_INVALID_EXPIRATION
        return 0

    def _position(self, venue: Venue, ticket: int) -> Position | None:
        """Return the position a request names; one that was turned round is known by its first ticket, too."""
        return next((p for p in venue.positions() if ticket in {p.ticket, p.ident}), None)

    def check(self, fields: list[Any]) -> tuple[int, Venue]:
        """Work a request on a copy of the account; returns its retcode and the copy."""
        trial = self.venue.trial()
        request = self._translated(TradeRequest(fields), trial)
        code = request if isinstance(request, int) else result(trial.send(request), 0, 0.0, 0.0, 0.0)[0]
        return (0 if code == c.TRADE_RETCODE_DONE else code), trial
