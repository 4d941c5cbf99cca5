"""Attribution: groups that add up to the whole, intervals as scipy draws them, and no claim on too few trades."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap

from backtests.attribution import attribution
from backtests.attribution_groups import BYS, By, Group
from backtests.attribution_rows import SESSIONS, Asked
from backtests.blocks import LEAST, mean_interval, wilson
from tests.attributed import BEGAN, DAY, a_journal, deal_row, decision_row, outcome_row, run_row

BOTH = [outcome_row(n, strategy=s, id=f"{b}{s}{n}", book=b) for s in ("trend", "other") for b in ("live", "shadow")
        for n in range(60) if b == "live" or (s == "trend" and n % 3)]  # fmt: skip


def groups(folder: Path, by: By, *rows: object, asked: Asked | None = None) -> dict[str, Group]:
    """Return the groups of one account that holds these rows."""
    journal = a_journal(folder, run_row(), *rows)  # type: ignore[arg-type] # rows of the helper
    return {g.key: g for g in attribution([("one", journal)], asked or Asked(by))}


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_of_a_hit_rate_is_wilsons(hits_of: tuple[int, int]) -> None:
    """As scipy reckons it."""
    hits, of = hits_of
    theirs = binomtest(hits, of).proportion_ci(method="wilson")

    assert pytest.approx((theirs.low, theirs.high), abs=1e-12) == wilson(hits, of)


def test_the_interval_of_a_mean_is_that_of_drawn_blocks() -> None:
    """Of blocks of one trade each it is the ordinary bootstrap's; and the same numbers give the same interval."""
    values = np.random.default_rng(3).normal(0.2, 1.0, 200)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval

    mine = mean_interval(values, np.ones(200))

    assert pytest.approx((theirs.low, theirs.high), abs=0.01) == mine
    assert mine == mean_interval(values, np.ones(200))


def test_trades_of_a_block_stay_together() -> None:
    """Trades that always win and lose in company say less than as many that do not."""
    together = mean_interval(np.array([10.0, -10.0] * 10), np.full(20, 10.0))
    alone = mean_interval(np.array([1.0, -1.0] * 100), np.ones(200))

    assert together[1] - together[0] > 2.0 * (alone[1] - alone[0])


@pytest.mark.parametrize("by", ["strategy", "gate"])
def test_a_gate_is_judged_by_trades_that_a_book_without_it_could_have_made(tmp_path: Path, by: By) -> None:
    """Not by those of a run without that gate, of one that ended under another configuration, or that were adopted."""
    ungated = run_row(gated=())[1] | {"config_hash": "a"}
    table, gated = run_row()
    later = {"run": 2, "config_hash": "b"}
    rows = [
        ("runs", ungated), (table, gated | later),
        *(outcome_row(n, run=1, decision=f"1-{n}") for n in range(0, 20, 2)), outcome_row(30, decision="1-30", run=2),
        outcome_row(32, decision="", run=2), outcome_row(34, decision="2-34", run=2),
        outcome_row(35, decision="2-35", run=2, book="shadow", gate="regime"),
    ]  # fmt: skip
    (found,) = attribution([("one", a_journal(tmp_path, *rows))], Asked(by))
    assert found.gate is not None
    assert found.live is not None

    assert (1.0, -0.5, 1.5, 2) == (found.gate.live_r, found.gate.shadow_r, found.gate.value_r, found.gate.changed)
    assert {"strategy": 13, "gate": 1}[by] == found.live.trades


@pytest.mark.parametrize("by", [by for by in BYS if by != "check"])
def test_groups_add_up_to_the_whole(tmp_path: Path, by: By) -> None:
    """However trades are grouped, all of them are there, and their money."""
    found = groups(tmp_path, by, *BOTH).values()

    live = [g.live for g in found if g.live]
    if by == "gate":  # beside a gate's shadow stand the strategies that it holds back
        assert (60, 40) == (live[0].trades, next(g.shadow.trades for g in found if g.shadow))
        return
    assert 120 == sum(f.trades for f in live)
    assert 3000.0 == sum(f.net or 0.0 for f in live)
    assert 40 == sum(g.shadow.trades for g in found if g.shadow)


