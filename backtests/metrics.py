"""What a bundle's metrics tell of the choice of its states and of its novelty: by which names, and read again."""

from collections.abc import Mapping

from backtests.words import number, share

CHOSEN = "choice, "
"""Begins the names of what an option of the choice came to: then the option, a colon and what of it."""
CHOSEN_BY = "choice: bars"
"""Bars, not learnt from, that the choice was made by."""
FORETOLD = "novelty: "
"""Begins the names of what novelty came to in simulations."""
ALARMS, SILENT, WITHIN = f"{FORETOLD}alarms in 1000 bars", f"{FORETOLD}silent statistics", " told in 50 bars"
"""Share of runs with an alarm; statistics that tell nothing; what ends the name of a change's share."""
CHOICE = ("states", "log density a bar", "gain", "error", "least occupancy", "dwell", "stable")


def scored(row: Mapping[str, float]) -> tuple[str, ...]:
    """Return what an option came to, in the columns of `CHOICE` after the first."""
    return (
        number(row.get("density"), 4), number(row.get("gain"), 4), number(row.get("error"), 4),
        share(row.get("occupancy")), number(row.get("dwell")), share(row.get("stable"), 0),
    )  # fmt: skip


def choice_rows(metrics: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return the table that states were chosen by, in the columns of `CHOICE`; empty where nothing was chosen."""
    found: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        option, colon, what = name.removeprefix(CHOSEN).partition(": ")
        if name.startswith(CHOSEN) and colon:
            found.setdefault(option, {})[what] = value
    return [(option, *scored(row)) for option, row in found.items()]


def powers(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return by change of the market the share that was told within 50 bars."""
    ends = {name: value for name, value in metrics.items() if name.startswith(FORETOLD) and name.endswith(WITHIN)}
    return {name.removeprefix(FORETOLD).removesuffix(WITHIN): value for name, value in ends.items()}
