"""What a core folds its bars into: features, regimes, and the longer bars that are made of them."""

from market.types import Bar
from runtime.core.anew import Made, fold, fold_anew
from runtime.core.birth import feeds_of, made_feeds_of, readings_of
from runtime.core.feeds import Feed, FeedKey
from runtime.core.made import MadeFeed, closed_with
from runtime.core.plan import Plan
from runtime.core.readings import RegimeReading


class Folds:
    """The half of a core that bars are folded into; a guest's is its host's, who folds them."""

    __slots__ = ("feeds", "guest", "made", "readings", "readings_of")

    def __init__(self, plan: Plan, host: "Folds | None" = None) -> None:
        """Be born without a bar; a guest shares what its host has folded, and folds nothing."""
        self.guest = host is not None
        self.feeds: dict[FeedKey, Feed] = host.feeds if host else feeds_of(plan)
        self.made: dict[str, MadeFeed] = host.made if host else made_feeds_of(plan)
        self.readings: list[RegimeReading] = host.readings if host else readings_of(plan, self.feeds, self.made)
        self.readings_of = {key: [r for r in self.readings if r.feed is feed] for key, feed in self.feeds.items()}

    def folded(self, feed: Feed, bar: Bar) -> bool:
        """Fold a bar into features and regimes, once; return whether it was new."""
        if bar.time <= feed.last_time:
            return False
        fold(feed, self.readings_of[feed.key], self._made_of(feed), bar)
        return True

    def moved_by(self, key: FeedKey, bar: Bar) -> list[RegimeReading]:
        """Return the readings that a bar has moved: those of its feed, and those whose bars closed with it."""
        if not self.made:
            return self.readings_of[key]
        closed = closed_with(self.made, key, bar)
        return self.readings_of[key] + [self._of(name) for name in closed]

    def folded_anew(self, feed: Feed, bar: Bar) -> list[RegimeReading] | None:
        """Fold a bar in as it is told now; return the regimes that read something else by that (`fold_anew`)."""
        return fold_anew(feed, self.readings_of[feed.key], self._made_of(feed), bar)

    def own(self) -> tuple[list[Feed], list[RegimeReading], list[MadeFeed]]:
        """Return what it folds itself; a guest's host does."""
        if self.guest:
            return [], [], []
        return list(self.feeds.values()), self.readings, list(self.made.values())

    def _made_of(self, feed: Feed) -> list[Made]:
        """Return what is made of a feed's bars, and what reads it."""
        return [(made, self._of(name)) for name, made in self.made.items() if made.key == feed.key]

    def _of(self, name: str) -> RegimeReading:
        return next(reading for reading in self.readings if reading.name == name)
