"""The numbers of a summary: they agree with each other, with the drive they come from, and with arithmetic."""

import math

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap

from backtests.ambiguity import ambiguous_of
from backtests.blocks import BATCH, DRAWS, interval
from backtests.equity import curve_of, drawdown_of, stepped
from backtests.gate_value import GateValue, gate_value
from backtests.record import Record, Trade
from backtests.remarks import remarks_of
from backtests.summary import summary_of, win_rate
from backtests.traded_regimes import regimes_of, runs_of
from market.money import cents
from runtime.outcomes.outcome import Book
from tests.records import doubtful, played

DAY_MS = 86_400_000
MONTH_MS = 31 * DAY_MS

KEYS = {
    "bars", "decisions", "by_class", "orders", "deals", "initial_balance", "final_balance", "realised_pnl",
    "vetoed_by_regime", "shadow_pnl", "gate_value", "gate_sentence", "shadow_trades", "trades", "win_rate",
    "max_drawdown", "regimes", "strategies", "notes",
}  # fmt: skip


def trade(book: Book, opened: int, net: float) -> Trade:
    """Return a trade of the demo's trend strategy, open for a day."""
    return Trade(
        book=book, strategy="trend", symbol="SP500", side=1, volume=1.0, opened=opened, closed=opened + DAY_MS,
        entry_price=100.0, exit_price=100.0 + net, net=net, r=net / 100.0, bars=1, exit_reason="stop", regime=0,
    )  # fmt: skip


def judged(live: list[float], shadow: list[float]) -> GateValue:
    """Return the judgement on trades one a month, the shadow's opened a day later."""
    record, _ = played()
    trades = [trade("live", i * MONTH_MS, net) for i, net in enumerate(live)]
    trades += [trade("shadow", i * MONTH_MS + DAY_MS, net) for i, net in enumerate(shadow)]
    return gate_value(msgspec.structs.replace(record, trades=trades))


def test_a_summary_has_what_was_promised() -> None:
    """The keys of the JSON are there."""
    summary = msgspec.to_builtins(summary_of(played()[0]))

    assert set() == KEYS - set(summary)


def test_classes_sum_to_decisions() -> None:
    """Every decision has exactly one class."""
    summary = summary_of(played()[0])

    assert summary.decisions == sum(summary.by_class.values())
    assert summary.vetoed_by_regime == summary.by_class["vetoed_by_regime"]


def test_the_money_adds_up() -> None:
    """What deals added is the change of the balance, is what the trades made, is what the strategies made."""
    record, drive = played()

    summary = summary_of(record)

    assert summary.final_balance == drive.balance
    assert summary.realised_pnl == cents(summary.final_balance - summary.initial_balance)
    assert summary.realised_pnl == cents(sum(t.net for t in record.trades if t.book == "live"))
    assert summary.realised_pnl == cents(sum(line.net for line in summary.strategies))
    assert summary.shadow_pnl == cents(sum(line.shadow_net or 0.0 for line in summary.strategies))
    assert summary.gate_value == cents(summary.realised_pnl - (summary.shadow_pnl or 0.0))


def test_the_equity_is_the_cores_own() -> None:
    """Computed from deals and quotes alone, it is what the core saw at every bar."""
    record, drive = played()

    curve, live = record.equity, [(t.closed, t.net) for t in record.trades if t.book == "live"]

    assert drive.equity.at.tolist() == curve.at.tolist()
    assert [cents(e) for e in drive.equity.money.tolist()] == [cents(e) for e in curve.money.tolist()]
    assert record.initial_balance + sum(deal.money for deal in record.deals) == pytest.approx(curve.money[-1])
    assert stepped(record.initial_balance, 0, live)[-1][1] == cents(float(curve.money[-1]))


@given(st.lists(st.floats(1.0, 1e6), min_size=1))
def test_a_drawdown_is_measured_from_the_highest_so_far(equity: list[float]) -> None:
    """It is never above zero, zero at every new high, and the deepest is the largest fall between any two moments."""
    fall = drawdown_of(curve_of(enumerate(equity)), equity[0])
    deepest = max(a - b for i, a in enumerate(equity) for b in equity[i:])

    assert (fall.money <= 0.0).all()
    assert (fall.share <= 0.0).all()
    assert deepest == -fall.money.min()


