"""Where a journal is kept is said by the account's TOML, and remembered by its state folder."""

from pathlib import Path

import pytest

from config.account import AccountConfig
from config.errors import ConfigError
from config.folders import JOURNAL_FILE, SERVER_FILE
from config.journal import JournalServer, recalled, remember
from config.load import digest, load
from config.places import find, journal_of
from tests.journaled import a_config

SECTION = '\n[journal]\nurl = { env = "JOURNAL_URL" }\n'
URL = "postgresql://me:topsecret@db.example:5433/fleet?sslmode=require"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return an empty state folder."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def on_file(tmp_path: Path) -> AccountConfig:
    """Return an account whose journal is a file."""
    return a_config(tmp_path / "account")


@pytest.fixture
def on_server(on_file: AccountConfig, monkeypatch: pytest.MonkeyPatch) -> AccountConfig:
    """Return the same account with its journal on a server."""
    monkeypatch.setenv("JOURNAL_URL", URL)
    toml = Path(on_file.folder) / "account.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    return load(toml)


def test_without_a_section_the_journal_is_a_file(on_file: AccountConfig, state: Path) -> None:
    """It lies in the state folder, and the folder needs to remember nothing."""
    remember(state, on_file.journal, on_file.account.name)

    assert state / JOURNAL_FILE == journal_of(on_file, state) == recalled(state)
    assert [] == list(state.iterdir())


def test_a_journal_on_a_server_is_told_without_who_may_use_it(on_server: AccountConfig, state: Path) -> None:
    """Server, database and schema, the account's name where none is said; no user, no password."""
    where = journal_of(on_server, state)

    assert isinstance(where, JournalServer)
    assert (URL, on_server.account.name) == (where.url.reveal(), where.schema)
    assert f"postgresql://db.example/fleet (schema {on_server.account.name})" == str(where)
    assert "topsecret" not in f"{where!r} {on_server!r}"


def test_the_folder_remembers_the_server_and_not_the_secret(on_server: AccountConfig, state: Path) -> None:
    """Whoever names only the folder finds the journal, if the secret is there."""
    remember(state, on_server.journal, on_server.account.name)

    assert str(journal_of(on_server, state)) == str(recalled(state)) == str(find(str(state)).journal)
    assert "topsecret" not in (state / SERVER_FILE).read_text(encoding="utf-8")


def test_a_journal_is_not_left_for_a_new_one(on_file: AccountConfig, on_server: AccountConfig, state: Path) -> None:
    """A line that is added to the TOML, or lost from it, does not make an account forget its orders."""
    (state / JOURNAL_FILE).touch()
    with pytest.raises(ConfigError, match=r"this account's journal is .*: `tidegate journal backup`"):
        journal_of(on_server, state)

    (state / JOURNAL_FILE).unlink()
    remember(state, on_server.journal, on_server.account.name)
    with pytest.raises(ConfigError, match="this account's journal is on a server"):
        journal_of(on_file, state)


@pytest.mark.parametrize(
    ("url", "said"), [("mysql://x/y", "expected postgresql://"), ("", "is empty"), (None, "is not set")]
)
def test_a_secret_that_names_no_server_is_refused(
    on_server: AccountConfig, state: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, said: str
) -> None:
    """What is wrong is said by the secret's name."""
    if url is None:
        monkeypatch.delenv("JOURNAL_URL")
    else:
        monkeypatch.setenv("JOURNAL_URL", url)

    with pytest.raises(ConfigError, match=f"JOURNAL_URL.*{said}|{said}.*JOURNAL_URL"):
        journal_of(on_server, state)


@pytest.mark.parametrize("raw", [b"{", b'{"url": {"env": "JOURNAL_URL"}, "schema": "\xff"}'])
def test_a_note_that_cannot_be_read_is_said(state: Path, raw: bytes) -> None:
    """It is not taken for a journal in a file."""
    (state / SERVER_FILE).write_bytes(raw)

    with pytest.raises(ConfigError, match="cannot be read"):
        recalled(state)


def test_where_the_journal_is_decides_nothing(on_file: AccountConfig, on_server: AccountConfig) -> None:
    """The digest of a configuration stays, so an account that moves to a server goes on as it was."""
    assert digest(on_file) == digest(on_server)
