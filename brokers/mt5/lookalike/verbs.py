"""The verbs a connection may use: each reads the exchange, or gives it an input, and returns what the package shows."""

import hmac

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from brokers.book import mode_of
from brokers.fills import margin, profit
from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike import rows
from brokers.mt5.lookalike.client import NOT_FOUND, Failed
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.requests import comment_of
from brokers.mt5.lookalike.rows import OrderRecord
from brokers.mt5.lookalike.selection import chosen, in_group
from brokers.mt5.lookalike.series import Series
from market.money import cents

FRAMES: dict[int, str] = {
    getattr(c, name): name.removeprefix("TIMEFRAME_") for name in vars(c) if name.startswith("TIMEFRAME_")
}
_INVALID = (-2, "Terminal: Invalid params")
_UNKNOWN = (-6, "Terminal: Authorization failed")
_CALL_FAILED = (-1, "Terminal: Call failed")
_DEAL_ORDER, _DEAL_POSITION, _DEAL_SYMBOL = 1, 7, 15


class Verbs:
    """What one folder's server answers; `table` is the fixed list of verbs."""

    __slots__ = ("folder", "table", "token", "x")

    def __init__(self, exchange: Exchange, folder: str, token: str) -> None:
        self.x = exchange
        self.folder = folder
        self.token = token
        names = (name for name in vars(type(self)) if not name.startswith("_") and name not in self.__slots__)
        self.table: dict[str, Callable[..., Any]] = {name: getattr(self, name) for name in names}

    # --- the line ---------------------------------------------------------------------------------------------------

    def hello(self, token: str) -> bool:
        """Let a connection in that knows the server's token."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise Failed(*_UNKNOWN)
        return True

    def login(self, login: int, password: str | None, server: str | None) -> bool:
        """Log the terminal in; without password or server those it has saved are taken."""
        account = self.x.accounts.get(login)
        if account is None or not account.setup.admits(password, server):
            raise Failed(*_UNKNOWN)
        self.x.log_in(login)
        return True

    def version(self) -> list[Any]:
        """Return the terminal's version."""
        return rows.VERSION

    def terminal(self) -> list[Any]:
        """Return a TerminalInfo."""
        return rows.terminal_row(self.folder, self.x.setup.company)

    def account(self) -> list[Any]:
        """Return an AccountInfo."""
        account = self.x.account
        return rows.account_row(account.setup, account.venue, self.x.setup.company)

    # --- the clock, outside the package's surface -------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Tell where the clock stands."""
        r = self.x.replay
        told = {"at": r.at, "ended": r.ended, "index": r.index, "total": r.total, "lockstep": self.x.setup.lockstep}
        return {**told, "news": self.x.news}

    def done(self, at: int) -> dict[str, Any]:
        """Take note that a tick is done with."""
        self.x.done(at)
        return {"ended": self.x.replay.ended, "at": self.x.replay.at, "news": self.x.news}

    # --- prices -----------------------------------------------------------------------------------------------------

    def _series(self, symbol: str) -> Series:
        series = self.x.series.get(symbol)
        if series is None:
            raise Failed(*NOT_FOUND)
        return series

    def _symbol(self, series: Series) -> list[Any]:
        return rows.symbol_row(series, self.x.account.setup.currency, selected=series.name in self.x.selected)

    def symbols_total(self) -> int:
        """Return the number of symbols."""
        return len(self.x.series)

    def symbols(self, group: str | None) -> list[Any]:
        """Return SymbolInfos of a group."""
        return [self._symbol(s) for s in self.x.series.values() if in_group(s.name, group)]

    def symbol(self, symbol: str) -> list[Any]:
        """Return a SymbolInfo."""
        return self._symbol(self._series(symbol))

    def tick(self, symbol: str) -> list[Any]:
        """Return a Tick; a symbol outside the market watch has none."""
        if symbol not in self.x.selected:
            raise Failed(*NOT_FOUND)
        return rows.tick_row(self.x.series[symbol])

    def select(self, symbol: str, on: bool) -> bool:  # noqa: FBT001 - it comes off the wire
        """Select a symbol or not; one that is traded stays."""
        self._series(symbol)
        if not on and any(row[16] == symbol for row in self.positions("all", None)):
            raise Failed(*_CALL_FAILED)
        self.x.select(symbol, on=on)
        return True

    def _framed(self, symbol: str, frame: int) -> Series:
        series = self._series(symbol)
        if frame not in FRAMES:
            raise Failed(*_INVALID)
        if FRAMES[frame] != series.setup.timeframe:
            raise Failed(*NOT_FOUND)
        return series

    def rates_from_pos(self, symbol: str, frame: int, start: int, count: int) -> bytes:
        """Return packed bars counted back from the current one."""
        series = self._framed(symbol, frame)
        if start < 0 or count <= 0:
            raise Failed(*_INVALID)
        last = series.index - start
        if last < 0:
            raise Failed(*_CALL_FAILED)
        return series.rates(last - count + 1, last)

    def rates_from(self, symbol: str, frame: int, date: int, count: int) -> bytes:
        """Return packed bars counted back from a date."""
        series = self._framed(symbol, frame)
        if count <= 0:
            raise Failed(*_INVALID)
        last = series.before(date)
        return series.rates(last - count + 1, last)

    def rates_range(self, symbol: str, frame: int, date_from: int, date_to: int) -> bytes:
        """Return packed bars that opened between two dates, both included."""
        series = self._framed(symbol, frame)
        return series.rates(series.since(date_from), series.before(date_to))

    # --- trades -----------------------------------------------------------------------------------------------------

    def positions_total(self) -> int:
        """Return the number of open positions."""
        return len(self.x.account.venue.positions())

    def positions(self, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
        """Return TradePositions by ticket, symbol or group."""
        open_now = self.x.account.venue.positions()
        wanted = (p for p in open_now if chosen(by, value, p.ticket, p.symbol))
        return [rows.position_row(p, self.x.series[p.symbol]) for p in wanted]

    def orders_total(self) -> int:
        """Return the number of resting orders."""
        return len(self.x.account.resting)

    def orders(self, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
        """Return resting TradeOrders by ticket, symbol or group."""
        return self._order_rows(o for o in self.x.account.resting.values() if chosen(by, value, o.ticket, o.symbol))

    def _order_rows(self, orders: Iterable[OrderRecord]) -> list[Any]:
        shown = []
        for o in orders:
            series = self.x.series[o.symbol]
            shown.append(o.row(series.ask if o.kind % 2 == c.ORDER_TYPE_BUY else series.bid))
        return shown

    def history_orders(self, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
        """Return past TradeOrders by dates of their end, ticket or position."""
        past = self.x.account.past
        if by == "dates":
            first, last, group = value
            return self._order_rows(o for o in past if first <= o.done // 1000 <= last and in_group(o.symbol, group))
        return self._order_rows(o for o in past if value == (o.ticket if by == "ticket" else o.position))

    def history_orders_total(self, by: str, value: Any) -> int:  # noqa: ANN401 - dates
        """Return the number of past orders between two dates."""
        return len(self.history_orders(by, value))

    def history_deals(self, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
        """Return TradeDeals by dates, order ticket or position."""
        account = self.x.account
        if by != "dates":
            field = _DEAL_ORDER if by == "ticket" else _DEAL_POSITION
            return [row for row in account.deals if row[field] == value]
        first, last, group = value
        found = account.deals[bisect_left(account.dealt_at, first) : bisect_right(account.dealt_at, last)]
        return found if group is None else [row for row in found if in_group(row[_DEAL_SYMBOL], group)]

    def history_deals_total(self, by: str, value: Any) -> int:  # noqa: ANN401 - dates
        """Return the number of deals between two dates."""
        return len(self.history_deals(by, value))

    def send(self, *fields: Any) -> list[Any]:  # noqa: ANN401 - a TradeRequest
        """Work a trade request."""
        return self.x.send(list(fields))

    def check(self, *fields: Any) -> list[Any]:  # noqa: ANN401 - a TradeRequest
        """Tell what a trade request would come to."""
        code, after = self.x.account.check(list(fields))
        balance, equity, used = after.balance, after.equity(), after.margin()
        free, level = cents(equity - used), rows.margin_level(equity, used)
        return [code, balance, equity, cents(equity - balance), used, free, level, comment_of(code)]

    def _money(self, action: int, symbol: str) -> tuple[Series, float, float]:
        series, setup = self._series(symbol), self.x.account.setup
        mode = mode_of(series.setup.symbol, setup.currency)
        if action not in {c.ORDER_TYPE_BUY, c.ORDER_TYPE_SELL} or mode is None:
            raise Failed(*_INVALID)
        return series, mode, 1.0 if action == c.ORDER_TYPE_BUY else -1.0

    def margin(self, action: int, symbol: str, volume: float, price: float) -> float:
        """Return the margin a trade would take."""
        series, mode, _ = self._money(action, symbol)
        return margin(mode, volume, series.setup.symbol.contract_size, price, float(self.x.account.setup.leverage))

    def profit(self, action: int, symbol: str, volume: float, opened: float, closed: float) -> float:
        """Return the profit of a trade."""
        series, mode, side = self._money(action, symbol)
        return profit(mode, side, opened, closed, volume, series.setup.symbol.contract_size)
