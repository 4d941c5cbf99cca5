"""The work as hftbacktest does it: no bars but events, three at each open, and a strategy that numba compiles.

A book has a bid and an ask, so a point of spread is paid: fills and profit are held against a loop that pays it too.
"""

from pathlib import Path
from typing import Any

import numpy as np

from backtests.benchmarks.peers_loops import KEEP
from backtests.benchmarks.peers_work import FEE, JOBS, POINTS, UNITS, Found, Tape, Work, read_tape

NS = 1_000_000_000
Engine = Any
Array = Any


def hftbacktest_work(job: str, file: Path) -> Work:
    """Return a run over events that are made of the opens; the strategy reads the closes beside them."""
    import hftbacktest as hbt
    import numba

    tape = read_tape(file)
    GTC, MARKET = hbt.GTC, hbt.MARKET  # noqa: N806 - constants of the peer's
    step, size = JOBS[job]
    events = _events(hbt, tape)
    ask: Any = numba.njit(cache=KEEP)(step)
    waits = np.diff(tape.time * NS, prepend=tape.time[0] * NS)

    def play(engine: Engine, state: Array, waits: Array, high: Array, low: Array, close: Array) -> int:
        wanted, held, fills = 0.0, 0.0, 0
        for t in range(len(close)):
            engine.elapse(waits[t])
            if wanted != held:
                lots = abs(wanted - held) * UNITS
                if wanted > held:
                    engine.submit_buy_order(0, t, 9.0, lots, GTC, MARKET, False)  # noqa: FBT003 - numba: by position
                else:
                    engine.submit_sell_order(0, t, 0.1, lots, GTC, MARKET, False)  # noqa: FBT003 - likewise
                held = wanted
                fills += 1
            wanted = ask(state, high[t], low[t], close[t])
        engine.elapse(1)
        return fills

    fast: Any = numba.njit(play)

    def run() -> Found:
        asset = (
            hbt.BacktestAsset()
            .data(events)
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(FEE, FEE)
            .tick_size(1.0 / POINTS)
            .lot_size(1.0)
        )
        engine = hbt.HashMapMarketDepthBacktest([asset])
        fills = fast(engine, np.zeros(size), waits, tape.high, tape.low, tape.close)
        found = engine.state_values(0)
        pnl = float(found.balance - found.fee + found.position * tape.close[-1])
        engine.close()
        return Found(int(fills), pnl)

    return run


def _events(hbt: Any, tape: Tape) -> Any:
    """Return, for each open, the book emptied, a bid and an ask a point above."""
    bars = len(tape.time)
    events = np.zeros(3 * bars, hbt.event_dtype)
    both = hbt.EXCH_EVENT | hbt.LOCAL_EVENT
    kinds = (hbt.DEPTH_CLEAR_EVENT, hbt.DEPTH_EVENT | hbt.BUY_EVENT, hbt.DEPTH_EVENT | hbt.SELL_EVENT)
    for place, kind in enumerate(kinds):
        part = events[place::3]
        part["ev"] = kind | both
        part["exch_ts"] = part["local_ts"] = tape.time * NS
        part["px"] = tape.open + (1.0 / POINTS if place == 2 else 0.0)
        part["qty"] = 1e9
    return events
