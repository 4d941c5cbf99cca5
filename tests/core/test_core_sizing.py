"""How many lots an entry has, by each rule of size: never more at its stop than the risk allows, whatever is drawn."""

import math

import pytest

from hypothesis import assume, given
from hypothesis import strategies as st

from brokers.book import mode_of, units_of
from brokers.fills import INVERSE, profit, unit_rate
from market.types import Symbol
from runtime.core.sizing import Bet, lots_of
from strategies.sizing import AnySizing, ByKelly, ByLots, ByRisk, ByVolatility, kelly
from tests.cores import a_lane, a_plan, buy, closed
from tests.told import Told
from tests.venues import EURUSD, GOLD, USDJPY

RULES: list[AnySizing] = [ByRisk(), ByLots(lots=3.0), ByVolatility(target=0.01), ByKelly(part=1.0, payoff=2.0)]


def bet(symbol: Symbol, price: float, stop: float, **fields: float) -> Bet:
    """Return what a long entry is reckoned of: ten thousand dollars, one percent; fields may be changed."""
    mode = mode_of(symbol, "USD")
    assert mode is not None
    given: dict[str, float] = {
        "equity": 10_000.0, "risk": 0.01, "exposure": 1.0, "side": 1.0 if price > stop else -1.0, "price": price,
        "stop": stop, "target": 0.0, "mode": mode, "contract": units_of(symbol, "USD"), "now": unit_rate(mode, price),
        "range": math.nan, "score": math.nan,
    }  # fmt: skip
    return Bet(**(given | fields))


def gold(rule: AnySizing, **fields: float) -> float:
    """Return the lots of gold bought at 100.00, a dollar above its stop: a lot loses a hundred dollars."""
    return lots_of(rule, bet(GOLD, 100.0, 99.0, **fields), GOLD)


# --- each rule --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fields", "expected"),
    [
        (ByRisk(), {}, 1.0),
        (ByRisk(), {"exposure": 0.5}, 0.5),
        (ByRisk(), {"exposure": math.nan}, 0.0),
        (ByLots(lots=0.3), {}, 0.3),
        (ByLots(lots=0.3), {"exposure": 0.5}, 0.15),
        (ByLots(lots=3.0), {}, 1.0),  # more would lose more than one percent
        (ByVolatility(target=0.01), {"range": 2.0}, 0.5),
        (ByVolatility(target=0.01), {"range": 2.0, "exposure": 0.5}, 0.25),
        (ByVolatility(target=0.01), {"range": 0.5}, 1.0),  # two lots would lose two percent
        (ByVolatility(target=0.01), {"range": math.nan}, 0.0),
        (ByVolatility(target=0.01), {"range": 0.0}, 0.0),
        (ByKelly(part=0.25, payoff=2.0), {"score": 0.35}, 0.62),  # a quarter of 2.5 percent
        (ByKelly(part=0.25), {"score": 0.35, "target": 102.0}, 0.62),
        (ByKelly(part=0.25), {"score": 0.9}, 0.0),  # no target, no payoff
        (ByKelly(part=0.25, payoff=2.0), {"score": 0.9}, 1.0),
        (ByKelly(part=0.25, payoff=2.0), {"score": 0.35, "exposure": 0.5}, 0.31),
        (ByKelly(part=0.25, payoff=2.0), {"score": 1 / 3}, 0.0),
        (ByKelly(part=0.25, payoff=2.0), {"score": 35.0}, 0.0),
        (ByKelly(part=0.25, payoff=2.0), {"score": math.nan}, 0.0),
    ],
)
def test_each_rule_gives_what_it_says(rule: AnySizing, fields: dict[str, float], expected: float) -> None:
    """A lot that loses a hundred dollars, of an account that may lose a hundred: by hand."""
    assert expected == gold(rule, **fields)


def test_the_loss_is_paid_at_the_rate_of_the_stop() -> None:
    """Dollars against yen: at the stop a yen is worth more, so the lots are fewer than the quote's rate would say."""
    found = lots_of(ByRisk(), bet(USDJPY, 150.0, 140.0, equity=1_000_000.0), USDJPY)

    assert 1.4 == found  # 10,000 / (10 * 100,000 / 140); by the rate at the quote it were 1.5
    assert -profit(INVERSE, 1.0, 150.0, 140.0, found, 100_000.0) <= 10_000.0


def contract(digits: int, contract_size: float, step: float, base: str, profit_in: str) -> Symbol:
    """Return a symbol that somebody may trade."""
    return Symbol(
        name="ANY", digits=digits, tick_size=10.0**-digits, contract_size=contract_size, volume_min=step,
        volume_max=1e6, volume_step=step, currency_base=base, currency_profit=profit_in, calc="forex",
    )  # fmt: skip


