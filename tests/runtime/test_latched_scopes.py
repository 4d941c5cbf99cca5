"""Latch, switch, core and gateway agree on every scope with a small reference, through cuts, losses and restarts.

The reference is a dictionary of what was latched last. What a cut leaves open may read as before or tighter, and never
looser than what stood and what was asked for.
"""

import tempfile

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brokers.facts import LinkUp
from brokers.latch import LEVELS, RANK, Level
from brokers.mt5.gateway import Gateway
from brokers.requests import AnyRequest
from brokers.word import LATCH_FILE, WORD_FILE
from runtime.core.facts import RunStarted
from runtime.core.instructions import SetLevel
from runtime.core.permissions import ACTS, Act
from runtime.operator import latch
from runtime.switch import Switch
from tests.clocks import Moved
from tests.cores import a_gated_plan, a_lane, a_plan, an_account, hour, reconciled
from tests.latches import command, latched
from tests.orders import LIMITS, close, entry
from tests.told import Told
from tests.trade_server import GOLD

GATED = a_gated_plan({})
PLAN = a_plan(*GATED.strategies, a_lane({}, 2, symbol="EURUSD"), regimes=GATED.regimes)
PRINT = f"model:{GATED.regimes[0].model.fingerprint[:12]}"
IN: dict[str, set[str]] = {
    "": {"lane1", "lane2"}, "strategy:lane1": {"lane1"}, "strategy:lane2": {"lane2"}, "symbol:XAUUSD": {"lane1"},
    "symbol:EURUSD": {"lane2"}, "model:up": {"lane1"}, PRINT: {"lane1"}, "strategy:lane": set(),
}  # fmt: skip
"""Which strategies are in each scope."""
FORBIDDEN = {
    "run": set(), "close-only": {"entry", "loosen"}, "halt": {"entry", "tighten", "loosen", "exit"},
    "flatten": {"entry", "tighten", "loosen", "exit"},
}  # fmt: skip
SCOPE, LEVEL = st.sampled_from(list(IN)), st.sampled_from(LEVELS)


class Cut(Exception):
    """The power went."""


def power(*_: object) -> None:
    """Cut a change off."""
    raise Cut


class Moving(Moved):
    """A clock that every look moves on by more than a change may take."""

    def elapsed(self) -> float:
        """Return a later moment each time."""
        self.now += 1.0
        return self.now


