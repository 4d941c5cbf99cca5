"""Trend following: on the side of the fast moving average, until the averages cross."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from market.feature import NAN
from market.kernel import Params, State, kernel
from strategies.protocol import EXIT, LONG, MARKET, NOTHING, SHORT, FeatureRef, FlatWant


@kernel
def trend_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want the side of the cross; `p` is (stop in ATR), `f` is (fast EMA, slow EMA, ATR), `s` is empty.

    The score is the distance between the averages in ATR; NaN until all are warm, and where the ATR is 0.
    """
    gap, atr = f[0] - f[1], f[2]
    if gap != gap or atr != atr:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, NAN
    score = NAN
    if atr > 0.0:
        score = gap / atr
    if gap * position < 0.0:
        return EXIT, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    if position != 0.0 or gap == 0.0 or atr <= 0.0:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    side = LONG
    if gap < 0.0:
        side = SHORT
    return side, MARKET, 0.0, p[0] * atr, 0.0, 0.0, 0.0, 0.0, 0.0, score


class Trend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Long while EMA(fast) is above EMA(slow), short while it is below; leaves when they cross."""

    name: ClassVar[str] = "trend"
    version: ClassVar[int] = 1

    fast: Annotated[int, Meta(ge=1)] = 20
    """Bars of the fast average."""
    slow: Annotated[int, Meta(ge=2)] = 50
    atr: Annotated[int, Meta(ge=1)] = 14
    """Bars of the average true range."""
    stop_atr: Annotated[float, Meta(gt=0)] = 3.0
    """Distance of the protective stop, in ATR."""

    def __post_init__(self) -> None:
        """Refuse averages in the wrong order: the strategy would trade against the trend."""
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be less than slow ({self.slow})")

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages and the ATR."""
        return {
            "fast": ("ema", (float(self.fast),)),
            "slow": ("ema", (float(self.slow),)),
            "atr": ("atr", (float(self.atr),)),
        }

    def params(self) -> Params:
        """Return (stop in ATR)."""
        return (self.stop_atr,)

    def init(self) -> list[float]:
        """Return no state: the averages remember."""
        return []

    @property
    def step(self) -> Any:  # noqa: ANN401 - a kernel
        """Return the kernel."""
        return trend_step
