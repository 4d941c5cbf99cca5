"""A model's age is told as a share of what it may get, and its refit is due soon from seven tenths on."""

from hypothesis import given
from hypothesis import strategies as st

from market.types import DAY_MS
from runtime.model_age import TOO_OLD, age_of
from tests.models import a_model

CLOSED = 19 + DAY_MS
"""When the last bar of the test model's training closed."""


@given(st.integers(0, 1000))
def test_a_refit_is_due_soon_from_seven_tenths_on(days: int) -> None:
    """Whatever its age, the words and the verdict go together."""
    told, due = age_of("up", a_model(), "D1", "100 days", CLOSED + days * DAY_MS)

    assert due == (days >= 70)
    assert ("refit it" in told) == due
    assert (TOO_OLD in told) == (days >= 100)


def test_nothing_is_told_without_a_greatest_age() -> None:
    """A model that may get as old as it may is never due."""
    assert age_of("up", a_model(), "D1", "", 1 << 42) == ("", False)
