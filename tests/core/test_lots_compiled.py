"""Lots by each rule of size, in plain Python and compiled: the same to the last bit."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.sizing import BY_KELLY, BY_LOTS, BY_VOLATILITY, flat_rule, lots_by
from strategies.sizing import ByRisk
from tests.kernels import same_call

BY_RISK = flat_rule(ByRisk())[0]
shares = st.floats(0.0, 1.0)
prices = st.floats(0.5, 200.0)


@given(
    rule=st.sampled_from([BY_RISK, BY_LOTS, BY_VOLATILITY, BY_KELLY]), part=shares, payoff=st.floats(0.0, 4.0),
    risk=shares, exposure=shares, price=prices, stop=prices, target=prices, reach=st.floats(0.0, 5.0), score=shares,
    mode=st.sampled_from([0.0, 1.0]),
)  # fmt: skip
def test_lots_are_the_same_compiled(  # noqa: PLR0913, PLR0917 - what a size is reckoned of
    rule: float, part: float, payoff: float, risk: float, exposure: float, price: float, stop: float, target: float,
    reach: float, score: float, mode: float,
) -> None:  # fmt: skip
    """By every rule, in either mode of profit, long and short."""
    side = 1.0 if price > stop else -1.0
    bet = (10_000.0, risk, exposure, side, price, stop, target, mode, 100.0, 1.0, reach, score)
    args = (rule, part, payoff, *bet, 0.01, 0.01, 50.0)
    (lots,) = same_call(lots_by, [args])

    assert 0.0 <= lots <= 50.0
