"""A simulated venue that follows told bars: each closed bar is played, then the tick that showed it opens the next."""

from collections.abc import Mapping

from brokers.facts import BarClosed
from brokers.venue import Venue
from brokers.within import Span, Within, closing, happen
from market.types import TIMEFRAMES, Symbol

Told = tuple[int, bool]
"""When the last bar told opened, and whether the next one is open already."""


class Follower:
    """Keeps one venue in step with the bars of one timeframe for each symbol."""

    __slots__ = ("feeds", "opened", "scales", "venue", "within")

    def __init__(
        self, venue: Venue, feeds: dict[str, str], scales: dict[str, float], within: Mapping[str, Within] | None = None
    ) -> None:
        """Follow `feeds`: symbol -> timeframe whose bars are its price path; `scales` are points in one of price.

        within: of a symbol, what tells the way of prices within its bars.
        """
        self.venue, self.feeds, self.scales, self.within = venue, feeds, scales, within or {}
        self.opened: dict[str, Told] = {}

    def respecify(self, symbol: Symbol) -> None:
        """Trade a symbol by another contract from now on, what is open in it too."""
        if symbol.name in self.feeds:
            self.venue.respecify(symbol)
            self.scales[symbol.name] = symbol.scale

    def market(self, fact: BarClosed, *, ended: bool) -> bool:
        """Play a told bar, and open the next with the tick that showed it; return whether it was on this venue's path.

        A bar told again after a crash is not played again. Bars that closed while we were away are told one behind the
        other at one tick, and open at their own open.
        """
        bar = fact.bar
        before, is_open = self.opened.get(bar.symbol, (0, False))
        if fact.phase == "warm" or self.feeds.get(bar.symbol) != bar.timeframe or bar.time <= before:
            return False
        if not is_open:
            self._open(bar.symbol, bar.time, bar.open, bar.spread)
        end = min(fact.at, bar.time + TIMEFRAMES[bar.timeframe] * 1000 - 1)
        self._play(bar.symbol, Span(bar.time, self._in_order(end), bar.open, bar.high, bar.low, bar.close, bar.spread))
        opens = fact.phase == "live" and not ended
        if opens:
            self._open(bar.symbol, fact.at, fact.bid, (fact.ask - fact.bid) * self.scales[bar.symbol])
        self.opened[bar.symbol] = (bar.time, opens)
        return True

    def _play(self, symbol: str, bar: Span) -> None:
        """Let a bar go its way, if it is told and anything stands in it."""
        within = self.within.get(symbol)
        way = within.way(bar) if within is not None and self.venue.stands(symbol) else ()
        for moment in (*way, closing(bar, way)):
            happen(self.venue, symbol, moment)

    def forget(self, symbol: str) -> None:
        """Have a symbol's bars told anew: what was told of it last was of later than now."""
        self.opened.pop(symbol, None)

    def _open(self, symbol: str, at: int, bid: float, points: float) -> None:
        self.venue.open_bar(symbol, self._in_order(at), bid, points)

    def _in_order(self, at: int) -> int:
        """Return a moment that is not before the venue's: bars of several symbols are not told in one order of time."""
        return max(at, self.venue.at)
