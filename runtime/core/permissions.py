"""Who may leave when: one table of states and acts, read by one function and tested cell by cell."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from brokers.latch import Level

Act = Literal["entry", "cancel", "tighten", "loosen", "exit", "operator_exit"]
ACTS: tuple[Act, ...] = ("entry", "cancel", "tighten", "loosen", "exit", "operator_exit")

Hold = Literal[
    "SWITCH", "LINK", "WRONG_TERMINAL", "NO_LEASE", "IN_DOUBT", "MISSING", "BREAK", "UNRECONCILED", "WARMING",
    "STALE_FEED", "CONTRACT", "SPEC_CHANGED", "LOSS_LIMIT", "SESSION", "BUS_SILENT", "ENDED",
    "FOREIGN", "MODEL", "THROTTLE", "DRAWDOWN", "WINDOW", "COOLDOWN", "STOPS", "LOW_PROFIT",
]  # fmt: skip

UNSEEN = frozenset({"SWITCH", "LINK", "WRONG_TERMINAL", "UNRECONCILED"})
"""Holds under which nobody knows what the venue has."""

Answer = Literal["yes", "no", "plan", "other", "other-or-force", "proven"]
"""plan: as the exit plan says. other: other positions only. proven: positions the last snapshot proves."""

Row = tuple[Answer, Answer, Answer, Answer, Answer, Answer]

YES: Row = ("yes", "yes", "yes", "yes", "yes", "yes")
NONE: Row = ("no", "no", "no", "no", "no", "no")
HALT: Row = ("no", "yes", "no", "no", "no", "yes")
CAREFUL: Row = ("no", "yes", "yes", "no", "yes", "yes")
DOUBT: Row = ("no", "yes", "other", "no", "other", "other-or-force")

#                      entry  cancel tighten  loosen  exit   operator's exit
LEVEL_ROWS: dict[Level, Row] = {
    "run": ("yes", "yes", "yes", "plan", "yes", "yes"),
    "close-only": CAREFUL,
    "halt": HALT,
    "flatten": HALT,
}

HOLD_ROWS: dict[Hold, Row] = {
    "SWITCH": HALT,
    "LINK": NONE,
    "WRONG_TERMINAL": NONE,
    "NO_LEASE": NONE,
    "IN_DOUBT": DOUBT,
    "MISSING": DOUBT,
    "BREAK": DOUBT,
    "UNRECONCILED": ("no", "no", "no", "no", "no", "proven"),
    "WARMING": CAREFUL,
    "STALE_FEED": CAREFUL,
    "CONTRACT": CAREFUL,
    "SPEC_CHANGED": CAREFUL,
    "LOSS_LIMIT": CAREFUL,
    "SESSION": CAREFUL,
    "BUS_SILENT": CAREFUL,
    "ENDED": CAREFUL,
    "FOREIGN": CAREFUL,
    "MODEL": CAREFUL,
    "THROTTLE": CAREFUL,
    "DRAWDOWN": CAREFUL,
    "WINDOW": CAREFUL,
    "COOLDOWN": CAREFUL,
    "STOPS": CAREFUL,
    "LOW_PROFIT": CAREFUL,
}

GATE_SHUT: Row = ("no", "yes", "yes", "no", "yes", "yes")
"""The regime gate under `enforce`, while it is shut."""

PER_SYMBOL: frozenset[Hold] = frozenset(
    {"IN_DOUBT", "MISSING", "BREAK", "WARMING", "STALE_FEED", "CONTRACT", "SPEC_CHANGED", "FOREIGN"}
)
"""Holds that lie on one symbol; the others lie on the account."""

PER_STRATEGY: frozenset[Hold] = frozenset({"MODEL", "THROTTLE", "COOLDOWN", "STOPS", "LOW_PROFIT"})
"""Holds that lie on one strategy, by its name."""


def allows(answer: Answer, *, same: bool, force: bool = False, proven: bool = False) -> bool:
    """Say whether one cell permits: `same`: the hold's own position is meant; `proven`: a snapshot shows it."""
    if answer == "other":
        return not same
    if answer == "other-or-force":
        return force or not same
    if answer == "proven":
        return proven
    return answer in {"yes", "plan"}


def blockers(
    act: Act,
    level: Level,
    holds: dict[str, str],
    symbol: str,
    *,
    scopes: Mapping[str, Level] = MappingProxyType({}),
    same: bool = True,
    force: bool = False,
    proven: bool = False,
    strategy: str = "",
) -> tuple[str, ...]:
    """Return the names of all that forbids an act on a symbol; empty means it may be done.

    holds: "NAME", "NAME:SYMBOL" or "NAME:STRATEGY" -> why; a hold with a symbol forbids on that symbol only, one with a
    strategy only what is asked for that one. `same`: the position meant is the one the hold is about.
    `scopes`: latched scope -> its level, of those that what is meant is in.
    """
    column = ACTS.index(act)
    found: list[str] = [] if allows(LEVEL_ROWS[level][column], same=True) else [level]
    found += [f"{own} {scope}" for scope, own in scopes.items() if not allows(LEVEL_ROWS[own][column], same=True)]
    for key in holds:
        name, _, where = key.partition(":")
        if where and where != (strategy if name in PER_STRATEGY else symbol):
            continue
        if not allows(HOLD_ROWS[name][column], same=same, force=force, proven=proven):  # type: ignore[index]  # our keys
            found.append(key)
    return tuple(found)
