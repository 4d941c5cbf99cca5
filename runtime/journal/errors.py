"""What can be wrong with a journal, said in one line that tells the reader what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from config.errors import DiskError, JournalRefused

JOURNAL = JournalRefused.exit_code
DISK = LOST = DiskError.exit_code
"""A supervisor tries again every half minute: until there is room, until the server is back."""
NO_SERVER = "the server does not answer"
GONE = f"{NO_SERVER} any more: nothing was sent that it has not; start it, then us"

ADVICE: tuple[tuple[str, int, str], ...] = (
    ("database or disk is full", DISK, "the disk is full: free space on it, then start again"),
    ("disk i/o error", DISK, "the disk does not take what is written: check it, then start again"),
    ("append only", JOURNAL, "another process writes this journal: end it, then start again"),
    ("database is locked", JOURNAL, "another process holds this journal: end it, then start again"),
    ("lock timeout", JOURNAL, "another process holds this journal: end it, then start again"),
    ("no space left", DISK, "the server's disk is full: free space on it, then start again"),
    ("could not extend file", DISK, "the server's disk is full: free space on it, then start again"),
    ("fatal: database", JOURNAL, "the server has no such database: make it, or correct the URL in its secret"),
    ("fatal: role", JOURNAL, "the server knows no such user: correct the URL in its secret"),
    ("password authentication failed", JOURNAL, "the server refuses this user: correct the URL in its secret"),
    ("no pg_hba.conf entry", JOURNAL, "the server lets nobody in from here: add this machine to its pg_hba.conf"),
    ("permission denied", JOURNAL, "this user may not do that there: give it the right to make schemas and tables"),
    ("read-only transaction", JOURNAL, "it cannot be written: name the primary server, with a user who may write"),
    ("connection failed", LOST, f"{NO_SERVER}: start it, or correct the URL in its secret"),
    ("connection timeout", LOST, f"{NO_SERVER}: start it, or correct the URL in its secret"),
    ("terminating connection", LOST, GONE),
    ("server closed the connection", LOST, GONE),
    ("connection is closed", LOST, GONE),
    ("connection is lost", LOST, GONE),
    ("readonly", JOURNAL, "it cannot be written: give this user the right to write the file and its folder"),
    ("unable to open", JOURNAL, "it cannot be opened: check that its folder exists and this user may use it"),
    ("not a database", JOURNAL, "it is not a journal: name another file, or put back a copy of it"),
    ("could not decode", JOURNAL, "the file is damaged: keep it for inspection and put back a copy"),
    ("malformed", JOURNAL, "the file is damaged: keep it for inspection and put back a copy"),
)
"""What the database says, the exit code that fits, and what to do."""


class JournalError(JournalRefused):
    """A journal that cannot be opened, read or trusted; the message is one line and says what to do."""

    def __init__(self, message: str, exit_code: int = JOURNAL) -> None:
        """Take the message, and another exit code where it is not the journal's fault but the disk's."""
        super().__init__(message)
        self.exit_code = exit_code


class NoJournal(JournalError):
    """A place where there is no journal yet."""


class JournalFailed(JournalError):
    """An append that failed, and every append after it: perform nothing, stop."""


def first_line(error: BaseException) -> str:
    """Return what an error says, without the statement and parameters that SQLAlchemy adds to it."""
    said = str(getattr(error, "orig", None) or error)
    return " ".join(said.split()) or type(error).__name__


def explain(place: object, error: BaseException) -> tuple[str, int]:
    """Return one line about an error at a journal, and the exit code that fits it."""
    if isinstance(error, JournalError):
        return str(error), error.exit_code
    said = first_line(error)
    for phrase, code, advice in ADVICE:
        if phrase in said.lower():
            return f"journal {place}: {advice} ({said})", code
    return f"journal {place}: {type(error).__name__}: {said}; this is a bug, please report it", JOURNAL


@contextmanager
def explaining(place: object) -> Iterator[None]:
    """Say in one line, as a JournalError, what a database says of a journal meanwhile."""
    try:
        yield
    except DBAPIError as error:
        raise JournalError(*explain(place, error)) from error
