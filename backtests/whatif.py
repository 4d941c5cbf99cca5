"""What if: a changed configuration over the bars that an account was told, and which decisions come out otherwise.

The venue's answers are recorded for the orders that were sent, and for no others. So nothing is held against what was
lived: the account as it was and the account as it might have been are both played at the simulated venue, over the
same bars. What differs between the two is the change; `parity` tells how far the first is from life.
"""

import datetime

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from backtests.backtest import all_called_here
from backtests.drive import Drive, PlainDrive
from backtests.parity_causes import OF_FEED, feeds_read
from backtests.parity_journal import Lived, lived_until
from backtests.recorded import day_ms
from config.account import AccountConfig
from config.errors import DataError
from config.journal import Where
from market.bars import Bars
from market.money import cents
from market.types import DAY_MS
from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.plan import Plan
from runtime.revive import pair_of_run

UNSAID = frozenset({"run", "n", "magic", "instruction", "config", "model", "position", "held_bars", "limits"})
"""Fields that differ without a decision being another: names, what follows from decisions before it, and what was
changed by hand: a limit is the question."""

_config_of = msgspec.json.Decoder(AccountConfig).decode

Key = tuple[int, str, str, str]
"""Opening time, strategy, symbol, timeframe: what is decided once."""


class First(msgspec.Struct, frozen=True, kw_only=True):
    """The first decision that comes out otherwise."""

    bar_time: int
    strategy: str
    symbol: str
    field: str
    """The first of its fields that differs, a risk check's number by its name; empty where only one of both decided."""
    was: str
    would: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration made at the simulated venue."""

    trades: int
    net: float
    risks: float
    """In multiples of the risk taken."""


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """Two configurations over one life."""

    until: str
    decisions: int
    """By either."""
    otherwise: int
    first: First | None
    classes: dict[str, int]
    """Of those that come out otherwise, by "class -> class"; none where only one of both decided."""
    was: Made
    would: Made
    on_day: int
    """Decisions that were made on the last day itself: none on a Sunday."""
    halted: int
    """Decisions that were held, as they were lived: levels and holds of life are in neither of both."""


def what_if(
    journal: Where, changed: AccountConfig, day: datetime.date,
    progress: Callable[[int, int], None] = lambda _done, _total: None, segments: Path | None = None,
) -> WhatIf:  # fmt: skip
    """Play an account's life until the end of a day as it was configured first, and as it might have been.

    Of a life in which nothing was decided until then there is nothing to play. DataError where the changed account
    needs bars that were never told.
    """
    told, end = lived_until(journal, day, segments), day_ms(day) + DAY_MS
    if not any(d.bar_time < end for d in told.decisions):
        nothing = Made(trades=0, net=0.0, risks=0.0)
        return WhatIf(
            until=str(day), decisions=0, otherwise=0, first=None, classes={}, was=nothing, would=nothing, on_day=0,
            halted=0,
        )  # fmt: skip
    config, core = _config_of(told.run["config"]), pair_of_run(told.run)[0]
    plan = core.plan
    plans = (plan, config), (changed_plan(plan, config, changed), changed)
    was, would = (_played(told, all_called_here(one), of, progress) for one, of in plans)
    before, after = _by_bar(was, end), _by_bar(would, end)
    keys = sorted(before.keys() | after.keys())
    differing = [key for key in keys if _field(before.get(key), after.get(key)) is not None]
    return WhatIf(
        until=str(day), decisions=len(keys), otherwise=len(differing),
        first=_first(differing[0], before, after, core.decider.controls.checks) if differing else None,
        classes=dict(Counter(f"{_class(before, key)} -> {_class(after, key)}" for key in differing).most_common()),
        was=_made(was, end), would=_made(would, end), on_day=told.decided_on(day),
        halted=sum(d.outcome == "held" for d in told.decisions),
    )  # fmt: skip


def changed_plan(plan: Plan, config: AccountConfig, changed: AccountConfig) -> Plan:
    """Return the plan of a changed configuration: models as they were where a regime is the same, else read."""
    same = {name for name, regime in changed.regimes.items() if config.regimes.get(name) == regime}
    others = {name: regime for name, regime in changed.regimes.items() if name not in same}
    models = {name: plan.of(name).model for name in same}
    return plan_of(changed, {**models, **models_of(msgspec.structs.replace(changed, regimes=others))}, plan.symbols)


def _played(told: Lived, plan: Plan, config: AccountConfig, progress: Callable[[int, int], None]) -> Drive:
    needed = set().union(*feeds_read(plan).values())
    if missing := sorted(needed - told.bars.keys()):
        raise DataError(f"{' '.join(missing[0])}: the account was never told such bars: nobody knows what it would do")
    tapes: dict[FeedKey, Bars] = {key: told.tape(key) for key in needed}
    costs = costs_of(config)
    core, books = core_of(plan, costs, shadows=False)
    warm = max(len(tape.between(0, told.start)) for tape in tapes.values())
    drive = PlainDrive(core, books, tapes, costs, balance=told.balance, start=told.start, warmup=warm)
    total = sum(len(tape.between(told.start, tape.time[-1] + 1)) for tape in tapes.values())
    return drive.run(lambda done: progress(done, total))


def _by_bar(drive: Drive, end: int) -> dict[Key, Decision]:
    return {(d.bar_time, d.strategy, d.symbol, d.timeframe): d for d in drive.decisions if d.bar_time < end}


def _field(was: Decision | None, would: Decision | None) -> str | None:
    """Return the first field by which two decisions on a bar differ; None where they are the same."""
    if was is None or would is None:
        return ""
    names = dict.fromkeys((*OF_FEED, *was.__struct_fields__))  # what follows from others comes after them
    fields = (name for name in names if name not in UNSAID)
    return next((name for name in fields if repr(getattr(was, name)) != repr(getattr(would, name))), None)


def _class(decisions: Mapping[Key, Decision], key: Key) -> str:
    return decisions[key].outcome if key in decisions else "none"


def _first(key: Key, before: Mapping[Key, Decision], after: Mapping[Key, Decision], checks: tuple[str, ...]) -> First:
    was, would = before.get(key), after.get(key)
    field, values = _field(was, would) or "", (_class(before, key), _class(after, key))
    if was is not None and would is not None and field:
        name, *both = _part(field, (getattr(was, field), getattr(would, field)), checks)
        field, values = name, (str(both[0]), str(both[1]))
    return First(bar_time=key[0], strategy=key[1], symbol=key[2], field=field, was=values[0], would=values[1])


def _part(field: str, both: tuple[Any, Any], checks: tuple[str, ...]) -> tuple[str, Any, Any]:
    """Return the first risk check whose number differs, where the numbers of both do; else the field as it is."""
    if field == "numbers" and len(both[0]) == len(both[1]):
        rows = zip(checks, *both, strict=False)
        return next((f"{name} (risk check)", a, b) for name, a, b in rows if repr(a) != repr(b))
    return field, *both


def _made(drive: Drive, end: int) -> Made:
    closed = [o for o in drive.outcomes if o.book == "live" and o.closed < end]
    return Made(
        trades=len(closed), net=cents(sum(o.net for o in closed)), risks=sum(o.r for o in closed if o.r == o.r)
    )  # fmt: skip
