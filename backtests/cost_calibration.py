"""What an account has really paid: spreads by hour of the week, slippage and latency, from its own journal.

Spreads are those of the quotes on which bars were decided; what the hours between were like, no bar tells. Slippage is
that of executions at market which a decision asked for, entries and exits: the price of the deal against the quote that
was decided on, which holds the delay, too. Stops that the broker worked by itself are not in it.
"""

import statistics

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from backtests.archived import joined
from brokers.facts import BarClosed, DealMade
from brokers.mt5.zone import to_server
from config.account import AccountConfig
from config.errors import DataError
from config.journal import Where
from market.hours_of_week import HOURS, hour_of_week
from market.types import Deal
from runtime.core.decision import Decision
from runtime.recorder import decode_fact, decode_step
from runtime.revive import pair_of_run

FEWEST_QUOTES, FEWEST_FILLS = 100, 20
"""Below it nothing is proposed."""
MOST_SLIPS = 500
"""The newest of so many fills are proposed as draws."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one symbol; points of it throughout."""

    symbol: str
    quotes: int
    spread: float | None
    """Median; None: too few quotes."""
    spread_by_hour: tuple[float, ...]
    """By hour of the week, Monday 00:00 of the server's clock first; the median of all where an hour had none."""
    hours: int
    """Of these, hours that had quotes."""
    fills: int
    slips: tuple[float, ...]
    """Of each fill, oldest first, positive against us; empty: too few."""
    slippage: float | None
    """Mean of them."""
    latency_s: float | None
    """Median from the tick that was decided on to the deal."""
    latencies_ms: tuple[float, ...]
    """The same of each fill, oldest first; empty: too few."""


def measured(journal: Where, config: AccountConfig, segments: Path | None = None) -> list[Measured]:
    """Return what a journal tells of the costs of each symbol; DataError where nothing was traded or quoted."""
    quotes: dict[str, list[tuple[int, float]]] = {}
    asked: dict[tuple[int, int], Decision] = {}
    deals: list[tuple[Deal, Decision]] = []
    with joined(journal, segments) as reader:
        runs = reader.runs()
        if not runs:
            raise DataError(f"{journal}: no run is journaled here: let the account run first")
        scales = {name: s.scale for name, s in pair_of_run(runs[-1], used=False)[0].plan.symbols.items()}
        for row in reader.rows():
            if not row.fact:
                continue
            fact = decode_fact(row.fact)
            if isinstance(fact, BarClosed) and fact.phase == "live" and fact.bar.symbol in scales:
                points = (fact.ask - fact.bid) * scales[fact.bar.symbol]
                quotes.setdefault(fact.bar.symbol, []).append((fact.at, points))
            elif isinstance(fact, DealMade) and (by := asked_by(fact.deal, asked)) is not None:
                deals.append((fact.deal, by))
            for decision in decode_step(row.step).decisions if row.fact else ():
                if decision.instruction and (decision.kind == "market" or decision.outcome == "exit"):
                    asked[decision.magic, decision.side] = decision
    if not quotes:
        raise DataError(f"{journal}: no live bar was told: let the account run first")
    return [_measured(name, config.account.zone, told, deals, scales[name]) for name, told in sorted(quotes.items())]


def asked_by(deal: Deal, asked: Mapping[tuple[int, int], Decision]) -> Decision | None:
    """Return the last decision that asked for a deal at market, by magic number and side; None for any other deal.

    A stop that the broker works is none, where its trade was left in part before, or could not be left: it was asked
    for by nobody, and is as far from that quote as the market has gone since.
    """
    return asked.get((deal.magic, deal.side)) if deal.reason == "expert" else None


def _measured(
    name: str, zone: str, quotes: list[tuple[int, float]], deals: Sequence[tuple[Deal, Decision]], scale: float
) -> Measured:
    by_hour: dict[int, list[float]] = {}
    for at, points in quotes:
        by_hour.setdefault(hour_of_week(to_server(zone, at)), []).append(points)
    enough = len(quotes) >= FEWEST_QUOTES
    median = round(statistics.median(points for _, points in quotes), 1)
    table = tuple(round(statistics.median(by_hour[h]), 1) if h in by_hour else median for h in range(HOURS))
    own = [(deal, decision) for deal, decision in deals if deal.symbol == name]
    slips = [round(_slip(deal, decision) * scale, 1) for deal, decision in own]
    late = [float(max(0, deal.at - decision.at)) for deal, decision in own]
    return Measured(
        symbol=name,
        quotes=len(quotes),
        spread=median if enough else None,
        spread_by_hour=table if enough else (),
        hours=len(by_hour),
        fills=len(own),
        slips=tuple(slips[-MOST_SLIPS:]) if len(own) >= FEWEST_FILLS else (),
        slippage=statistics.fmean(slips) if slips else None,
        latencies_ms=tuple(late[-MOST_SLIPS:]) if len(own) >= FEWEST_FILLS else (),
        latency_s=statistics.median((deal.at - decision.at) / 1000.0 for deal, decision in own) if own else None,
    )


def _slip(deal: Deal, decision: Decision) -> float:
    return (deal.price - (decision.ask if deal.side > 0 else decision.bid)) * deal.side


def as_toml(found: Sequence[Measured], day: str) -> str:
    """Return what was measured as lines of an account's TOML, to paste in place of those that stand there."""
    return "\n".join(line for each in found for line in _lines(each, day))


def _lines(m: Measured, day: str) -> list[str]:
    lines = [f"# {m.symbol}, measured by {day}: {m.quotes} quotes at closed bars, {m.fills} fills at market"]
    lines.append(f"[symbols.{m.symbol}.costs]")
    if m.spread is None:
        lines.append(f"# spread: {m.quotes} quotes are too few, at least {FEWEST_QUOTES} are needed")
    else:
        lines.append(f"spread = {m.spread}  # points, median")
    if m.slips:
        lines += [
            "slippage = 0.0",
            f"slips = [{', '.join(map(str, m.slips))}]  # points against us, mean {m.slippage:.2f}",
        ]
    else:
        lines.append(f"# slips: {m.fills} fills are too few, at least {FEWEST_FILLS} are needed")
    if any(m.latencies_ms):
        told = f"from the decision to the deal, median {statistics.median(m.latencies_ms):g}"
        lines.append(f"# for bars with ticks, in place of the slips, which hold it too; {told}:")
        lines.append(f"# latency_ms = [{', '.join(f'{ms:g}' for ms in m.latencies_ms)}]")
    if m.spread_by_hour:
        lines += [
            "",
            f"[data.{m.symbol}]",
            f"# points where a bar has no spread; {m.hours} of {HOURS} hours were quoted",
        ]
        lines.append("spread_by_hour = [")
        rows = [m.spread_by_hour[day * 24 : day * 24 + 24] for day in range(7)]
        lines += [f"  {', '.join(map(str, row))}," for row in rows]
        lines.append("]")
    return [*lines, ""]
