"""Where an account's journal is kept: a file in its state folder, or a PostgreSQL that many accounts share."""

import os

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from config.errors import ConfigError
from config.folders import JOURNAL_FILE, SERVER_FILE
from config.secrets import Secret, SecretRef, read_secret
from market.undecoded import UNDECODED

SchemaName = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,62})?$")]


class JournalSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A journal on a PostgreSQL server; without this section it is a file in the state folder."""

    url: SecretRef
    """Where the URL is kept, with its password: `postgresql://user:password@host/database`."""
    schema: SchemaName = ""
    """The schema of the database that holds this account's tables; empty: the account's name."""


class JournalServer(msgspec.Struct, frozen=True):
    """A journal on a server; told as text, it keeps user and password to itself."""

    url: Secret
    schema: str

    def __str__(self) -> str:
        """Return server, database and schema."""
        parts = urlsplit(self.url.reveal())
        return f"postgresql://{parts.hostname or ''}{parts.path} (schema {self.schema})"


Where = Path | JournalServer
"""Where a journal is."""


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `journal.server` says."""

    url: SecretRef
    schema: str


def server_of(url: SecretRef, schema: str) -> JournalServer:
    """Return the server that a secret names; ConfigError where it names none."""
    secret = read_secret(url)
    if not secret.reveal().startswith(("postgresql://", "postgres://")):
        raise ConfigError(f"journal.url: expected postgresql://… in {url.env or url.file}")
    return JournalServer(secret, schema)


def journal_at(state: Path, section: JournalSection | None, account: str) -> Where:
    """Return where an account's journal is; ConfigError where it was kept elsewhere until now.

    A journal that is begun anew knows of no order that was sent: nobody shall do that by a changed line.
    """
    file, kept = state / JOURNAL_FILE, _kept(state)
    if section is None:
        if kept is not None:
            raise ConfigError(
                f"journal: this account's journal is on a server ({state / SERVER_FILE} says which): "
                "put the section [journal] back, or move that file away to begin a new journal"
            )
        return file
    if file.exists():
        raise ConfigError(
            f"journal: this account's journal is {file}: `tidegate journal backup` it, move the file away, and "
            "`tidegate journal restore` brings it to the server"
        )
    return server_of(section.url, section.schema or account)


def remember(state: Path, section: JournalSection | None, account: str) -> None:
    """Note in the state folder that the journal is on a server, for those who know only the folder."""
    if section is None:
        return
    kept = _Kept(section.url, section.schema or account)
    if kept != _kept(state):
        (state / f"{SERVER_FILE}.new").write_bytes(msgspec.json.encode(kept))
        os.replace(state / f"{SERVER_FILE}.new", state / SERVER_FILE)  # noqa: PTH105 - replaces on Windows too


def recalled(state: Path) -> Where:
    """Return where the journal of a state folder is, by what the folder says."""
    kept = None if (state / JOURNAL_FILE).exists() else _kept(state)
    return state / JOURNAL_FILE if kept is None else server_of(kept.url, kept.schema)


def _kept(state: Path) -> _Kept | None:
    try:
        return msgspec.json.decode((state / SERVER_FILE).read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, *UNDECODED) as error:
        raise ConfigError(f"{state / SERVER_FILE} cannot be read ({error}): move it away, we make it again") from None
