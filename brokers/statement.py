"""What a simulated account tells whoever asks, changing nothing: its money, its quotes, what is open and what rests."""

from brokers.fills import INVERSE, unit_rate
from brokers.ledger import Ledger, equity, seen
from brokers.margins import required
from brokers.matching import unsure
from brokers.stopout import is_called
from brokers.valuation import earned, position, rates
from market.money import cents
from market.types import Account, Deal, Order, Position, Side


class Statement:
    """The half of a venue that only reads its books."""

    __slots__ = ("_a",)

    _a: Ledger

    def unsure(self, symbol: str, high: float, low: float, close: float) -> int | None:
        """Return how many exits a bar would leave open by itself; None where nothing is there that it could move."""
        return unsure(self._a.books[symbol], high, low, close) if self.stands(symbol) else None

    def stands(self, symbol: str) -> bool:
        """Tell whether a position is open in a symbol, or an order rests there."""
        book = self._a.books[symbol]
        return bool(book.positions or book.orders)

    def quote(self, symbol: str) -> tuple[float, float]:
        """Return the last (bid, ask) of a symbol; zeros before the first."""
        book = self._a.books[symbol]
        return book.bid, book.ask

    @property
    def at(self) -> int:
        """Time of the last thing that happened here."""
        return self._a.at

    @property
    def balance(self) -> float:
        """Sum of the money of all deals that can be seen."""
        a = self._a
        return a.balance if not a.visible_after else cents(sum(deal.money for deal in seen(a)))

    @property
    def credit(self) -> float:
        """What the broker lends beside the balance."""
        return self._a.credit

    @property
    def deals(self) -> list[Deal]:
        """All deals that can be seen and are kept, in order."""
        return seen(self._a)

    @property
    def ambiguous(self) -> int:
        """Exits decided by the rule of stop first, because the bar does not tell what came first."""
        return self._a.ambiguous

    def equity(self) -> float:
        """Return balance, credit, floating profit and accrued swap, to the cent, deals not seen yet included."""
        return equity(self._a)

    def margin(self) -> float:
        """Return the margin in use: each position's at its opening price; see `brokers/margins.py` for hedges."""
        return self._a.margin

    def called(self) -> bool:
        """Tell whether the margin is below the call, and nothing is closed by the venue yet."""
        return is_called(self._a)

    def margin_of(self, symbol: str, side: Side, volume: float, price: float) -> float:
        """Return the margin that so many lots would bind on their own; 0.0 where a pair on the way has no quote."""
        return required(self._a, self._a.books[symbol], side, volume, price)

    def profit_of(self, symbol: str, side: Side, opened: float, closed: float, volume: float) -> float:
        """Return the profit that so many lots would make between two prices."""
        return earned(self._a.books, self._a.books[symbol], side, opened, closed, volume)

    def worth(self, symbol: str) -> tuple[float, float]:
        """Return account money for one unit of a symbol's profit currency: of a gain, and of a loss."""
        book = self._a.books[symbol]
        if book.mode == INVERSE:
            own = unit_rate(book.mode, book.bid) if book.bid > 0.0 else 0.0
            return own, own
        return rates(self._a.books, book)

    def account(self, login: int = 1, server: str = "venue", *, name: str = "", company: str = "") -> Account:
        """Return the account as a terminal reports it."""
        a = self._a
        return Account(
            login=login, server=server, currency=a.currency, leverage=a.leverage, hedging=a.hedging, demo=True,
            trade_allowed=True, balance=self.balance, equity=self.equity(), margin=a.margin, credit=a.credit, name=name,
            company=company,
        )  # fmt: skip

    def positions(self) -> tuple[Position, ...]:
        """Return what is open, by ticket."""
        shown = [position(self._a.books, book, p) for book in self._a.books.values() for p in book.positions]
        return tuple(sorted(shown, key=lambda p: p.ticket))

    def orders(self) -> tuple[Order, ...]:
        """Return what rests, by ticket."""
        resting = [r.order for book in self._a.books.values() for r in book.orders]
        return tuple(sorted(resting, key=lambda o: o.ticket))
