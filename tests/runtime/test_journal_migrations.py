"""A journal goes from one version of the schema to another and back, on both databases, with all that is in it."""

import shutil
import sqlite3

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, insert, select, text
from sqlalchemy.types import Double, LargeBinary, Text

from config.journal import JournalServer
from runtime.journal.archiving import take_away
from runtime.journal.chain import GENESIS
from runtime.journal.entries import Verdict
from runtime.journal.errors import JournalError
from runtime.journal.migrating import REVISIONS, between, migrate, step_to
from runtime.journal.reader import JournalReader
from runtime.journal.schema import FIRST, VERSION, schema_version, tables
from runtime.journal.segments import Segment
from runtime.journal.writer import JournalWriter
from tests.journals import ask, connected, edit, entry, journal
from tests.postgres import Postgres

NEXT = f"""
from alembic import op
from sqlalchemy import Column, Double

revision, down_revision = "{VERSION + 1}", "{VERSION}"


def upgrade():
    op.add_column("outcomes", Column("delay_cost", Double()))


def downgrade():
    op.drop_column("outcomes", "delay_cost")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """Return a connection to an empty database, in a transaction."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'account.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database().replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def longer(tmp_path: Path) -> Path:
    """Return the packaged revisions and one more, that adds a column."""
    folder = tmp_path / "revisions"
    shutil.copytree(REVISIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "next.py").write_text(NEXT)
    return folder


def a_value(column: Any, number: int) -> object:  # noqa: ANN401 - whatever a table has
    """Return a value that a column takes."""
    if column.name in {"one", "book"}:
        return {"one": 1, "book": "live"}[column.name]
    if isinstance(column.type, Text):
        return f"text {number}"
    if isinstance(column.type, LargeBinary):
        return b"%d" % number
    return number + 0.25 if isinstance(column.type, Double) else number


def fill(connection: Connection) -> None:
    """Put a row into every table as the database has it; the head is moved last, as a writer moves it."""
    found = MetaData()
    found.reflect(connection)
    for table in sorted(found.sorted_tables, key=lambda table: table.name == "head"):
        if table.name != schema_version.name:
            values = {column.name: a_value(column, number) for number, column in enumerate(table.c, 1)}
            connection.execute(insert(table).values(values))


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table."""
    found = MetaData()
    found.reflect(connection)
    return {t.name: [dict(row) for row in connection.execute(select(t)).mappings()] for t in found.sorted_tables}


def differences(connection: Connection) -> Any:  # noqa: ANN401 - theirs
    """Return in what a database differs from the tables as they are declared for it."""

    def here(one: Any, *_: object) -> bool:  # noqa: ANN401 - theirs
        rule = getattr(one, "_ddl_if", None)  # Alembic does not ask it
        return rule is None or rule.dialect == connection.dialect.name

    opts = {"compare_type": True, "include_object": here}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), tables)


def guards(connection: Connection) -> list[str]:
    """Return the triggers of a database."""
    asked = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.dialect.name]
    return sorted(f"{name}: {told}" for name, told in connection.execute(text(asked)))


def born(connection: Connection, version: int) -> None:
    """Make a journal of a version by its revisions."""
    for module in reversed([*between(0, version)]):
        if module.down_revision is None:
            step_to(connection, 0, int(module.revision))
            connection.execute(insert(schema_version).values(version=int(module.revision)))
        else:
            step_to(connection, int(module.down_revision), int(module.revision))


def test_the_migrated_schema_is_the_declared_one(empty: Connection) -> None:
    """All revisions one after another make the tables, and the guards of the log, that a new journal is made with."""
    born(empty, VERSION)
    migrated, guarded = differences(empty), guards(empty)
    empty.rollback()
    tables.create_all(empty)

    assert [] == migrated
    assert guards(empty) == guarded != []


def test_a_journal_goes_up_and_down_with_its_data(empty: Connection) -> None:
    """From the first version to the newest, back and up again: what stood there before stands there after."""
    born(empty, FIRST)
    fill(empty)
    before = contents(empty)

    step_to(empty, FIRST, VERSION)
    up = contents(empty)
    step_to(empty, VERSION, FIRST)
    back = contents(empty)
    step_to(empty, FIRST, VERSION)

    assert before == back
    for name, rows in before.items():
        if name != schema_version.name:
            assert [{k: row[k] for k in old} for old, row in zip(rows, up[name], strict=True)] == rows
    assert [] == differences(empty)


def test_shadow_trades_of_before_books_had_names_are_those_without_the_regime_gate(empty: Connection) -> None:
    """There were no others, and whoever looks a book up by its gate finds them."""
    born(empty, FIRST)
    empty.exec_driver_sql("INSERT INTO outcomes (id, book) VALUES ('one', 'shadow'), ('two', 'live')")

    step_to(empty, FIRST, VERSION)

    found = empty.exec_driver_sql("SELECT book, gate FROM outcomes ORDER BY id").all()
    assert [("shadow", "regime"), ("live", "")] == [tuple(row) for row in found]


def test_a_column_comes_and_goes(empty: Connection, longer: Path) -> None:
    """What a next revision adds is there after the way up, empty, and gone after the way down; rows stay."""
    born(empty, VERSION)
    fill(empty)
    before = contents(empty)

    step_to(empty, VERSION, VERSION + 1, longer)
    up = contents(empty)
    step_to(empty, VERSION + 1, VERSION, longer)

    assert [row | {"delay_cost": None} for row in before["outcomes"]] == up["outcomes"]
    assert [{"version": VERSION + 1}] == up["schema_version"]
    assert before == contents(empty)


def test_a_migration_that_fails_changes_nothing(empty: Connection, longer: Path) -> None:
    """One transaction holds it all: half of a migration is none."""
    (longer / "next.py").write_text(NEXT.replace('outcomes", Column', 'nothing", Column'))
    born(empty, VERSION)
    fill(empty)
    before = contents(empty)
    empty.commit()

    with pytest.raises(Exception, match="nothing"):
        step_to(empty, VERSION, VERSION + 1, longer)
    empty.rollback()

    assert before == contents(empty)
    assert [] == differences(empty)


def test_revisions_are_one_line_of_numbers() -> None:
    """The newest revision is the schema's version, and each is one more than the one before."""
    assert [*range(VERSION, FIRST - 1, -1)] == [int(module.revision) for module in between(0, VERSION)]


