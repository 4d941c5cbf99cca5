"""Mean reversion: against a close far from its own mean, for a few bars."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from market.feature import NAN
from market.kernel import Params, State, kernel
from strategies.protocol import EXIT, LONG, MARKET, NOTHING, SHORT, FeatureRef, FlatWant

EXIT_Z_OFF = 1000.0
"""No exit on the z-score: over n closes it never exceeds sqrt(n), and a window has at most 100,000."""


@kernel
def mean_reversion_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want the side of the mean; `p` is (entry z, exit z, bars, stop in ATR), `f` is (z-score, ATR), `s` is empty.

    The score is -z; NaN until both are warm.
    """
    z, atr = f[0], f[1]
    if z != z or atr != atr:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, NAN
    score = 0.0 - z
    if (position > 0.0 and z >= p[1]) or (position < 0.0 and score >= p[1]):
        return EXIT, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    side = NOTHING
    if position == 0.0 and atr > 0.0:
        if z <= 0.0 - p[0]:
            side = LONG
        elif z >= p[0]:
            side = SHORT
    if side == NOTHING:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    return side, MARKET, 0.0, p[3] * atr, 0.0, 0.0, 0.0, p[2], 0.0, score


class MeanReversion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Long at z <= -entry, short at z >= entry; leaves after `max_bars`, and at `exit_z` if that is on."""

    name: ClassVar[str] = "mean_reversion"
    version: ClassVar[int] = 1

    n: Annotated[int, Meta(ge=2)] = 20
    """Closes of the z-score."""
    entry: Annotated[float, Meta(gt=0)] = 1.5
    exit_z: float = EXIT_Z_OFF
    """A long leaves at z >= exit_z, a short at z <= -exit_z: 0.0 is the mean; 1000.0 (the default) is off."""
    max_bars: Annotated[int, Meta(ge=1)] = 10
    """Closed bars after which the trade is left."""
    atr: Annotated[int, Meta(ge=1)] = 14
    """Bars of the average true range."""
    stop_atr: Annotated[float, Meta(gt=0)] = 3.0
    """Distance of the protective stop, in ATR."""

    def __post_init__(self) -> None:
        """Refuse an exit that holds at the very moment of the entry."""
        if self.exit_z <= -self.entry:
            raise ValueError(f"exit_z ({self.exit_z}) must be greater than -entry ({-self.entry})")

    def features(self) -> dict[str, FeatureRef]:
        """Return the z-score and the ATR."""
        return {"z": ("zscore", (float(self.n),)), "atr": ("atr", (float(self.atr),))}

    def params(self) -> Params:
        """Return (entry z, exit z, bars, stop in ATR)."""
        return (self.entry, self.exit_z, float(self.max_bars), self.stop_atr)

    def init(self) -> list[float]:
        """Return no state: the features and the exit plan remember."""
        return []

    @property
    def step(self) -> Any:  # noqa: ANN401 - a kernel
        """Return the kernel."""
        return mean_reversion_step
