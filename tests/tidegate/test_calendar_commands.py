"""calendar and symbols as a user calls them: what is in force, what is proposed, and what is refused."""

import json
import tomllib

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from config.calendar import read_calendar
from config.new_account import account_text
from market.types import Bar, Symbol
from tests.trade_server import HOUR, START, serving
from tests.venues import EURUSD, GOLD
from tidegate.cli import run

HOURS = """
holidays_to = 2099-12-31
[sessions.DEFAULT]
monday = ["00:05-24:00"]
[swap.DEFAULT]
friday = 3
"""


def broker_symbols() -> tuple[Symbol, ...]:
    """Return what the broker has: suffixed, doubled and misleading."""
    return (
        msgspec.structs.replace(EURUSD, name="EURUSD.m", fillings=("fok", "ioc")),
        msgspec.structs.replace(EURUSD, name="EURUSDmicro", contract_size=1_000.0),
        msgspec.structs.replace(EURUSD, name="USDEUR.m", currency_base="USD", currency_profit="EUR"),
        msgspec.structs.replace(EURUSD, name="GBPUSD.m", currency_base="GBP"),
        msgspec.structs.replace(EURUSD, name="GBPUSD.pro", currency_base="GBP"),
        msgspec.structs.replace(GOLD, name="GOLD"),
    )


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the TOML of an account at a broker whose server is not up; it names EURUSD, GBPUSD and US30."""
    monkeypatch.setenv("TIDEGATE_TEST_WORD", "open")
    symbols = broker_symbols()
    setup = ServerSetup(
        accounts=(AccountSetup(login=7, password="open", server="Broker-Demo"),), start=START + HOUR,
        symbols=tuple(SymbolSetup(symbol=s, timeframe="H1") for s in symbols),
    )  # fmt: skip
    bars = {s.name: [Bar(s.name, "H1", START + n * HOUR, 1.0, 1.0, 1.0, 1.0) for n in range(3)] for s in symbols}
    write_setup(tmp_path / "terminal", setup, bars)
    text = account_text("client", kind="lookalike", login=7)
    text = text.replace('path = "terminal"', 'path = "terminal"\npassword = { env = "TIDEGATE_TEST_WORD" }')
    text = text.replace('zone = "UTC" ', 'state = "state"\nzone = "UTC" ') + "\n[symbols.GBPUSD]\n[symbols.US30]\n"
    (tmp_path / "client.toml").write_text(text, encoding="utf-8")
    return tmp_path / "client.toml"


@pytest.fixture
def served(account: Path) -> Iterator[Path]:
    """Return the account while its server runs."""
    with serving(account.parent / "terminal"):
        yield account


def test_names_are_proposed_by_what_symbols_are(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table to paste for the one that is sure; a choice, a missing one and others as comments."""
    assert 0 == run(["symbols", str(served), "--propose"])

    said = capsys.readouterr().out
    assert {"EURUSD": {"broker": "EURUSD.m"}} == tomllib.loads(said)["symbols"]
    assert "# GBPUSD is ambiguous: choose one." in said
    assert "# US30: none: the terminal has no symbol named US30" in said
    assert '# [symbols.XAUUSD]\n# broker = "GOLD"' in said