class Scopes(RuleBasedStateMachine):
    """One account's latch in the hands of people, crashes and restarts."""

    def __init__(self) -> None:
        """Begin at run, with a core that has read it."""
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.folder = latched(Path(self.home.name) / "a", "run")
        self.least: dict[str, Level] = dict.fromkeys(IN, "run")
        self.most: dict[str, Level] = dict.fromkeys(IN, "run")
        self.torn = False
        self.told = Told(PLAN)
        self.clock = Moving()
        self.switch = Switch(self.folder, self.clock)
        self.gate = Gateway(self.folder, LIMITS, {"GOLD": GOLD}, "USD")
        self.run = 1
        self.look()

    def teardown(self) -> None:
        """Remove all."""
        self.gate.close()
        self.home.cleanup()

    def look(self) -> None:
        """Have the core hear what was latched, and do what it asks for: nothing is open, so a flatten ends at once."""
        facts: list[Any] = [*self.switch.changes(hour(4)), *self.switch.changes(hour(4))]
        while facts:
            wishes = self.told.tell(facts.pop(0)).instructions
            for wish in wishes:
                if isinstance(wish, SetLevel):
                    facts.append(self.switch.core_asks(wish, hour(4)))
                    self.latched(wish.scope, "halt")

    def latched(self, scope: str, level: Level) -> None:
        """Note in the reference that a change was made whole."""
        self.least[scope] = self.most[scope] = level
        if self.torn:
            self.torn = False
            if scope:
                self.least[""] = self.most[""] = "halt"

    @rule(scope=SCOPE, level=LEVEL)
    def tighten(self, scope: str, level: Level) -> None:
        """Somebody tightens, or is refused where it would loosen."""
        try:
            latch.tighten(self.folder, command(level, scope=scope))
        except latch.LatchError:
            assert RANK[level] < RANK["halt" if self.torn and not scope else self.most[scope]]
        else:
            assert RANK[level] >= RANK[self.least[scope]]
            self.latched(scope, level)
        self.look()

    @rule(scope=SCOPE, level=LEVEL)
    def loosen(self, scope: str, level: Level) -> None:
        """Have the daemon latch what it was asked for."""
        latch.loosen(self.folder, command(level, scope=scope))
        self.latched(scope, level)
        self.look()

    @rule(scope=SCOPE, level=LEVEL, where=st.sampled_from(["_write_word", "_append", "_replace"]))
    def cut_off(self, scope: str, level: Level, where: str) -> None:
        """Cut a change off before one of its writes: what it was about may be as before, or as asked for."""
        own = latch._found(self.folder).own(scope)
        change = latch.tighten if RANK[level] >= RANK[own] else latch.loosen
        with mock.patch.object(latch, where, power), pytest.raises(Cut):
            change(self.folder, command(level, scope=scope))
        if scope and change is latch.tighten:
            self.most[scope] = max(self.most[scope], level, key=RANK.__getitem__)
        self.torn |= change is latch.tighten and where != "_write_word"
        self.torn |= change is latch.loosen and where != "_replace"
        if scope and change is latch.loosen and where != "_replace":
            self.least[scope] = min(self.least[scope], level, key=RANK.__getitem__)
        self.look()

    @rule(name=st.sampled_from([LATCH_FILE, WORD_FILE]), raw=st.sampled_from([None, b"", b"junk"]))
    def damage(self, name: str, raw: bytes | None) -> None:
        """One copy is lost: all reads as halt, and the log knows the scopes."""
        (self.folder / name).unlink(missing_ok=True)
        if raw is not None:
            (self.folder / name).write_bytes(raw)
        self.torn = True
        self.look()

    @rule()
    def restart(self) -> None:
        """Let the daemon die, and another one take up its snapshot, read the latch and look at the venue."""
        self.run += 1
        self.told = self.told.again()
        self.switch = Switch(self.folder, self.clock)
        self.told.tell(RunStarted(at=hour(4), run=self.run))
        self.look()
        self.told.tell(LinkUp(at=hour(4), account=an_account()), reconciled(at=hour(4)))
        self.look()

    @invariant()
    def nothing_reads_looser_than_the_reference(self) -> None:
        """Find each scope between what stood and what was asked for, or the account at halt."""
        now = latch.read(self.folder)
        if self.torn:
            assert (now.level, now.command) == ("halt", None)
            return
        for scope in IN:
            assert RANK[self.least[scope]] <= RANK[now.own(scope)] <= RANK[self.most[scope]]

    @invariant()
    def the_core_forbids_what_the_latch_does(self) -> None:
        """Every act of every strategy, by the account and by each scope that it is in."""
        now = latch.read(self.folder)
        stands = {"": now.level, **{one.scope: one.level for one in now.scopes}}
        for lane in self.told.core.lanes:
            tight = {scope: level for scope, level in stands.items() if lane.name in IN[scope]}
            for act in ACTS:
                expected = {f"{level} {scope}".strip() for scope, level in tight.items() if act in FORBIDDEN[level]}
                found = set(self.told.core.decider.blocked(act, lane))

                assert expected == {name for name in found if name.partition(" ")[0] in LEVELS}

    @invariant()
    def the_gateway_forbids_what_the_core_does(self) -> None:
        """Ask for an entry and a strategy's exit, by the scopes that the core says the strategy is in."""
        for number, lane in enumerate(self.told.core.lanes):
            scopes = self.told.core.decider.scopes_of(lane)
            asked: tuple[tuple[Act, AnyRequest], ...] = (
                ("entry", entry(scopes=scopes)), ("exit", close(scopes=scopes)),
            )  # fmt: skip
            for act, request in asked:
                self.gate.mark(1 + number)
                refused = self.gate._latched(request)
                self.gate.mark(0)
                blocked = {b.partition(" ")[0] for b in self.told.core.decider.blocked(act, lane)}

                assert bool(refused) is bool(blocked & {"close-only", "halt", "flatten"})


TestScopes = Scopes.TestCase
TestScopes.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
