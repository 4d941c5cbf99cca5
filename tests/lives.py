"""Journals of accounts that were lived by hand, to be told to their clients: looks, deals, flows and bars."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from brokers.facts import DealMade, Reconciled
from config.journal import Where
from market.money import cents
from market.types import Account, Deal, Position
from runtime.clients.month import ClientMonth, month_told
from runtime.clients.months import Month, month_of
from runtime.clients.terms import client_of
from runtime.clock import Clock
from runtime.core.core import Core
from runtime.core.facts import AnyFact
from runtime.core.plan import Plan
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.recorder import Recorder
from tests.cores import BALANCE, a_lane, a_plan, level
from tests.venues import HOUR, MONDAY

DAY = 24 * HOUR


class Life:
    """What happened to an account, in the order in which it was told."""

    def __init__(self, began: int = MONDAY, balance: float = BALANCE, ticket: int = 100) -> None:
        """Begin with a look at the venue, where the last deal had this ticket."""
        self.balance, self.ticket = balance, ticket
        self.facts: list[AnyFact] = [level("run", began)]
        self.look(began)

    def look(self, at: int, *positions: Position, floating: float = 0.0, credit: float = 0.0) -> None:
        """Look at the venue: what is open, and what that would bring."""
        account = Account(
            login=1, server="test", currency="USD", leverage=100, hedging=True, demo=True, trade_allowed=True,
            balance=self.balance, equity=cents(self.balance + floating + credit), credit=credit,
        )  # fmt: skip
        seen = Reconciled(at=at, account=account, positions=positions, orders=(), last_deal=self.ticket)
        self.facts.append(seen)

    def deal(self, at: int, **fields: Any) -> Deal:  # noqa: ANN401 - the fields of a deal
        """Make a deal of a stranger's; without any it is money paid in."""
        self.ticket += 1
        given: dict[str, Any] = {
            "ticket": self.ticket, "order": 0, "position": 0, "at": at, "symbol": "", "side": 1, "entry": "none",
            "volume": 0.0, "price": 0.0, "reason": "balance" if "entry" not in fields else "client",
            "flow": "" if "entry" in fields else "balance",
        }  # fmt: skip
        made = Deal(**(given | fields))
        self.balance = cents(self.balance + made.money)
        self.facts.append(DealMade(at=at, deal=made))
        return made

    def pays(self, at: int, money: float, flow: str = "balance") -> Deal:
        """Pay money in, or take it out."""
        return self.deal(at, profit=money, flow=flow)

    def trade(self, at: int, left: int, profit: float, **costs: float) -> None:
        """Buy gold and leave it again; the costs are booked when it is left."""
        entry = self.deal(at, position=self.ticket + 1, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
        self.deal(
            left, position=entry.position, symbol="XAUUSD", entry="out", side=-1, volume=1.0,
            price=100.0 + profit / 100.0, profit=profit, **costs,
        )  # fmt: skip


def journaled(folder: Path, facts: Iterable[AnyFact], plan: Plan | None = None, **client: Any) -> Path:  # noqa: ANN401
    """Write the journal of an account that was told these facts, and what was agreed with its client."""
    folder.mkdir(parents=True, exist_ok=True)
    written(folder / "journal.sqlite", facts, plan, **client)
    return folder / "journal.sqlite"


def written(place: Where, facts: Iterable[AnyFact], plan: Plan | None = None, **client: Any) -> None:  # noqa: ANN401
    """Write the same, on either database."""
    plan = plan or a_plan(a_lane({}))
    config = {"account": {"name": "one", "user": "Ann", "owner": "Bob"}, **({"client": client} if client else {})}
    with JournalWriter(place) as journal:
        core = Core(plan)
        recorder = Recorder(core, Books(core, {}, shadows=False), journal, Clock())
        recorder.begin({
            "run": 1, "mode": "live", "config": msgspec.json.encode(config).decode(),
            "symbols": msgspec.json.encode(plan.symbols).decode(),
        })  # fmt: skip
        for fact in facts:
            recorder.take(fact)


def told(journal: Where, month: str | Month) -> ClientMonth:
    """Return a month of a journal."""
    wanted = month if isinstance(month, Month) else month_of(month)
    assert wanted is not None
    with JournalReader(journal) as reader:
        return month_told(reader, client_of(reader, None), wanted)
