"""An ensemble from the command line: trained, shown, checked, compared, refitted, activated and held to its future."""

import json

from pathlib import Path

import pytest

from config.load import load
from runtime.assemble import models_of
from tests.demos import due_account
from tests.ensembles import PLAIN, SMOOTH, WORDS, ensemble_toml
from tidegate.cli import run

NAME = "calm-or-storm"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the TOML of an account whose ensemble was trained on its first five years, and is due."""
    folder = tmp_path_factory.mktemp("ensemble")
    return due_account(folder, ensemble_toml(folder / "model"), "2005-03-31")


def test_an_ensemble_is_shown_with_its_members(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The kinds, how each was trained, and how far they agree; programs find them under data."""
    assert 0 == run(["regimes", "show", str(account)])
    shown = capsys.readouterr().out
    assert "2; ensemble of 3: Gaussian, features apart; Student's t, features apart; jump model" in shown
    assert '{ emission = "t", sticky = 20 }, { detector = "jump", penalty = 20 }' in shown
    assert "overlap of member 2" in shown

    assert 0 == run(["regimes", "show", str(account), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ["hmm", "hmm", "jump"] == [member["detector"] for member in found["data"]["members"]]


def test_training_tells_of_each_member_and_how_far_they_agree(
    account: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the screen in sentences; for programs as numbers."""
    text = account.read_text(encoding="utf-8")
    file = tmp_path / "other.toml"
    file.write_text(text.replace(str(account.parent / "model"), str(tmp_path / "model")), encoding="utf-8")

    assert 0 == run(["regimes", "fit", str(file)])
    shown = " ".join(capsys.readouterr().out.split())
    assert "an ensemble of 2 states: Gaussian, diagonal covariances; Student's t" in shown
    assert "the others say 9" in shown


def test_members_that_mean_different_things_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the code of a model, and what to do."""
    text = ensemble_toml(tmp_path / "model", WORDS.replace(SMOOTH, PLAIN))
    (tmp_path / "odd.toml").write_text(text, encoding="utf-8")

    assert 5 == run(["regimes", "fit", str(tmp_path / "odd.toml")])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "members[2]" in line
    assert "use fewer states" in line


def test_an_ensemble_is_checked_like_any_model(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No cut differs, and whether its bars fall where it predicts them is asked, since it predicts."""
    run(["regimes", "check", str(account), "--cuts", "2", "--json"])
    rows = {row["question"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}

    assert ["yes"] * 4 == [rows[name]["answer"] for name in ("prefix", "poison", "resume", "live is batch")]
    assert rows["calibrated learnt"]["answer"] in {"yes", "NO"}


def test_a_strategy_behind_an_ensemble_is_advised(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its members are fitted again as time goes on; every trade after the training counts for one of its states."""
    model = models_of(load(account))[NAME]

    assert 0 == run(["regimes", "advise", str(account), "reversion", "--refit", "200", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (NAME, model.fingerprint, 1, 0) == (found["regime"], found["model"], found["refits"], found["refused"])
    assert [0, 1] == [state["state"] for state in found["states"]]
    assert found["trades"] == sum(state["trades"] for state in found["states"]) > 0
    assert model.data.last < found["first"] <= found["last"]
    assert found["sentence"].startswith("Not enough trades") or "roposed" in found["sentence"]


def test_an_ensemble_is_refitted_compared_and_put_into_use(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In its lineage, beside the old one, by the same words as other models."""
    before = models_of(load(account))[NAME]

    assert 0 == run(["regimes", "refit", str(account), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert ("staged", before.fingerprint) == (told["outcome"], told["active"])
    store = account.parent / "model"
    models = [str(store / name) for name in ("champion", "candidate")]
    assert 0 == run(["regimes", "compare", *models, "--config", str(account), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert f"B is the refit of A, in lineage {NAME}" == found["kinship"]
    assert 0 == run(["regimes", "activate", str(account), NAME])
    after = models_of(load(account))[NAME]
    assert (told["candidate"], before.lineage) == (after.fingerprint, after.lineage)


def test_an_ensemble_is_held_to_its_future(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its twin, the mean of what its members know in hindsight, is played beside it, and no leak is reported."""
    assert 0 == run(["regimes", "tripwire", str(account), "--json"])
    found = json.loads(capsys.readouterr().out)

    assert (True, ["strategies", "hold"]) == (found["ok"], [line["what"] for line in found["lines"]])
