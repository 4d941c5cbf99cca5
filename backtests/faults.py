"""A fault that a backtest was found to have: a name for programs, and a plain sentence for people."""

from typing import Literal

import msgspec

Name = Literal[
    "no_trades", "few_trades", "lucky_trades", "losing", "losing_years", "one_year", "one_regime", "short_record",
    "overfitted", "cost_sensitive", "eaten_by_costs", "no_costs", "assumed_costs", "inside_spread",
    "ambiguous_bars", "todays_swap",
]  # fmt: skip


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with it."""

    name: Name
    sentence: str
