"""Who may leave when: every cell of the table, as it stands in the design."""

import itertools

from typing import get_args

import pytest

from brokers.latch import LEVELS, Level
from runtime.core.permissions import ACTS, GATE_SHUT, HOLD_ROWS, PER_STRATEGY, PER_SYMBOL, Act, Hold, allows, blockers

# state: entry, cancel own entry, tighten stop, loosen stop, strategy's exit, operator's exit
LEVEL_TABLE: dict[Level, tuple[str, str, str, str, str, str]] = {
    "run": ("yes", "yes", "yes", "yes", "yes", "yes"),
    "close-only": ("no", "yes", "yes", "no", "yes", "yes"),
    "halt": ("no", "yes", "no", "no", "no", "yes"),
    "flatten": ("no", "yes", "no", "no", "no", "yes"),
}
HOLD_TABLE: dict[Hold, tuple[str, str, str, str, str, str]] = {
    "SWITCH": ("no", "yes", "no", "no", "no", "yes"),  # not read yet: counts as halt
    "LINK": ("no", "no", "no", "no", "no", "no"),
    "WRONG_TERMINAL": ("no", "no", "no", "no", "no", "no"),
    "NO_LEASE": ("no", "no", "no", "no", "no", "no"),
    "IN_DOUBT": ("no", "yes", "other", "no", "other", "other or force"),
    "MISSING": ("no", "yes", "other", "no", "other", "other or force"),
    "BREAK": ("no", "yes", "other", "no", "other", "other or force"),
    "UNRECONCILED": ("no", "no", "no", "no", "no", "proven"),
    "WARMING": ("no", "yes", "yes", "no", "yes", "yes"),
    "STALE_FEED": ("no", "yes", "yes", "no", "yes", "yes"),
    "CONTRACT": ("no", "yes", "yes", "no", "yes", "yes"),
    "SPEC_CHANGED": ("no", "yes", "yes", "no", "yes", "yes"),
    "LOSS_LIMIT": ("no", "yes", "yes", "no", "yes", "yes"),
    "SESSION": ("no", "yes", "yes", "no", "yes", "yes"),
    "BUS_SILENT": ("no", "yes", "yes", "no", "yes", "yes"),
    "ENDED": ("no", "yes", "yes", "no", "yes", "yes"),  # recorded data is over: like warming
    "FOREIGN": ("no", "yes", "yes", "no", "yes", "yes"),  # netting: an entry would change what is not ours
    "COOLDOWN": ("no", "yes", "yes", "no", "yes", "yes"),  # of one strategy, as the next two
    "STOPS": ("no", "yes", "yes", "no", "yes", "yes"),
    "LOW_PROFIT": ("no", "yes", "yes", "no", "yes", "yes"),
    "WINDOW": ("no", "yes", "yes", "no", "yes", "yes"),  # a named time; no fact lays it
    "DRAWDOWN": ("no", "yes", "yes", "no", "yes", "yes"),  # too much is lost in all
    "THROTTLE": ("no", "yes", "yes", "no", "yes", "yes"),  # of one strategy
    "MODEL": ("no", "yes", "yes", "no", "yes", "yes"),  # nobody knows what a strategy wants: it enters nothing
}
GATE_TABLE = ("no", "yes", "yes", "no", "yes", "yes")
COLUMNS: tuple[Act, ...] = ("entry", "cancel", "tighten", "loosen", "exit", "operator_exit")
SCOPES = ("strategy:trend", "symbol:XAUUSD", "model:calm", "model:00c0ffee")
CONTEXTS = list(itertools.product((True, False), repeat=3))  # same, force, proven
EVERYWHERE: frozenset[str] = frozenset(
    {"SWITCH", "LINK", "WRONG_TERMINAL", "NO_LEASE", "UNRECONCILED", "LOSS_LIMIT", "DRAWDOWN", "WINDOW"}
)


def permitted(cell: str, *, same: bool, force: bool, proven: bool) -> bool:
    """Return what the words of a cell mean for a position."""
    meaning = {"yes": True, "no": False, "other": not same, "other or force": force or not same, "proven": proven}
    return meaning[cell]


def test_the_table_has_every_level_hold_and_act() -> None:
    """No level, hold or act is without a row or column."""
    assert (set(LEVELS), set(get_args(Hold)), COLUMNS) == (set(LEVEL_TABLE), set(HOLD_TABLE), ACTS)


@pytest.mark.parametrize("column", range(6), ids=COLUMNS)
@pytest.mark.parametrize("level", LEVEL_TABLE)
def test_a_level_permits_what_its_row_says(level: Level, column: int) -> None:
    """A level permits an act exactly where its cell does, whatever position is meant."""
    expected = [() if LEVEL_TABLE[level][column] == "yes" else (level,)] * len(CONTEXTS)

    actual = [
        blockers(COLUMNS[column], level, {}, "XAUUSD", same=same, force=force, proven=proven)
        for same, force, proven in CONTEXTS
    ]

    assert expected == actual


