"""Where an account's state lies, found with as little as can be loaded: a halt looks here first.

What a TOML says besides is not looked at: one that is wrong must not keep its account from being halted.
"""

from pathlib import Path

from brokers.word import LATCH_FILE, WORD_FILE
from config.errors import ConfigError

JOURNAL_FILE = "journal.sqlite"
SERVER_FILE = "journal.server"
"""Says of a state folder that its journal is on a server, and under which secret's name the server's URL is kept."""
KEPT = (JOURNAL_FILE, SERVER_FILE, LATCH_FILE, WORD_FILE, "latch.log", "daemon.lock")
"""What shows that a folder is an account's: each survives the loss of the others."""


_DATABASE = b"SQLite format 3\0"


def states() -> Path:
    """Return the folder in which the state of every account lies whose TOML names none."""
    from platformdirs import user_state_path  # noqa: PLC0415 - of nobody who names the state folder itself

    return user_state_path("tidegate")


def is_toml(account: str) -> bool:
    """Say whether a person's word for an account is its TOML."""
    path = Path(account)
    return path.name != JOURNAL_FILE and (path.suffix == ".toml" or path.is_file())


def is_copy(account: str) -> bool:
    """Say whether a person's word for an account is a journal in a file of another name."""
    path = Path(account)
    if path.name == JOURNAL_FILE or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


def folder_of(account: str) -> Path | None:
    """Return the state folder a person means by a TOML, a state folder, its journal or a name; None where by none."""
    path = Path(account)
    if path.name == JOURNAL_FILE:
        return path.parent.absolute()
    if is_toml(account):
        return _said(path)
    if path.is_dir():
        return path.absolute()
    named = states() / account
    return named if path.name == account and named.is_dir() else None


def _said(file: Path) -> Path | None:
    """Return the folder that a TOML says, or that follows from the name in it; None where it says neither."""
    from config.document import document_of, placed, read  # noqa: PLC0415 - likewise

    try:
        section = document_of(read(file), file.name).get("account")
    except ConfigError:
        return None
    state, name = (section.get("state"), section.get("name")) if isinstance(section, dict) else ("", "")
    if isinstance(state, str) and state:
        return Path(placed(state, file.absolute().parent))
    return states() / name if isinstance(name, str) and name and Path(name).name == name else None
