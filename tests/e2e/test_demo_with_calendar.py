"""An account with a calendar: daemon, backtest and replay hold the same entries, by time alone."""

from backtests.backtest import run_backtest
from backtests.replay import replay
from config.load import load
from tests.compare import journaled, unlike
from tests.demos import MakeDemo

HOURS = """
[sessions.DEFAULT]
wednesday = ["14:30-21:00"]
thursday = ["14:30-21:00"]
friday = ["14:30-21:00"]
"""


def test_a_calendar_holds_alike_in_daemon_backtest_and_replay(make_demo: MakeDemo) -> None:
    """On Mondays and Tuesdays nothing is entered; each hold is named, and a replay needs no calendar file."""
    demo = make_demo(bars=300)
    text = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(text.replace("zone = ", 'calendar = "hours.toml"\nzone = ', 1), encoding="utf-8")
    hours = demo.file.with_name("hours.toml")
    hours.write_text(HOURS, encoding="utf-8")
    demo.begin()
    demo.end()
    drive, _ = run_backtest(load(demo.file), bars=demo.bars)
    hours.unlink()

    assert [] == unlike(demo.journal, drive)
    held = [d for d in journaled(demo.journal)[0] if "SESSION:SP500" in d.holds]
    entered = [d for d in journaled(demo.journal)[0] if d.outcome == "traded"]
    assert {0, 1} == {(d.at // 86_400_000 + 3) % 7 for d in held}
    assert {0, 1}.isdisjoint({(d.at // 86_400_000 + 3) % 7 for d in entered})
    assert entered
    assert 300 <= replay(demo.journal).facts
