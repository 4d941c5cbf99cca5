"""How often a refitted model's states keep their meaning, and how often it is turned away: rolling refits of indices.

A window of 2,000 daily bars, a refit every 63. The judge is another measure than the one that decides, on other bars
where there are enough: those that both models were trained on. Of the bars on which an old state is the likeliest, the
new model must call most by its own successor.
"""

import os

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from backtests.benchmarks.indices import SP500, sp500
from backtests.benchmarks.timing import head
from backtests.refit import Refit, both, rolling
from market.bars import Bars
from market.sp500 import read_nasdaq
from regimes.bundle import RegimeModel
from regimes.labels import Relabelled

SPAN = (2000, 63)
MOST, FEWEST = 0.5, 20
"""Share of an old state's bars that its successor must have; bars below which a state is not judged."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a series of refits."""

    refits: int
    taken: int
    kept: int
    """Taken, and their states mean the same by the judge's measure, too."""
    near: int
    """Taken, from the old parameters alone: the likeliest model meant something else."""
    sorted: int
    """Of all refits: sorting by volatility would have given the same order."""
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
        near=sum(each.cost > 0.0 for each in found),
        sorted=sum(overlap.order == tuple(sorted(overlap.order)) for overlap in overlaps),
        means=tuple(overlap.mean for overlap in overlaps),
        reasons=tuple(each.verdict.reason for each in found if not isinstance(each.verdict, Relabelled)),
    )


def same(old: RegimeModel, new: RegimeModel, bars: Bars) -> bool:
    """Say whether each old state has most of itself in its own successor, on the bars both were trained on."""
    shared = bars.between(max(old.data.first, new.data.first), min(old.data.last, new.data.last) + 1)
    p, q = both(old, new, shared if len(shared) > SPAN[0] // 4 else bars.between(new.data.first, new.data.last + 1))
    said, now = p.argmax(axis=1), q.argmax(axis=1)
    return all(np.mean(now[said == k] == k) > MOST for k in range(old.states) if (said == k).sum() >= FEWEST)


def indices() -> Iterator[Bars]:
    """Yield the daily bars of two indices, those of the first where real prices are kept."""
    data = Path(os.environ.get("TIDEGATE_DATA", ""))
    if (data / SP500).exists():
        yield sp500(data)
    yield read_nasdaq()


def main() -> None:
    """Print the table."""
    print(head().splitlines()[0])
    print("\n| index | states | refits | taken, near | meaning kept | turned away | by volatility | mean overlap |")
    print("|---|---|---|---|---|---|---|---|")
    told = []
    for bars in indices():
        for states in (2, 3):
            row = judged(rolling(bars, (("log_return", ()),), states, SPAN), bars)
            told += [f"{bars.symbol}, {states} states: {reason}" for reason in row.reasons]
            print(
                f"| {bars.symbol} | {states} | {row.refits} | {row.taken}, {row.near} | {row.kept} | "
                f"{row.refits - row.taken} | {row.sorted} | {np.mean(row.means):.3f}, least {min(row.means):.3f} |",
                flush=True,
            )
    print("\nTurned away:\n", *told, sep="\n- ")


if __name__ == "__main__":
    main()
