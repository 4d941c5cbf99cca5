"""A real worker and trade server on which somebody else trades too: a flatten closes that where it is asked for."""

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from runtime.operator import latch
from runtime.operator.keyboard import command_of
from tests.daemons import Living, lived
from tests.trade_server import by_hand, resting_by_hand


@pytest.mark.parametrize("foreign", [True, False])
def test_what_a_person_holds_is_closed_only_where_it_is_asked_for(home: Path, tmp_path: Path, foreign: bool) -> None:  # noqa: FBT001 - a case
    """Order first, then the position, once; each end is told, and the flatten ends at halt either way."""
    state = tmp_path / "a" / "state"

    async def act(living: Living) -> None:
        await living.ready()
        by_hand()
        resting_by_hand()
        await living.until(lambda: living.daemon.ledger.foreign and living.daemon.ledger.foreign_orders)
        latch.tighten(state, command_of("flatten", "home time", "direct", "ann", foreign=foreign))
        living.daemon.wake()
        await living.until(lambda: latch.read(state).level == "halt")

    living = lived(home, tmp_path / "a", act)
    positions: Any = m.positions_get()
    orders: Any = m.orders_get()
    ends = [(one.foreign, one.state) for one in living.daemon.ledger.leaving.values()]

    assert ((0, 0) if foreign else (1, 1)) == (len(positions), len(orders))
    assert ([(True, "closed")] if foreign else []) == ends
