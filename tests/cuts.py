"""How much of what is long the tests do: a few cuts and few bars in every run, all of them where one asks."""

import os


def cuts(few: int, everywhere: int) -> int:
    """Return how many cuts a test of looking ahead makes, or how many bars are played: `few` as a rule.

    `everywhere` with TIDEGATE_CUTS=all, as `nox -s regimes_benchmark` has it.
    """
    return everywhere if os.environ.get("TIDEGATE_CUTS") == "all" else few
