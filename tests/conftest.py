"""Fixtures that many rooms share."""

import compileall
import os

from collections.abc import Generator, Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: threads for tiny matrices wait for those of others

import pytest
import structlog

from hypothesis import settings

from config.journal import JournalServer
from tests.floor_plan import FLOORS
from tests.journals import on_server
from tests.postgres import Postgres

settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's business
settings.load_profile("untimed")


ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Compile the rooms once, before any test: else daemon, worker and server do at each start where none may write.

    And a process on a full disk would leave half a module for all after it: Python 3.11 does not see that.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for room in FLOORS.keys() - {"tests"}:
            compileall.compile_dir(ROOT / room, quiet=2)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Run one worker more than there are processors: where daemons run, tests wait for them a good part of the time."""
    return (yield) + 1


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """Have no test log where another one told it to: that one's streams are closed by then."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real prices and accounts; absent in a user's clone, where the test is skipped."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TIDEGATE_DATA", beside))
    if not (folder / "SOURCES.md").exists():
        pytest.skip("no real data here: set TIDEGATE_DATA to a folder that has it")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a PostgreSQL of this process; tests that need one are skipped where there is none."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | JournalServer:
    """Return where a journal may be made, on each database: what holds for a journal holds on both."""
    if request.param == "sqlite":
        return tmp_path / "account.db"
    return on_server(request.getfixturevalue("database"))


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> str:
    """Return the URL of a database in which tests have schemas of their own."""
    return postgres.new_database()
