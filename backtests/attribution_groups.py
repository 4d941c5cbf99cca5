"""Groups of closed trades: what each came to, how sure that is, and what a gate was worth."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.blocks import BLOCKS, LEAST, interval, mean_interval, wilson
from market.money import cents
from market.types import DAY_MS
from runtime.outcomes.kept_out import AND

Says = Literal["above 0", "below 0", "contains 0", "too few"]
Judged = Literal["helped", "hurt", "contains 0", "too few"]
Places = NDArray[np.intp]


By = Literal["strategy", "model", "regime", "gate", "check", "symbol", "session", "account", "exit"]
BYS: tuple[By, ...] = ("strategy", "model", "regime", "gate", "check", "symbol", "session", "account", "exit")


class Money(NamedTuple):
    """Closed trades, each array (n,)."""

    shadow: NDArray[np.bool_]
    closed: NDArray[np.int64]
    net: NDArray[np.float64]
    r: NDArray[np.float64]
    """In multiples of the risk taken; NaN where that is unknown."""
    unclear: NDArray[np.bool_]
    """Whether its last bar reached stop and target, and it was counted as stopped for that."""
    group: list[str]
    who: list[tuple[str, str, int, int]]
    """Account, strategy, minute of opening and side: by what a trade is found again in another book."""


Side = Literal["entry", "exit"]


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Means over deals of ours, in basis points of the price, against us where positive."""

    deals: int
    delay: float
    spread: float
    execution: float


class Read(NamedTuple):
    """What journals hold, as far as it was asked for."""

    money: Money
    signals: dict[str, Counter[str]]
    """By group, decisions that wanted something, by class."""
    currencies: set[str]
    gated: set[tuple[str, str]]
    """Account and strategy, of those that had a gate in any of their runs."""
    costs: Mapping[str, dict[Side, Costs]] = {}
    """By group, what live executions cost."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the closed trades of a group came to in one book; intervals are of 95 %, None where there is too little."""

    trades: int
    net: float | None
    """Account money; None where accounts have several currencies."""
    mean_r: float | None
    """In multiples of the risk taken, of the trades of which that is known."""
    mean_r_low: float | None
    mean_r_high: float | None
    block: str
    """What was drawn anew for that interval: months, weeks or days, whole; empty: nothing was."""
    hit_rate: float
    """Share of trades that made money after costs."""
    hit_rate_low: float
    hit_rate_high: float
    profit_factor: float | None
    """What winners made over what losers lost; None where nothing was lost."""
    risk_unknown: int
    """Trades whose risk nobody knows: adopted without a stop, or written off."""
    unclear: int
    """Trades of shadow books that were counted as stopped, their last bar having reached the target too."""
    says: Says
    """Of the mean R."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What gates were worth: live minus shadow, of the strategies that have one."""

    live_r: float
    shadow_r: float
    value_r: float
    low: float | None
    high: float | None
    block: str
    value: float | None
    """In account money; sizes are in it, so it is not what is judged."""
    changed: int
    """Trades that are in one of both books only."""
    says: Judged


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group of trades."""

    by: str
    key: str
    signals: dict[str, int]
    """Decisions that wanted something, by class."""
    live: Figures | None
    shadow: Figures | None
    gate: Value | None
    costs: dict[Side, Costs]
    """What live executions cost that we decided; empty where groups are of gates or checks."""


def money_of(rows: Sequence[Sequence[Any]], whose: Sequence[str], group: list[str]) -> Money:
    """Return trades as columns; a row begins with book, closed, net, r, strategy, opened, side and unclear.

    whose: of each the account's name; group: of each the name of its group.
    """
    book, closed, net, r, strategy, opened, side, unclear, *_ = zip(*rows, strict=True) if rows else ((),) * 8
    return Money(
        shadow=np.array([one != "live" for one in book], dtype=np.bool_),
        closed=np.array(closed, dtype=np.int64),
        net=np.array(net, dtype=np.float64),
        r=np.array([np.nan if one is None else one for one in r], dtype=np.float64),
        unclear=np.array([bool(one) for one in unclear], dtype=np.bool_),
        group=group,
        who=list(zip(whose, strategy, (at // 60_000 for at in opened), side, strict=True)),
    )


def groups_of(found: Read, by: By) -> list[Group]:
    """Return every group of what was found, those with most live trades first; checks that met others last."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(found.money.group):
        places[group].append(place)
    if by == "gate":
        places = _by_gate(found.money)
    keys = {*places, *found.signals}
    groups = [_group(by, key, np.array(places.get(key, []), dtype=np.intp), found) for key in keys]
    return sorted(groups, key=lambda g: (-(g.live.trades if g.live else 0), by == "check" and AND in g.key, g.key))


