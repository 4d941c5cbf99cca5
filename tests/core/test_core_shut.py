"""What a shut gate does to an open trade: each policy once, as levels and holds permit, never on ignorance."""

from typing import Any

import pytest

from brokers.facts import Accepted, DealMade, InDoubt, Rejected
from regimes.shut import OnShut
from runtime.core.core import Core
from runtime.core.instructions import ClosePosition, ModifyStop
from tests.cores import LEAVE, a_gated_plan, buy, closed, hour, level, reconciled
from tests.told import Told, kinds, only, position_of

UP, DOWN = 102.0, 101.5
"""Closes after which the gate is open, and shut."""


def in_gated_trade(on_shut: Any, mode: str = "enforce", script: Any = None, **gate: Any) -> Told:  # noqa: ANN401
    """Return a core that bought one lot at 101.10 on bar 3, its stop at 100.10, behind a gate that was open."""
    told = Told(a_gated_plan({3: buy()} | (script or {}), mode, on_shut=on_shut, **gate))
    wish = told.submit(3, 101.0)
    deal = told.deal(wish, "in", 101.1)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0))
    told.tell(DealMade(at=hour(4), deal=deal))
    told.tell(closed(4, UP))
    return told


def done(told: Told, wish: ModifyStop) -> None:
    """Tell that the venue moved a stop."""
    told.tell(Accepted(at=told.core.ledger.at, id=wish.id))


def dealt(told: Told, wish: ClosePosition, price: float = DOWN) -> None:
    """Tell that the venue closed what was asked for."""
    deal = told.deal(wish, "out", price)
    told.tell(Accepted(at=deal.at, id=wish.id, order=deal.order, deal=deal.ticket, volume=wish.volume))
    told.tell(DealMade(at=deal.at, deal=deal))


def volume(told: Told) -> float:
    """Return the lots the strategy holds."""
    trade = told.core.lanes[0].trade
    return trade.volume if trade else 0.0


# --- each policy ------------------------------------------------------------------------------------------------------


def test_keep_leaves_the_trade_to_its_own_plan() -> None:
    """Nothing is asked for, however long the gate is shut."""
    told = in_gated_trade("keep")
    steps = [told.tell(closed(n, DOWN - n / 100)) for n in range(5, 9)]

    assert [[]] * 4 == [kinds(step) for step in steps]
    assert {("in_position", "")} == {(d.outcome, d.shut) for step in steps for d in step.decisions}


@pytest.mark.parametrize(
    ("on_shut", "stop"), [("breakeven", 101.1), ("tighten", 100.8), (OnShut(tighten=0.25), 101.15)]
)
def test_a_policy_moves_the_stop_once(on_shut: Any, stop: float) -> None:  # noqa: ANN401
    """To the entry, or to a share of its distance from the bid, on the first bar on which the gate is shut."""
    told = in_gated_trade(on_shut)
    first = told.tell(closed(5, DOWN))
    done(told, only(first, ModifyStop))
    later = [told.tell(closed(n, DOWN - n / 1000)) for n in range(6, 9)]

    assert stop == only(first, ModifyStop).stop
    assert ("in_position", f"stop to {stop:g}") == (first.decisions[0].outcome, first.decisions[0].shut)
    assert [[]] * 3 == [kinds(step) for step in later]


def test_a_stop_the_price_does_not_allow_waits_until_it_does() -> None:
    """The entry at 101.10 is above a bid of 100.80; on a later bar, the gate still shut, it is below."""
    told = in_gated_trade("breakeven")
    first, second = told.tell(closed(5, 100.8)), told.tell(closed(6, 100.7, bid=101.4))

    assert ([], 101.1) == (kinds(first), only(second, ModifyStop).stop)


def test_reduce_closes_half_of_the_lots_once() -> None:
    """A part is closed, the trade goes on with the rest, and a gate that shuts anew closes a part anew."""
    told = in_gated_trade("reduce")
    wish = only(told.tell(closed(5, DOWN)), ClosePosition)
    dealt(told, wish)
    still = [told.tell(closed(n, DOWN - n / 1000)) for n in (6, 7)]
    told.tell(closed(8, UP))
    anew = only(told.tell(closed(9, DOWN)), ClosePosition)

    assert (0.5, "gate shut", 911, False) == (wish.volume, wish.reason, wish.position, wish.operator)
    assert [[], []] == [kinds(step) for step in still]
    assert (0.5, 0.25) == (volume(told), anew.volume)


