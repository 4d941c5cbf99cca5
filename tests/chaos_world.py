"""A world that misbehaves: a real simulated venue whose answers get lost, links that break, processes that die.

Moves are plain tuples, so that hypothesis can draw and shrink them; whatever they are, only facts that a terminal could
tell are told. Every fact and every step is kept, so that a fresh core can be told the same story.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from msgspec.structs import replace

from brokers.costs import Costs
from brokers.facts import BarClosed, DealMade, InDoubt, LinkDown, LinkUp, OrderGone, Reconciled, Refused
from brokers.ledger import deposit
from brokers.requests import AnyRequest, CloseRequest, StopRequest
from brokers.venue import Venue
from market.types import Bar, DealReason
from runtime.core.core import Core
from runtime.core.decision import Decision
from runtime.core.facts import Alerted, AnyFact, RunStarted, TimerFired
from runtime.core.instructions import (
    Alert,
    AnyInstruction,
    Cancel,
    ClosePosition,
    ModifyStop,
    Reconcile,
    Reply,
    SetLevel,
    Submit,
    WakeAt,
)
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from runtime.requests import request_of
from tests.cores import BALANCE, hour, level
from tests.venues import GOLD

COSTS = {"XAUUSD": Costs(spread=10.0, slippage=1.0, commission=3.0)}
DONE, LOST_ANSWER, LOST_REQUEST, GATE, SLOW, VERY_SLOW = range(6)
"""Fates of a request: done and answered; done, the answer lost; lost; refused by the gateway; done later, unanswered:
within the settle window, or at any time after it."""
PATIENCE = 300
"""More wishes than this in answer to one move is hammering."""

Move = tuple[Any, ...]


class Chaos:
    """One core and its books in a world that misbehaves."""

    def __init__(self, plan: Plan, fates: Iterable[int] = ()) -> None:
        """Open the account and come up; the fates of requests are taken in order, then all is well."""
        self.plan, self.fates = plan, iter(fates)
        self.core = Core(plan)
        self.books = Books(self.core, COSTS)
        self.venue = Venue(
            {"XAUUSD": GOLD}, COSTS, currency="USD", balance=BALANCE, leverage=100, at=hour(0), hedging=plan.hedging
        )
        self.venue.open_bar("XAUUSD", hour(0), 100.0, 10.0)
        self.venue.news()
        self.facts: list[AnyFact] = []
        self.steps: list[bytes] = []
        self.decisions: list[Decision] = []
        self.wishes: list[AnyInstruction] = []
        self.outcomes: list[Any] = []
        self.timers: list[WakeAt] = []
        self.slow: list[AnyRequest] = []
        self.very_slow: list[AnyRequest] = []
        self.backlog: list[DealMade | OrderGone] = []
        self.flows, self.theirs = 0.0, 0.0
        """Money of deposits, and of deals that were none of ours."""
        self.hours, self.run, self.level, self.linked = 0, 0, "run", False
        self.restart()

    # --- moves --------------------------------------------------------------------------------------------------------

    def play(self, moves: Iterable[Move]) -> None:
        """Make moves in order."""
        for name, *args in moves:
            getattr(self, name)(*args)

    def restart(self) -> None:
        """End the process and begin another from the last snapshot; timers die, the venue lives."""
        core, books = Core(self.plan), None
        if self.run:
            core.restore(self.core.snapshot())
            books = Books(core, COSTS)
            books.restore(self.books.snapshot())
            self.core, self.books = core, books
        self.run += 1
        self.timers.clear()
        self.linked = False
        self.tell(RunStarted(at=self.venue.at, run=self.run))
        self.set_level(self.level)
        self.link(up=True)

    def bar(self, shift: int, up: int, down: int, gap: int = 0, phase: str = "live") -> None:
        """Let an hour pass: the bar moves `shift` cents, reaches up and down, and the next opens with a gap."""
        opened = round(self.venue.quote("XAUUSD")[0] * 100)
        close = opened + shift
        high, low = (max(opened, close) + up) / 100, (min(opened, close) - down) / 100
        self.venue.play_bar("XAUUSD", hour(self.hours + 1) - 1, high, low, close / 100)
        self.hours += 1
        self.venue.open_bar("XAUUSD", hour(self.hours), (close + gap) / 100, 10.0)
        self._news()
        if self.linked:
            bar = Bar("XAUUSD", "H1", hour(self.hours - 1), opened / 100, high, low, close / 100, 0.0, 10.0)
            bid, ask = self.venue.quote("XAUUSD")
            self.tell(BarClosed(at=hour(self.hours), bar=bar, bid=bid, ask=ask, phase=phase))  # type: ignore[arg-type]

    def link(self, *, up: bool) -> None:
        """Lose the link, or find it again."""
        if up != self.linked:
            self.linked = up
            at = self.venue.at
            self.tell(LinkUp(at=at, account=self.venue.account()) if up else LinkDown(at=at, reason="away"))

    def lose(self) -> None:
        """Lose the link."""
        self.link(up=False)

    def find(self) -> None:
        """Find the link again."""
        self.link(up=True)

    def set_level(self, to: str) -> None:
        """Change the operator's level; from flatten the way leads to halt."""
        self.level = to
        self.tell(level(to, self.venue.at))  # type: ignore[arg-type]  # a level

    def fire(self) -> None:
        """Let every timer's time pass; what was slow has arrived before."""
        self._land(self.slow)
        timers, self.timers = self.timers, []
        for timer in timers:
            self.tell(TimerFired(at=self.venue.at, id=timer.id, key=timer.key))

    def land(self) -> None:
        """Let everything arrive that was under way, however late."""
        self._land(self.slow)
        self._land(self.very_slow)

    def look(self) -> None:
        """Look at the venue, as every minute."""
        if self.linked:
            self.tell(self._reconciled(0, settled=False))

    def by_hand(self, which: int, share: int, reason: DealReason = "client") -> None:
        """Close a position, or a part of it, behind the core's back."""
        positions = self.venue.positions()
        if positions:
            p = positions[which % len(positions)]
            volume = max(round(p.volume * share / 100, 2), 0.01)
            about = {"symbol": p.symbol, "position": p.ticket, "side": p.side, "volume": volume}
            self.by_others(CloseRequest(id=0, price=0.0, magic=0, decided_at=0, **about), reason)  # type: ignore[arg-type]

    def by_others(self, request: AnyRequest, reason: DealReason) -> None:
        """Let somebody else trade; the venue tells of it by its reason."""
        self.backlog += self.venue.news()
        self.venue.send(request)
        for news in self.venue.news():
            theirs = isinstance(news, DealMade) and news.deal.reason == "expert"
            self.backlog.append(
                replace(news, deal=replace(news.deal, reason=reason)) if theirs else news  # type: ignore[union-attr]  # a deal
            )
        self._news()

    def stop_by_hand(self, which: int, cents: int) -> None:
        """Move the stop of a position behind the core's back; 0 removes it."""
        positions = self.venue.positions()
        if positions:
            p = positions[which % len(positions)]
            stop = round(p.price - p.side * cents / 100, 2) if cents else 0.0
            about = {"symbol": p.symbol, "position": p.ticket, "stop": stop, "target": p.target}
            self.venue.send(StopRequest(id=0, decided_at=0, **about))  # type: ignore[arg-type]

    def flow(self, money: int) -> None:
        """Pay in or out."""
        deposit(self.venue._a, float(money))
        self.flows += money
        self._news()

    def repeat(self, back: int) -> None:
        """Tell a deal or bar once more."""
        old = [fact for fact in self.facts if isinstance(fact, BarClosed | DealMade)]
        if old:
            self.tell(old[-1 - back % len(old)])

    def rest(self) -> None:
        """Let everything come to its end: what is under way lands, timers fire, the venue is looked at."""
        self.fates = iter(())
        for _ in range(6):
            self.link(up=True)
            self.land()
            self.fire()
            self.look()

    # --- the shell ----------------------------------------------------------------------------------------------------

    def tell(self, fact: AnyFact) -> None:
        """Tell a fact, and do what is asked for until nothing is."""
        queue = self._take(fact)
        for count, wish in enumerate(queue):  # grows while it is walked
            assert count < PATIENCE, f"{type(fact).__name__} leads to endless wishes: {queue[-3:]}"
            for answer in self._perform(wish):
                queue += self._take(answer)
        if queue:
            self._news()

    def _take(self, fact: AnyFact) -> list[AnyInstruction]:
        step = self.core.handle(fact)
        done = self.books.observe(fact, step)
        if isinstance(fact, DealMade) and fact.deal.entry != "none" and self.core.fresh:
            self.theirs += fact.deal.money - self.books.live.took
        self.outcomes += done
        self.facts.append(fact)
        self.steps.append(msgspec.msgpack.encode(step))
        self.decisions += step.decisions
        self.wishes += step.instructions
        return list(step.instructions)

    def _perform(self, wish: AnyInstruction) -> list[AnyFact]:
        at = self.venue.at
        match wish:
            case Submit() | ClosePosition() | ModifyStop() | Cancel():
                return [self._send(wish.id, request_of(wish))]
            case Reconcile():
                if not self.linked:
                    return [LinkDown(at=at, reason="no link")]
                return [*self._heard(), self._reconciled(wish.id, settled=wish.settled)]
            case WakeAt():
                self.timers.append(wish)
                return []
            case SetLevel():
                self.level = wish.level
                return [level(wish.level, at, wish.id)]
            case Alert() | Reply():
                return [Alerted(at=at, id=wish.id)]

    def _send(self, ident: int, request: AnyRequest) -> AnyFact:
        at, fate = self.venue.at, next(self.fates, DONE)
        if not self.linked or fate == GATE:
            return Refused(at=at, id=ident, code=1, reason="not sent")
        if fate == DONE:
            return self.venue.send(request)
        if fate == LOST_ANSWER:
            self.venue.send(request)
        elif fate != LOST_REQUEST:
            (self.slow if fate == SLOW else self.very_slow).append(request)
        return InDoubt(at=at, id=ident, code=1, reason="timeout")

    def _land(self, requests: list[AnyRequest]) -> None:
        while requests:
            self.venue.send(requests.pop(0))
        self._news()

    def _heard(self) -> list[DealMade | OrderGone]:
        self.backlog += self.venue.news()
        heard, self.backlog = self.backlog, []
        return heard

    def _news(self) -> None:
        self.backlog += self.venue.news()
        while self.linked and self.backlog:  # in the venue's order, whatever comes of each
            self.tell(self.backlog.pop(0))

    def _reconciled(self, ident: int, *, settled: bool) -> Reconciled:
        return Reconciled(
            at=self.venue.at, id=ident, account=self.venue.account(), positions=self.venue.positions(),
            orders=self.venue.orders(), last_deal=self.venue.deals[-1].ticket, settled=settled,
        )  # fmt: skip