def test_a_journal_written_before_is_migrated_and_goes_on(tmp_path: Path) -> None:
    """A journal of the first version, as it is told to be migrated, holds its chain afterwards and is continued."""
    path = tmp_path / "account.db"
    with create_engine(f"sqlite:///{path}").begin() as connection:
        born(connection, FIRST)
    edit(path, "INSERT INTO head VALUES (1, 0, zeroblob(32))")
    if FIRST < VERSION:
        with pytest.raises(JournalError, match=r"older Tidegate .*: run `tidegate journal migrate "):
            JournalReader(path)

    assert FIRST == migrate(path)
    assert VERSION == migrate(path)
    with JournalWriter(path) as writer:
        writer.append(entry(1))
    with JournalReader(path) as reader:
        assert reader.verify().ok


def test_the_way_down_tells_each_row_the_hash_before_it(place: Path | JournalServer) -> None:
    """An older program finds the chain as it wrote it, and zeros where there is no order; the way up is open again."""
    row = {"run": 1, "n": 2, "regime": 1, "gate_open": 0, "volume": None, "instruction": None, "target": 1.5}
    with JournalWriter(place) as writer:
        for number in range(1, 30):
            writer.append(entry(number, ("decisions", {"id": f"1-{number}", "seq": number, **row})))

    migrate(place, 8)
    chained = "SELECT count(*) FROM log AS a JOIN log AS b ON b.seq = a.seq - 1 WHERE a.prev = b.hash"
    down = ask(place, chained), ask(place, "SELECT prev FROM log WHERE seq = 1")
    zeros = ask(place, "SELECT DISTINCT volume, instruction, target FROM decisions")
    migrate(place)

    assert ([(28,)], [(GENESIS,)]) == down
    assert [(0, 0, 1.5)] == zeros
    with JournalWriter(place) as writer:
        writer.append(entry(30))
    with JournalReader(place) as reader:
        assert reader.verify() == Verdict(ok=True, seq=30)
        assert [row] * 29 == [{name: line[name] for name in row} for line in reader.lines("decisions")]
    with pytest.raises(Exception, match="append only"):
        change(place)


def test_an_archived_journal_does_not_go_below_nine(place: Path | JournalServer) -> None:
    """What was written to a segment is not changed any more; the way down is refused, and changes nothing."""
    journal(place, 5, snapshot_at=4)
    ((last,),) = ask(place, "SELECT hash FROM log WHERE seq = 2")
    take_away(place, Segment(first=1, last=2, prev=GENESIS.hex(), hash=last.hex(), file="2.parquet"), 0)

    with pytest.raises(JournalError, match="rows of this journal were archived"):
        migrate(place, 8)

    with JournalReader(place) as reader:
        assert reader.verify() == Verdict(ok=True, seq=6)


def change(place: Path | JournalServer) -> None:
    """Try to change a row of the log, its guards being there."""
    told = "UPDATE log SET wall = 0"
    if isinstance(place, JournalServer):
        with connected(place) as server:
            server.execute(told.encode())
    else:
        with closing(sqlite3.connect(place)) as file:
            file.execute(told)


@pytest.mark.parametrize(
    ("version", "said"), [(FIRST - 1, "nothing leads from schema"), (VERSION + 1, "nothing leads")]
)
def test_no_way_is_said(tmp_path: Path, version: int, said: str) -> None:
    """A journal from before the first migration, or of a newer program, stays as it is."""
    path = journal(tmp_path, 1)
    edit(path, "UPDATE schema_version SET version = ?", version)

    with pytest.raises(JournalError, match=said):
        migrate(path)

    assert [(version,)] == ask(path, "SELECT version FROM schema_version")


@pytest.mark.parametrize("to", [FIRST - 1, VERSION + 1])
def test_a_version_that_is_not_is_refused(tmp_path: Path, to: int) -> None:
    """Only versions that there are can be asked for."""
    with pytest.raises(JournalError, match=f"there is no schema {to}: name one from {FIRST} to {VERSION}"):
        migrate(journal(tmp_path, 1), to)


def test_what_is_no_journal_is_not_migrated(tmp_path: Path) -> None:
    """Neither a file that is not there nor a database of something else."""
    edit(tmp_path / "other.db", "CREATE TABLE log (seq INTEGER)")

    with pytest.raises(JournalError, match="there is no such file"):
        migrate(tmp_path / "none.db")
    with pytest.raises(JournalError, match="a database of something else"):
        migrate(tmp_path / "other.db")
    assert not (tmp_path / "none.db").exists()