def test_a_part_that_is_closed_is_an_exit_of_its_lots() -> None:
    """The decision says how many lots left, and why."""
    d = in_gated_trade("reduce").decide(5, DOWN)

    assert ("exit", ("gate shut",), -1, 0.5, "close 0.5 lots") == (d.outcome, d.reasons, d.side, d.volume, d.shut)


def test_close_after_leaves_after_so_many_bars_in_a_row() -> None:
    """A bar on which the gate is open begins the count anew."""
    told = in_gated_trade(OnShut(close_after=2))
    steps = [told.tell(closed(n, close)) for n, close in ((5, DOWN), (6, UP), (7, DOWN), (8, DOWN - 0.1))]
    wish = only(steps[-1], ClosePosition)
    dealt(told, wish)

    assert [[], [], []] == [kinds(step) for step in steps[:3]]
    assert (1.0, "gate shut", 0.0) == (wish.volume, wish.reason, volume(told))


# --- when it is not carried out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_shut", "said"),
    [("keep", ""), ("breakeven", "stop to 101.1"), ("tighten", "stop to 100.8"), ("reduce", "close 0.5 lots"),
     (OnShut(close_after=1), "close 1 lots")],
)  # fmt: skip
def test_advice_is_told_once_and_changes_nothing(on_shut: Any, said: str) -> None:  # noqa: ANN401
    """Under `advise` the decision says what would have been done; stop and lots stay as they are."""
    told = in_gated_trade(on_shut, "advise")
    first, second = told.tell(closed(5, DOWN)), told.tell(closed(6, DOWN - 0.1))
    trade = told.core.lanes[0].trade

    assert ([], [], said, "") == (kinds(first), kinds(second), first.decisions[0].shut, second.decisions[0].shut)
    assert trade is not None
    assert (1.0, 100.1, 100.1) == (trade.volume, trade.stop, trade.exit[2])


@pytest.mark.parametrize("on_shut", ["breakeven", "tighten", "reduce", OnShut(close_after=1)])
def test_a_stale_reading_is_no_reason_to_touch_a_trade(on_shut: Any) -> None:  # noqa: ANN401
    """Nothing is known of the market: no entry is made, and what is open is left to its own plan."""
    told = in_gated_trade(on_shut)
    told.core.readings_of = {key: [] for key in told.core.readings_of}  # from here on the regime is silent
    *_, step = [told.tell(closed(n, DOWN - n / 100)) for n in range(5, 10)]

    assert (False, "the regime reading is stale") == (step.decisions[0].gate_open, step.decisions[0].gate_reason)
    assert ([], "") == (kinds(step), step.decisions[0].shut)


@pytest.mark.parametrize(("on_shut", "wish"), [("tighten", ModifyStop), ("reduce", ClosePosition)])
def test_what_was_done_is_not_done_again_after_a_reading_was_stale(on_shut: Any, wish: Any) -> None:  # noqa: ANN401
    """The gate was shut all along: what it was shut by was not known for a while."""
    told = in_gated_trade(on_shut)
    first = only(told.tell(closed(5, DOWN)), wish)
    done(told, first) if isinstance(first, ModifyStop) else dealt(told, first)
    heard = told.core.readings_of
    told.core.readings_of = {key: [] for key in heard}
    *_, stale = [told.tell(closed(n, DOWN + n / 100)) for n in range(6, 11)]
    told.core.readings_of = heard
    again = [told.tell(closed(n, DOWN - n / 1000)) for n in range(11, 14)]

    assert "the regime reading is stale" == stale.decisions[0].gate_reason
    assert ["regime not allowed"] * 3 == [step.decisions[0].gate_reason for step in again]
    assert [[]] * 3 == [kinds(step) for step in again]


@pytest.mark.parametrize("on_shut", ["breakeven", "tighten", "reduce", OnShut(close_after=1)])
def test_at_halt_no_policy_is_carried_out(on_shut: Any) -> None:  # noqa: ANN401
    """A halt forbids stops and exits; once it is lifted, the next bar on which the gate is shut does it."""
    told = in_gated_trade(on_shut)
    told.tell(level("halt", hour(5)))
    held = told.tell(closed(5, DOWN))
    told.tell(level("run", hour(6)))
    free = told.tell(closed(6, DOWN - 0.1))

    assert (("halt",), []) == (held.decisions[0].holds, kinds(held))
    assert 1 == len(kinds(free))