def test_a_group_is_told_in_numbers(tmp_path: Path) -> None:
    """Net, mean R, hit rate and profit factor of its trades, with intervals around them."""
    live = groups(tmp_path, "strategy", *BOTH)["trend"].live

    assert live is not None
    assert (60, 1500.0, 0.25, 0.5, 2.0) == (live.trades, live.net, live.mean_r, live.hit_rate, live.profit_factor)
    assert live.mean_r_low is not None
    assert live.mean_r_high is not None
    assert live.mean_r_low < 0.25 < live.mean_r_high
    assert live.hit_rate_low < 0.5 < live.hit_rate_high
    assert "days" == live.block


@pytest.mark.parametrize(("days", "says"), [(LEAST - 1, "too few"), (LEAST, "above 0")])
def test_nothing_is_claimed_on_too_few_days(tmp_path: Path, days: int, says: str) -> None:
    """Below twenty days with a trade there is no interval, however good they were; from there on there is."""
    live = groups(tmp_path, "strategy", *(outcome_row(2 * n) for n in range(days)))["trend"].live

    assert live is not None
    assert says == live.says
    assert (says == "too few") == (live.mean_r_low is None)


def test_the_gate_is_worth_what_live_made_more_than_its_shadow(tmp_path: Path) -> None:
    """Of the strategies that have a gate: another's trades are in neither book of the comparison."""
    found = groups(tmp_path, "symbol", *BOTH)["SP500"].gate

    assert found is not None
    assert (15.0, 10.0, 5.0, 20, 500.0) == (
        found.live_r, found.shadow_r, found.value_r, found.changed, found.value,
    )  # fmt: skip
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 5.0 <= found.high


def test_a_trade_is_found_again_by_what_was_decided(tmp_path: Path) -> None:
    """The model fills a resting order at its bar; of a decision that is not known minute and side tell."""
    live = [outcome_row(n, opened=BEGAN + n * DAY + 83 * 60_000) for n in range(3)]
    shadows = [outcome_row(n, book="shadow", gate="regime") for n in range(2)]
    shadows += [outcome_row(2, book="shadow", gate="regime", decision="0-7", opened=live[2][1]["opened"])]
    alone = outcome_row(3, book="shadow", gate="regime")

    found = groups(tmp_path, "strategy", *live, *shadows, alone)["trend"].gate

    assert found is not None
    assert 1 == found.changed


def test_trades_of_several_symbols_at_once_are_each_their_own(tmp_path: Path) -> None:
    """A strategy that trades two symbols in one minute has two trades, and its shadow another one."""
    live = [outcome_row(0, symbol=s, id=f"live/{s}", decision=f"1-{s}") for s in ("SP500", "NAS100")]
    shadow = outcome_row(0, symbol="SP500", book="shadow", gate="regime", decision="1-SP500")

    found = groups(tmp_path, "strategy", *live, shadow)["trend"].gate

    assert found is not None
    assert 1 == found.changed


def test_each_gate_is_judged_by_the_books_without_it(tmp_path: Path) -> None:
    """Elsewhere only the books without the regime gate count: a trade must not be in a sum three times."""
    risk = [outcome_row(n, book="shadow", gate="risk", id=f"r{n}") for n in range(0, 60, 2)]
    regime = [outcome_row(n, book="shadow", gate="regime", id=f"g{n}") for n in range(60)]
    rows = [*(outcome_row(n) for n in range(60)), *risk, *regime]

    by_gate = groups(tmp_path, "gate", *rows)
    (whole,) = attribution([("one", tmp_path / "journal.sqlite")], Asked("strategy"))

    assert {"risk": -15.0, "regime": 0.0} == {key: g.gate.value_r for key, g in by_gate.items() if g.gate}
    assert whole.shadow is not None
    assert 60 == whole.shadow.trades