@pytest.mark.parametrize("column", range(6), ids=COLUMNS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("level", LEVEL_TABLE)
def test_a_scope_permits_what_the_row_of_its_level_says(level: Level, scope: str, column: int) -> None:
    """The level of a scope means for what is in it what the account's means for all, and says whose it is."""
    expected = [() if LEVEL_TABLE[level][column] == "yes" else (f"{level} {scope}",)] * len(CONTEXTS)

    actual = [
        blockers(COLUMNS[column], "run", {}, "XAUUSD", scopes={scope: level}, same=same, force=force, proven=proven)
        for same, force, proven in CONTEXTS
    ]

    assert expected == actual


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("own", LEVEL_TABLE)
@pytest.mark.parametrize("level", LEVEL_TABLE)
def test_the_tightest_of_all_levels_counts(level: Level, own: Level, act: Act) -> None:
    """What the account's level or that of any scope forbids is forbidden, and each that forbids is named."""
    column = COLUMNS.index(act)
    forbid = [name for name, at in (("", level), ("strategy:trend", own)) if LEVEL_TABLE[at][column] == "no"]
    expected = tuple(f"{own} {name}" if name else level for name in forbid)

    assert expected == blockers(act, level, {}, "XAUUSD", scopes={"strategy:trend": own})


@pytest.mark.parametrize("column", range(6), ids=COLUMNS)
@pytest.mark.parametrize("hold", HOLD_TABLE)
def test_a_hold_permits_what_its_row_says(hold: Hold, column: int) -> None:
    """A hold at level run permits an act exactly where its cell does, for this position or another."""
    key = hold if hold in EVERYWHERE else f"{hold}:XAUUSD"
    cell = HOLD_TABLE[hold][column]
    expected = [
        () if permitted(cell, same=same, force=force, proven=proven) else (key,) for same, force, proven in CONTEXTS
    ]

    actual = [
        blockers(
            *(COLUMNS[column], "run", {key: "why"}, "XAUUSD"), same=same, force=force, proven=proven, strategy="XAUUSD"
        )
        for same, force, proven in CONTEXTS
    ]

    assert expected == actual


@pytest.mark.parametrize("column", range(6), ids=COLUMNS)
def test_a_shut_gate_permits_what_its_row_says(column: int) -> None:
    """A shut gate under enforce forbids entries and looser stops only."""
    assert (GATE_TABLE[column] == "yes") is allows(GATE_SHUT[column], same=True)


@pytest.mark.parametrize("hold", sorted(PER_SYMBOL))
@pytest.mark.parametrize("act", ACTS)
def test_a_hold_on_one_symbol_leaves_the_others_alone(hold: Hold, act: Act) -> None:
    """What holds gold says nothing of the euro."""
    assert () == blockers(act, "run", {f"{hold}:XAUUSD": "why"}, "EURUSD")


@pytest.mark.parametrize("hold", sorted(PER_STRATEGY))
@pytest.mark.parametrize("act", ACTS)
def test_a_hold_on_one_strategy_leaves_the_others_alone(hold: Hold, act: Act) -> None:
    """Not even a symbol of the same name is held with it."""
    assert () == blockers(act, "run", {f"{hold}:trend": "why"}, "trend", strategy="carry")


@pytest.mark.parametrize("hold", sorted(set(HOLD_TABLE)))
def test_a_hold_without_a_symbol_lies_on_the_account(hold: Hold) -> None:
    """A hold that names no symbol forbids entries on all of them."""
    assert [(hold,), (hold,)] == [blockers("entry", "run", {hold: "why"}, symbol) for symbol in ("XAUUSD", "EURUSD")]


def test_all_that_forbids_is_named() -> None:
    """Level and every hold that forbids are told, in the order in which they came, none hiding another."""
    holds = {"LINK": "a", "WARMING:XAUUSD": "b", "IN_DOUBT:EURUSD": "c", "UNRECONCILED": "d"}

    assert ("halt", "LINK", "WARMING:XAUUSD", "UNRECONCILED") == blockers("entry", "halt", holds, "XAUUSD")


@pytest.mark.parametrize("levels", list(itertools.pairwise(("run", "close-only", "halt"))))
def test_a_tighter_level_never_permits_more(levels: tuple[Level, Level]) -> None:
    """What a looser level forbids, a tighter one forbids too."""
    looser, tighter = levels

    widened = [act for act in ACTS if blockers(act, looser, {}, "XAUUSD") and not blockers(act, tighter, {}, "XAUUSD")]

    assert [] == widened


@pytest.mark.parametrize("hold", sorted(HOLD_ROWS))
def test_no_hold_permits_an_entry(hold: Hold) -> None:
    """Every hold, whatever else it permits, forbids entries; no force and no proof change that."""
    assert (hold,) == blockers("entry", "run", {hold: "why"}, "XAUUSD", same=False, force=True, proven=True)