@pytest.mark.parametrize("on_shut", ["breakeven", "tighten", "reduce", OnShut(close_after=1)])
def test_at_close_only_every_policy_is_carried_out(on_shut: Any) -> None:  # noqa: ANN401
    """They only take risk away, which that level permits."""
    told = in_gated_trade(on_shut)
    told.tell(level("close-only", hour(5)))

    assert 1 == len(kinds(told.tell(closed(5, DOWN))))


def test_a_policy_waits_for_bars_that_were_missed() -> None:
    """They count as shut, but nothing is traded on them; the first live bar does what is due."""
    told = in_gated_trade(OnShut(close_after=3))
    missed = [told.tell(closed(n, DOWN - n / 100, phase="missed")) for n in (5, 6)]
    live = told.tell(closed(7, DOWN - 0.2))

    assert [[], []] == [kinds(step) for step in missed]
    assert "gate shut" == only(live, ClosePosition).reason


def test_the_strategys_own_exit_comes_first() -> None:
    """What is left whole for another reason is not reduced."""
    told = in_gated_trade("reduce", script={5: LEAVE})
    wish = only(told.tell(closed(5, DOWN)), ClosePosition)

    assert (1.0, "strategy") == (wish.volume, wish.reason)


# --- a part that is closed, and what may come of the order ------------------------------------------------------------


def test_a_part_that_was_refused_is_asked_for_on_the_next_bar() -> None:
    """A clear no leaves the trade whole."""
    told = in_gated_trade("reduce")
    wish = only(told.tell(closed(5, DOWN)), ClosePosition)
    told.tell(Rejected(at=hour(6), id=wish.id, code=10018, reason="market closed"))
    again = only(told.tell(closed(6, DOWN - 0.1)), ClosePosition)

    assert (1.0, 0.5, True) == (volume(told), again.volume, again.id != wish.id)


def test_a_part_in_doubt_is_never_sent_twice() -> None:
    """Until it is known what became of it nothing is asked for; its deal is the answer."""
    told = in_gated_trade("reduce")
    wish = only(told.tell(closed(5, DOWN)), ClosePosition)
    told.tell(InDoubt(at=hour(6), id=wish.id, code=0, reason="no answer"))
    waits = [told.tell(closed(n, DOWN - n / 100)) for n in (6, 7)]
    told.tell(DealMade(at=hour(8), deal=told.deal(wish, "out", DOWN)))
    after = told.tell(closed(8, DOWN - 0.2))

    assert [[], [], []] == [kinds(step) for step in (*waits, after)]
    assert (0.5, []) == (volume(told), told.holds)
    assert "FILLED" == told.core.ledger.orders[wish.id].state


def test_a_part_in_doubt_that_was_never_done_is_asked_for_again_after_the_look() -> None:
    """The settle window has passed, the whole position stands: the order is known to have come to nothing."""
    told = in_gated_trade("reduce")
    trade = told.core.lanes[0].trade
    wish = only(told.tell(closed(5, DOWN)), ClosePosition)
    told.tell(InDoubt(at=hour(6), id=wish.id, code=0, reason="no answer"))
    assert trade is not None
    there = position_of(
        told.deal(wish, "in", 101.1), ticket=trade.position, side=1, volume=1.0, stop=100.1, magic=trade.magic
    )
    told.tell(reconciled(told.balance, there, at=hour(6), settled=True))
    again = only(told.tell(closed(6, DOWN - 0.1)), ClosePosition)

    assert ("REFUSED", 0.5) == (told.core.ledger.orders[wish.id].state, again.volume)


def test_a_core_put_to_rest_while_its_gate_is_shut_goes_on_counting() -> None:
    """Bars shut, and whether the policy was carried out, are part of the trade."""
    told = in_gated_trade(OnShut(close_after=2))
    told.tell(closed(5, DOWN))
    woken = Core(told.core.plan)
    woken.restore(told.core.snapshot())

    steps = [core.handle(closed(6, DOWN - 0.1)) for core in (told.core, woken)]

    assert repr(steps[0]) == repr(steps[1])
    assert "ClosePosition" in kinds(steps[0])