def test_the_regimes_are_told_over_all_bars() -> None:
    """Shares sum to one, the calmer state is the calmer, and its dwell is that of the runs in the decisions."""
    record, _ = played()
    states = [d.regime for d in record.decisions if d.strategy == "trend"]
    changes = sum(a != b for a, b in pairwise(states))

    calm, storm = regimes_of(record)

    assert math.isclose(1.0, calm.occupancy + storm.occupancy)
    assert len(states) == calm.bars + storm.bars
    assert calm.volatility is not None
    assert storm.volatility is not None
    assert calm.volatility < storm.volatility
    assert calm.dwell is not None
    assert storm.dwell is not None
    assert changes + 1 == round(calm.bars / calm.dwell + storm.bars / storm.dwell)
    assert calm.trained_dwell is not None


@given(st.lists(st.integers(0, 2), min_size=1))
def test_stretches_of_a_regime_cover_the_time(states: list[int]) -> None:
    """They follow each other without a gap, from the first moment to the end, and no two neighbours are alike."""
    runs = runs_of(list(enumerate(states)), len(states))

    assert 0 == runs[0][1]
    assert len(states) == runs[-1][2]
    assert all(a[2] == b[1] and a[0] != b[0] for a, b in pairwise(runs))


def test_exits_that_ticks_have_decided_are_told_apart() -> None:
    """How many, by what, and how many bars the ticks did not make up."""
    record, _ = doubtful()
    told = msgspec.structs.replace(record, within={"SP500": "ticks"}, ambiguous=1, resolved=4, apart=2)
    summary = summary_of(told)

    assert (1, 4, {"SP500": "ticks"}) == (summary.ambiguous, summary.resolved, summary.within)
    assert (
        "Bars that reached both stop and target of a position: 5. Of 4 the ticks within them told what came first, 1 "
        "count as stopped."
    ) in summary.notes
    assert any("In 2 bars with a position or an order the ticks make up other prices" in note for note in summary.notes)


def test_exits_in_doubt_are_counted_as_the_venue_counts_them() -> None:
    """Deals, decisions and bars tell how many bars reached both stop and target."""
    record, drive = doubtful()

    assert drive.ambiguous > 0
    assert drive.ambiguous == ambiguous_of(record)
    assert any(
        f"target of a position: {drive.ambiguous}, counted" in note for note in remarks_of(record, drive.ambiguous)
    )


def test_a_backtest_over_bars_that_its_model_has_learnt_from_says_so() -> None:
    """After a refit, or without a [train], they are the bars traded: its gate knew their future."""
    record, _ = played()
    (model,) = record.learnt.values()
    moments = sorted({d.bar_time for d in record.decisions})
    spans = (model, (0, moments[0] - 1), (moments[-1] + 1, moments[-1] + 9), (0, moments[9]), (0, moments[-1]))
    said = [
        [note.partition(" bars that are traded")[0] for note in remarks_of(played_by, 0) if "has learnt from" in note]
        for played_by in (msgspec.structs.replace(record, learnt={"calm-or-storm": span}) for span in spans)
    ]

    of = f"of the {len(moments):,}"
    assert [[], [], [], [f"calm-or-storm: its model has learnt from 10 {of}"]] == said[:-1]
    assert [[f"calm-or-storm: its model has learnt from {len(moments):,} {of}"]] == said[-1:]


def test_an_account_without_a_gate_has_nothing_to_judge() -> None:
    """There is no value, and the sentence says why."""
    summary = summary_of(doubtful()[0])

    assert (None, None, "no gate") == (summary.gate_value, summary.shadow_pnl, summary.gate_verdict)
    assert [] == summary.regimes


def test_without_shadow_books_the_gate_is_not_judged() -> None:
    """Nothing is claimed that was not measured."""
    summary = summary_of(played(60, shadows=False)[0])

    assert (None, None, "no shadow") == (summary.gate_value, summary.shadow_pnl, summary.gate_verdict)
    assert all(line.gate_value is None for line in summary.strategies)


@pytest.mark.parametrize(
    ("live", "shadow", "verdict"),
    [
        ([100.0] * 30, [-100.0] * 30, "helped"),
        ([-100.0, -90.0] * 15, [100.0] * 30, "hurt"),
        ([100.0, -100.0] * 15, [-90.0, 90.0] * 15, "unclear"),
        ([100.0] * 9, [-100.0] * 9, "too few"),
        ([100.0], [-100.0] * 18, "too few"),
        ([], [], "too few"),
    ],
)
def test_the_gate_is_praised_or_blamed_only_where_the_interval_says_so(
    live: list[float], shadow: list[float], verdict: str
) -> None:
    """A difference whose interval contains 0, or of a few trades, is called too few to say."""
    found = judged(live, shadow)

    assert verdict == found.verdict
    assert found.sentence.startswith(
        {"helped": "The gate helped", "hurt": "The gate did harm"}.get(verdict, "Too few trades to say")
    )
    assert (found.low is None) == (verdict == "too few")
    assert cents(sum(live) - sum(shadow)) == found.value


