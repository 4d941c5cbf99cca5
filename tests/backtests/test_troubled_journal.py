"""The recorded journal of a troubled account: refusals, hands, a halt, crashes; all of it replays, and adds up."""

import datetime
import shutil

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from msgspec.structs import replace

from backtests.replay import ReplayMismatch, replay
from backtests.whatif import what_if
from config.account import AccountConfig
from market.money import cents
from market.types import DAY_MS
from runtime.journal.reader import JournalReader
from runtime.outcomes.explained import explained
from runtime.rebuild import rebuild
from tests.journals import ask, edit
from tests.record_journal import DATA, unpacked

EPOCH = datetime.date(1970, 1, 1)
LAST = datetime.date(2004, 3, 30)
CRASHED = datetime.date(2004, 2, 11)
"""The day on which the daemon died with an order on its way that the venue had worked."""


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal, unpacked; nobody may write to it."""
    return unpacked(DATA / "troubled.sqlite.gz", tmp_path_factory.mktemp("troubled"))


def test_every_run_of_it_replays(troubled: Path) -> None:
    """Each by itself, to the last bit, whatever the daemon went through before; together they are the whole."""
    runs = [run for (run,) in ask(troubled, "SELECT run FROM runs ORDER BY run")]

    found = [replay(troubled, run).decisions for run in runs]

    assert [1, 2, 3, 4, 5, 6] == runs
    assert ask(troubled, "SELECT count(*) FROM decisions") == [(sum(found),)]


def test_every_day_on_which_something_was_traded_replays_by_itself(troubled: Path) -> None:
    """As many decisions as were written down; one day is of two runs, and what one decided was found by the other."""
    rows = ask(troubled, f"SELECT at / {DAY_MS}, count(*) FROM decisions GROUP BY 1")  # noqa: S608 - ours
    traded = {day for (day,) in ask(troubled, f"SELECT DISTINCT at / {DAY_MS} FROM deals WHERE position > 0")}  # noqa: S608 - ours
    due = {EPOCH + datetime.timedelta(days=day): many for day, many in rows if day in traded}

    found = {day: replay(troubled, day=day).decisions for day in due}

    assert due == found
    assert (True, 19) == (CRASHED in due, len(due))
    assert [(2,)] == ask(troubled, f"SELECT count(DISTINCT run) FROM log WHERE at = {midnight(CRASHED)}")  # noqa: S608 - ours


def midnight(day: datetime.date) -> int:
    """Return the moment a day begins, UTC milliseconds."""
    return (day - EPOCH).days * DAY_MS


def test_every_trouble_is_in_it(troubled: Path) -> None:
    """A journal without them would not show that they changed."""
    found = {
        "class": {row for (row,) in ask(troubled, "SELECT DISTINCT class FROM decisions")},
        "reason": {row for (row,) in ask(troubled, "SELECT DISTINCT value FROM decisions, json_each(reasons)")},
        "order": {row for (row,) in ask(troubled, "SELECT DISTINCT kind || ' ' || state FROM orders")},
        "exit": {row for (row,) in ask(troubled, "SELECT DISTINCT exit_reason FROM outcomes WHERE book = 'live'")},
        "command": {row for (row,) in ask(troubled, "SELECT DISTINCT command FROM commands")},
        "money": {row for (row,) in ask(troubled, "SELECT DISTINCT kind FROM ledger")},
    }

    assert {"traded", "missed", "held", "refused_by_risk", "vetoed_by_regime", "exit"} <= found["class"]
    assert {"collar", "volume", "value", "margin", "positions", "size below the minimum volume"} <= found["reason"]
    assert {"limit CANCELLED", "cancel FILLED", "move stop FILLED"} <= found["order"]
    assert {"market REFUSED", "market MISSING", "close FILLED"} <= found["order"]
    assert {"stop", "target", "strategy", "time stop", "person", "stop_out"} == found["exit"]
    assert {"run", "halt", "close-only"} == found["command"]
    assert {"deposit", "withdrawal", "dividend", "charge", "credit", "monthly commission"} == found["money"]


def test_its_balance_is_its_rows_to_the_cent(troubled: Path) -> None:
    """Trades of ours and of a stranger, swaps, payments, a stop-out: nothing is left over."""
    with JournalReader(troubled) as reader:
        found = explained(reader)

    assert found is not None
    deals = ask(troubled, "SELECT profit + commission + swap + fee FROM deals WHERE entry <> 'none'")
    paid = ask(troubled, "SELECT money FROM ledger")
    assert 0.0 == found.unexplained
    assert cents(sum(money for (money,) in (*deals, *paid))) == cents(found.balance - found.began)
    assert (True, True) == (found.foreign != 0.0, found.standing != 0.0)


def test_its_tables_are_made_again_from_its_log(troubled: Path, tmp_path: Path) -> None:
    """Orders in doubt or missing, a part that a person took: no value differs, but in how decisions are kept.

    A program that keeps numbers in fewer bytes than the one that recorded them writes other rows, and then equal ones.
    """
    copy = Path(shutil.copy(troubled, tmp_path / "journal.sqlite"))

    first, again = rebuild(copy, write=True), rebuild(copy)

    assert ({"decisions"} if first.older else set()) == first.differences.keys()
    assert {} == again.differences


def first_config(journal: Path) -> AccountConfig:
    """Return the configuration of its first run."""
    with JournalReader(journal) as reader:
        return msgspec.json.decode(reader.runs()[0]["config"], type=AccountConfig)


def another_stop(config: AccountConfig) -> AccountConfig:
    """Have the second strategy want a wider stop on one day."""
    first, main, *others = config.strategies
    script = main.params["script"] | {"2004-01-23": {"side": 1, "stop": 24.0}}
    return replace(config, strategies=(first, replace(main, params={"script": script}), *others))


def wider_spreads(config: AccountConfig) -> AccountConfig:
    """Let entries be made at a spread that there never was."""
    return replace(config, limits=replace(config.limits, max_spread=150.0))


def larger_orders(config: AccountConfig) -> AccountConfig:
    """Let an order be larger than one that was refused."""
    return replace(config, limits=replace(config.limits, max_volume=900.0, max_value=9e6, max_margin=0.9))


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (another_stop, ("2004-01-23", "main", "volume (risk check)", "83.94", "41.97")),
        (larger_orders, ("2004-01-07", "beside", "outcome", "refused_by_risk", "traded")),
    ],
)
def test_a_what_if_names_the_first_decision_that_differs(
    troubled: Path, change: Callable[[AccountConfig], AccountConfig], first: tuple[str, ...]
) -> None:
    """A changed strategy or limit: on which day, whose decision, in what."""
    found = what_if(troubled, change(first_config(troubled)), LAST).first

    assert found is not None
    day = (EPOCH + datetime.timedelta(milliseconds=found.bar_time)).isoformat()
    assert first == (day, found.strategy, found.field, found.was, found.would)


def test_a_limit_that_nothing_came_near_changes_no_decision(troubled: Path) -> None:
    """The limit itself is told with every decision; that it is another is the question, not the answer."""
    found = what_if(troubled, wider_spreads(first_config(troubled)), LAST)

    assert (0, None) == (found.otherwise, found.first)


def damaged(journal: Path, folder: Path, kind: str, old: bytes, new: bytes) -> tuple[Path, int]:
    """Return a copy in which a row's fact has other bytes, and the row: the last of its kind that has the old ones."""
    copy = folder / "damaged.sqlite"
    copy.write_bytes(journal.read_bytes())
    with JournalReader(journal) as reader:
        row = [row for row in reader.rows() if row.kind == kind and old in row.fact][-1]
    edit(copy, "UPDATE log SET fact = ?, step = ? WHERE seq = ?", row.fact.replace(old, new), row.step, row.seq)
    return copy, row.seq


@pytest.mark.parametrize(
    ("kind", "old", "new", "field"),
    [
        ("BarClosed", b"\xa5close\xcb@\x91\x9c\x00", b"\xa5close\xcb@\x91\x9d\x00", "decisions[0].posterior[0]"),
        ("LevelChanged", b"\xa4halt", b"\xa3run", "instructions.length"),
        ("DealMade", b"\xa8stop_out", b"\xa6client", "instructions.length"),
    ],
    ids=["a bar", "a word", "a deal"],
)
def test_a_changed_byte_is_found_by_the_field_it_leads_to(
    troubled: Path, tmp_path: Path, kind: str, old: bytes, new: bytes, field: str
) -> None:
    """A close that was another, a word that was not said, a stop-out that was a person: at which row, in what."""
    copy, seq = damaged(troubled, tmp_path, kind, old, new)

    with pytest.raises(ReplayMismatch) as caught:
        replay(copy)

    assert (seq, field) == (caught.value.seq, caught.value.field)
