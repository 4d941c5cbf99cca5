"""A lived day beside a backtest of it: nothing differs where nothing was different, and what was is named."""

import datetime
import re

from collections.abc import Callable
from pathlib import Path

import pytest

from backtests.parity import Parity, parity
from backtests.parity_causes import Cause, Wrong, blamed, feeds_read
from brokers.latch import Command
from config.account import AccountConfig
from config.errors import DataError
from config.load import load
from market.bars import Bars, bars_of
from runtime.core.decision import Step
from runtime.core.facts import AnyFact, LevelChanged
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder
from strategies.beside import Beside
from strategies.window import WindowStrategy
from tests.cores import a_lane, a_plan
from tests.journaled import Journaled, a_config, a_tape, new_pair, recorder_of
from tests.tapes import Row, rows_of
from tests.venues import HOUR, MONDAY
from tests.windows import spread
from tidegate.cli import run

DAYS = [datetime.date(2024, 1, day) for day in range(2, 7)]
KEY = ("SP500", "H1")
AT = MONDAY + 60 * HOUR
"""A bar of the second day on which the account trades."""
ON = datetime.datetime.fromtimestamp(AT / 1000, datetime.UTC).date()


class Disturbed(Journaled):
    """An account that is told something of its own before a moment."""

    def __init__(self, recorder: Recorder, bars: Bars, *facts: AnyFact) -> None:
        """Tell these facts, each at its own time."""
        super().__init__(recorder, bars)
        self.facts = list(facts)

    def _take(self, fact: AnyFact) -> Step:
        while self.facts and self.facts[0].at <= fact.at:
            super()._take(self.facts.pop(0))
        return super()._take(fact)


def an_account(folder: Path, **costs: str) -> AccountConfig:
    """Return an account that trades at no cost, as a journaled one does, but for what is said."""
    a_config(folder)
    text = (folder / "account.toml").read_text(encoding="utf-8")
    free = {"spread": "0.0", "slippage": "0.0", "commission": "0.0", "swap": "true"}
    for name, value in (free | costs).items():
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text, count=1)
    (folder / "account.toml").write_text(text, encoding="utf-8")
    return load(folder / "account.toml")


def a_life(folder: Path, *facts: AnyFact, **costs: str) -> Path:
    """Journal an account's life; return the journal."""
    config = an_account(folder, **costs)
    with JournalWriter(folder / "journal.sqlite") as journal:
        Disturbed(recorder_of(journal, config, new_pair(config)), a_tape(), *facts).go()
    return folder / "journal.sqlite"


def changed(change: Callable[[list[Row]], list[Row]]) -> dict[tuple[str, str], Bars]:
    """Return the account's bars, changed, as recorded elsewhere."""
    return {KEY: bars_of(*KEY, change(rows_of(a_tape())))}


def causes_before(found: Parity, at: int) -> set[Cause]:
    """Return the causes of differences on bars before a moment."""
    return {each.cause for each in found.differences if each.bar_time < at}


def test_the_end_of_the_bars_closes_nothing_that_was_not_closed(tmp_path: Path) -> None:
    """The account was killed on the day: what stood open then is not taken for closed by the backtest."""
    config = an_account(tmp_path)
    with JournalWriter(tmp_path / "journal.sqlite") as journal:
        Disturbed(recorder_of(journal, config, new_pair(config)), a_tape()).go(150)

    found = parity(tmp_path / "journal.sqlite", DAYS[1])

    assert ({}, found.money) == (found.causes, found.money_again)
    assert all(each.at for each in found.fills)


@pytest.mark.parametrize("day", DAYS)
def test_a_day_at_the_same_venue_is_the_same_to_the_last_bit(tmp_path: Path, day: datetime.date) -> None:
    """Every decision and every deal, on the first day as on one on which trades of days before stand open."""
    found = parity(a_life(tmp_path), day)

    assert (found.same, found.causes, found.money) == (found.decisions, {}, found.money_again)
    assert found.decisions >= 36
    assert all(each.points == 0.0 and each.at == each.at_again for each in found.fills)


def test_a_wider_spread_is_told_as_such_and_found_again_in_the_fills(tmp_path: Path) -> None:
    """The configuration says ten points where the venue took none."""
    journal = a_life(tmp_path, spread="10.0")

    found = parity(journal, DAYS[0])

    assert "spread" in found.causes
    assert "unexplained" not in found.causes
    assert {-10.0, 0.0} >= {round(each.points, 6) for each in found.fills if each.at and each.at_again}


def test_slippage_is_told_apart_from_the_quote(tmp_path: Path) -> None:
    """Fills are two points better than they are when played again, and no quote was."""
    journal = a_life(tmp_path, slippage="2.0")

    found = parity(journal, DAYS[0])

    worse = {(round(f.points, 6), round(f.slippage, 6)) for f in found.fills if f.at and f.at_again}
    assert (-2.0, -2.0) in worse


