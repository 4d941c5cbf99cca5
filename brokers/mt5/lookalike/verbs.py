"""The verbs a line may use: each reads the exchange, or gives it an input, and returns what the package shows.

Those about the line, the terminal and the clock are here; `VERBS` is the fixed list of all.
"""

from collections.abc import Callable
from typing import Any

from brokers.mt5.lookalike import prices, rows, trades
from brokers.mt5.lookalike.client import Failed
from brokers.mt5.lookalike.seat import UNAUTHORIZED, Seat


def hello(_seat: Seat) -> bool:
    """Answer a line that has just been opened."""
    return True


def login(seat: Seat, login: int, password: str | None, server: str | None) -> bool:
    """Log the terminal in; without password or server those it has saved are taken."""
    account = seat.x.accounts.get(login)
    if account is None or not account.setup.admits(password, server):
        raise Failed(*UNAUTHORIZED)
    seat.x.log_in(seat.place, login)
    return True


def version(_seat: Seat) -> list[Any]:
    """Return the terminal's version."""
    return rows.VERSION


def terminal(seat: Seat) -> list[Any]:
    """Return a TerminalInfo."""
    return rows.terminal_row(seat.home, seat.x.setup.company)


def account(seat: Seat) -> list[Any]:
    """Return an AccountInfo."""
    return rows.account_row(seat.account.setup, seat.account.venue, seat.x.setup.company)


# --- the clock, outside the package's surface -----------------------------------------------------------------------


def state(seat: Seat) -> dict[str, Any]:
    """Tell where the clock stands, and how much news the terminal's account has."""
    r, lockstep = seat.x.replay, seat.x.setup.lockstep
    told = {"at": r.at, "ended": r.ended, "index": r.index, "total": r.total, "lockstep": lockstep}
    return {**told, "news": seat.account.news}


def done(seat: Seat, at: int) -> dict[str, Any]:
    """Take note that a tick is done with."""
    seat.x.done(seat.place, at)
    return {"ended": seat.x.replay.ended, "at": seat.x.replay.at, "news": seat.account.news}


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (hello, login, version, terminal, account, state, done, *prices.VERBS, *trades.VERBS)
}
