"""Groups of closed trades: what each came to, how sure that is, and what a gate was worth."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from backtests.attribution_columns import Longs, Money, Places, Reals, places_of
from backtests.attribution_runs import BIT
from backtests.blocks import LEAST, interval, mean_interval, wilson
from market.money import cents
from runtime.outcomes.kept_out import AND

NOWHERE = np.empty(0, dtype=np.intp)

Says = Literal["above 0", "below 0", "contains 0", "too few"]
Judged = Literal["helped", "hurt", "contains 0", "too few"]

By = Literal["strategy", "model", "regime", "gate", "check", "symbol", "session", "account", "exit"]
BYS: tuple[By, ...] = ("strategy", "model", "regime", "gate", "check", "symbol", "session", "account", "exit")


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
    """What winners made over what losers lost; None where nothing was lost, or accounts have several currencies."""
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


def groups_of(found: Read, by: By) -> list[Group]:
    """Return every group of what was found, those with most live trades first; checks that met others last."""
    money = found.money
    places = dict(_by_gate(money) if by == "gate" else _by_name(money))
    keys = {*places, *found.signals}
    groups = [_group(by, key, places.get(key, NOWHERE), found) for key in keys]
    return sorted(groups, key=lambda g: (-(g.live.trades if g.live else 0), by == "check" and AND in g.key, g.key))


def _by_name(money: Money) -> Iterator[tuple[str, Places]]:
    yield from zip(money.groups, places_of(money.group, len(money.groups)), strict=True)


def _by_gate(money: Money) -> Iterator[tuple[str, Places]]:
    """Yield the trades of each gate's shadow books, and the live ones of the same strategies that they stood beside."""
    for name, places in _by_name(money):
        mine = places[money.shadow[places]]
        if len(mine):
            live = np.flatnonzero(~money.shadow & (money.beside & BIT.get(name, 0) > 0))
            yield name, np.concatenate((mine, live[np.isin(money.whose[live], np.unique(money.whose[mine]))]))


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
    block, sure = _sure(money, known)
    return Figures(
        trades=len(net), net=cents(float(net.sum())) if one_currency else None, mean_r=mean,
        mean_r_low=sure[0] if sure else None, mean_r_high=sure[1] if sure else None, block=block,
        hit_rate=hits / len(net), hit_rate_low=low, hit_rate_high=high,
        profit_factor=float(net[net > 0.0].sum()) / lost if lost and one_currency else None,
        risk_unknown=len(places) - len(known), unclear=int(money.unclear[places].sum()), says=_says(sure),
    )  # fmt: skip


def _says(sure: tuple[float, float] | None) -> Says:
    if sure is None:
        return "too few"
    return "above 0" if sure[0] > 0.0 else "below 0" if sure[1] < 0.0 else "contains 0"


def blocks_of(money: Money, places: Places) -> tuple[str, Longs]:
    """Return the longest blocks of time of which enough hold one of these trades, and each day's number; "": none."""
    there = np.bincount(money.day[places], minlength=1) > 0
    for name, numbers in money.blocks.items():
        if len(np.unique(numbers[: len(there)][there])) >= LEAST:
            return name, numbers
    return "", np.empty(0, dtype=np.int64)


def _sure(money: Money, places: Places) -> tuple[str, tuple[float, float] | None]:
    """Return the blocks that were drawn anew, and the interval of the mean R."""
    block, numbers = blocks_of(money, places)
    if not block:
        return "", None
    _, back = np.unique(numbers, return_inverse=True)
    of = back[money.day[places]]
    counts, sums = (np.asarray(np.bincount(of, x), dtype=np.float64) for x in (np.ones(len(of)), money.r[places]))
    held = counts > 0.0
    return block, mean_interval(sums[held], counts[held])


def _value(places: Places, found: Read, *, all_gated: bool) -> Value | None:
    """Return live minus shadow, of the strategies with a gate; None where no shadow trade is among them."""
    money = found.money
    without = money.shadow[places]
    if not without.any():
        return None
    shadowed = np.unique(money.whose[places[without]])
    if all_gated:
        gated = [number for number, owner in enumerate(money.owners) if owner in found.gated]
        shadowed = np.union1d(shadowed, np.array(gated, dtype=np.int64))
    counts = without | (money.beside[places] & BIT["regime"] > 0) if all_gated else np.ones(len(places), dtype=np.bool_)
    of = places[np.isin(money.whose[places], shadowed) & ~np.isnan(money.r[places]) & counts]
    one = len(found.currencies) <= 1
    return _worth(money, of[~money.shadow[of]], of[money.shadow[of]], of, one_currency=one)


def _worth(money: Money, live: Places, shadow: Places, both: Places, *, one_currency: bool) -> Value:
    """Return what live trades made more than shadow trades; `both`: all of them, in their order."""
    signed = np.where(money.shadow[both], -money.r[both], money.r[both])
    changed = _changed(money, live, shadow)
    block, numbers = blocks_of(money, both)
    sure = _drawn(numbers[money.day[both]], signed) if block and changed >= LEAST else None
    return Value(
        live_r=float(money.r[live].sum()), shadow_r=float(money.r[shadow].sum()),
        value_r=float(signed.sum()), low=sure[0] if sure else None, high=sure[1] if sure else None,
        block=block if sure else "", changed=changed, says=_judged(sure),
        value=cents(float(money.net[live].sum() - money.net[shadow].sum())) if one_currency else None,
    )  # fmt: skip


def _changed(money: Money, live: Places, shadow: Places) -> int:
    """Return how many trades are in one of both only; the model fills a resting order at its bar, not at its minute."""
    for key in (money.decided, money.who):
        both = np.isin(key[live], key[shadow]), np.isin(key[shadow], key[live])
        live, shadow = live[~both[0]], shadow[~both[1]]
    return len(live) + len(shadow)


def _drawn(numbers: Longs, signed: Reals) -> tuple[float, float]:
    return interval(np.bincount(numbers - numbers.min(), signed).tolist())


def _judged(sure: tuple[float, float] | None) -> Judged:
    if sure is None:
        return "too few"
    return "helped" if sure[0] > 0.0 else "hurt" if sure[1] < 0.0 else "contains 0"