contracts = st.builds(
    contract, st.integers(0, 6), st.sampled_from([0.1, 1.0, 7.3, 100.0, 5_000.0, 100_000.0]),
    st.sampled_from([1e-5, 0.001, 0.01, 0.03, 0.1, 1.0]), st.just("USD"), st.sampled_from(["JPY", "USD", "CHF"]),
)  # fmt: skip
"""Pairs and others of an account in dollars: their profit is in dollars, or in what a dollar buys at their price."""


def odd(most: float) -> st.SearchStrategy[float]:
    """Return numbers of every size that are no round ones: it is between two cents that rounding raises a risk."""
    return (
        st.integers(2, 40).flatmap(lambda n: st.integers(1, 2**n)).map(lambda n: n / 997.0).filter(lambda x: x < most)
    )


@given(
    rule=st.sampled_from(RULES),
    symbol=st.sampled_from([GOLD, EURUSD, USDJPY]) | contracts,
    side=st.sampled_from([1.0, -1.0]),
    equity=odd(1e7),
    risk=st.sampled_from([0.001, 0.01, 0.0133]),
    exposure=st.just(1.0) | st.floats(0.0, 1.0),
    quote=odd(1e5),
    away=st.floats(1e-5, 0.5),
    score=st.floats(0.0, 1.0),
    moves=st.floats(0.0005, 0.2),
)
def test_no_rule_ever_risks_more_than_the_strategy_may(
    rule: AnySizing, symbol: Symbol, side: float, equity: float, risk: float, exposure: float, quote: float,
    away: float, score: float, moves: float,
) -> None:  # fmt: skip
    """By the venue's own reckoning, to the cent, a stop-out loses no more than the gate leaves of the risk."""
    price = symbol.price(quote)
    stop = symbol.price(price - side * price * away)
    assume(price > 0.0 and stop > 0.0 and stop != price)
    mode = mode_of(symbol, "USD")
    assert mode is not None
    fields = {"equity": equity, "risk": risk, "exposure": exposure, "score": score, "range": price * moves}
    found = lots_of(rule, bet(symbol, price, stop, side=side, **fields), symbol)
    lost = -profit(mode, side, price, stop, found, units_of(symbol, "USD"))

    assert lost <= equity * risk * exposure + 1e-6  # what a float of that size can tell
    assert found == 0.0 or symbol.volume_min <= found <= symbol.volume_max


@given(
    symbol=st.sampled_from([GOLD, EURUSD, USDJPY]) | contracts,
    equity=odd(1e7),
    quote=odd(1e5),
    away=st.floats(1e-5, 0.5),
)
def test_the_cent_takes_no_more_than_it_must(symbol: Symbol, equity: float, quote: float, away: float) -> None:
    """A step more, and three cents more in lots, would lose more than may be lost."""
    price = symbol.price(quote)
    stop = symbol.price(price * (1.0 - away))
    assume(price > stop > 0.0)
    mode = mode_of(symbol, "USD")
    assert mode is not None
    found = lots_of(ByRisk(), bet(symbol, price, stop, equity=equity), symbol)
    a_lot = (price - stop) * units_of(symbol, "USD") * unit_rate(mode, stop)
    more = found + symbol.volume_step + 0.031 / a_lot

    assert more * a_lot > equity * 0.01 * (1.0 - 1e-9) or more > symbol.volume_max


@given(st.floats(0.0, 1.0), st.floats(0.01, 100.0))
def test_kelly_grows_an_account_faster_than_its_neighbours(chance: float, payoff: float) -> None:
    """The share of Kelly's formula beats a little less and a little more in expected growth (Kelly 1956)."""
    share = kelly(chance, payoff)

    def growth(s: float) -> float:
        won = math.log1p(s * payoff) if chance else 0.0
        lost = math.log1p(-s) if chance < 1.0 else 0.0
        return chance * won + (1.0 - chance) * lost

    if share >= 1.0:
        assert chance == 1.0
        return
    for other in (share - 1e-3, share + 1e-3):
        assert not 0.0 <= other < 1.0 or growth(share) >= growth(other) - 1e-12


# --- in a core --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"), [(ByRisk(), 1.0), (ByLots(lots=0.3), 0.3), (ByVolatility(target=0.01, atr=1), 0.5)]
)
def test_a_strategy_is_sized_by_its_rule(size: AnySizing, expected: float) -> None:
    """Gold that moves two dollars a bar, an account of 10,000 at one percent, a stop a dollar away."""
    told = Told(a_plan(a_lane({6: buy()}, size=size)))
    for n in range(3, 6):
        told.tell(closed(n, 100.0, high=101.0, low=99.0))
    step = told.tell(closed(6, 100.0, high=101.0, low=99.0))

    assert ("traded", expected) == (step.decisions[0].outcome, step.decisions[0].volume)
    assert step.decisions[0].risk <= 100.0


def test_a_size_that_needs_bars_waits_for_them() -> None:
    """The range of five bars is known after the sixth: before, nothing is wanted, though the strategy's own is warm."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy()), size=ByVolatility(target=0.01, atr=8))))

    assert "warming" == told.decide(3, 100.0).outcome
