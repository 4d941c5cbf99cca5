"""Bringing a journal from one version of the schema to another: Alembic's revisions and words, our own version number.

A migration is one transaction: a journal is of one version or of the other, whatever happens meanwhile. It changes
tables that people read, and never a row of the log: each keeps the version that it was hashed with.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, update

from runtime import migrations
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import Place, open_to_migrate
from runtime.journal.schema import FIRST, VERSION, schema_version

REVISIONS = Path(migrations.__path__[0])
"""The folder of the revisions, within the package."""


def migrate(place: Place, to: int = VERSION, *, patience: float = 2.0) -> int:
    """Bring a journal to a version, up or down; return the one it had. JournalError where there is no way."""
    if not FIRST <= to <= VERSION:
        raise JournalError(f"journal {place}: there is no schema {to}: name one from {FIRST} to {VERSION}")
    with closing(open_to_migrate(place, patience)) as connection, explaining(place):
        found = connection.execute(select(schema_version.c.version)).scalar_one()
        if not FIRST <= found <= VERSION:
            raise JournalError(f"journal {place}: nothing leads from schema {found} to schema {to}")
        step_to(connection, found, to)
        connection.commit()
    return int(found)


def step_to(connection: Connection, found: int, to: int, revisions: Path = REVISIONS) -> None:
    """Run the revisions that lie between two versions, within the connection's transaction; 0 is an empty database."""
    with Operations.context(MigrationContext.configure(connection)):
        if found <= to:
            for module in reversed([*between(found, to, revisions)]):
                module.upgrade()
        else:
            for module in between(to, found, revisions):
                module.downgrade()
    connection.execute(update(schema_version).values(version=to))


def between(low: int, high: int, revisions: Path = REVISIONS) -> Iterator[ModuleType]:
    """Yield the revisions above one version up to another, the newest first."""
    scripts = ScriptDirectory(str(revisions), version_locations=[str(revisions)])
    for script in scripts.walk_revisions(head=str(high)):
        if int(script.revision) > low:
            yield script.module
