"""Wishes become requests: every number of an instruction arrives, and nothing is made up on the way."""

from brokers.requests import CancelRequest, CloseRequest, EntryRequest, StopRequest
from runtime.core.instructions import Cancel, ClosePosition, ModifyStop, Submit
from runtime.core.risk import Approved, Intent
from runtime.requests import request_of

INTENT = Intent(
    strategy="trend", symbol="GOLD", side=-1, kind="stop", volume=0.3, price=1990.0, stop=2010.0, target=1950.0,
    expiry=77,
)  # fmt: skip


def test_a_submit_is_an_entry_with_its_stop() -> None:
    """Intent, magic number and moment of the decision; the deviation is the plan's."""
    wish = Submit(id=5, approved=Approved(INTENT), magic=2**50, comment="tg 1.1.5", decided_at=9)
    wanted = EntryRequest(
        id=5, symbol="GOLD", side=-1, kind="stop", volume=0.3, price=1990.0, stop=2010.0, target=1950.0, expiry=77,
        magic=2**50, comment="tg 1.1.5", deviation=3, decided_at=9,
    )  # fmt: skip

    assert wanted == request_of(wish, 3)


def test_a_close_keeps_its_reason_within_what_a_comment_may_hold() -> None:
    """A reason of any length; who asked decides whether a halt forbids it."""
    wish = ClosePosition(
        id=5, symbol="GOLD", position=8, side=1, volume=0.3, price=1.0, magic=4, reason="r" * 99, decided_at=9,
        operator=True,
    )  # fmt: skip
    wanted = CloseRequest(
        id=5, symbol="GOLD", position=8, side=1, volume=0.3, price=1.0, magic=4, comment=f"tg {'r' * 26}", decided_at=9,
        operator=True,
    )  # fmt: skip

    assert wanted == request_of(wish)


def test_stops_and_cancels_go_out_as_they_are() -> None:
    """They name a position or an order, and nothing else."""
    stop = ModifyStop(id=5, symbol="GOLD", position=8, stop=1.5, target=2.5, decided_at=9)
    cancel = Cancel(id=6, symbol="GOLD", order=8, decided_at=9)

    assert StopRequest(id=5, symbol="GOLD", position=8, stop=1.5, target=2.5, decided_at=9) == request_of(stop)
    assert CancelRequest(id=6, symbol="GOLD", order=8, decided_at=9) == request_of(cancel)
