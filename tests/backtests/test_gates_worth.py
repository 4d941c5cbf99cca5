"""A backtest with all shadow books: each gate and each check judged, the same by either drive."""

from functools import cache
from typing import Literal

import msgspec
import pytest

from backtests.attribution_groups import Group
from backtests.backtest import run_backtest
from backtests.gates_worth import gates_worth
from backtests.record import Record, record_of_drive
from backtests.refusals import refusals_of
from tests.records import demo_account

Engine = Literal["plain", "compiled"]


@cache
def judged(engine: Engine, *, every: bool = True) -> tuple[Record, list[Group], list[Group]]:
    """Return the demo over 900 bars behind a gate that lets calm markets out, and with hardly any margin."""
    config, model = demo_account()
    gates = [s.gate and msgspec.structs.replace(s.gate, allow=(1,)) for s in config.strategies]
    lanes = [msgspec.structs.replace(s, gate=gate) for s, gate in zip(config.strategies, gates, strict=True)]
    limits = msgspec.structs.replace(config.limits, max_margin=0.03)
    config = msgspec.structs.replace(config, strategies=tuple(lanes), limits=limits)
    models = {"calm-or-storm": model}
    drive, tapes = run_backtest(config, bars=900, every=every, engine=engine, models=models)
    record = record_of_drive(drive, tapes, config, models)
    return record, *gates_worth(record)


def test_what_several_gates_kept_out_stands_apart_from_what_one_did() -> None:
    """Each trade in one row: by its gate alone, or by all that kept it out."""
    _, gates, checks = judged("plain")
    trades = {g.key: g.shadow.trades for g in checks if g.shadow}

    assert {"regime", "risk", "all"} == {g.key for g in gates}
    assert {"regime", "regime + risk margin"} <= trades.keys()
    assert all(count > 0 for count in trades.values())


def test_every_entry_that_was_refused_is_counted_by_its_checks() -> None:
    """None twice, and none is left out."""
    record, _, checks = judged("plain")
    refused = sum(record.classes[s.name, c] for s in record.config.strategies for c in ("vetoed_by_regime", "held"))
    refused += sum(record.classes[s.name, "refused_by_risk"] for s in record.config.strategies)

    assert refused == sum(sum(g.signals.values()) for g in checks) > 0


def test_both_drives_judge_gates_and_checks_alike() -> None:
    """To the last bit."""
    assert judged("plain")[1:] == judged("compiled")[1:]


@pytest.mark.parametrize("every", [True, False])
def test_what_limits_kept_out_is_told_where_a_book_leaves_them_out(every: bool) -> None:  # noqa: FBT001 - a case
    """Without such a book nobody knows it."""
    record, *_ = judged("plain", every=every)
    rows = [row for row in refusals_of(record) if row.gate == "risk"]

    assert [every] * len(rows) == [row.missed is not None for row in rows]
    assert {"regime"} | ({"risk", "all"} if every else set()) == {t.gate for t in (*record.trades, *record.missed)} - {
        ""
    }
