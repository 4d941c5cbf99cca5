"""Functions of the package about the line itself: open, log in, close, and who is there."""

from typing import Any

from brokers.mt5.lookalike.arguments import (
    NUMBER,
    PASSWORD_MOST,
    PATH_MOST,
    Invalid,
    c_bool,
    named,
    nth,
    text,
    uint32,
    uint64,
)
from brokers.mt5.lookalike.client import INITIALIZE_FAILED, LINE, Failed
from brokers.mt5.lookalike.functions import function, plain
from brokers.mt5.lookalike.structs import AccountInfo, TerminalInfo
from brokers.mt5.lookalike.structseq import Structure

__all__ = [
    "account_info",
    "initialize",
    "last_error",
    "login",
    "shutdown",
    "terminal_info",
    "version",
]

_LOGIN_ARGUMENTS = 3


def _credentials(kwargs: dict[str, Any]) -> list[Any]:
    """Return login, password and server, each None where it is not given."""
    login = uint64(kwargs["login"], named("login")) if "login" in kwargs else None
    server, password = (
        text(kwargs[name], PASSWORD_MOST, named(name)) if name in kwargs else None for name in ("server", "password")
    )
    if "timeout" in kwargs:
        uint32(kwargs["timeout"], named("timeout"))
    return [login, password, server]


@function(failure=False, keywords=True)
def initialize(*args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """Connect to the terminal: `path` names the trade server's folder, or a file in it."""
    if len(args) > 1:
        raise Invalid(NUMBER)
    path = text(args[0], PATH_MOST, nth(1)) if args else ""
    credentials = _credentials(kwargs)
    if "path" in kwargs:
        path = text(kwargs["path"], PATH_MOST, named("path"))
    _look_at(kwargs.get("portable"))
    _connect(path.partition("\0")[0])
    if credentials[0] is not None:
        try:
            LINE.ask("login", credentials)
        except Failed:
            LINE.close()
            raise
    return True


def _look_at(portable: object) -> None:
    """Ask for the truth of `portable`; where asking raises, the C code goes on and the exception comes out last."""
    try:
        c_bool(portable)
    except Invalid as invalid:
        LINE.left = invalid.cause


def _connect(path: str) -> None:
    if not path:
        LINE.close()
        raise Failed(INITIALIZE_FAILED, "IPC initialize failed, MetaTrader 5 x64 not found")
    LINE.open(path)


@function(failure=False, keywords=True)
def login(*args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """Log in to an account; login 0 is none."""
    if len(args) > _LOGIN_ARGUMENTS:
        raise Invalid(NUMBER)
    unnamed: list[Any] = [None, None, None]
    if args:
        unnamed[0] = uint64(args[0], nth(1))
    for place in range(1, len(args)):
        unnamed[place] = text(args[place], PASSWORD_MOST, nth(place + 1))
    credentials = [old if given is None else given for given, old in zip(_credentials(kwargs), unnamed, strict=True)]
    if not credentials[0]:
        raise Invalid(named("login"))
    LINE.ask("login", credentials)
    return True


@plain()
def shutdown() -> bool:
    """Let the terminal go; it keeps running."""
    LINE.close()
    return True


@plain(fresh=False)
def last_error() -> tuple[int, str]:
    """Return code and text of the last call; UnicodeDecodeError where a path in the text is not ASCII, as in life."""
    code, text = LINE.error
    return code, text.encode("cp1252").decode()


@plain(failure=(0, 0, ""))
def version() -> tuple[int, int, str]:
    """Return (500, build, date)."""
    return tuple(LINE.ask("version", []))


@plain()
def terminal_info() -> Structure | None:
    """Return the terminal's parameters."""
    return TerminalInfo(LINE.ask("terminal", []))


@plain()
def account_info() -> Structure | None:
    """Return the account logged in."""
    return AccountInfo(LINE.ask("account", []))
