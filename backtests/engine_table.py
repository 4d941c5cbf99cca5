"""What a compiled drive has written down as the columns of a table of decisions, without making words of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from numpy.typing import NDArray

from backtests.engine_columns import WrittenRows
from backtests.engine_layout import ORDER_WORKING, UNREAD_YET
from backtests.engine_words import gate_reason
from backtests.saved_decisions import Coded, Columns, Sparse
from brokers.limits import spread_points
from runtime.core.decision import OUTCOMES
from runtime.core.risk import CHECKS, share
from runtime.core.state import OFF
from strategies.protocol import KINDS

Array = NDArray[Any]
WISHED = ("side", "volume", "price", "stop", "target", "risk", "instruction", "magic")
"""What is 0 on a row on which nothing was wanted."""


def saved(r: WrittenRows, begin: int, end: int) -> Columns:
    """Return the rows from one place to another."""
    r.let_go()
    rows, many, c, lane = np.arange(begin, end), end - begin, r.columns, r.lane
    bars = rows + r.first
    bids, asks = r.bid(rows), r.ask(rows)
    same = np.zeros(many, np.int32)
    return {
        "run": np.full(many, r.run), "n": rows + 1, "at": r.at(rows), "bar_time": np.asarray(r.tape.time)[bars],
        "strategy": Coded(same, [lane.name]), "symbol": Coded(same, [lane.symbol]),
        "timeframe": Coded(same, [lane.timeframe]), "outcome": Coded(c.outcomes[rows], OUTCOMES),
        "action": c.actions[rows], "kind": Coded(c.kinds[rows], KINDS), "score": c.scores[rows],
        "features": r.read.features[bars], "position": c.positions[rows], "held_bars": c.helds[rows], "bid": bids,
        "ask": asks, "gate_mode": Coded(same, [(lane.gate or OFF).mode]), "level": Coded(same, ["run"]),
        "model": Coded(same, [r.model]), "config": Coded(same, [r.plan.config]),
        **_regime(r, bars), **_wishes(r, rows, bids, asks),
    }  # fmt: skip


def _regime(r: WrittenRows, bars: Array) -> Columns:
    """Return what was read of the regime, and how the gate stood."""
    read, many = r.read, len(bars)
    if not len(read.alerts):
        nothing = np.full(many, np.nan)
        return {
            "regime": np.full(many, -1), "posterior": np.empty((many, 0)), "log_density": nothing, "novelty": nothing,
            "gate_open": np.zeros(many, np.bool_), "gate_reason": said_at(r, bars), "allowed": nothing,
            "exposure": np.ones(many),
        }  # fmt: skip
    return {
        "regime": read.ordinals[bars], "posterior": _posteriors(r, bars), "log_density": read.densities[bars],
        "novelty": read.novelties[bars], "gate_open": read.is_open[bars] != 0,
        "gate_reason": said_at(r, bars), "allowed": read.allowed[bars], "exposure": read.shares[bars],
    }  # fmt: skip


def _posteriors(r: WrittenRows, bars: Array) -> Array | list[list[float]]:
    """Return what each state was thought to be likely; nothing before the first bar that was read."""
    found: Array = r.read.posteriors[bars]
    unread = r.read.ordinals[bars] < 0
    if not unread.any():
        return found
    return [[] if none else row for none, row in zip(unread, found.tolist(), strict=True)]


def said_at(r: WrittenRows, bars: Array) -> Coded:
    """Return what the gate said of its regime on some bars."""
    read = r.read
    if not len(read.reasons):
        return Coded(np.zeros(len(bars), np.int32), [gate_reason(UNREAD_YET, 0, r.plan, r.lane)])
    said = (read.reasons[bars].astype(np.int64) << 32) + read.abouts[bars]
    different, places = np.unique(said, return_inverse=True)
    codes = (different + (1 << 31)) >> 32
    abouts = different - (codes << 32)
    told = zip(codes.tolist(), abouts.tolist(), strict=True)
    return Coded(places.reshape(-1), [gate_reason(code, about, r.plan, r.lane) for code, about in told])


def _wishes(r: WrittenRows, rows: Array, bids: Array, asks: Array) -> Columns:
    """Return what was wanted, where anything was, and the numbers of the checks, which every row has some of."""
    c, many = r.columns, len(rows)
    numbers = np.full((many, len(CHECKS)), np.nan)
    numbers[:, 0] = spread_points(bids, asks, r.symbol.scale)  # type: ignore[arg-type]  # row by row
    days = r.day_equity(rows)
    numbers[:, 1] = shares_of(days - c.before[rows], days)
    numbers[:, 2] = (c.positions[rows] != 0) | (c.outcomes[rows] == ORDER_WORKING)
    wished: dict[str, Any] = {name: np.zeros(many, np.int64 if name in WHOLE else np.float64) for name in WISHED}
    shut, holds, reasons = {}, {}, {}
    for row, wish in r.wished(rows).items():
        k = row - int(rows[0])
        standing = (numbers[k, 0].item(), numbers[k, 1].item(), numbers[k, 2].item())
        shut[k], holds[k], numbers[k], reasons[k], wanted = r.wish(wish, standing, int(c.outcomes[row]), row)
        for name, value in zip(WISHED, wanted, strict=True):
            wished[name][k] = value
    return {
        "shut": _coded(many, shut), "holds": _sparse(many, holds), "numbers": numbers,
        "reasons": _sparse(many, reasons), **wished,
    }  # fmt: skip


WHOLE = {"side", "instruction", "magic"}


def shares_of(parts: Array, wholes: Array) -> Array:
    """Return `runtime.core.risk.share` of many, (n,) each."""
    found = np.where(parts > 0.0, share(1.0, 0.0), share(0.0, 0.0))
    return np.divide(parts, wholes, where=wholes > 0.0, out=found)


def _coded(many: int, said: dict[int, str]) -> Coded:
    """Return so many words, of which those of some rows are said and all others empty."""
    words = list(dict.fromkeys(("", *said.values())))
    places = np.zeros(many, np.int32)
    places[list(said)] = [words.index(word) for word in said.values()]
    return Coded(places, words)


def _sparse(many: int, said: Mapping[int, Sequence[str]]) -> Sparse:
    """Return so many lists of words, of which those of some rows, in order, are said and all others empty."""
    lengths = np.zeros(many, np.int32)
    lengths[list(said)] = [len(words) for words in said.values()]
    ends = np.append(np.int32(0), np.cumsum(lengths, dtype=np.int32))
    return Sparse(ends, [word for words in said.values() for word in words])
