"""Functions of the package about the line itself: open, log in, close, and who is there."""

from typing import Any

from brokers.mt5.lookalike.arguments import NUMBER, PASSWORD_MOST, PATH_MOST, Invalid, named, nth, text, unsigned
from brokers.mt5.lookalike.client import INITIALIZE_FAILED, LINE, SUCCESS, Failed, function, noargs
from brokers.mt5.lookalike.structs import AccountInfo, Structure, TerminalInfo

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
    login = unsigned(kwargs["login"], 8, named("login")) if "login" in kwargs else None
    password, server = (
        text(kwargs[name], PASSWORD_MOST, named(name)) if name in kwargs else None for name in ("password", "server")
    )
    if "timeout" in kwargs:
        unsigned(kwargs["timeout"], 4, named("timeout"))
    return [login, password, server]


@function(failure=False, keywords=True)
def initialize(*args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """initialize([path],[server="SERVER"],[login=LOGIN],[password="PASSWORD"]): connect to the terminal.

    `path` names the trade server's folder, or a file in it.
    """
    if len(args) > 1:
        raise Invalid(NUMBER)
    path = text(args[0], PATH_MOST, nth(1)) if args else None
    if "path" in kwargs:
        path = text(kwargs["path"], PATH_MOST, named("path"))
    credentials = _credentials(kwargs)
    if path is None:
        LINE.close()
        raise Failed(INITIALIZE_FAILED, "IPC initialize failed, MetaTrader 5 x64 not found")
    LINE.open(path)
    if credentials[0] is not None:
        try:
            LINE.ask("login", credentials)
        except Failed:
            LINE.close()
            raise
    return True


@function(failure=False, keywords=True)
def login(*args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """login(login,[server="SERVER"],[password="PASSWORD"]): log in to an account."""
    if len(args) > _LOGIN_ARGUMENTS:
        raise Invalid(NUMBER)
    unnamed: list[Any] = [None, None, None]
    if args:
        unnamed[0] = unsigned(args[0], 8, nth(1))
    for place in range(1, len(args)):
        unnamed[place] = text(args[place], PASSWORD_MOST, nth(place + 1))
    credentials = [old if given is None else given for given, old in zip(_credentials(kwargs), unnamed, strict=True)]
    if credentials[0] is None:
        raise Invalid(named("login"))
    LINE.ask("login", credentials)
    return True


@noargs
def shutdown() -> bool:
    """shutdown(): let the terminal go; it keeps running."""
    LINE.close()
    LINE.error = SUCCESS
    return True


@noargs
def last_error() -> tuple[int, str]:
    """last_error(): return code and text of the last call."""
    return LINE.error


@noargs
@function(failure=(0, 0, ""))
def version() -> tuple[int, int, str]:
    """version(): return (500, build, date)."""
    return tuple(LINE.ask("version", []))


@noargs
@function()
def terminal_info() -> Structure | None:
    """terminal_info(): return the terminal's parameters."""
    return TerminalInfo(LINE.ask("terminal", []))


@noargs
@function()
def account_info() -> Structure | None:
    """account_info(): return the account logged in."""
    return AccountInfo(LINE.ask("account", []))
