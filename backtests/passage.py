"""How time passes between two first ticks of a backtest: bars under way go their way, and orders are on theirs.

Where ticks tell what goes on within bars, an order that takes time arrives at a moment that has a quote. Where only
bars do, there is none until the next of them opens: it arrives at once, on the first tick at which it was decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from backtests.reel import FOREVER, Reel
from brokers.costs import Costs
from brokers.requests import AnyRequest
from brokers.venue import Venue
from brokers.within import Moment, Quoted, Span, Within, closing, happen

_AT = itemgetter(0)


class Way(NamedTuple):
    """A bar under way: its moments yet to come, the last of them first, and whether anything tells them."""

    bar: Span
    left: list[Moment]
    told: bool


class Passage:
    """The time of one venue that lies between the first ticks of bars."""

    def __init__(self, venue: Venue, within: Mapping[str, Within], costs: Mapping[str, Costs]) -> None:
        """Begin with nothing under way; `within` tells of each symbol what goes on within its bars, if anything."""
        self.venue, self.within, self.costs = venue, within, costs
        self.told = self.apart = 0
        """Bars whose way was told, and bars that others would have come of: only those in which something stood."""
        self._ways: dict[Reel, Way] = {}
        self._last: dict[str, Way] = {}
        self._coming: list[tuple[int, AnyRequest]] = []
        self._asked = self._open = 0
        self._opening = venue.at
        """When the bars opened that opened last: what is decided then, is on the first tick of each."""

    @property
    def resolved(self) -> int:
        """Positions left in a bar that reached both their stop and target, of which its way told the first."""
        return max(0, self._asked - self._open)

    # --- orders -------------------------------------------------------------------------------------------------------

    def takes(self, request: AnyRequest) -> bool:
        """Take an order along that is not there at once; none overtakes another."""
        within = self.within.get(request.symbol)
        if within is None or not within.quotes:
            return False
        late = _latency(self.costs.get(request.symbol, Costs()), request.id)
        if late <= 0:
            return False
        at = self.venue.at
        due = (within.begun(at) if at == self._opening else at) + late
        self._coming.append((max(due, self._coming[-1][0]) if self._coming else due, request))
        return True

    def _arrived(self, before: int) -> Iterator[AnyRequest]:
        """Yield the orders that arrive before a moment, each on the quote of its own."""
        while self._coming and self._coming[0][0] < before:
            due, request = self._coming.pop(0)
            self.venue.tick(request.symbol, due, *self.venue.quote(request.symbol))
            asked = self._questions(request.symbol)
            yield request
            self._asked += max(0, self._questions(request.symbol) - asked)

    def _questions(self, symbol: str) -> int:
        """Return how many exits the bar under way would leave open by itself."""
        way = self._last.get(symbol)
        if way is None or not way.told:
            return 0
        return self.venue.unsure(symbol, way.bar.high, way.bar.low, way.bar.close) or 0

    # --- bars ---------------------------------------------------------------------------------------------------------

    def until(self, at: int, reels: Sequence[Reel]) -> Iterator[AnyRequest]:
        """Play what happens before a moment; yield each order that arrives, to be sent before anything else happens."""
        dealt, quiet = len(self.venue.deals), set[str]()
        for when, symbol, moment, told in self._happening(at, reels):
            if self._coming:
                quiet.clear()
                yield from self._arrived(when)
            if len(self.venue.deals) != dealt:  # what was left in the middle of a bar needs none of its later ticks
                dealt = len(self.venue.deals)
                quiet = {reel.symbol for reel in reels if not self._busy(reel.symbol)}
            if told and symbol in quiet:
                continue
            if isinstance(moment, Quoted):  # which is most of them, and leaves nothing open
                self.venue.tick(symbol, moment.at, moment.bid, moment.ask)
                continue
            unsure = self.venue.ambiguous
            happen(self.venue, symbol, moment)
            self._open += (self.venue.ambiguous - unsure) * told
        yield from self._arrived(at)
        self._opening = at

    def _happening(self, at: int, reels: Sequence[Reel]) -> list[tuple[int, str, Moment, bool]]:
        """Return what happens in bars before a moment, in order; each with whether more of its bar's way follows."""
        found: list[tuple[int, str, Moment, bool]] = []
        for reel in reels:
            if reel.ends == FOREVER:
                continue
            way = self._ways.get(reel) or self._begun(reel)
            while way.left and way.left[-1].at < at:
                moment = way.left.pop()
                found.append((moment.at, reel.symbol, moment, way.told and bool(way.left)))
            if not way.left:
                del self._ways[reel]
                reel.ends = FOREVER
        found.sort(key=_AT)
        return found

    def _busy(self, symbol: str) -> bool:
        """Tell whether anything is open in a symbol, rests there, or is on its way to it."""
        return self.venue.stands(symbol) or any(request.symbol == symbol for _, request in self._coming)

    def _begun(self, reel: Reel) -> Way:
        """Return the way of a bar that has opened; what nothing stands in, or is on its way to, needs none."""
        bar, symbol = reel.span, reel.symbol
        busy, within = self._busy(symbol), self.within.get(symbol)
        moments = within.way(bar) if within is not None and busy else ()
        if within is not None and busy:
            self.told += bool(moments)
            self.apart += not moments
        if moments:
            self._asked += self.venue.unsure(symbol, bar.high, bar.low, bar.close) or 0
        way = self._ways[reel] = self._last[symbol] = Way(
            bar, [closing(bar, moments), *reversed(moments)], bool(moments)
        )
        return way


def _latency(costs: Costs, number: int) -> int:
    """Return how many milliseconds an order takes to the market; draws are taken by its number."""
    late = costs.latency_ms
    if isinstance(late, tuple):
        return round(late[number % len(late)]) if late else 0
    return round(late)