KEPT_OUT: tuple[tuple[str, dict[str, str]], ...] = (
    ("vetoed_by_regime", {}),
    ("held", {"holds": '["THROTTLE:trend"]'}),
    ("refused_by_risk", {"reasons": '["spread"]'}),
    ("refused_by_risk", {"reasons": '["spread","daily loss"]'}),
    ("vetoed_by_regime", {"holds": '["WINDOW:news"]', "reasons": '["spread"]'}),
    ("in_position", {}),
)
"""What the live core said on bars on which a shadow book traded."""
LETS_IN = ({"regime", "all"}, {"hold", "all"}, {"risk", "all"}, {"risk", "all"}, {"all"}, {"regime", "all"})
"""And which books did."""


def test_each_trade_that_was_kept_out_is_worth_something_to_its_checks_once(tmp_path: Path) -> None:
    """From the book without its gate; what several gates kept out stands apart, from the book without all."""
    refused = [decision_row(n, class_, price=100.0, **said) for n, (class_, said) in enumerate(KEPT_OUT)]
    shadows = [
        outcome_row(n, book="shadow", gate=gate, id=f"{gate}{n}", net=-n, r=-n, decision=f"1-{n}")
        for n, books in enumerate(LETS_IN) for gate in books
    ]  # fmt: skip

    found = groups(tmp_path, "check", *refused, *shadows)

    assert [
        ("hold THROTTLE", 1.0), ("regime", 0.0), ("risk spread", 2.0), ("regime + hold WINDOW:news + risk spread", 4.0),
        ("risk spread + risk daily loss", 3.0),
    ] == [(key, g.gate.value_r) for key, g in found.items() if g.gate]  # fmt: skip
    assert [1] * 5 == [g.shadow.trades for g in found.values() if g.shadow]
    assert [1] * 5 == [sum(g.signals.values()) for g in found.values()]


def test_where_no_book_leaves_a_gate_out_that_without_all_tells_its_worth(tmp_path: Path) -> None:
    """A strategy whose regime reads other bars has none without its limits."""
    row = outcome_row(0, book="shadow", gate="all", r=-2.0)

    found = groups(tmp_path, "check", decision_row(0, "refused_by_risk", reasons='["spread"]'), row)

    assert {"risk spread": 2.0} == {key: g.gate.value_r for key, g in found.items() if g.gate}


def test_an_exit_that_was_held_is_no_entry_that_was_kept_out(tmp_path: Path) -> None:
    """It has no price; that a shadow entered on its bar has another reason."""
    held = decision_row(0, "held", holds='["LINK"]', reasons='["time stop"]', price=0.0)

    assert {} == groups(tmp_path, "check", held, outcome_row(0, book="shadow", gate="hold"))


def test_executions_are_told_by_what_they_cost_entries_and_exits_apart(tmp_path: Path) -> None:
    """Means in basis points of the price; what was not ours to decide is in none, nor what a shadow's model made."""
    entries = [deal_row(n, "in", delay=0.1 * n, spread=0.2, execution=-0.1) for n in (1, 2)]
    exits = [deal_row(1, "out", delay=0.0, spread=0.3), ("deals", {"ticket": 9, "decision": "1-2", "entry": "out"})]
    shadow = outcome_row(1, book="shadow", gate="all")

    found = groups(tmp_path, "strategy", *(outcome_row(n) for n in range(3)), shadow, *entries, *exits)["trend"].costs

    told = {side: (c.deals, c.delay, c.spread, c.execution) for side, c in found.items()}
    assert {"entry": (2, 15.0, 20.0, -10.0), "exit": (1, 0.0, 30.0, 0.0)} == {
        side: (deals, *(round(part, 9) for part in parts)) for side, (deals, *parts) in told.items()
    }


