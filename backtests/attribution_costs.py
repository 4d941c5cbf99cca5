"""What executions cost beside the price decided at, entries and exits apart, in basis points of the price."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, select

from backtests.attribution_groups import Costs, Side
from runtime.journal.schema import tables

POINTS = 10_000.0


def measured(key: Any) -> Any:  # noqa: ANN401 - a column, and a select
    """Return the select of live deals whose cost is known, each with the key of its trade's group.

    A trade that was left whole and went on has outcomes of one decision: a deal is of that in whose time it was made.
    """
    o, d = tables.tables["outcomes"].c, tables.tables["deals"].c
    within = and_(o.decision == d.decision, o.decision != "", o.book == "live", d.at >= o.opened, d.at <= o.closed)
    both = d.ticket.table.join(o.id.table, within)
    query = select(d.entry, d.price, d.delay, d.spread, d.execution, key.label("key"))
    return query.select_from(both).where(d.delay.is_not(None), d.price > 0.0)


def costs_of(rows: Iterable[Any]) -> dict[str, dict[Side, Costs]]:
    """Return the costs of each group; a row: entry or not, price, delay, spread, execution, and the group's name."""
    found: defaultdict[str, dict[Side, list[tuple[float, ...]]]] = defaultdict(dict)
    for entry, price, *parts, group in rows:
        side: Side = "entry" if entry == "in" else "exit"
        found[group].setdefault(side, []).append(tuple(POINTS * part / price for part in parts))
    return {group: {side: _mean(costs) for side, costs in sides.items()} for group, sides in found.items()}


def _mean(costs: list[tuple[float, ...]]) -> Costs:
    delay, spread, execution = (sum(part) / len(costs) for part in zip(*costs, strict=True))
    return Costs(deals=len(costs), delay=delay, spread=spread, execution=execution)