def test_a_program_reads_the_proposal_as_json(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a symbol, candidates with their scores, the best first."""
    assert 0 == run(["symbols", str(served), "--propose", "--json"])

    rows = {row["symbol"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert ("one", "ambiguous", "none") == tuple(rows[name]["found"] for name in ("EURUSD", "GBPUSD", "US30"))
    assert [("EURUSD.m", 98), ("EURUSDmicro", 78)] == [(c["broker"], c["score"]) for c in rows["EURUSD"]["candidates"]]


def test_contracts_are_printed_to_paste(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the terminal tells them, under our names; one that the terminal does not have is said."""
    served.write_text(served.read_text(encoding="utf-8").replace('broker = "EURUSD"', 'broker = "EURUSD.m"'))
    assert 0 == run(["symbols", str(served), "--spec"])
    said = capsys.readouterr().out
    assert 0 == run(["symbols", str(served)])

    spec = tomllib.loads(said)["symbols"]["EURUSD"]["spec"]
    assert (5, 100_000.0, "EUR") == (spec["digits"], spec["contract_size"], spec["currency_base"])
    assert "# US30: the terminal has no symbol of that name: see --propose" in said
    assert "not at the terminal: see --propose" in capsys.readouterr().out


def test_a_terminal_that_is_away_ends_with_its_code(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is proposed of a broker nobody reached."""
    assert 7 == run(["symbols", str(account), "--propose"])
    assert "initialize failed" in capsys.readouterr().err


def test_one_question_at_a_time(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both options together are refused before anything is looked at."""
    assert 2 == run(["symbols", str(account), "--propose", "--spec"])
    assert "expected one of them" in capsys.readouterr().err


# --- calendar -------------------------------------------------------------------------------------------------------


def test_what_is_in_force_is_shown(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row a symbol; without a calendar it is said that there is none."""
    assert 0 == run(["calendar", str(account)])
    without = capsys.readouterr().out
    text = account.read_text(encoding="utf-8").replace('zone = "UTC" ', 'calendar = "hours.toml"\nzone = "UTC" ')
    account.write_text(text, encoding="utf-8")
    account.with_name("hours.toml").write_text(HOURS, encoding="utf-8")
    assert 0 == run(["calendar", str(account), "--json"])

    rows = {row["symbol"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert "no calendar: " in without
    assert {"EURUSD", "GBPUSD", "US30"} == set(rows)
    assert [1, 1, 1, 1, 3, 0, 0] == rows["US30"]["swap"]
    assert [] == rows["US30"]["swap_dates"]


def test_an_example_is_printed_to_begin_with(capsys: pytest.CaptureFixture[str]) -> None:
    """It is a calendar file, and says in its first line that it has to be checked."""
    assert 0 == run(["calendar", "--example"])
    said = capsys.readouterr().out

    assert "TO BE CHECKED" in said.splitlines()[0]
    assert [] == read_calendar(tomllib.loads(said), {"EURUSD": "EURUSD"}, "New York close")[1]


def test_a_calendar_is_proposed_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed can be read as a calendar file, and says that two days are not enough."""
    ticks = tmp_path / "ticks.csv"
    rows = [f"2025-01-{6 + n // 96:02} {n % 96 // 4:02}:{n % 4 * 15:02}:00,1,2" for n in range(192)]
    ticks.write_text("\n".join(["time,bid,ask", *rows]))
    assert 0 == run(["calendar", "--propose", str(ticks), "--symbol", "EURUSD", "--zone", "UTC+2"])
    said = capsys.readouterr().out

    assert [] == read_calendar(tomllib.loads(said), {"EURUSD": "EURUSD"}, "UTC+2")[1]
    assert "not enough" in said


def test_a_calendar_proposed_for_an_account_is_on_its_servers_clock(
    account: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the account says is not asked for again; what is said is taken instead."""
    ticks = account.with_name("ticks.csv")
    ticks.write_text("\n".join(["time,bid,ask", *(f"2025-01-06 {n:02}:00:00,1,2" for n in range(24))]))
    zones = []
    for more in ([], ["--zone", "UTC+2"]):
        assert 0 == run(["calendar", str(account), "--propose", str(ticks), *more])
        zones.append(tomllib.loads(capsys.readouterr().out)["zone"])

    assert ["UTC", "UTC+2"] == zones


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ([], 2, "name the account"),
        (["one.toml", "--symbol", "GOLD"], 2, "--symbol: it is about the FILE of --propose"),
        (["one.toml", "--clock", "UTC"], 2, "--clock: it is about the FILE of --propose"),
        (["--example", "--zone", "UTC"], 2, "--zone: it is about the FILE of --propose"),
        (["--example", "one.toml"], 2, "--example: it is of no account"),
        (["--example", "--propose", "x.csv"], 2, "--example: it is of no account"),
        (["--propose", "none.csv"], 4, "cannot be read"),
        (["--propose", "x.csv", "--zone", "CET"], 2, "--zone: expected"),
        (["--propose", "x.csv", "--clock", "UTC-5"], 2, "--clock: expected --zone"),
    ],
)
def test_misuse_says_what_was_expected(
    options: list[str], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither account nor file, a file that is not there, rules that are none."""
    assert code == run(["calendar", *options])
    assert word in capsys.readouterr().err
