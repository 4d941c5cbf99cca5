"""The verbs a line may use: each reads the exchange, or gives it an input, and returns what the package shows.

Those about the line, the terminal and the clock are here; `VERBS` is the fixed list of all.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from brokers.mt5.lookalike import prices, rows, trades
from brokers.mt5.lookalike.client import Failed
from brokers.mt5.lookalike.events import AnyEvent
from brokers.mt5.lookalike.faults import Fault
from brokers.mt5.lookalike.seat import INVALID_PARAMS, UNAUTHORIZED, Seat


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
    may, api = seat.allowed("terminal"), seat.allowed("api")
    return rows.terminal_row(seat.home, seat.x.setup.company, connected=seat.connected, may_trade=may, api=api)


def account(seat: Seat) -> list[Any]:
    """Return an AccountInfo."""
    may, account = seat.allowed("account"), seat.account
    company, experts = seat.x.setup.company, may and seat.allowed("server")
    return rows.account_row(account.setup, account.venue, company, may_trade=may, experts=experts)


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


# --- what a broker would not offer ----------------------------------------------------------------------------------


def fault(seat: Seat, fault: dict[str, Any]) -> int:
    """Ask for a fault, and return its number."""
    asked = _converted(fault, Fault)
    unknown = set(asked.verbs) - set(VERBS)
    if unknown:
        raise Failed(INVALID_PARAMS[0], f"no such verb: {', '.join(sorted(unknown))}")
    return seat.x.add_fault(asked)


def mend(seat: Seat, number: int) -> bool:
    """Let a fault be over; 0 means all."""
    seat.x.mend(number)
    return True


def happen(seat: Seat, event: dict[str, Any]) -> bool:
    """Let something happen at the broker, now."""
    what = _converted(event, AnyEvent)
    if not seat.x.can_happen(what):
        raise Failed(INVALID_PARAMS[0], f"no such account, symbol or bar: {what}")
    seat.x.happen(what)
    return True


def _converted(value: dict[str, Any], kind: Any) -> Any:  # noqa: ANN401 - one of the kind, which may be a union
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Failed(INVALID_PARAMS[0], str(error)) from error


CONTROLS = frozenset({"fault", "mend", "happen", "hand"})
"""No fault hits these: they are not of the terminal."""
VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (
        hello, login, version, terminal, account, state, done, fault, mend, happen, *prices.VERBS, *trades.VERBS
    )
}  # fmt: skip
