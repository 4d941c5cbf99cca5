"""The group regimes as a person calls it: the demo's model is shown, and drawn over its bars."""

import json

from pathlib import Path

import pytest

from config.load import load
from runtime.assemble import models_of
from tests.documented import documented
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
    assert documented("regimes show") == set(found)


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


# --- check ----------------------------------------------------------------------------------------------------------


def test_a_model_is_checked_on_the_accounts_own_bars(capsys: pytest.CaptureFixture[str]) -> None:
    """One line a question; the years after 2003 are not those the demo's model predicts, and the code says so."""
    assert 11 == run(["regimes", "check", str(demo_file()), "--cuts", "3", "--json"])
    said = capsys.readouterr()
    rows = {row["question"]: row for row in map(json.loads, said.out.splitlines())}
    assert ["calibrated later"] == [name for name, row in rows.items() if row["answer"] == "NO"]
    assert "0 of 3 cuts differ" in rows["prefix"]["detail"]
    assert "calm-or-storm: answered with no: calibrated later" in said.err


# --- compare --------------------------------------------------------------------------------------------------------


def store() -> str:
    """Return the folder of the demo's models."""
    return str(demo_file().parent / "models" / "calm-or-storm")


def test_models_are_compared_over_the_bars_of_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    """A store, its alias and its bundle are the same model, and agree on every bar."""
    champion = str(Path(store()) / "champion")

    assert 0 == run(["regimes", "compare", store(), champion, "--config", str(demo_file()), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ("the same model", 5030, 1.0) == (found["kinship"], found["bars"], found["agreement"])
    assert found["a"] == found["b"]
    assert documented("regimes compare") == set(found)

    assert 0 == run(["regimes", "compare", store(), champion, "--data", "sp500"])
    shown = capsys.readouterr().out
    assert "The likeliest state is the same on 100.0% of the bars." in shown
    assert "over 3,775 bars that neither has learnt from" in shown


def test_models_are_compared_without_bars_too(capsys: pytest.CaptureFixture[str]) -> None:
    """States side by side and descent; it is said how to have the rest."""
    assert 0 == run(["regimes", "compare", store(), store()])
    assert "name some by --config or --data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--config", "a.toml", "--data", "sp500"], 2, "--config and --data: expected one of them"),
        (["--regime", "x"], 2, "--regime goes with --config"),
        (["--timeframe", "D1"], 2, "--timeframe with --data"),
        (["--data", "sp500", "--timeframe", "D9"], 2, "expected a timeframe of"),
        (["--data", "sp500", "--timeframe", "H1"], 2, "these are days"),
        (["--data", "none.csv"], 4, "none.csv"),
    ],
)
def test_bars_to_compare_over_are_asked_for_once(
    more: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Misuse is told from bars that are not there by its code."""
    assert code == run(["regimes", "compare", store(), store(), *more])
    assert said in capsys.readouterr().err


def test_bars_of_another_timeframe_are_none_to_compare_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Features of the same names would say something of other bars: it is said of which, and the code is data's."""
    file = tmp_path / "hours.csv"
    rows = [f"2024-01-0{day} {hour:02}:00,1,2,1,2,5" for day in range(1, 6) for hour in range(24)]
    file.write_text("\n".join(("time,open,high,low,close,volume", *rows)), encoding="utf-8")

    assert 4 == run(["regimes", "compare", store(), store(), "--data", str(file)])
    said = capsys.readouterr().err
    assert "A has learnt from bars of D1, not bars of H1: name such as it has learnt from by --config or --data" in said


@pytest.mark.parametrize("place", [0, 1])
def test_an_account_is_no_model_to_compare(place: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names one is told where its model lies, and by which word its bars are taken."""
    models = [store(), store()]
    models[place] = str(demo_file())

    assert 2 == run(["regimes", "compare", *models])
    said = capsys.readouterr().err
    assert "demo.toml is the TOML of an account, and no model" in said
    assert f"--config {demo_file()}" in said


def test_a_model_that_is_none_cannot_be_compared(tmp_path: Path) -> None:
    """An empty place has the code of a model."""
    assert 5 == run(["regimes", "compare", store(), str(tmp_path / "none")])


# --- tripwire and advise --------------------------------------------------------------------------------------------


def test_a_claim_beyond_honesty_ends_with_11(capsys: pytest.CaptureFixture[str]) -> None:
    """What is reported as a leak stands on stdout for programs, and in the one line on stderr."""
    assert 11 == run(["regimes", "tripwire", str(demo_file()), "--claimed", "1.5", "--json"])
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert documented("regimes tripwire") == set(found)
    assert (False, 1.5, ["strategies", "hold"]) == (found["ok"], found["claimed"], [x["what"] for x in found["lines"]])
    assert "a leak elsewhere: 1.50 is claimed" in said.err


@pytest.mark.parametrize("claimed", ["nan", "inf", "much"])
def test_a_claim_that_is_no_number_is_misuse(claimed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is above or below it: that would be told as no leak."""
    assert 2 == run(["regimes", "tripwire", str(demo_file()), "--claimed", claimed])
    assert "--claimed" in capsys.readouterr().err


def test_without_a_leak_the_twin_is_shown_beside_the_honest_result(capsys: pytest.CaptureFixture[str]) -> None:
    """A table of both ways to trade, and a sentence that nobody can trade the twin."""
    assert 0 == run(["regimes", "tripwire", str(demo_file())])
    shown = capsys.readouterr().out
    assert {"filtered", "smoothed", "late", "ahead", "fresh", "strategies", "hold"} <= set(shown.split())
    assert "no leak is reported: trend, reversion behind calm-or-storm" in shown


def test_states_are_proposed_and_nothing_is_edited(capsys: pytest.CaptureFixture[str]) -> None:
    """A table for people, one object for programs, and the TOML as it was."""
    before = demo_file().read_bytes()

    assert 0 == run(["regimes", "advise", str(demo_file()), "trend", "--refit", "0"])
    shown = capsys.readouterr().out
    assert "Of state 1 there are not enough trades (" in shown
    assert "Configured is allow = [0]; nothing is edited." in shown
    assert 0 == run(["regimes", "advise", str(demo_file()), "trend", "--refit", "0", "--json"])
    assert documented("regimes advise") == set(json.loads(capsys.readouterr().out))
    assert before == demo_file().read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["trend", "--regime", "storm"], "no regime 'storm'"), (["drift"], "no strategy 'drift'")],
    ids=["no such regime", "no such strategy"],
)
def test_advice_about_what_there_is_not_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake of the configuration's names."""
    assert 3 == run(["regimes", "advise", str(demo_file()), *words])
    assert said in capsys.readouterr().err
