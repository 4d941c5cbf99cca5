"""How an attribution is told: each book by itself, then what the gate was worth, then how far it may be trusted."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from backtests.words import money, number, share
from tidegate.output import say, table

if TYPE_CHECKING:
    from backtests.attribution_groups import Costs, Figures, Group

FIGURES = ("trades", "net", "mean R", "R from", "R to", "hit rate", "hit from", "hit to", "profit factor", "interval")
COSTS = ("side", "deals", "delay", "spread", "execution", "together")
VALUE = ("live R", "shadow R", "value R", "from", "to", "value", "in one only", "the gate")
SIGNALS = ("wanted", "traded", "observed", "vetoed", "held", "refused")
WITHOUT = {"gate": "the gate that is named", "check": "the gate of the check that is named; of several gates, any"}
CLASSES = {"vetoed": "vetoed_by_regime", "refused": "refused_by_risk"}


def tell(groups: Sequence["Group"], by: str) -> None:
    """Print an attribution for people."""
    if not groups:
        say("nothing was kept out" if by == "check" else "no trade was closed, and nothing was wanted")
        return
    without = WITHOUT.get(by, "the regime gate")
    for title, book in (("live: at the venue", "live"), (f"shadow: modelled, without {without}", "shadow")):
        rows = [{by: g.key, **_figures(found)} for g in groups if (found := getattr(g, book)) is not None]
        _part(title, rows, (by, *FIGURES))
    spent = [{by: g.key, **_costs(side, cost)} for g in groups for side, cost in g.costs.items()]
    _part("what executions cost beside the price decided at, basis points of it", spent, (by, *COSTS))
    _part("the gate's value: live minus shadow", [{by: g.key, **_value(g)} for g in groups if g.gate], (by, *VALUE))
    _part("decisions that wanted to enter", [{by: g.key, **_signals(g)} for g in groups if g.signals], (by, *SIGNALS))
    for line in _remarks(groups):
        say(f"\n{line}")


def _part(title: str, rows: Sequence[dict[str, str]], columns: Sequence[str]) -> None:
    if rows:
        say(f"\n{title}")
        table(rows, columns)


def _figures(f: "Figures") -> dict[str, str]:
    rs, hits = (f.mean_r, f.mean_r_low, f.mean_r_high), (f.hit_rate, f.hit_rate_low, f.hit_rate_high)
    said = (
        number(f.trades, 0), money(f.net, signed=True), *map(_signed, rs), *map(share, hits),
        number(f.profit_factor, 2), f.says,
    )  # fmt: skip
    return dict(zip(FIGURES, said, strict=True))


def _costs(side: str, c: "Costs") -> dict[str, str]:
    parts = (c.delay, c.spread, c.execution, c.delay + c.spread + c.execution)
    return dict(zip(COSTS, (side, number(c.deals, 0), *(_signed(part, 2) for part in parts)), strict=True))


def _value(group: "Group") -> dict[str, str]:
    v = group.gate
    assert v is not None  # noqa: S101 - only those with one are told
    said = (
        *(_signed(x, 1) for x in (v.live_r, v.shadow_r, v.value_r, v.low, v.high)),
        money(v.value, signed=True), number(v.changed, 0), v.says,
    )  # fmt: skip
    return dict(zip(VALUE, said, strict=True))


def _signals(group: "Group") -> dict[str, str]:
    found = {name: group.signals.get(CLASSES.get(name, name), 0) for name in SIGNALS[1:]}
    return {name: number(count, 0) for name, count in {"wanted": sum(found.values()), **found}.items()}


def _signed(value: float | None, digits: int = 3) -> str:
    """Return a number with its sign.

    >>> _signed(0.25), _signed(-1.0, 1), _signed(None)
    ('+0.250', '−1.0', '–')
    """
    return "–" if value is None else f"{value:+z.{digits}f}".replace("-", "−")


def _remarks(groups: Sequence["Group"]) -> Iterator[str]:
    """Yield what a reader must know before believing a line."""
    from backtests.blocks import DRAWS, LEAST  # noqa: PLC0415 - numpy is slow to import

    figures = [f for g in groups for f in (g.live, g.shadow) if f is not None]
    judged = [f for f in figures if f.says != "too few"]
    if len(judged) < len(figures):
        yield f"too few: fewer than {LEAST} days hold a trade, so nothing can be said of the mean, whatever it is."
    if judged:
        blocks = " or ".join(sorted({f.block for f in judged}))
        yield (
            f"R: net in multiples of the risk taken. Intervals are of 95 %: of R by drawing whole {blocks} anew "
            f"{DRAWS:,} times (bootstrap, seed 1), of the hit rate by Wilson."
        )
    if sum(f.says in {"above 0", "below 0"} for f in judged) and len(judged) > 1:
        yield (
            f"{len(judged)} means were looked at: of 20 that are truly 0, one is to be expected to look otherwise by "
            "luck."
        )
    if unknown := sum(f.risk_unknown for f in figures):
        yield f"{unknown} trades have no known risk (adopted, or written off): their money counts, their R cannot."
    if unclear := sum(g.shadow.unclear for g in groups if g.shadow):
        yield (
            f"{unclear} shadow trades ended in a bar that reached stop and target, and no bar tells which came first: "
            "they count as stopped."
        )
    if any(f.net is None for f in figures):
        yield "The accounts have several currencies, so their money is not added up."
    if groups[0].by == "check":
        yield (
            "Each trade stands once, by all that kept it out; what a shadow book traded since a trade before it went "
            "otherwise is no check's, and in --by gate."
        )
    if groups[0].by == "exit":
        yield "How a trade was left is known only afterwards: these means say nothing for or against a way of leaving."
    if any(g.gate for g in groups):
        yield (
            "The shadow's fills are a model's. The gate is judged by R: sizes differ between the books, and money "
            "would show that too."
        )
