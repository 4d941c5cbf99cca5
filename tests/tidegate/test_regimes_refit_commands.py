"""regimes refit and activate as a person calls them: what is due is staged, told, put into use, and back again."""

import json
import re

from pathlib import Path

import pytest

from config.load import load
from runtime.assemble import models_of
from runtime.bundles import read_bundle
from tests.demos import due_account, toml
from tests.documented import documented
from tidegate.cli import run

NAME = "calm-or-storm"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the TOML of the demo's account whose model was trained on its first five years, and is due."""
    folder = tmp_path_factory.mktemp("refits")
    return due_account(folder, toml(folder / "model"), "2004-09-30")


def used(account: Path) -> str:
    """Return the fingerprint of the model in use."""
    return models_of(load(account))[NAME].fingerprint


def test_a_refit_is_shown_before_it_is_used(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """States side by side, their overlap, and each gate's bars; the model in use is still the old one."""
    before = used(account)

    assert 0 == run(["regimes", "refit", str(account)])
    shown = capsys.readouterr().out
    assert f"after {before[:12]}, staged; put it into use with --activate" in shown
    assert re.search(r"\n0 +\d+\.\d % → \d+\.\d %  +\d\.\d\d % → \d\.\d\d %  +\d+\.\d → \d+\.\d", shown)
    assert "gate of trend: open on" in shown
    assert used(account) == before


def test_a_candidate_is_activated_and_rolled_back(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same word puts the older one back by the beginning of its fingerprint."""
    before = used(account)
    assert 0 == run(["regimes", "refit", str(account), NAME, "--activate", "--json"])
    told = json.loads(capsys.readouterr().out)

    assert (told["outcome"], told["active"], told["activated"]) == ("staged", before, True)
    assert set(told) == documented("regimes refit")
    assert used(account) == told["candidate"]
    assert 0 == run(["regimes", "activate", str(account), NAME, before[:10], "--json"])
    back = json.loads(capsys.readouterr().out)
    (own,) = back.pop("daemons")

    models = {"active": before, "before": told["candidate"], "lineage": NAME}
    assert {"ok": True, "regime": NAME, **models, "looked_in": str(account.parent), "unread": []} == back
    assert {"daemons", *back} == documented("regimes activate")
    assert ("demo", NAME, "next start") == (own["account"], own["regime"], own["outcome"])
    assert ["next start"] == [one["outcome"] for one in told["daemons"]]
    assert used(account) == before
    assert read_bundle(Path(load(account).regimes[NAME].model) / told["candidate"]).parent == before


def test_a_schedule_may_put_what_it_stages_into_use(
    account: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever wrote so in the configuration is not asked again; what is turned away is turned away all the same."""
    before = used(account)
    file = account.with_name("auto.toml")
    text = account.read_text(encoding="utf-8").replace("window = 1256", 'window = 1256, activate = "auto"')
    file.write_text(text.replace('state = "state"', f'state = "{tmp_path}"'), encoding="utf-8")

    assert 0 == run(["regimes", "refit", str(file), NAME, "--json"])
    told = json.loads(capsys.readouterr().out)
    file.unlink()

    assert (True, told["candidate"]) == (told["activated"], used(account))
    assert {"next start"} == {one["outcome"] for one in told["daemons"]}
    assert 0 == run(["regimes", "activate", str(account), NAME, before])
    said = capsys.readouterr().out
    assert "is in use, before it was" in said
    assert f"others that read by it were looked for in {account.parent}: " in said


def test_an_account_that_cannot_be_read_is_told_of_when_a_model_is_put_into_use(
    account: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may read by this very model: a line on stderr for people, a list for programs; no reason not to go on."""
    before = used(account)
    broken = account.with_name("broken.toml")
    broken.write_text("junk", encoding="utf-8")

    assert 0 == run(["regimes", "activate", str(account), NAME, before])
    said = capsys.readouterr()
    assert 0 == run(["regimes", "activate", str(account), NAME, before, "--json"])
    (unread,) = json.loads(capsys.readouterr().out)["unread"]
    broken.unlink()

    assert unread.startswith("broken.toml: not TOML: ")
    assert f"tidegate: warning: {unread}: nobody knows whether it reads by this model\n" == said.err
    assert "is in use, before it was" in said.out


def test_what_cannot_be_used_is_said(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such model, no such regime: one line each, and the model in use stays."""
    before = used(account)

    assert 0 != run(["regimes", "activate", str(account), NAME, "ffffffff"])
    assert "begins with ffffffff" in capsys.readouterr().err
    assert 3 == run(["regimes", "refit", str(account), "other"])
    assert "no regime 'other'" in capsys.readouterr().err
    assert used(account) == before
