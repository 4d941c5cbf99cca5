"""The return of an account: money paid in or out moves it by nothing, and stretches that follow each other multiply."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.money import cents
from runtime.clients.returns import Flow, Growth, Worth, chained, growth

MONEY = st.integers(-500_000, 500_000).map(lambda n: n / 100.0)
GAINS = st.floats(-0.3, 0.3)


class Life:
    """An account that gained such shares, each followed by a flow; moments are whole numbers."""

    def __init__(self, steps: list[tuple[float, float]]) -> None:
        """Begin with 10,000.00; take out no more than half of what is there."""
        self.worths = [Worth(0, 10_000.0)]
        self.flows: list[Flow] = []
        worth = 10_000.0
        for n, (gain, wish) in enumerate(steps, 1):
            before = cents(worth * (1.0 + gain))
            money = max(wish, cents(-before / 2.0))
            self.flows.append(Flow(n, money, before))
            worth = cents(before + money)
            self.worths.append(Worth(n, worth))
        self.end = Worth(len(steps) + 1, worth)


STEPS = st.lists(st.tuples(GAINS, MONEY), max_size=12)


@given(st.lists(MONEY, max_size=12))
def test_flows_alone_are_no_return(wishes: list[float]) -> None:
    """However much was paid in and out: where trading made nothing the factor is one, to the last bit."""
    life = Life([(0.0, wish) for wish in wishes])

    assert Growth(1.0) == growth(life.worths[0], life.flows, life.end)


@given(st.lists(MONEY, max_size=12))
def test_flows_alone_are_no_return_where_nobody_knows_what_was_there(wishes: list[float]) -> None:
    """Nor where every one of them has to be estimated."""
    life = Life([(0.0, wish) for wish in wishes])
    unknown = [Flow(flow.at, flow.money) for flow in life.flows]

    assert Growth(1.0, len(unknown)) == growth(life.worths[0], unknown, life.end)


@given(st.integers(1, 10**9).map(lambda n: n / 100.0), st.integers(0, 10**9).map(lambda n: n / 100.0))
def test_without_flows_it_is_the_simple_return(began: float, ended: float) -> None:
    """What was there at the end over what was there at the beginning."""
    found = growth(Worth(0, began), [], Worth(1, ended))

    assert ended / began == pytest.approx(found.factor, rel=1e-12, abs=1e-12)


@given(STEPS, st.data())
def test_stretches_that_follow_each_other_make_the_whole(steps: list[tuple[float, float]], data: st.DataObject) -> None:
    """Wherever a month is cut, at a flow too, its parts multiply to it."""
    life = Life(steps)
    cut = data.draw(st.integers(0, len(steps)))
    middle = life.worths[cut]
    first = [flow for flow in life.flows if flow.at <= cut]
    parts = [growth(life.worths[0], first, middle), growth(middle, life.flows[len(first) :], life.end)]

    whole = growth(life.worths[0], life.flows, life.end)

    assert whole.factor == pytest.approx(chained(parts).factor, rel=1e-12)


@given(STEPS, st.integers(2, 50))
def test_a_larger_account_has_the_same_return(steps: list[tuple[float, float]], times: int) -> None:
    """With every worth and flow so many times as large."""
    life = Life(steps)
    larger = [Flow(flow.at, times * flow.money, times * (flow.before or 0.0)) for flow in life.flows]

    found = growth(Worth(0, times * 10_000.0), larger, Worth(life.end.at, times * life.end.money))

    assert growth(life.worths[0], life.flows, life.end).factor == pytest.approx(found.factor, rel=1e-9)


def test_a_flow_whose_worth_nobody_knows_is_weighted_by_its_time() -> None:
    """Modified Dietz: 1,000 and for half of the time 1,000 more made 150, which is 10 % of 1,500; it says so."""
    found = growth(Worth(0, 1000.0), [Flow(50, 1000.0)], Worth(100, 2150.0))

    assert pytest.approx(1.1) == found.factor
    assert 1 == found.estimated


def test_an_account_that_was_empty_for_a_while_goes_on() -> None:
    """All was taken out, then 500 paid in: what stood between grew by nothing."""
    flows = [Flow(1, -1100.0, 1100.0), Flow(2, 500.0, 0.0)]

    assert pytest.approx(1.1 * 1.02) == growth(Worth(0, 1000.0), flows, Worth(3, 510.0)).factor


def test_of_nothing_no_return_can_be_said() -> None:
    """Something was made where no money was; what follows does not mend it."""
    lost = growth(Worth(0, 0.0), [], Worth(1, 5.0))

    assert (None, None) == (lost.factor, lost.share)
    assert None is chained([lost, Growth(1.1)]).factor
