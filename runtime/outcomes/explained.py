"""The balance as a journal's own rows explain it: what it began with, closed trades, open ones, others', the ledger.

It is reckoned from the tables that people read and held against the balance that the venue told, so that it says
whether those tables can be added up.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from brokers.facts import Reconciled
from market.money import cents
from market.types import Deal
from runtime.core.positions import LOT_DUST
from runtime.core.writeoff import WRITTEN_OFF
from runtime.journal.reader import JournalReader, Line
from runtime.outcomes.open_trade import own_part
from runtime.recorder import decode_fact

LOOKS = 500
"""Looks at the venue that are read at most to find one whose balance holds all deals told until then."""
_OF_A_DEAL = frozenset(Deal.__struct_fields__)


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Sums in account money, to the cent."""

    since: int
    """When the balance was known first, server time."""
    began: float
    outcomes: float
    """Closed trades of ours."""
    standing: float
    """What the deals of open ones have made so far."""
    foreign: float
    """Trades of others."""
    ledger: dict[str, float]
    """Money that came or went without a trade, by kind."""
    balance: float
    """As the venue told it last, and the deals told since."""

    @property
    def unexplained(self) -> float:
        """What the balance is beyond the sums: 0.0, or something was counted wrongly."""
        ledger = cents(sum(self.ledger.values()))
        return cents(self.balance - (self.began + self.outcomes + self.standing + self.foreign + ledger))


def explained(reader: JournalReader) -> Explained | None:
    """Return how the rows of a journal explain the balance; None where the venue was not looked at yet."""
    first, last = counted_look(reader), counted_look(reader, last=True)
    if first is None or last is None:
        return None
    began, seen = first[1].account.balance, last[1].account.balance
    deals = [row for row in reader.lines("deals") if row["seq"] > first[0]]
    seqs = {row["ticket"]: row["seq"] for row in deals}
    ledger = [(seqs.get(row["deal"], -row["deal"]), row) for row in reader.lines("ledger")]
    ledger = [(seq, row) for seq, row in ledger if seq > first[0]]
    outcomes = reader.outcomes(book="live")
    standing, foreign = _trades([row for row in deals if row["entry"] != "none"], outcomes)
    later = [_money(row) for row in deals if row["seq"] > last[0] and row["entry"] != "none"]
    later += [row["money"] for seq, row in ledger if seq > last[0]]
    return Explained(
        since=first[1].at, began=began, outcomes=cents(sum(row["net"] for row in outcomes)), standing=standing,
        foreign=foreign, ledger=_by_kind([row for _, row in ledger]), balance=cents(seen + sum(later)),
    )  # fmt: skip


def counted_look(reader: JournalReader, *, last: bool = False) -> tuple[int, Reconciled] | None:
    """Return the first or last look whose balance holds the money of all deals told until then, and its row."""
    for seq, raw in reader.facts(Reconciled.__name__, LOOKS, last=last):
        fact = decode_fact(raw)
        if isinstance(fact, Reconciled) and fact.counted:
            return seq, fact
    return None


def _by_kind(rows: Sequence[Line]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[row["kind"]] = cents(found[row["kind"]] + row["money"])
    return dict(found)


def _money(row: Line) -> float:
    return float(row["profit"] + row["commission"] + row["swap"] + row["fee"])


def _trades(deals: Sequence[Line], outcomes: Sequence[Line]) -> tuple[float, float]:
    """Return what open trades of ours have made so far, and what trades of others made."""
    ended: dict[int, list[Line]] = defaultdict(list)
    for row in outcomes:
        ended[position_of(row)].append(row)
    mine: dict[int, list[Line]] = defaultdict(list)
    foreign = 0.0
    for row in deals:
        if row["strategy"]:
            mine[row["position"]].append(row)
        else:
            foreign += _money(row)
    standing = 0.0
    for position, rows in mine.items():
        made, beyond = _made(rows, ended[position])
        standing, foreign = standing + made, foreign + beyond
    return cents(standing), cents(foreign)


def _made(rows: Sequence[Line], ended: Sequence[Line]) -> tuple[float, float]:
    """Return of our deals of one position what an open trade has made so far, and what of them others made.

    What leaves a trade is ours up to its lots, which its outcome says once it is over; of one that was adopted and is
    open all is. ended: outcomes of the position, in the order in which its trades ended.
    """
    over, made, beyond, left = [*ended], 0.0, 0.0, 0.0
    for row in sorted(rows, key=lambda row: int(row["ticket"])):
        if over and over[0]["exit_reason"] == WRITTEN_OFF:
            break  # what is told of it after all is in the balance that was taken
        deal = _deal(row)
        if deal.entry == "in":
            made, left = (made, left) if over else (made + deal.money, left + deal.volume)
            continue
        left = left or (over[0]["volume"] if over else 0.0)
        most = left if over or row["decision"] else deal.volume
        volume = deal.volume if deal.volume <= most + LOT_DUST else most
        part, left = sum(own_part(deal, volume)), max(left - volume, 0.0)
        made, beyond = made if over else made + part, beyond + deal.money - part
        if over and left <= LOT_DUST:
            del over[0]
            left = 0.0
    return made, beyond


def _deal(row: Line) -> Deal:
    given: dict[str, Any] = {name: value for name, value in row.items() if name in _OF_A_DEAL}
    return Deal(order=row["order_ticket"], **given)


def position_of(outcome: Line) -> int:
    """Return the position of an outcome, which its key names."""
    return int(str(outcome["id"]).rpartition("/")[2].partition(".")[0])
