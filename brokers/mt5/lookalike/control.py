"""What a real terminal has not: the recorded clock, which waits for its reader; connection and last_error are shared.

All times are `time_msc` of ticks: the server's wall clock in milliseconds.
"""

from typing import Any

from brokers.mt5.lookalike.client import LINE
from brokers.mt5.lookalike.functions import function


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
