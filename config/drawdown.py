"""How much of an account may be lost in a day and in all, as a prop firm or an owner has it: `[drawdown]` of a TOML."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from brokers.mt5.zone import FORMS, is_zone
from config.bounds import Positive, Share

Preset = Literal["static", "trailing", "end-of-day"]
OnBreach = Literal["hold", "flatten"]

USUAL: dict[Preset, tuple[float, float]] = {
    "static": (0.05, 0.10),
    "trailing": (0.04, 0.08),
    "end-of-day": (0.03, 0.06),
}
"""Daily and total loss of a preset where the TOML names none; what an account's own rules say comes first."""


class DrawdownSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be lost, open profit counted, and what happens then.

    Deposits and withdrawals are no profit and no loss: all that losses are counted from moves with them.
    """

    preset: Preset
    """What the total loss is counted from. static: the initial balance. trailing: the highest equity, open profit
    counted. end-of-day: the highest of what a day began with."""
    daily: Share | None = None
    """Loss since the day began, from the higher of balance and equity then, as a share of the initial balance."""
    total: Share | None = None
    """Loss in all, as a share of the initial balance."""
    initial: Positive | None = None
    """The account's size by its rules; without it the first balance that is seen, and deposits add to it."""
    zone: str = ""
    """The rule of the clock at whose midnight days begin; empty: the server's."""
    soft: Share = 0.8
    """From this share of a loss on no entry is taken."""
    on_breach: OnBreach = "hold"
    """At the whole of it entries are held and what rests is taken back; flatten: what is open is closed, too."""
    locks: bool = False
    """What a total loss is counted from rises no further than until the floor is the initial balance, and stays there;
    of `trailing` and `end-of-day` alone."""
    weekend_flat: bool = False
    """What is open is closed before the weekend, as `windows.friday_close` with `flatten` does it."""

    @property
    def most_daily(self) -> float:
        """The loss of a day that breaks the rule."""
        return USUAL[self.preset][0] if self.daily is None else self.daily

    @property
    def most(self) -> float:
        """The loss in all that breaks it."""
        return USUAL[self.preset][1] if self.total is None else self.total


def drawdown_problems(rule: DrawdownSection | None) -> Iterator[str]:
    """Yield what is wrong with a rule beyond the bounds of its values."""
    if rule is None:
        return
    if rule.zone and not is_zone(rule.zone):
        yield f'drawdown.zone: expected {FORMS}, or nothing, got "{rule.zone}"'
    if rule.locks and rule.preset == "static":
        yield "drawdown.locks: expected false with a static floor, which never rises, got true"
