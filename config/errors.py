"""Refusals that a person reads: one line that says what to do, and the exit code of the command that met it.

    TidegateError
    ├── UsageError        2   the command was called in a way it cannot be
    ├── ConfigError       3   a configuration says something it may not
    ├── DataError         4   recorded data are missing, or break their contract
    ├── ModelRefused      5   a regime model is missing, changed, or not the one configured
    ├── JournalRefused    6   a journal cannot be read, written or trusted
    ├── TerminalRefused   7   a terminal or broker refuses us, or is not the one configured
    ├── AlreadyRunning    8   the account has a daemon
    ├── NotRunning        9   the account has no daemon that answers
    ├── DiskError        10   the disk is full or refuses
    └── Negative         11   nothing failed: the answer is no

Everything else is a bug, shown with its traceback: exit code 1. Rooms below raise refusals of their own
(`ValueError`s); the front doors give them their codes. The codes are stable: `docs/exit-codes.md`.
"""


def one_line(text: str) -> str:
    r"""Return a text in one line; what a terminal would obey instead of showing is spelled out.

    >>> one_line("two\nlines"), one_line("red \x1b[31m")
    ('two lines', 'red \\x1b[31m')
    """
    joined = " ".join(line.strip() for line in text.strip().splitlines())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in joined)


class TidegateError(Exception):
    """A refusal; `exit_code` is what the command ends with."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        """Take the message, folded into one line."""
        super().__init__(one_line(message))


class UsageError(TidegateError):
    """The command was called in a way it cannot be."""

    exit_code = 2


class ConfigError(TidegateError):
    """A configuration says something it may not; `problems` holds every problem found, the first is the message."""

    exit_code = 3

    def __init__(self, *problems: str) -> None:
        """Take the problems, the first first."""
        self.problems = tuple(one_line(problem) for problem in problems)
        more = len(problems) - 1
        rest = f" (and {more} more: `tidegate config check` lists them)" if more else ""
        super().__init__(problems[0] + rest)


class DataError(TidegateError):
    """Recorded data are missing, or break their contract."""

    exit_code = 4


class ModelRefused(TidegateError):
    """A regime model is missing, changed, or not the one configured."""

    exit_code = 5


class JournalRefused(TidegateError):
    """A journal cannot be read, written or trusted."""

    exit_code = 6


class TerminalRefused(TidegateError):
    """A terminal or broker refuses us, or is not the one configured."""

    exit_code = 7


class AlreadyRunning(TidegateError):
    """The account has a daemon."""

    exit_code = 8


class NotRunning(TidegateError):
    """The account has no daemon that answers."""

    exit_code = 9


class DiskError(TidegateError):
    """The disk is full or refuses."""

    exit_code = 10


class Negative(TidegateError):
    """Nothing failed: the answer is no."""

    exit_code = 11
