"""How many cuts the tests of looking ahead make: a few in every run, all of them where one asks."""

import os


def cuts(few: int, everywhere: int) -> int:
    """Return `few`, or `everywhere` with TIDEGATE_CUTS=all, as `nox -s regimes_benchmark` has it."""
    return everywhere if os.environ.get("TIDEGATE_CUTS") == "all" else few
