"""What an account was worth at a moment: its balance to the cent, and what was open by the prices nearest before it.

The balance is that of the last look at the venue, and the bookings since. Open profit is the venue's own where a look
tells it and nothing was traded since; else it is reckoned from what is open by the deals, at the quotes of the last
bars that were told, and says so.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal

import msgspec

from brokers.book import mode_of, units_of
from brokers.facts import BarClosed
from brokers.fills import floating
from market.money import cents
from market.types import Symbol
from runtime.clients.bookings import Booking, Open, open_after, total
from runtime.clients.read import FAR, Look, Rows, look_before, open_of
from runtime.clients.returns import Worth
from runtime.journal.entries import EVER
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact

FRESH_MS = 300_000
"""A look, or a quote, of so long before is as good as one of that moment."""
BARS = 5000
"""Rows that are read at most to find the last bar of each symbol."""

Source = Literal["nothing open", "venue", "bars"]


class Valued(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a moment, account money."""

    at: int
    balance: float
    floating: float
    """Open profit, with the swaps that wait; not realised."""
    priced: int
    """When the prices were told by which it was reckoned."""
    source: Source
    positions: tuple[Open, ...] = ()
    unpriced: int = 0
    """Positions for which nobody told a price since they were opened: they count with no profit."""

    @property
    def worth(self) -> float:
        """Balance and open profit."""
        return cents(self.balance + self.floating)

    @property
    def point(self) -> Worth:
        """The same for a return."""
        return Worth(self.at, self.worth)

    @property
    def sure(self) -> bool:
        """Whether it is what the account was worth then, not some time before."""
        return not self.unpriced and self.at - self.priced <= FRESH_MS


class Valuer:
    """Values an account at moments from its journal."""

    def __init__(
        self, reader: JournalReader, start: Look, bookings: Sequence[Booking], symbols: Mapping[str, Symbol],
        currency: str, last: int,
    ) -> None:  # fmt: skip
        """Take all bookings in order, the contracts of what is traded, and the last row that counts."""
        self.reader, self.start, self.bookings = reader, start, bookings
        self.symbols, self.currency, self.rows = symbols, currency, Rows(reader, symbols, last)
        self.strategies = {booking.position: booking.strategy for booking in bookings if booking.strategy}
        self.told = [*accumulate((b.seq for b in reversed(bookings)), min, initial=FAR)][::-1]
        """Of each booking, the first row that told it or one after it: a look behind that row is of later."""

    def at(self, at: int) -> Valued:
        """Return what the account was worth just before a moment; what happened at it is not counted."""
        return self._valued(at, bisect_left(self.bookings, at, key=lambda booking: booking.at))

    def before(self, index: int) -> Valued:
        """Return what the account was worth just before one of the bookings."""
        return self._valued(self.bookings[index].at, index)

    def _valued(self, at: int, upto: int) -> Valued:
        row = min(self.rows.by(at), self.told[upto])
        look = look_before(self.reader, at, row + 1) or self.start
        since = [booking for booking in self.bookings[:upto] if booking.seq > look.seq]
        stood = [open_of(p, self.strategies.get(p.ident, "")) for p in look.positions]
        found = Valued(at=at, balance=cents(look.account.balance + total(since)), floating=0.0, priced=at,
                       source="nothing open")  # fmt: skip
        traded = any(booking.traded for booking in since)
        held = tuple(open_after(stood, since).values())
        if not held:
            return found
        if not traded and at - look.at <= FRESH_MS:
            return _told(found, look, held)
        quotes = self._quotes({one.symbol for one in held}, at, row)
        if not traded and max((told for told, _, _ in quotes.values()), default=0) <= look.at + FRESH_MS:
            return _told(found, look, held)
        return self._reckoned(found, held, quotes, look)

    def _quotes(self, symbols: Iterable[str], at: int, row: int) -> dict[str, tuple[int, float, float]]:
        """Return when each symbol was quoted last, bid and ask, as bars tell it."""
        wanted, found = set(symbols), dict[str, tuple[int, float, float]]()
        there = (EVER[0], at + 1), (EVER[0], row + 1)
        for _, raw in self.reader.facts_where(BarClosed.__name__, *there, limit=BARS, last=True, many=20):
            fact = decode_fact(raw)
            if isinstance(fact, BarClosed) and fact.phase != "warm" and fact.bar.symbol in wanted - found.keys():
                found[fact.bar.symbol] = fact.at, fact.bid, fact.ask
            if wanted == found.keys():
                break
        return found

    def _reckoned(
        self, found: Valued, held: Sequence[Open], quotes: Mapping[str, tuple[int, float, float]], look: Look
    ) -> Valued:  # fmt: skip
        positions = [self._priced(one, quotes.get(one.symbol)) for one in held]
        told = {p.ident for p in look.positions}
        priced = [quotes[one.symbol][0] if one.now else look.at for one in positions if one.now or one.position in told]
        return msgspec.structs.replace(
            found, floating=cents(sum(one.profit + one.swap for one in positions)), source="bars",
            priced=min(priced, default=found.at), positions=tuple(positions),
            unpriced=len(positions) - len(priced),
        )  # fmt: skip

    def _priced(self, one: Open, quote: tuple[int, float, float] | None) -> Open:
        """Return a position at a quote; as a look told it where there is none, or none that makes account money."""
        symbol = self.symbols.get(one.symbol)
        mode = mode_of(symbol, self.currency) if symbol is not None else None
        if quote is None or symbol is None or mode is None:
            return one
        now = quote[1] if one.side > 0 else quote[2]
        made = floating(mode, float(one.side), one.price, now, one.lots, units_of(symbol, self.currency))
        return msgspec.structs.replace(one, now=now, profit=cents(made))


def _told(found: Valued, look: Look, held: tuple[Open, ...]) -> Valued:
    """Return what the venue itself told."""
    return msgspec.structs.replace(found, floating=look.floating, priced=look.at, source="venue", positions=held)
