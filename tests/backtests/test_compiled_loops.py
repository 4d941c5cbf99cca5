"""Loops of machine code are found on disk again: what they close over is the same in every process."""

from types import FunctionType

import pytest

from backtests.engine_account import account_parts
from backtests.engine_features import SLOTS, features_loop, nothing
from backtests.engine_regime import regime_loop
from market.kernel import KERNELS
from regimes.layout import DIAGONAL, ENSEMBLE
from tests.engines import Dice

LOOPS = {
    "account": lambda: account_parts(Dice().step)[0],
    "features": lambda: features_loop(*[nothing] * SLOTS),
    "regime": lambda: regime_loop((2, 1, DIAGONAL), rule=True),
    "regime of an ensemble": lambda: regime_loop((2, 1, ENSEMBLE), rule=False),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_closes_over_nothing_that_differs_from_process_to_process(name: str) -> None:
    """Numba looks for a loop by that: by kernels, numbers and fingerprints it is found, by an object of its own not."""
    held = [cell.cell_contents for cell in LOOPS[name]().py_func.__closure__]

    assert held
    assert [] == [x for x in held if not (isinstance(x, str | int) or (isinstance(x, FunctionType) and x in KERNELS))]
