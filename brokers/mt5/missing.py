"""What a terminal's error code means for who runs it: the code stays, and a sentence says what is missing."""

_SUCCESS = 1
_MEANS = {
    -10003: "no terminal at {path}: install MetaTrader 5 there, or correct terminal.path",
    -10005: "the terminal at {path} runs, but has not logged in within its time: is its broker within reach?",
    -10004: "the terminal at {path} went away: it is closed, or restarts",
    -10002: "the terminal at {path} went away in the middle of a call",
    -10001: "the terminal at {path} went away in the middle of a call",
    -6: "the broker refuses login or password: correct account.login, account.server and terminal.password",
    -5: "terminal and package are not of one age: let the terminal update itself, or install the newest package",
    -8: "the terminal forbids trading by programs: allow algorithmic trading in its options",
}


def advised(reason: str) -> bool:
    """Return whether a reason says itself what to do.

    >>> advised(explained("initialize failed", -6, "no", "")), advised(explained("initialize failed", -1, "no", ""))
    (True, False)
    """
    return reason.endswith(tuple(meaning.rpartition("{path}")[2] for meaning in _MEANS.values()))


def explained(what: str, code: int, text: str, path: str) -> str:
    """Return what failed, and where a call of the package did the code and text of `last_error`, with what is missing.

    >>> explained("initialize failed", -6, "Terminal: Authorization failed", "C:/mt5")[:54]
    'initialize failed: -6 Terminal: Authorization failed: '
    """
    if code == _SUCCESS:  # it was no call of the package that failed
        return what
    missing = _MEANS.get(code, "").format(path=path)
    return f"{what}: {code} {text}" + (f": {missing}" if missing else "")
