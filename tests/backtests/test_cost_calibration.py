"""What an account has paid: measured from its journal, proposed as TOML, and met again by a backtest that reads it."""

import datetime
import re
import tomllib

from functools import partial
from pathlib import Path

import msgspec
import pytest

from backtests.cost_calibration import FEWEST_FILLS, as_toml, asked_by, measured
from backtests.record_journal import record_of_journal
from backtests.recorded import read
from brokers.costs import Costs
from brokers.mt5.zone import NEW_YORK_CLOSE, to_server
from config.account import AccountConfig
from config.errors import ConfigError, DataError
from config.load import load
from market.bars import bars_of
from market.hours_of_week import HOURS, hour_of_week, with_spreads
from runtime.core.decision import Decision
from runtime.journal.writer import JournalWriter
from tests.journaled import Journaled, a_config, a_tape, new_pair, recorder_of
from tests.tapes import rows_of
from tests.venues import HOUR, MONDAY
from tidegate.cli import run

SPREAD = 7.0


class Dear(Journaled):
    """An account whose venue takes a spread where bars have none, and slips by turns."""

    def begin(self) -> None:
        """Take costs."""
        book = self.venue._a.books["SP500"]
        book.usual_spread, book.slips = SPREAD, (1.0, -2.0, 3.0)


def a_life(folder: Path, bars: int = 480) -> tuple[Path, AccountConfig]:
    """Journal a life at known costs; return journal and configuration."""
    config = a_config(folder)
    tape = a_tape(bars)
    bare = bars_of("SP500", "H1", [(*row[:6], 0.0) for row in rows_of(tape)])
    with JournalWriter(folder / "journal.sqlite") as journal:
        drive = Dear(recorder_of(journal, config, new_pair(config)), bare)
        drive.begin()
        drive.go()
    return folder / "journal.sqlite", config


def test_spread_and_slippage_are_what_the_venue_took(tmp_path: Path) -> None:
    """Each quote has its spread, and each fill at market slips by one of the three draws."""
    (found,) = measured(*a_life(tmp_path))

    assert ("SP500", SPREAD, {SPREAD}) == (found.symbol, found.spread, set(found.spread_by_hour))
    assert (HOURS, 480) == (len(found.spread_by_hour), found.quotes)
    assert found.fills >= FEWEST_FILLS
    assert {1.0, -2.0, 3.0} >= set(found.slips) != set()
    assert (-2.0 < (found.slippage or 0.0) < 3.0, found.latency_s) == (True, 0.0)


def test_a_stop_is_no_execution_at_market(tmp_path: Path) -> None:
    """Nor where a part of its trade was closed at market before: it is not held against the quote of that."""
    _, config = a_life(tmp_path)
    told = record_of_journal(tmp_path, config, {})
    ours = next(deal for deal in told.deals if deal.entry == "out" and deal.reason == "expert")
    decision = next(d for d in told.decisions if d.magic == ours.magic and d.outcome == "exit")
    asked: dict[tuple[int, int], Decision] = {(ours.magic, ours.side): decision}

    assert decision == asked_by(ours, asked)
    assert asked_by(msgspec.structs.replace(ours, reason="stop"), asked) is None


def test_too_little_is_said_and_not_proposed(tmp_path: Path) -> None:
    """A median of ten quotes is an anecdote."""
    (found,) = measured(*a_life(tmp_path, bars=10))

    assert (None, (), ()) == (found.spread, found.spread_by_hour, found.slips)
    assert "too few" in as_toml([found], "2026-01-01")


def test_latency_is_proposed_for_ticks_and_not_beside_slips_that_hold_it(tmp_path: Path) -> None:
    """As a comment, fill by fill: whoever plays both would wait twice."""
    (found,) = measured(*a_life(tmp_path))
    text = as_toml([msgspec.structs.replace(found, latencies_ms=(120.0, 180.0, 300.0))], "2026-01-01")

    assert (0.0,) * found.fills == found.latencies_ms
    assert "latency_ms" not in as_toml([found], "2026-01-01")
    assert "in place of the slips, which hold it too; from the decision to the deal, median 180:" in text
    assert [120, 180, 300] == tomllib.loads(text.replace("# latency_ms", "latency_ms"))["symbols"]["SP500"]["costs"][
        "latency_ms"
    ]


