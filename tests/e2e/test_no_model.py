"""An account whose regime model is missing, damaged or too old: it enters nothing, leaves what is open, and says so."""

import shutil
import signal

from pathlib import Path

import pytest

from backtests.backtest import run_backtest
from config.load import load
from market.types import DAY_MS
from runtime.assemble import found_models, models_of, plan_of
from runtime.bundles import CHAMPION
from runtime.core.gates import OUTLIVED
from runtime.model_age import TOO_OLD
from tests.compare import journaled, unlike
from tests.demos import MakeDemo
from tests.journals import ask


def damaged(store: Path, folder: Path, how: str) -> Path:
    """Return a copy of a model's store with its champion's weights cut short, or with nothing in it."""
    if how == "missing":
        return folder / "nowhere"
    copy = folder / "models"
    shutil.copytree(store, copy)
    weights = copy / (copy / CHAMPION).read_text(encoding="ascii").split()[0] / "model.json"
    weights.write_bytes(weights.read_bytes()[:100])
    return copy


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_daemon_without_its_model_runs_enters_nothing_and_says_so(
    make_demo: MakeDemo, tmp_path: Path, model: Path, how: str
) -> None:
    """Entries are vetoed with the reason, in the journal, the log and the doctor's words, and all is the backtest."""
    demo = make_demo(damaged(model, tmp_path, how), bars=120)
    sick = demo.tidegate("doctor", code=11)
    demo.begin()
    demo.until_bar(5)
    told = demo.status()
    demo.end()
    decisions, _ = journaled(demo.journal)
    alone, _ = run_backtest(demo.config, bars=120, models=found_models(demo.config))
    reason = {"missing": "nothing at", "damaged": "model.json is not what the manifest says"}[how]

    assert reason in sick
    assert "no entry through meanwhile, exits go on" in sick
    assert ["calm-or-storm"] == [text.partition(":")[0] for text in told["no_model"]]
    assert all(f"enforce, shut: no model: {found_models(demo.config)['calm-or-storm'].why}" == text  # type: ignore[union-attr]  # it has none
               for text in told["gates"].values())  # fmt: skip
    assert 1 == len([text for (text,) in ask(demo.journal, "SELECT text FROM alerts") if reason in text])
    assert reason in demo.log.read_text(encoding="utf-8")
    assert any(d.outcome == "vetoed_by_regime" and reason in d.gate_reason for d in decisions)
    assert [] == demo.requests()
    assert [] == unlike(demo.journal, alone)
    assert "the same to the last bit" in demo.tidegate("replay")


def test_what_was_open_when_the_model_was_lost_is_left_as_its_strategy_says(
    make_demo: MakeDemo, tmp_path: Path, model: Path
) -> None:
    """Killed with a trade open, begun again without a model: no other is opened; and back again."""
    store = tmp_path / "models"
    shutil.copytree(model, store)
    demo = make_demo(store, bars=200)
    demo.begin()
    demo.until_bar(10)
    demo.freeze_when(lambda told: told["positions"])
    demo.kill("daemon")
    store.rename(tmp_path / "lost")
    demo.signal("server", signal.SIGCONT)
    demo.start()
    demo.until_bar(demo.done() + 50)
    demo.stop()
    (tmp_path / "lost").rename(store)
    demo.start()
    demo.end()
    decisions, _ = journaled(demo.journal)
    second = [d for d in decisions if d.run == 2]

    assert {"in_position", "exit"} <= {d.outcome for d in second}
    assert not any(d.outcome == "traded" for d in second)
    assert {False} == {d.gate_open for d in second}
    assert any(d.outcome == "traded" for d in decisions if d.run == 3)
    assert "the same to the last bit" in demo.tidegate("replay")


def test_a_model_that_gets_too_old_in_a_running_daemon_shuts_its_gates(make_demo: MakeDemo) -> None:
    """By the bars, and so on the same bar in the backtest; people are told once, status and doctor say why."""
    demo = make_demo(bars=120)
    text = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(text.replace("\nmodel = ", '\nmax_model_age = "2 months"\nmodel = ', 1), encoding="utf-8")
    demo.config = load(demo.file)
    ends = plan_of(demo.config, models_of(demo.config)).regimes[0].ends
    demo.begin()
    demo.until_bar(100)
    told = demo.status()
    demo.end()
    decisions, _ = journaled(demo.journal)
    young = [d for d in decisions if d.bar_time + DAY_MS < ends]
    old = [d for d in decisions if d.bar_time + DAY_MS >= ends]

    assert any(d.outcome == "traded" for d in young)
    assert {"vetoed_by_regime"} <= {d.outcome for d in old} <= {"vetoed_by_regime", "in_position", "exit", "no_signal"}
    assert ({OUTLIVED}, False) == ({d.gate_reason for d in old}, any(d.gate_reason == OUTLIVED for d in young))
    assert [TOO_OLD in text for text in told["aged"]] == [True]
    assert 1 == len([text for (text,) in ask(demo.journal, "SELECT text FROM alerts") if OUTLIVED in text])
    assert TOO_OLD in demo.tidegate("doctor", code=11)
    assert [] == unlike(demo.journal, demo.backtest())
    assert "the same to the last bit" in demo.tidegate("replay")
