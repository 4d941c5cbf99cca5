"""What a real terminal has not: the recorded clock, which waits for its reader; connection and last_error are shared.

All times are `time_msc` of ticks: the server's wall clock in milliseconds.
"""

from typing import Any

from brokers.mt5.lookalike.client import LINE
from brokers.mt5.lookalike.faults import Fault
from brokers.mt5.lookalike.fields import request
from brokers.mt5.lookalike.functions import function

FIELDS = frozenset(Fault.__struct_fields__)


@function()
def done(t_ms: int) -> dict[str, Any] | None:
    """Say that the tick at `t_ms` is settled: its bars are played and the next ones open.

    Only the tick the clock stands at counts, so saying it again changes nothing. Returns {ended, at, news}; after the
    end of the data `at` is the last bar's last millisecond. None where the terminal is gone.
    """
    state: dict[str, Any] = LINE.ask("done", [t_ms])
    return state


@function()
def state() -> dict[str, Any] | None:
    """Return where the clock stands: {at, ended, index, total, lockstep, news}; None where the terminal is gone."""
    told: dict[str, Any] = LINE.ask("state", [])
    return told


@function(keywords=True)
def fault(kind: str, /, *, verbs: tuple[str, ...] = (), times: int = 1, **given: Any) -> int | None:  # noqa: ANN401
    """Ask for a fault and return its number: `fault("fails", verbs=["send"], code=-10005, worked=True)`.

    `kind` and what belongs to it are those of `faults.py`, and so are the fields that say which calls are hit.
    """
    whom = {name: given.pop(name) for name in FIELDS & given.keys()}
    asked = {"kind": {"type": kind, **given}, "verbs": list(verbs), "times": times, **whom}
    number: int = LINE.ask("fault", [asked])
    return number


@function(failure=False)
def mend(number: int = 0) -> bool:
    """Let a fault be over; without its number all of them: who is away is back, and what is late is seen."""
    return bool(LINE.ask("mend", [number]))


@function(failure=False, keywords=True)
def happen(event: str, /, **given: Any) -> bool:  # noqa: ANN401 - fields of the event
    """Let something happen at the broker, now: `happen("flowed", login=7, amount=-500.0)`; see `events.py`."""
    return bool(LINE.ask("happen", [{"type": event, **given}]))


@function(keywords=True)
def hand(by: str, /, **fields: Any) -> Any:  # noqa: ANN401 - fields of TradeRequest
    """Trade by hand, as a person in the terminal (`client`), on the phone (`mobile`) or the `web` would."""
    return LINE.ask("hand", [by, request((), fields)])