def test_an_account_that_never_ran_is_refused_in_words(tmp_path: Path) -> None:
    """There is nothing to measure."""
    config = a_config(tmp_path)
    JournalWriter(tmp_path / "journal.sqlite").close()

    with pytest.raises(DataError, match="let the account run first"):
        measured(tmp_path / "journal.sqlite", config)


def test_what_is_proposed_can_be_pasted_and_is_read(tmp_path: Path) -> None:
    """The account loads with it, and its bars have the spread of their hour."""
    journal, config = a_life(tmp_path / "lived")
    proposed = tomllib.loads(as_toml(measured(journal, config), "2026-01-01"))
    text = (tmp_path / "lived" / "account.toml").read_text(encoding="utf-8")
    costs, table = proposed["symbols"]["SP500"]["costs"], proposed["data"]["SP500"]["spread_by_hour"]
    text = re.sub(r"(?m)^slippage = .*$", f"slippage = {costs['slippage']}\nslips = {costs['slips']}", text, count=1)
    text = re.sub(r'(?m)^source = "sp500".*$', f'source = "sp500"\nspread_by_hour = {table}', text, count=1)
    (tmp_path / "lived" / "account.toml").write_text(text.replace('"H1"', '"D1"'), encoding="utf-8")

    account = load(tmp_path / "lived" / "account.toml")

    assert Costs(spread=50.0, slippage=0.0, slips=tuple(costs["slips"])).slips == account.symbols["SP500"].costs.slips
    bars, _ = read(account, "SP500", account.data["SP500"])
    assert {SPREAD} == set(bars.spread)


def test_bars_keep_their_own_spread_and_hours_are_of_the_servers_clock() -> None:
    """New York's close is Monday 00:00 on the server in winter and in summer, which are other hours of UTC."""
    table = [float(hour) for hour in range(HOURS)]
    winter, summer = (
        int(datetime.datetime(2024, month, day, hour, tzinfo=datetime.UTC).timestamp()) * 1000
        for month, day, hour in ((1, 7, 22), (7, 7, 21))
    )
    bars = bars_of("X", "H1", [(t, 1.0, 1.0, 1.0, 1.0, 0.0, own) for t, own in (
        (winter, 0.0), (winter + HOUR, 4.0), (winter + 2 * HOUR, 0.0), (summer + HOUR, 0.0),
    )])  # fmt: skip

    spread = with_spreads(bars, table, partial(to_server, NEW_YORK_CLOSE)).spread

    assert [0.0, 4.0, 2.0, 1.0] == spread.tolist()
    assert 0 == hour_of_week(MONDAY)


def test_a_table_of_another_length_is_refused(tmp_path: Path) -> None:
    """A week has 168 hours."""
    a_config(tmp_path)
    file = tmp_path / "account.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('source = "sp500"', 'source = "sp500"\nspread_by_hour = [1.0, 2.0]'), encoding="utf-8")

    with pytest.raises(ConfigError, match="expected 168 numbers or none, got 2"):
        load(file)


def test_the_command_prints_toml_and_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It needs the account's TOML, for its clock."""
    _, config = a_life(tmp_path / "state")
    text = (tmp_path / "state" / "account.toml").read_text(encoding="utf-8")
    file = tmp_path / "account.toml"
    file.write_text(text, encoding="utf-8")

    codes = [run(["calibrate", str(file), *more]) for more in ([], ["--json"])]
    told = capfd.readouterr().out

    assert [0, 0] == codes
    assert "spread_by_hour = [" in told
    assert '"symbol":"SP500","quotes":480' in told
    assert config.account.name in text
