"""The numbers of the demo's journal, made by three processes, are those of the backtest."""

import msgspec

from backtests.backtest import run_backtest
from backtests.record import record_of_drive
from backtests.record_journal import record_of_journal
from backtests.summary import summary_of
from runtime.assemble import models_of
from tests.demos import Demo


def test_journal_and_backtest_have_one_summary(whole: Demo) -> None:
    """Every number and sentence is the same, but for what played it, and that costs are assumed in one."""
    models = models_of(whole.config)
    drive, tapes = run_backtest(whole.config, models=models)

    journaled = summary_of(record_of_journal(whole.state, whole.config, models))
    played = summary_of(record_of_drive(drive, tapes, whole.config, models))

    own = {name: getattr(played, name) for name in ("source", "drive", "notes", "faults")}
    assert msgspec.structs.replace(journaled, **own) == played
    assert journaled.notes == [note for note in played.notes if played.drive not in note]
    assert journaled.faults == [fault for fault in played.faults if fault.name != "assumed_costs"]


def test_the_demo_trades_and_vetoes(whole: Demo) -> None:
    """There is enough in it to look at: bars, deals, vetoes, and both regimes."""
    summary = summary_of(record_of_journal(whole.state, whole.config, models_of(whole.config)))

    assert summary.bars >= 3500
    assert summary.deals >= 30
    assert summary.vetoed_by_regime > 0
    assert summary.shadow_pnl is not None
    assert [0, 1] == [regime.state for regime in summary.regimes]
