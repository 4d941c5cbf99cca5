"""What a regime model was learnt from and how, and what its states were like then: parts of its bundle."""

from typing import Literal

import msgspec

from market.features import FeatureRef


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a state was like over the training bars, each bar weighted by its filtered posterior."""

    state: int
    """Ordinal: 0 the calmest where its lineage began; a refitted model keeps the order of the one before."""
    occupancy: float
    """Share of the bars."""
    volatility: float
    """Standard deviation of the log return of a bar."""
    dwell: float
    """Expected bars in the state, 1 / (1 - p_ii)."""
    efficiency: float | None = None
    """Mean of |sum of returns| / sum of |returns| over the last bars: 1 trends, 0 goes nowhere."""
    autocorrelation: float | None = None
    """Of a bar's log return with the one before."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """How a member of an ensemble was trained: one model among several of the same bars."""

    detector: Literal["hmm", "jump"] = "hmm"
    covariance: Literal["diag", "full"] = "diag"
    emission: str = "gauss"
    sticky: float = 0.0
    penalty: float | None = None
    """Of a jump model alone."""

    @property
    def told(self) -> str:
        """The same as a configuration writes it.

        >>> Member(emission="t", sticky=9.0).told, Member(detector="jump", penalty=50.0).told
        ('{ emission = "t", sticky = 9 }', '{ detector = "jump", penalty = 50 }')
        """
        if self.penalty is not None:
            return f'{{ detector = "jump", penalty = {self.penalty:g} }}'
        emission = f'"{self.emission}"' if self.emission in {"gauss", "t"} else self.emission
        full = ', covariance = "full"' if self.covariance == "full" else ""
        sticky = f", sticky = {self.sticky:g}" if self.sticky else ""
        return f"{{ emission = {emission}{full}{sticky} }}"


class Training(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bars a model was trained on, and how."""

    hash: str
    """SHA-256 of the bars' content."""
    symbol: str = ""
    """Whose bars they were, by the name strategies use; empty: it was trained before this was kept."""
    timeframe: str = ""
    """Of the bars; empty likewise."""
    made: str = ""
    """Of which shorter bars they were made, in words; empty: they were told as they are."""
    bars: int
    rows: int
    """Bars on which every feature had a value."""
    first: int
    """Opening time of the first bar, UTC milliseconds."""
    last: int
    seed: int
    covariance: str
    """Of an ensemble "-": its members have their own, as all that follows to `detector`."""
    emission: str = "gauss"
    sticky: float = 0.0
    """Bars of persistence that were added to each state."""
    detector: Literal["hmm", "jump", "ensemble"] = "hmm"
    """A hidden Markov model, a jump model, or several of them as one."""
    members: tuple[Member, ...] = ()
    """Of an ensemble, in the order of its weights."""
    mute: tuple[FeatureRef, ...] = ()
    """Features that were asked for and left out: over the bars they had no value, or always the same."""
    engine: str
    """Library and version that trained it."""
    platform: str
    """Where its golden vectors were computed."""

    def other_symbol(self, *meant: str) -> str:
        """Return whose bars were learnt from, where they are of none that is meant; empty: of one, or nobody knows."""
        return "" if self.symbol in meant else self.symbol

    def other_bars(self, timeframe: str, made: str) -> str:
        """Return in which way bars are none of those that were learnt from; empty: in none, or nobody knows.

        A filter would read them without a complaint, and what it says would be of another market.
        """
        if not self.timeframe or (self.timeframe, self.made) == (timeframe, made):
            return ""
        return f"{_kind(self.timeframe, self.made)}, not {_kind(timeframe, made)}"


def _kind(timeframe: str, made: str) -> str:
    return f"bars of {timeframe} made of {made}" if made else f"bars of {timeframe}"
