"""Breakout: stop entries resting at the nearer end of the Donchian channel, and a trailing stop behind."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from market.feature import NAN
from market.kernel import Params, State, kernel
from strategies.protocol import LONG, MARKET, NOTHING, SHORT, STOP_ENTRY, FeatureRef, FlatWant


@kernel
def breakout_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want an entry at the nearer end; `p` is (stop in ATR, trail in ATR, expiry bars), `s` is empty.

    `f` is (place in the channel from 0 to 1, channel high, channel low, ATR). The score is the place less a half; NaN
    until all are warm. A channel without height wants nothing. A close at the very end of the channel has broken out
    already: no venue lets a stop entry rest at the price, so the entry is at market.
    """
    score, top, bottom, atr = f[0] - 0.5, f[1], f[2], f[3]
    if score != score or top != top or bottom != bottom or atr != atr:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, NAN
    if position != 0.0 or atr <= 0.0 or top <= bottom:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    side, price = SHORT, bottom
    if score >= 0.0:
        side, price = LONG, top
    if close >= top or close <= bottom:
        return side, MARKET, 0.0, p[0] * atr, 0.0, p[1] * atr, 0.0, 0.0, 0.0, score
    return side, STOP_ENTRY, price, p[0] * atr, 0.0, p[1] * atr, 0.0, 0.0, p[2], score


class Breakout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys above the highest high of n bars, or sells below the lowest low, whichever is nearer; trails its stop."""

    name: ClassVar[str] = "breakout"
    version: ClassVar[int] = 1

    n: Annotated[int, Meta(ge=2)] = 20
    """Bars of the channel."""
    expiry: Annotated[int, Meta(ge=1)] = 5
    """Bars an entry rests."""
    atr: Annotated[int, Meta(ge=1)] = 14
    """Bars of the average true range."""
    stop_atr: Annotated[float, Meta(gt=0)] = 3.0
    """Distance of the protective stop, in ATR."""
    trail_atr: Annotated[float, Meta(ge=0)] = 3.0
    """Distance at which the stop follows the best price, in ATR; 0.0: it does not."""

    def features(self) -> dict[str, FeatureRef]:
        """Return the place in the channel, its ends and the ATR."""
        n = (float(self.n),)
        return {
            "place": ("donchian", n),
            "top": ("donchian_high", n),
            "bottom": ("donchian_low", n),
            "atr": ("atr", (float(self.atr),)),
        }

    def params(self) -> Params:
        """Return (stop in ATR, trail in ATR, expiry bars)."""
        return (self.stop_atr, self.trail_atr, float(self.expiry))

    def init(self) -> list[float]:
        """Return no state: the channel remembers."""
        return []

    @property
    def step(self) -> Any:  # noqa: ANN401 - a kernel
        """Return the kernel."""
        return breakout_step
