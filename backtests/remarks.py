"""Remarks: what a reader of the numbers has to know about where they come from, and what they do not hold."""

import datetime

from collections.abc import Iterator
from itertools import groupby, takewhile

import numpy as np

from backtests.decided import parts, place_of
from backtests.record import Record
from backtests.scratch import gone_through
from backtests.traded_regimes import listeners
from market.bars import Bars
from market.types import DAY_MS

MOSTLY = 0.5


def remarks_of(record: Record, ambiguous: int) -> list[str]:
    """Return the remarks on a record, one sentence or two each."""
    return [
        *_learnt(record),
        *(remark for tape in record.tapes.values() for remark in _opens(tape)),
        *_ambiguous(record, ambiguous),
        *_costs(record),
        *_swap(record),
        *_ended(record),
        *_shadows(record),
        *_played(record),
        "One history and one configuration: other years, or other parameters, would have made other numbers.",
    ]


def _learnt(record: Record) -> Iterator[str]:
    """Say of which of the bars traded a gate knew the future, since its model had learnt from them."""
    for name, listener in listeners(record).items():
        first, last = record.learnt.get(name, (0, -1))
        known, bars = 0, 0
        for part in parts(record.decided):
            mine = part.bar_time[part.strategy == place_of(record.decided.strategies, listener.name)]
            known, bars = known + int(((first <= mine) & (mine <= last)).sum()), bars + len(mine)
        if known:
            yield (
                f"{name}: its model has learnt from {known:,} of the {bars:,} bars that are traded: what its gate "
                "made of those is not honest, it knew their future; name in its [train] the bars that it may learn "
                "from, or play those that came after (--from)."
            )


def _opens(tape: Bars) -> Iterator[str]:
    """Say until which year a tape of days opens where it had closed: then an order at the open got the last close."""
    years = list(takewhile(lambda year: year[1] > MOSTLY, _unopened(tape))) if tape.frame >= DAY_MS else []
    if years:
        shares = [share for _, share in years]
        yield (
            f"{tape.symbol} {tape.timeframe}: until {years[-1][0] + 1} the recorded open mostly equals the previous "
            f"close ({min(shares):.0%} to {max(shares):.0%} of each year's bars): gaps over night are missing there, "
            "and fills at the open are the last close."
        )


def _unopened(tape: Bars) -> Iterator[tuple[int, float]]:
    """Yield for each year the share of bars that open where the bar before them closed."""
    same = [(tape.time[i], tape.open[i] == tape.close[i - 1]) for i in range(1, len(tape))]
    for year, bars in groupby(same, lambda bar: _year(bar[0])):
        flags = [flag for _, flag in bars]
        yield year, sum(flags) / len(flags)


def _year(at: int) -> int:
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).year


def _ambiguous(record: Record, number: int) -> Iterator[str]:
    told, found = ", ".join(sorted(set(record.within.values()))), number + record.resolved
    if not found:
        yield "No bar reached both stop and target of a position."
    elif not told:
        yield (
            f"Bars that reached both stop and target of a position: {number}, counted as stopped. "
            "A bar does not tell what came first."
        )
    else:
        yield (
            f"Bars that reached both stop and target of a position: {found}. Of {record.resolved} the {told} within "
            f"them told what came first, {number} count as stopped."
        )
    if record.apart:
        yield (
            f"In {record.apart:,} bars with a position or an order the {told} make up other prices than the bar's own: "
            "these bars were played alone."
        )


def _costs(record: Record) -> Iterator[str]:
    for (symbol, timeframe), tape in record.tapes.items():
        costs = record.config.symbols[symbol].costs
        known = spreads_known(tape)
        if known < len(tape):
            yield (
                f"{symbol} {timeframe}: spread ({costs.spread:g} points) and slippage ({costs.slippage:g} points) are "
                f"configured constants, not recorded; {known:,} of {len(tape):,} bars have a spread of their own."
            )
        else:
            yield (
                f"{symbol} {timeframe}: the spread is each bar's own, slippage ({costs.slippage:g} points) is a "
                "configured constant."
            )


def spreads_known(tape: Bars) -> int:
    """Return how many bars have a spread of their own."""
    spreads = np.asarray(tape.spread)
    return sum(int(np.count_nonzero(spreads[begin:end] > 0.0)) for begin, end in gone_through((spreads,)))


def _swap(record: Record) -> Iterator[str]:
    if record.source == "backtest" and any(deal.swap for deal in record.deals):
        yield (
            "Financing (swap) is reckoned at the rates of today, or those configured, for the whole time: what was "
            "charged then is not known."
        )
    free = sorted({s.symbol for s in record.config.strategies if not record.config.symbols[s.symbol].costs.swap})
    if free:
        yield f"{', '.join(free)}: financing (swap) of positions held over night is not counted."


def _ended(record: Record) -> Iterator[str]:
    tapes = [tape for tape in record.tapes.values() if len(tape)]
    end = max((tape.time[-1] for tape in tapes), default=0)
    left = sum(t.book == "live" and t.closed > end for t in record.trades)
    if left:
        yield f"Positions closed at the last bar's closing quote because the data ended: {left}."


def _shadows(record: Record) -> Iterator[str]:
    if record.shadows and any(t.book == "shadow" for t in record.trades):
        yield (
            "Shadow books are simulated: the same strategies without their gate, filled by the venue's model. They "
            "size their trades by the live account's equity, so a missed trade has the size it would have had there; "
            "what it would have made is not added to that equity."
        )
        if any(
            told == "ticks" and record.config.symbols[name].costs.latency_ms for name, told in record.within.items()
        ):
            yield "Orders of shadow books reach the market at once; those of the live book take their time to it."


def _played(record: Record) -> Iterator[str]:
    """Say which drive has played the bars; what came of them does not depend on it."""
    if record.played:
        yield f"Bars were played by the drive that is {record.played}. By either the record is the same, bit for bit."
