"""Fixtures that many rooms share."""

import os
import shutil
import tempfile

from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: threads for tiny matrices wait for those of others

import pytest
import structlog

from hypothesis import settings

from config.journal import JournalServer
from tests.journals import on_server
from tests.postgres import Postgres

settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's business
settings.load_profile("untimed")


BYTECODE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that tests start keep what Python makes of our modules, even where it may not lie beside them.

    A daemon, its worker and its server would each compile them at every start: a third of what a start costs.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        config.stash[BYTECODE] = os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="tidegate-bytecode-")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: where daemons run, tests wait for them a good part of the time."""
    return (os.cpu_count() or 1) + 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind: the workers of this session are gone, and what they began is too."""
    if BYTECODE in config.stash:
        shutil.rmtree(config.stash[BYTECODE], ignore_errors=True)


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