def test_a_book_that_a_run_did_not_keep_is_beside_none_of_its_trades(tmp_path: Path) -> None:
    """One whose regime reads longer bars than it trades has none without its limits: the second run's trade is out."""
    runs = [
        ("runs", {"run": n, "started": BEGAN, "config_hash": bars, "config": msgspec.json.encode(apart(bars)).decode()})
        for n, bars in ((1, "H1"), (2, "D1"))
    ]
    shadow = outcome_row(0, book="shadow", gate="risk", r=0.25)
    trades = (outcome_row(0, r=1.0), outcome_row(1, run=2, decision="2-1", r=5.0))
    path = a_journal(tmp_path, *runs, shadow, *trades)
    (found,) = [group for group in attribution([("one", path)], Asked("gate")) if group.key == "risk"]

    assert found.gate is not None
    assert 0.75 == found.gate.value_r


def apart(timeframe: str) -> dict[str, Any]:
    """Return a configuration of which the one strategy trades hours and its regime reads such bars."""
    gate = {"mode": "enforce", "regime": "two"}
    return {
        "account": {"name": "one", "currency": "USD"},
        "strategies": [{"name": "trend", "symbol": "SP500", "timeframe": "H1", "gate": gate}],
        "regimes": {"two": {"symbol": "SP500", "timeframe": timeframe}},
    }


def test_trades_that_a_bar_leaves_unclear_are_counted(tmp_path: Path) -> None:
    """They count as stopped, and how many there are is said."""
    shadows = [outcome_row(n, book="shadow", gate="regime", unclear=n % 2) for n in range(5)]

    found = groups(tmp_path, "strategy", outcome_row(0), *shadows)["trend"]

    assert found.live is not None
    assert found.shadow is not None
    assert (0, 2) == (found.live.unclear, found.shadow.unclear)


def test_money_of_several_currencies_is_not_added_up(tmp_path: Path) -> None:
    """R can be compared between accounts, dollars and euros cannot."""
    journals = [
        (name, a_journal(tmp_path / name, run_row(name, currency), *(outcome_row(n) for n in range(30))))
        for name, currency in (("one", "USD"), ("two", "EUR"))
    ]

    whole = attribution(journals, Asked("symbol"))[0].live
    by_account = attribution(journals, Asked("account"))

    assert whole is not None
    assert (60, None, 0.25) == (whole.trades, whole.net, whole.mean_r)
    assert ["one", "two"] == [g.key for g in by_account]


def test_a_trade_of_unknown_risk_counts_in_money_alone(tmp_path: Path) -> None:
    """One that was adopted without a stop has money, and no R."""
    live = groups(tmp_path, "strategy", outcome_row(0), outcome_row(2, r=None))["trend"].live

    assert live is not None
    assert (2, 200.0, 1.0, 1) == (live.trades, live.net, live.mean_r, live.risk_unknown)


def test_what_was_wanted_is_counted_by_what_became_of_it(tmp_path: Path) -> None:
    """Decisions to want nothing are not; of gates each counts what it met first."""
    rows = [decision_row(n, c) for n, c in enumerate(["traded", "vetoed_by_regime", "held", "held", "no_signal"])]

    assert {"traded": 1, "vetoed_by_regime": 1, "held": 2} == groups(tmp_path, "session", *rows)["Asia"].signals
    assert {"regime": {"vetoed_by_regime": 1}, "hold": {"held": 2}} == {
        g.key: g.signals for g in attribution([("one", tmp_path / "journal.sqlite")], Asked("gate"))
    }


def test_days_and_runs_narrow_it(tmp_path: Path) -> None:
    """From a day on, up to a day, one strategy, one run."""
    journal = a_journal(tmp_path, run_row(), *BOTH)

    def count(**more: object) -> int:
        found = attribution([("one", journal)], Asked("strategy", **more))  # type: ignore[arg-type] # by name
        return sum(g.live.trades for g in found if g.live)

    assert [110, 10, 60, 0] == [
        count(since=BEGAN + 5 * DAY), count(until=BEGAN + 5 * DAY), count(strategy="other"), count(run=2),
    ]  # fmt: skip


def test_every_hour_has_its_session(tmp_path: Path) -> None:
    """Trades spread over a day fall into the four of them."""
    hours = (outcome_row(n, opened=BEGAN + n * 3_600_000) for n in range(24))

    assert set(SESSIONS.values()) == set(groups(tmp_path, "session", *hours))
