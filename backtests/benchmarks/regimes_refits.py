"""How often a refitted model's states keep their meaning, and how often it is turned away: rolling refits of indices.

A window of 2,000 daily bars, a refit every 63. The judge is another measure than the one that decides: on the bars that
both models were trained on, the joint probability sum p_i q_j of old and new states; each old state must have most of
itself in its own successor.
"""

import os

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from backtests.benchmarks.timing import head
from backtests.refit import Refit, both, rolling
from market.barfile import read_bars
from market.bars import Bars
from market.sp500 import sp500_path
from regimes.bundle import RegimeModel
from regimes.labels import Relabelled

SPAN = (2000, 63)
SINCE = -252_460_800_000
"""1962-01-01, UTC milliseconds: before it the bars of the index are flat."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a series of refits."""

    refits: int
    taken: int
    kept: int
    """Taken, and their states mean the same by the judge's measure, too."""
    sorted: int
    """Of all refits: the states would be the old ones by volatility alone, on the same bars."""
    means: tuple[float, ...]
    """Mean overlap of each refit that could be compared."""
    reasons: tuple[str, ...]
    """Of those that were turned away."""


def judged(series: Iterator[Refit], bars: Bars) -> Row:
    """Return what became of refits on these bars."""
    found = list(series)
    taken = [(each.old, each.verdict.model) for each in found if isinstance(each.verdict, Relabelled)]
    overlaps = [each.verdict.overlap for each in found if each.verdict.overlap is not None]
    return Row(
        refits=len(found),
        taken=len(taken),
        kept=sum(same(old, new, bars) for old, new in taken),
        sorted=sum(overlap.order == tuple(sorted(overlap.order)) for overlap in overlaps),
        means=tuple(overlap.mean for overlap in overlaps),
        reasons=tuple(each.verdict.reason for each in found if not isinstance(each.verdict, Relabelled)),
    )


def same(old: RegimeModel, new: RegimeModel, bars: Bars) -> bool:
    """Say whether each old state has most of itself in its own successor, on the bars both were trained on."""
    shared = bars.between(max(old.data.first, new.data.first), min(old.data.last, new.data.last) + 1)
    p, q = both(old, new, shared if len(shared) > SPAN[0] // 4 else bars.between(new.data.first, new.data.last + 1))
    joint = p.T @ q
    return bool((joint.argmax(axis=1) == np.arange(old.states)).all())


def indices() -> Iterator[Bars]:
    """Yield the daily bars of two indices, those of the first where real prices are kept."""
    data = Path(os.environ.get("TIDEGATE_DATA", "")) / "prices" / "sp500-d1-1927-2020.csv.gz"
    if data.exists():
        yield read_bars(data, "SP500", digits=2)[0].between(SINCE, 1 << 62)
    yield read_bars(sp500_path().parents[1] / "nasdaq" / "nasdaq.csv.gz", "NASDAQ", digits=2)[0]


def main() -> None:
    """Print the table."""
    print(head().splitlines()[0])
    print(
        "\n| index | states | refits | taken | kept their meaning | turned away | by volatility alone | mean overlap |"
    )
    print("|---|---|---|---|---|---|---|---|")
    told = []
    for bars in indices():
        for states in (2, 3):
            row = judged(rolling(bars, (("log_return", ()),), states, SPAN), bars)
            told += [f"{bars.symbol}, {states} states: {reason}" for reason in row.reasons]
            print(
                f"| {bars.symbol} | {states} | {row.refits} | {row.taken} | {row.kept} | {row.refits - row.taken} | "
                f"{row.sorted} | {np.mean(row.means):.3f}, least {min(row.means):.3f} |",
                flush=True,
            )
    print("\nTurned away:\n", *told, sep="\n- ")


if __name__ == "__main__":
    main()
