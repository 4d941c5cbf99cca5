"""Halts: what tells nothing of a market that stands still, and where it begins and ends."""

from hypothesis import given
from hypothesis import strategies as st

from market.halts import HALTED, halt_init, halt_step
from tests.kernels import same_call


def told(closes: list[float]) -> list[int]:
    """Return the places of the bars that tell nothing."""
    state = halt_init()
    return [n for n, close in enumerate(closes) if halt_step(state, close) > 0.0]


def test_a_halt_begins_with_its_twentieth_bar_and_ends_after_the_first_that_moves() -> None:
    """The first moves; twenty repeat it; two more do; then the way out, and the next is as any other."""
    assert [HALTED, HALTED + 1, HALTED + 2, HALTED + 3] == told([1.0] * (HALTED + 3) + [2.0, 3.0])


def test_a_bar_less_is_no_halt() -> None:
    """Nineteen bars without a move are a quiet market, and so is what follows."""
    assert [] == told([1.0] * HALTED + [2.0] * HALTED)


@given(st.lists(st.sampled_from((1.0, 2.0, float("nan"))), max_size=60))
def test_a_halt_is_the_same_in_both_drives(closes: list[float]) -> None:
    """Plain Python and numba agree in every bit."""
    same_call(halt_step, [([1.0, still, 0.0], close) for still, close in enumerate(closes)])
