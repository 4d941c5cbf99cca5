"""The group regimes as a person calls it: the demo's model is shown, and drawn over its bars."""

import json

from pathlib import Path

import pytest

from config.load import load
from runtime.assemble import models_of
from tests.records import demo_file
from tidegate.cli import run


def test_a_model_is_shown_with_its_states_descent_and_training(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything a person asks of a model stands on one screen, whichever regime is the only one."""
    model = models_of(load(demo_file()))["calm-or-storm"]

    assert 0 == run(["regimes", "show", str(demo_file())])
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines()]
    assert ["fingerprint", model.fingerprint] in rows
    assert ["refit", "of", "none"] in rows
    assert {"1,255", "1999-01-04", "2003-12-31"} <= set(shown.replace(",  ", " ").split())
    assert ["state", "occupancy", "volatility", "a", "bar", "dwell,", "bars", "efficiency", "autocorrelation"] in rows
    assert ["0", "1"] == [row[0] for row in rows if row and row[0] in {"0", "1"}]


def test_programs_are_told_all_but_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    """One object: what the bundle holds, without what only a filter can read."""
    model = models_of(load(demo_file()))["calm-or-storm"]

    assert 0 == run(["regimes", "show", str(demo_file()), "calm-or-storm", "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (model.fingerprint, "", 2) == (found["fingerprint"], found["parent"], len(found["profiles"]))
    assert not {"weights", "golden"} & set(found)


def test_a_page_is_written_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is whole, says where it is, and the table is printed all the same."""
    file = tmp_path / "new" / "regime.html"

    assert 0 == run(["regimes", "show", str(demo_file()), "--html", str(file)])
    assert f"page: {file}" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8").endswith("</html>\n")


@pytest.mark.parametrize(
    ("name", "change", "code", "said"),
    [
        (["storm"], ("", ""), 3, "no regime 'storm': the account has calm-or-storm"),
        ([], ('"models/calm-or-storm"', '"models/none"'), 5, "nothing at"),
        ([], ("states = 2", "states = 3"), 5, "trained with states 2"),
    ],
    ids=["no such regime", "no model", "another model"],
)
def test_a_regime_that_cannot_be_shown_is_refused(
    name: list[str], change: tuple[str, str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name nobody gave, a model nobody trained, and one that was trained for something else have their codes."""
    models = demo_file().parent / "models"
    text = demo_file().read_text(encoding="utf-8").replace(*change) if any(change) else demo_file().read_text()
    file = tmp_path / "demo.toml"
    file.write_text(text.replace('"models/calm', f'"{models}/calm'), encoding="utf-8")

    assert code == run(["regimes", "show", str(file), *name])
    assert said in capsys.readouterr().err


def test_one_of_several_regimes_has_to_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With two, it is said which there are; and the other's missing model is nobody's trouble."""
    text = demo_file().read_text(encoding="utf-8")
    second = text[text.index("[regimes.") : text.index("# Both strategies")].replace("calm-or-storm", "other")
    text = text.replace("# Both strategies", f"{second}\n# Both strategies")
    text = text.replace('"models/calm', f'"{demo_file().parent}/models/calm')
    (tmp_path / "two.toml").write_text(text, encoding="utf-8")

    assert 2 == run(["regimes", "show", str(tmp_path / "two.toml")])
    assert "name one of the account's regimes: calm-or-storm, other" in capsys.readouterr().err
    assert 0 == run(["regimes", "show", str(tmp_path / "two.toml"), "calm-or-storm"])
