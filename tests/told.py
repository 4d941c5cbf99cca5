"""A core that is told facts by hand, and what is asked of a step."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from brokers.facts import Accepted, DealMade
from market.types import Deal, Order, Position
from runtime.core.core import Core
from runtime.core.decision import Decision, Step
from runtime.core.facts import AnyFact
from runtime.core.instructions import ClosePosition, Instruction, Submit
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from tests.chaos_world import COSTS
from tests.cores import Script, a_lane, a_plan, buy, buy_limit, closed, hour, opening

T = TypeVar("T", bound=Instruction)


class Told:
    """A core that is told facts by hand, and every step it made."""

    def __init__(self, plan: Plan, *, opened: bool = True) -> None:
        """Be born, and opened unless the test wants to."""
        self.core = Core(plan)
        self.steps: list[Step] = []
        self.deals = 10
        if opened:
            self.tell(*opening())

    def tell(self, *facts: AnyFact) -> Step:
        """Tell facts in order; return the decisions and instructions of all of them as one step."""
        steps = [self.core.handle(fact) for fact in facts]
        self.steps += steps
        return Step(
            tuple(d for step in steps for d in step.decisions), tuple(w for step in steps for w in step.instructions)
        )

    def decide(self, n: int, close: float = 100.0, **shape: Any) -> Decision:  # noqa: ANN401
        """Tell bar n; return the one decision it must lead to."""
        (decision,) = self.tell(closed(n, close, **shape)).decisions
        return decision

    def submit(self, n: int, close: float = 100.0, **shape: Any) -> Submit:  # noqa: ANN401
        """Tell bar n; return the one entry it must ask for."""
        return only(self.tell(closed(n, close, **shape)), Submit)

    def enter(self, n: int, price: float = 100.1) -> Deal:
        """Tell bar n, on which the script enters, and fill the order whole at once; return the entry deal."""
        wish = self.submit(n)
        deal = self.deal(wish, "in", price)
        self.tell(Accepted(at=hour(n + 1), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
        self.tell(DealMade(at=hour(n + 1), deal=deal))
        return deal

    def deal(self, of: Submit | ClosePosition | Deal, entry: str, price: float, **fields: Any) -> Deal:  # noqa: ANN401
        """Return the next deal of the venue: an entry's fill, or what closes the position of an entry deal."""
        self.deals += 1
        ledger = self.core.ledger
        if isinstance(of, Submit):
            intent = of.approved.intent
            given: dict[str, Any] = {
                "order": 500 + self.deals, "position": 900 + self.deals, "symbol": intent.symbol, "side": intent.side,
                "volume": intent.volume, "magic": of.magic,
            }  # fmt: skip
        else:
            given = {
                "order": 500 + self.deals, "position": of.position, "symbol": of.symbol, "side": -of.side,
                "volume": of.volume, "magic": of.magic,
            }  # fmt: skip
        given |= {"ticket": self.deals, "at": ledger.at, "entry": entry, "price": price}
        return Deal(**(given | fields))

    @property
    def holds(self) -> list[str]:
        """The names of all holds in place."""
        return list(self.core.ledger.holds)

    @property
    def balance(self) -> float:
        """The balance as the core's ledger has it."""
        return self.core.ledger.balance

    def again(self) -> "Told":
        """Return a fresh core of the same plan, restored from this one's snapshot."""
        other = Told(self.core.plan, opened=False)
        other.core.restore(self.core.snapshot())
        other.deals = self.deals
        return other


# --- what was asked for -----------------------------------------------------------------------------------------------


def only(step: Step, kind: type[T]) -> T:
    """Return the one instruction of a kind that a step holds."""
    (wish,) = of_kind(step, kind)
    return wish


def of_kind(step: Step, kind: type[T]) -> list[T]:
    """Return the instructions of a kind that a step holds."""
    return [wish for wish in step.instructions if isinstance(wish, kind)]


def kinds(step: Step | Iterable[Step]) -> list[str]:
    """Return the names of the instructions of a step, in order."""
    steps = [step] if isinstance(step, Step) else step
    return [type(wish).__name__ for one in steps for wish in one.instructions]


def position_of(deal: Deal, **fields: Any) -> Position:  # noqa: ANN401
    """Return the position an entry deal opened, as the venue shows it, its stop one dollar under the order's price."""
    given = Position(
        ticket=deal.position, at=deal.at, symbol=deal.symbol, side=deal.side, volume=deal.volume, price=deal.price,
        stop=round(deal.price - deal.side, 2), magic=deal.magic,
    )  # fmt: skip
    return msgspec.structs.replace(given, **fields)


def resting(wish: Submit, ticket: int = 55) -> Order:
    """Return the order at the venue that a wish became."""
    i = wish.approved.intent
    return Order(
        ticket=ticket, at=hour(4), symbol=i.symbol, side=i.side, kind=i.kind, volume=i.volume, price=i.price,
        stop=i.stop, magic=wish.magic,
    )  # fmt: skip


def with_resting_entry(plan: Plan | None = None, close: float = 100.0) -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 rests at the venue as order 55."""
    told = Told(plan or a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3, close)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    return told, wish


def in_trade(script: Script, **trade: Any) -> Told:  # noqa: ANN401
    """Return a core that bought one lot on bar 3."""
    told = Told(a_plan(a_lane({3: buy(**trade)} | dict(script))))
    told.enter(3)
    return told


def left_before_entered() -> tuple[Told, Deal]:
    """Return a core that was told how a position of ours was left and not how it was entered, and its entry deal."""
    told = Told(a_plan(a_lane({3: buy(), 6: buy()})))
    wish = told.submit(3)
    entry = told.deal(wish, "in", 100.1, commission=-3.0)
    told.tell(
        Accepted(at=hour(4), id=wish.id, order=entry.position, deal=entry.ticket, volume=1.0),
        DealMade(at=hour(4), deal=told.deal(entry, "out", 99.1, profit=-97.0, reason="stop")),
    )  # fmt: skip
    return told, entry


class Rested:
    """A core and its books that are told facts, and others of the same plan that go on from their rest at one."""

    def __init__(self, core: Core, facts: Iterable[AnyFact], cut: int) -> None:
        """Tell a core all facts; wake the others before the fact of this number, and tell them the rest."""
        self.core, self.woken = core, Core(core.plan)
        self.books, self.library = Books(core, COSTS), Books(self.woken, COSTS)
        self.steps: list[bytes] = []
        """Of the first core, from the rest on."""
        self.again: list[bytes] = []
        """Of the woken one."""
        for number, fact in enumerate(facts):
            if number == cut:
                self.woken.restore(core.snapshot())
                self.library.restore(self.books.snapshot())
            step = core.handle(fact)
            self.books.observe(fact, step)
            if number >= cut:
                other = self.woken.handle(fact)
                self.library.observe(fact, other)
                self.steps.append(msgspec.msgpack.encode(step))
                self.again.append(msgspec.msgpack.encode(other))

    @property
    def at_rest(self) -> tuple[Any, Any]:
        """Core and books that were never disturbed, put to rest; then the same of the others."""
        return (self.core.snapshot(), self.books.snapshot()), (self.woken.snapshot(), self.library.snapshot())
