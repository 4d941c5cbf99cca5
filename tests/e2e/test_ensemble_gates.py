"""A gate before an ensemble: three processes, the backtest and the replay of the journal say the same, to the bit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backtests.replay import replay
from backtests.training import train_from_config
from config.load import load
from tests.compare import OF_A_RUN, TICKETS, differences, journaled, told
from tests.demos import Demo
from tests.ensembles import ensemble_toml
from tests.oracle import table

BARS = 1000


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Return an account whose regime is read by an ensemble, trained before; what still runs at the end is ended."""
    text = ensemble_toml(tmp_path / "model")
    (tmp_path / "training.toml").write_text(text, encoding="utf-8")
    train_from_config(load(tmp_path / "training.toml"))
    found = Demo.set_up(tmp_path / "demo", text, bars=BARS)
    yield found
    found.close()


def test_an_ensembles_gate_is_the_same_in_daemon_backtest_and_replay(demo: Demo) -> None:
    """Open and shut, in two minds and of one, and restarted in between: no field of any decision or deal differs."""
    demo.begin()
    demo.until_bar(BARS // 2)
    demo.stop()
    demo.start()
    demo.end()

    (decisions, deals), drive = journaled(demo.journal), demo.backtest()

    assert [] == differences(decisions, drive.decisions, OF_A_RUN)
    assert [] == differences(deals, told(drive), TICKETS | OF_A_RUN)
    assert {True, False} == {d.gate_open for d in decisions}
    assert any(0.05 < min(d.posterior) < 0.45 for d in decisions if d.posterior)
    assert len(table(demo.journal, "decisions")) == replay(demo.journal).decisions