def _by_gate(money: Money) -> defaultdict[str, list[int]]:
    """Return the trades of each gate's shadow books, and beside them the live ones of the same strategies."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place in np.flatnonzero(money.shadow).tolist():
        places[money.group[place]].append(place)
    live = np.flatnonzero(~money.shadow).tolist()
    for mine in places.values():
        whose = {money.who[place][:2] for place in mine}
        mine += [place for place in live if money.who[place][:2] in whose]
    return places


def _group(by: str, key: str, places: Places, found: Read) -> Group:
    shadow = found.money.shadow[places]
    one = len(found.currencies) <= 1
    both = (
        figures(found.money, places[~shadow], one_currency=one),
        figures(found.money, places[shadow], one_currency=one),
    )
    worth = (
        None if by == "exit" else _value(places, found, all_gated=by not in {"gate", "check"})
    )  # how a trade was left is known only afterwards
    signals = dict(sorted(found.signals.get(key, Counter()).items()))
    return Group(
        by=by, key=key, signals=signals, live=both[0], shadow=both[1], gate=worth, costs=found.costs.get(key, {})
    )


def figures(money: Money, places: Places, *, one_currency: bool = True) -> Figures | None:
    """Return what some trades came to; None of none."""
    if not len(places):
        return None
    net, known = money.net[places], places[~np.isnan(money.r[places])]
    hits = int((net > 0.0).sum())
    low, high = wilson(hits, len(net))
    lost = -float(net[net < 0.0].sum())
    mean = float(money.r[known].mean()) if len(known) else None
    block, sure = _sure(money.closed[known], money.r[known])
    return Figures(
        trades=len(net), net=cents(float(net.sum())) if one_currency else None, mean_r=mean,
        mean_r_low=sure[0] if sure else None, mean_r_high=sure[1] if sure else None, block=block,
        hit_rate=hits / len(net), hit_rate_low=low, hit_rate_high=high,
        profit_factor=float(net[net > 0.0].sum()) / lost if lost else None,
        risk_unknown=len(places) - len(known), unclear=int(money.unclear[places].sum()), says=_says(sure),
    )  # fmt: skip


def _says(sure: tuple[float, float] | None) -> Says:
    if sure is None:
        return "too few"
    return "above 0" if sure[0] > 0.0 else "below 0" if sure[1] < 0.0 else "contains 0"


def blocks_of(closed: NDArray[np.int64]) -> tuple[str, NDArray[np.int64]]:
    """Return the longest blocks of time of which enough hold a trade, and each trade's number of its own; "": none."""
    for name, number in BLOCKS.items():
        days, back = np.unique(closed // DAY_MS, return_inverse=True)
        numbers = np.array([number(int(day) * DAY_MS) for day in days], dtype=np.int64)[back]
        if len(np.unique(numbers)) >= LEAST:
            return name, numbers
    return "", np.empty(0, dtype=np.int64)


def _sure(closed: NDArray[np.int64], r: NDArray[np.float64]) -> tuple[str, tuple[float, float] | None]:
    block, numbers = blocks_of(closed)
    if not block:
        return "", None
    _, back = np.unique(numbers, return_inverse=True)
    sums, counts = (np.asarray(np.bincount(back, x), dtype=np.float64) for x in (r, np.ones(len(r))))
    return block, mean_interval(sums, counts)


def _value(places: Places, found: Read, *, all_gated: bool) -> Value | None:
    """Return live minus shadow, of the strategies with a gate; None where no shadow trade is among them."""
    money = found.money
    if not money.shadow[places].any():
        return None
    shadowed = {money.who[i][:2] for i in places if money.shadow[i]} | (found.gated if all_gated else set())
    of = np.array([i for i in places if money.who[i][:2] in shadowed and not np.isnan(money.r[i])], dtype=np.intp)
    without = money.shadow[of]
    signed = np.where(without, -money.r[of], money.r[of])
    changed = len({money.who[i] for i in of[~without]} ^ {money.who[i] for i in of[without]})
    block, numbers = blocks_of(money.closed[of])
    sure = None
    if block and changed >= LEAST:
        sure = interval(np.bincount(numbers - numbers.min(), signed).tolist())
    one = len(found.currencies) <= 1
    return Value(
        live_r=float(money.r[of[~without]].sum()), shadow_r=float(money.r[of[without]].sum()),
        value_r=float(signed.sum()), low=sure[0] if sure else None, high=sure[1] if sure else None,
        block=block if sure else "", changed=changed, says=_judged(sure),
        value=cents(float(money.net[of[~without]].sum() - money.net[of[without]].sum())) if one else None,
    )  # fmt: skip


def _judged(sure: tuple[float, float] | None) -> Judged:
    if sure is None:
        return "too few"
    return "helped" if sure[0] > 0.0 else "hurt" if sure[1] < 0.0 else "contains 0"