def test_a_book_that_is_merely_smaller_is_not_a_gate_that_helps() -> None:
    """Where all lose, smaller sizes lose less money: judged by the risk taken, that is no merit of the gate."""
    record, _ = played()
    live = [trade("live", i * MONTH_MS, -100.0 + i % 3) for i in range(60)]
    shadow = [
        msgspec.structs.replace(t, book="shadow", opened=t.opened + i % 2, net=9.0 * t.net) for i, t in enumerate(live)
    ]

    found = gate_value(msgspec.structs.replace(record, trades=[*live, *shadow]))

    assert found.value is not None
    assert found.value > 40_000.0
    assert (60, 0.0, "unclear") == (found.changed, found.value_r, found.verdict)


def test_trades_that_both_books_made_tell_nothing_of_the_gate() -> None:
    """A hundred equal trades and one vetoed loss are one trade's evidence."""
    record, _ = played()
    books: tuple[Book, ...] = ("live", "shadow")
    both = [trade(book, i * MONTH_MS, 50.0) for i in range(100) for book in books]

    found = gate_value(msgspec.structs.replace(record, trades=[*both, trade("shadow", 3 * DAY_MS, -900.0)]))

    assert (1, 900.0, "too few") == (found.changed, found.value, found.verdict)


def test_the_same_trades_get_the_same_interval() -> None:
    """Resampling is seeded: two people with one journal read one sentence."""
    trades = ([100.0, -80.0] * 20, [-50.0, 70.0] * 20)

    assert judged(*trades) == judged(*trades)


def test_a_gate_that_kept_nothing_out_is_not_judged() -> None:
    """Without a veto there is no difference to speak of."""
    summary = summary_of(played(60)[0])

    assert (0, "no veto") == (summary.vetoed_by_regime, summary.gate_verdict)


def test_the_win_rate_has_wilsons_interval() -> None:
    """Seven of ten: 0.397 to 0.892 (Wilson 1927, without continuity correction)."""
    found = win_rate([trade("live", i * DAY_MS, 1.0 if i < 7 else -1.0) for i in range(10)])

    assert found is not None
    assert (0.7, 0.397, 0.892) == (found.share, round(found.low, 3), round(found.high, 3))
    assert win_rate([]) is None


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_win_rate_is_what_scipy_says(won: int, lost: int) -> None:
    """And so is its interval, for any number won and lost."""
    trades = [trade("live", i, 1.0 if i < won else -1.0) for i in range(won + lost)]
    span = binomtest(won, max(1, won + lost)).proportion_ci(confidence_level=0.95, method="wilson")

    found = win_rate(trades)

    assert (found is None) == (won + lost == 0)
    assert found is None or (found.low, found.high) == pytest.approx((span.low, span.high), abs=1e-12)


@settings(max_examples=10)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60))
def test_the_interval_of_a_gate_is_what_scipy_says(blocks: list[float]) -> None:
    """Drawn from the same dice, to the last digit that sums have."""
    assume(len(set(blocks)) > 1)
    theirs = bootstrap(
        (np.array(blocks),), np.sum, n_resamples=DRAWS, confidence_level=0.95, method="percentile", batch=BATCH,
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip

    assert interval(blocks) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_notes_say_what_the_numbers_do_not_hold() -> None:
    """The opens of the index, the assumed costs and the missing financing are named."""
    notes = " ".join(summary_of(played()[0]).notes)

    assert "until 2006 the recorded open mostly equals the previous close" in notes
    assert "spread (50 points) and slippage (10 points) are configured constants, not recorded" in notes
    assert "financing (swap) of positions held over night is not counted" in notes


def test_a_record_of_nothing_has_a_summary() -> None:
    """No decision, no trade: zeros, and no number where there is none."""
    record, _ = played()
    nothing: Record = msgspec.structs.replace(record, decisions=[], deals=[], trades=[], tapes={}, orders=0)

    summary = summary_of(nothing)

    assert (0, 0, 0.0, 0.0, None) == (
        summary.bars, summary.decisions, summary.realised_pnl, summary.max_drawdown, summary.win_rate,
    )  # fmt: skip
    assert record.initial_balance == summary.final_balance
