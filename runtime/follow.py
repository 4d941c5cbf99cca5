"""A simulated venue that follows told bars: each closed bar is played, then the tick that showed it opens the next."""

from brokers.port import BarClosed
from brokers.venue import Venue
from market.types import TIMEFRAMES


class Follower:
    """Keeps one venue in step with the bars of one timeframe for each symbol."""

    __slots__ = ("feeds", "opened", "scales", "venue")

    def __init__(self, venue: Venue, feeds: dict[str, str], scales: dict[str, float]) -> None:
        """Follow `feeds`: symbol -> timeframe whose bars are its price path; `scales` are points in one of price."""
        self.venue, self.feeds, self.scales = venue, feeds, scales
        self.opened: list[str] = []

    def market(self, fact: BarClosed, *, ended: bool) -> bool:
        """Play a told bar and open the next; return whether the bar was on this venue's path."""
        bar = fact.bar
        if fact.phase == "warm" or self.feeds.get(bar.symbol) != bar.timeframe:
            return False
        if bar.symbol in self.opened:
            end = min(fact.at, bar.time + TIMEFRAMES[bar.timeframe] * 1000 - 1)
            self.venue.play_bar(bar.symbol, end, bar.high, bar.low, bar.close)
        else:
            self.opened.append(bar.symbol)
        if not ended:
            points = (fact.ask - fact.bid) * self.scales[bar.symbol]
            self.venue.open_bar(bar.symbol, fact.at, fact.bid, points)
        return True
