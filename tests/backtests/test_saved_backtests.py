"""A backtest that was saved comes back whole, and two of them are told apart by the first thing that differs."""

from pathlib import Path

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from backtests.compare import Difference, compare
from backtests.record import Record
from backtests.saved import SUMMARY, Form, read_summary, read_table, save
from backtests.saved_decisions import Growing
from backtests.summary import summary_of
from config.errors import DataError
from tests.records import played, rows_in

SHORT = 300


def saved(folder: Path, record: Record, form: Form = "parquet") -> Path:
    """Save a record with its numbers."""
    return save(folder, record, summary_of(record), form)


def held(folder: Path, a: Record, b: Record) -> Difference:
    """Compare two records by way of the disk."""
    return compare(saved(folder / "a", a), saved(folder / "b", b))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_saved_backtest_holds_every_row_and_number(tmp_path: Path, form: Form) -> None:
    """Decisions, deals and trades are tables of as many rows, the numbers those of the summary."""
    record, _ = played()
    folder = saved(tmp_path / "one", record, form)

    assert len(record.decisions) == len(read_table(folder, "decisions"))
    assert [deal.price for deal in record.deals] == read_table(folder, "deals")["price"].tolist()
    assert [trade.net for trade in record.trades] == read_table(folder, "trades")["net"].tolist()
    assert summary_of(record).final_balance == read_summary(folder)["final_balance"]


def test_both_forms_hold_the_same(tmp_path: Path) -> None:
    """CSV loses no bit of a number and no empty text."""
    record, _ = played(SHORT)

    found = compare(saved(tmp_path / "a", record), saved(tmp_path / "b", record, "csv"))

    assert (True, []) == (found.same, [row.first for row in found.rows if row.first])


def test_a_backtest_is_the_same_as_itself(tmp_path: Path) -> None:
    """Nothing differs, and every row is counted as the same."""
    record, _ = played()
    found = held(tmp_path, record, record)

    assert (True, True, True, []) == (found.same, found.same_config, found.same_models, found.numbers)
    assert [len(record.decisions), len(record.deals)] == [row.same for row in found.rows]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a short backtest, saved."""
    return saved(tmp_path_factory.mktemp("sound"), played(SHORT)[0])


@settings(max_examples=50)  # four fields, of rows that are all written alike
@given(st.data())
def test_one_planted_difference_is_found_and_named(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whichever decision is changed by the last bit of its score or its bid, it alone is told, by field and moment."""
    record, _ = played(SHORT)
    at = data.draw(st.integers(0, len(record.decisions) - 1))
    field = data.draw(st.sampled_from(["bid", "volume", "outcome", "features"]))
    decision = record.decisions[at]
    other = {"outcome": "missed", "features": (*decision.features[:-1], 0.125)}.get(field, 0.123456789)
    changed = [*record.decisions]
    changed[at] = msgspec.structs.replace(decision, **{field: other})
    planted = saved(tmp_path_factory.mktemp("planted"), msgspec.structs.replace(record, decisions=changed))

    decisions, deals = compare(sound, planted).rows

    assert ({field: 1}, 1, 0, 0) == (decisions.fields, decisions.differ, decisions.only_a, decisions.only_b)
    assert decisions.first is not None
    assert (decision.bar_time, field) == (decisions.first.at, decisions.first.field)
    assert deals.first is None


def test_a_deal_that_one_does_not_have_is_told(tmp_path: Path) -> None:
    """A missing deal is only in the other; those after it are still found, whatever their tickets are."""
    record, _ = played(SHORT)
    late = [msgspec.structs.replace(deal, ticket=deal.ticket - 1) for deal in record.deals[3:]]
    found = held(tmp_path, record, msgspec.structs.replace(record, deals=[*record.deals[:2], *late]))

    _, deals = found.rows

    assert (len(record.deals) - 1, 0, 1, 0) == (deals.same, deals.differ, deals.only_a, deals.only_b)
    assert deals.first is not None
    assert (record.deals[2].at, "no such row") == (deals.first.at, deals.first.b)
    assert "deals" in [number.name for number in found.numbers]
    assert not found.same


def test_backtests_without_a_deal_can_be_compared(tmp_path: Path) -> None:
    """An empty table is one, and against it every row is only in the other."""
    record, _ = played(SHORT)
    none = msgspec.structs.replace(record, deals=[], trades=[], decisions=[])

    empty, against = held(tmp_path / "x", none, none), held(tmp_path / "y", none, record)

    assert empty.same
    assert [len(record.decisions), len(record.deals)] == [row.only_b for row in against.rows]


def test_what_was_not_saved_to_the_end_is_no_backtest(tmp_path: Path) -> None:
    """The summary is written last; without it the folder is refused, and so is one that is not there."""
    record, _ = played(SHORT)
    folder = saved(tmp_path / "one", record)
    (folder / SUMMARY).unlink()

    for broken in (folder, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="no saved backtest"):
            compare(broken, broken)


def test_a_summary_that_is_no_text_is_no_backtest(tmp_path: Path) -> None:
    """A disk that has lost some of its bytes is said in a line."""
    (tmp_path / SUMMARY).write_bytes(b'{"account": "\xff"}')

    with pytest.raises(DataError, match="no saved backtest"):
        compare(tmp_path, tmp_path)


def test_a_table_of_something_else_is_no_backtest(tmp_path: Path) -> None:
    """Rows without what they are found by are refused in a line that says so."""
    record, _ = played(SHORT)
    folder = saved(tmp_path / "one", record, "csv")
    (folder / "deals.csv").write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(DataError, match="its deals have no at, symbol, entry, side: save it again"):
        compare(folder, folder)


def test_saving_again_in_the_other_form_leaves_no_old_table(tmp_path: Path) -> None:
    """A folder holds one backtest."""
    record, _ = played(SHORT)
    folder = saved(tmp_path / "one", record)
    saved(folder, record, "csv")

    assert ["deals.csv", "decisions.csv", SUMMARY, "trades.csv"] == sorted(file.name for file in folder.iterdir())


def test_decisions_written_while_they_are_made_are_those_written_at_once(tmp_path: Path) -> None:
    """Part after part, whatever of them is made by then; nothing is missing, and nothing is there twice."""
    made, at_once = played(SHORT)[0].decisions, tmp_path / "once.parquet"
    with Growing(at_once) as once:
        once.end(made)

    with Growing(tmp_path / "growing.parquet", 64) as growing:
        for count in (10, 64, 70, 200, len(made)):
            growing(made, count)
        growing.end(made)

    assert -(-len(made) // 64) == parquet.ParquetFile(growing.file).num_row_groups
    assert rows_in(at_once) == rows_in(growing.file)


def test_a_table_that_is_not_finished_is_taken_away(tmp_path: Path) -> None:
    """A backtest that breaks off leaves no half of its decisions behind."""
    made = played(SHORT)[0].decisions

    with Growing(tmp_path / "growing.parquet", 64) as growing:
        growing(made, 200)

    assert [] == list(tmp_path.iterdir())


def test_what_cannot_be_written_stops_the_backtest(tmp_path: Path) -> None:
    """A place that is none is told of while more is made, or at the end."""
    made = played(SHORT)[0].decisions
    (tmp_path / "file").touch()

    with Growing(tmp_path / "file" / "growing.parquet", 64) as growing, pytest.raises(OSError, match="file"):
        growing.end(made)