def test_of_a_worse_fill_the_quote_and_slippage_are_told_apart(tmp_path: Path) -> None:
    """Played again at ten points more of spread and two of slippage: whoever bought paid both, whoever sold the one."""
    journal = a_life(tmp_path, slippage="2.0")
    found = parity(journal, DAYS[0], recorded=changed(lambda rows: [(*row[:6], row[6] + 10.0) for row in rows]))

    paid = {(f.side, round(f.points), round(f.quote), round(f.slippage)) for f in found.fills if f.quote == f.quote}
    assert {(1, -12, -10, -2), (-1, -2, 0, -2)} == paid


def test_a_bar_that_differs_by_a_point_is_found_and_blamed(tmp_path: Path) -> None:
    """Nothing differs before it."""
    journal = a_life(tmp_path)

    def one_point(rows: list[Row]) -> list[Row]:
        return [(*r[:4], r[4] + 0.01, *r[5:]) if r[0] == AT else r for r in rows]

    found = parity(journal, ON, recorded=changed(one_point))

    assert found.differences[0].bar_time == AT
    assert (set(), "revised bar") == (causes_before(found, AT), found.differences[0].cause)
    assert found.parted >= 1


def test_a_bar_that_a_strategy_does_not_read_explains_nothing_of_it() -> None:
    """Of several symbols: one that was revised elsewhere would hide a bug here."""
    wrong: list[Wrong] = [(10, ("EURUSD", "H1"), "revised bar"), (20, ("XAUUSD", "H1"), "missing bar")]
    mine, other = {("EURUSD", "H1"), ("XAUUSD", "D1")}, {("XAUUSD", "H1")}

    assert "revised bar" == blamed(wrong, mine, 30)
    assert [None, "missing bar"] == [blamed(wrong, other, until) for until in (19, 20)]


def test_a_strategy_reads_what_it_is_shown_beside_its_own_bars() -> None:
    """A bar of another feed that is missing explains what a function made of it."""
    shown = Beside(symbol="EURUSD", timeframe="H1", window=5)
    strategy = WindowStrategy(name="spread", function=spread, window=8, others={"euro": shown})
    (read,) = feeds_read(a_plan(a_lane({}, strategy=strategy))).values()

    assert {("XAUUSD", "H1"), ("EURUSD", "H1")} == read


def test_a_bar_that_is_missing_is_found_and_blamed(tmp_path: Path) -> None:
    """The account decided it; the recorded bars have none at that time."""
    journal = a_life(tmp_path)

    found = parity(journal, ON, recorded=changed(lambda rows: [row for row in rows if row[0] != AT]))

    alone = [each for each in found.differences if not each.would]
    assert [AT, AT] == [each.bar_time for each in alone]
    assert {"missing bar"} == {each.cause for each in alone}


def test_a_halt_is_told_as_a_hold(tmp_path: Path) -> None:
    """Somebody halted the account in the middle of the day; the backtest was never halted."""
    halt = Command(id="x", level="halt", who="ann", why="test", wall=0, path="daemon")
    journal = a_life(tmp_path, LevelChanged(at=AT, command=halt, generation=9))

    found = parity(journal, ON)

    assert "hold" in found.causes
    assert set() == causes_before(found, AT - HOUR)
    assert all(each.was == "held" or each.lived == "halt" for each in found.differences if each.cause == "hold")


def test_a_day_that_was_not_lived_is_refused(tmp_path: Path) -> None:
    """In words, before and after."""
    journal = a_life(tmp_path)

    for day in (datetime.date(2023, 1, 1), datetime.date(2024, 2, 1)):
        with pytest.raises(DataError, match="name a day on which the account ran"):
            parity(journal, day)
    with pytest.raises(DataError, match="do not reach over that day"):
        parity(journal, DAYS[3], recorded=changed(lambda rows: rows[:60]))


def test_the_command_tells_the_causes_and_exits_by_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """0 where all is the same, 11 where a decision went another way, 2 for a day that is none."""
    same, halted = tmp_path / "same", tmp_path / "halted"
    halt = Command(id="x", level="halt", who="ann", why="test", wall=0, path="daemon")
    a_life(same)
    a_life(halted, LevelChanged(at=AT, command=halt, generation=9))

    codes = [run(["parity", str(folder), "--day", day]) for folder, day in (
        (same, str(ON)), (halted, str(ON)), (same, "tomorrow"),
    )]  # fmt: skip

    told = capfd.readouterr()
    assert [0, 11, 2] == codes
    assert "48 the same to the last bit" in told.out
    assert "a level or a hold stood in the way in one of both" in told.out
    assert 2 == len(told.err.strip().splitlines()[-2:])
