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


_ENDS = frozenset("@/?#[]")
"""What may not stand in a user or a password as it is."""


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
    """Return the server that a secret names; ConfigError where it names none.

    A letter of the password at which the address would end is refused: what stands behind it would be taken for the
    server's name, and told as such.
    """
    secret = read_secret(url)
    if not secret.reveal().startswith(("postgresql://", "postgres://")):
        raise ConfigError(f"journal.url: expected postgresql://… in {url.env or url.file}")
    if not _read_alike(secret.reveal()):
        raise ConfigError(
            f"journal.url: in {url.env or url.file} user and password have to be written with "
            "%40 for @, %2F for /, %3F for ?, %23 for #, %5B for [, %5D for ] and %25 for %"
        )
    return JournalServer(secret, schema)


def _read_alike(url: str) -> bool:
    """Say whether everybody reads an URL alike: user and password hold nothing at which they would end."""
    who, _, place = url.partition("://")[2].rpartition("@")
    try:
        port = urlsplit(f"//{place}").port
    except ValueError:
        return False
    return port != 0 and not _ENDS.intersection(who)


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
