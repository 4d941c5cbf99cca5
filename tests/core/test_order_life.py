"""An order's life: every legal step, every illegal one, and the story it leaves."""

import copy
import itertools

from typing import get_args

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.orders import OPEN, Happening, IllegalTransitionError, OrderRecord, State, walk

LEGAL: dict[tuple[State, Happening], State] = {
    ("NEW", "sent"): "SENT",
    ("NEW", "refused"): "REFUSED",
    ("SENT", "placed"): "WORKING",
    ("SENT", "part"): "PARTIAL",
    ("SENT", "filled"): "FILLED",
    ("SENT", "refused"): "REFUSED",
    ("SENT", "doubt"): "IN_DOUBT",
    ("WORKING", "part"): "PARTIAL",
    ("WORKING", "filled"): "FILLED",
    ("WORKING", "gone"): "CANCELLED",
    ("WORKING", "doubt"): "IN_DOUBT",
    ("PARTIAL", "part"): "PARTIAL",
    ("PARTIAL", "filled"): "FILLED",
    ("PARTIAL", "gone"): "CANCELLED",
    ("PARTIAL", "doubt"): "IN_DOUBT",
    ("IN_DOUBT", "placed"): "WORKING",
    ("IN_DOUBT", "part"): "PARTIAL",
    ("IN_DOUBT", "filled"): "FILLED",
    ("IN_DOUBT", "refused"): "REFUSED",
    ("IN_DOUBT", "gone"): "CANCELLED",
    ("IN_DOUBT", "doubt"): "IN_DOUBT",
    ("IN_DOUBT", "absent"): "MISSING",
    ("MISSING", "placed"): "WORKING",
    ("MISSING", "part"): "PARTIAL",
    ("MISSING", "filled"): "FILLED",
    ("MISSING", "gone"): "CANCELLED",
    ("FILLED", "filled"): "FILLED",
    ("FILLED", "placed"): "FILLED",
    ("FILLED", "gone"): "FILLED",
    ("FILLED", "absent"): "MISSING",
    ("REFUSED", "part"): "PARTIAL",
    ("REFUSED", "filled"): "FILLED",
    ("CANCELLED", "part"): "CANCELLED",
    ("CANCELLED", "filled"): "FILLED",
}
STATES: tuple[State, ...] = get_args(State)
HAPPENINGS: tuple[Happening, ...] = get_args(Happening)
ILLEGAL = [pair for pair in itertools.product(STATES, HAPPENINGS) if pair not in LEGAL]


def an_order(state: State = "NEW") -> OrderRecord:
    """Return an order in a state, with a story."""
    return OrderRecord(
        id=7, verb="entry", strategy=1, symbol="XAUUSD", decision=1, magic=70, side=1, volume=1.0, price=100.0,
        state=state, story=["NEW -sent-> SENT (at 5)"],
    )  # fmt: skip


@pytest.mark.parametrize(("before", "happening"), LEGAL)
def test_a_legal_step_is_taken_and_told(before: State, happening: Happening) -> None:
    """What stands in the table moves the order, and the story grows by one line."""
    order = an_order(before)

    after = walk(order, happening, "note")

    assert (LEGAL[before, happening], LEGAL[before, happening]) == (after, order.state)
    assert ["NEW -sent-> SENT (at 5)", f"{before} -{happening}-> {after} (note)"] == order.story


@pytest.mark.parametrize(("before", "happening"), ILLEGAL)
def test_an_illegal_step_raises_with_the_story_and_changes_nothing(before: State, happening: Happening) -> None:
    """What does not stand in the table is impossible: the error tells the story, the order is as it was."""
    order = an_order(before)
    untouched = copy.deepcopy(order)

    with pytest.raises(IllegalTransitionError, match=rf"entry 7 on XAUUSD is {before}: '{happening}' is impossible"):
        walk(order, happening, "note")

    assert untouched == order


def test_the_story_stands_in_the_error() -> None:
    """Whoever reads the error reads what happened before."""
    order = an_order("SENT")
    walk(order, "filled", "deal 3")

    with pytest.raises(IllegalTransitionError, match=r"NEW -sent-> SENT \(at 5\); SENT -filled-> FILLED \(deal 3\)"):
        walk(order, "refused")


def test_a_missing_order_may_be_filled_later() -> None:
    """A venue may deny an order and fill it after all."""
    assert "FILLED" == walk(an_order("MISSING"), "filled")


def test_two_orders_share_no_story() -> None:
    """An order born without a story begins its own."""
    first, second = (msgspec.convert({**msgspec.to_builtins(an_order()), "story": []}, OrderRecord) for _ in range(2))
    bare = OrderRecord(**{f: getattr(first, f) for f in OrderRecord.__struct_fields__ if f != "story"})
    walk(bare, "sent")

    assert ([], []) == (first.story, second.story)


def test_only_a_deal_follows_a_refusal() -> None:
    """A clear no is final for all but a venue that fills what it refused: that is a position, and must be ours."""
    assert {"part", "filled"} == {happening for before, happening in LEGAL if before == "REFUSED"}


def test_what_may_still_be_filled_by_itself_counts_as_open() -> None:
    """The states in which a strategy must not send again are those of an order that has not ended."""
    assert {"NEW", "SENT", "WORKING", "PARTIAL", "IN_DOUBT", "MISSING"} == OPEN


@given(st.lists(st.sampled_from(HAPPENINGS), max_size=30))
def test_any_history_walks_the_table_or_stands_still(history: list[Happening]) -> None:
    """After any happenings at all the state is what the table says, and the story has a line for each step taken."""
    order, state, lines = an_order(), "NEW", 1
    for happening in history:
        after = LEGAL.get((state, happening))  # type: ignore[arg-type]  # a key of the table
        if after is None:
            with pytest.raises(IllegalTransitionError):
                walk(order, happening)
        else:
            walk(order, happening)
            state, lines = after, lines + 1

    assert (state, lines) == (order.state, len(order.story))
