"""What a journal tells of an account's money: its bookings, and the looks that were taken at the venue."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from sqlalchemy import func, select

from brokers.facts import Reconciled
from market.money import cents
from market.types import Account, Position
from runtime.clients.bookings import Booking, Open
from runtime.core.writeoff import WRITTEN_OFF
from runtime.journal.entries import EVER
from runtime.journal.reader import JournalReader, Line
from runtime.journal.schema import log, tables
from runtime.outcomes.explained import LOOKS, counted_look, position_of
from runtime.recorder import decode_fact

AT_ONCE = 2000
FAR = 1 << 62
"""The row of what no row tells."""


class Look(NamedTuple):
    """What the venue told at a moment, after every deal it knew was told."""

    seq: int
    at: int
    account: Account
    positions: tuple[Position, ...]

    @property
    def floating(self) -> float:
        """The open profit, swaps that wait with it; a credit is none."""
        return cents(self.account.equity - self.account.credit - self.account.balance)

    @property
    def worth(self) -> float:
        """Balance and open profit."""
        return cents(self.account.equity - self.account.credit)


def head_of(reader: JournalReader) -> tuple[int, int]:
    """Return the last row of a journal, up to which all that is asked is answered, and the last moment it heard of."""
    seq = reader.head().seq
    query = select(func.max(log.c.at)).where(log.c.seq > seq - AT_ONCE, log.c.seq <= seq)
    return seq, int(reader.ask(query)[0][0] or 0)


def first_look(reader: JournalReader) -> Look | None:
    """Return the look with which an account's money is known; None where there was none yet."""
    found = counted_look(reader)
    return None if found is None else Look(found[0], found[1].at, found[1].account, found[1].positions)


class Rows:
    """Where in the log a moment stands."""

    def __init__(self, reader: JournalReader, symbols: Iterable[str], last: int) -> None:
        """Take the symbols whose bars are decided on, and the last row that counts."""
        self.reader, self.symbols, self.last = reader, [*symbols], last
        self.known: dict[int, int] = {}

    def by(self, at: int) -> int:
        """Return a row after which nothing stands that happened before a moment and was told then.

        It is that of the first decision on a bar of later, which an index finds; the last row where there is none.
        """
        if at not in self.known:
            self.known[at] = min((self._decided(symbol, at) for symbol in self.symbols), default=self.last)
        return self.known[at]

    def _decided(self, symbol: str, at: int) -> int:
        of = tables.tables["decisions"].c
        query = select(of.seq).where(of.symbol == symbol, of.bar_time >= at).order_by(of.bar_time).limit(1)
        return min((seq for (seq,) in self.reader.ask(query)), default=self.last)


def look_before(reader: JournalReader, at: int, seq: int) -> Look | None:
    """Return the last look before a moment and a row whose balance holds all deals told; None where there is none."""
    there = (EVER[0], at), (EVER[0], seq)
    found = reader.facts_where(Reconciled.__name__, *there, limit=LOOKS, last=True, many=4)
    return next(_counted(found), None)


def looks_between(reader: JournalReader, first: int, last: int, began: int, ended: int) -> Iterator[Look]:
    """Yield the looks of some rows, both included, from a moment up to another, that not included."""
    yield from _counted(reader.facts_where(Reconciled.__name__, (began, ended), (first, last + 1)))


def placed(looks: Iterable[Look], bookings: Iterable[Booking]) -> Iterator[tuple[int, Look]]:
    """Yield looks with when they were taken: after all that was told before.

    A look has the time of the last quote, which stands while markets are closed; money that is paid in has its own.
    """
    told, waiting = 0, sorted(bookings, key=lambda booking: booking.seq, reverse=True)
    for look in looks:
        while waiting and waiting[-1].seq < look.seq:
            told = max(told, waiting.pop().at + 1)
        yield max(look.at, told), look


def _counted(found: Iterable[tuple[int, bytes]]) -> Iterator[Look]:
    for seq, raw in found:
        fact = decode_fact(raw)
        if isinstance(fact, Reconciled) and fact.counted:
            yield Look(seq, fact.at, fact.account, fact.positions)


def bookings_since(reader: JournalReader, start: Look, last: int) -> list[Booking]:
    """Return all bookings after the first look and up to a row, in the order of their times."""
    told: dict[int, Line] = {row["deal"]: row for row in reader.lines("ledger")}
    gone = [row for row in reader.outcomes(book="live") if row["exit_reason"] == WRITTEN_OFF]
    lost = {position_of(row): row["closed"] for row in gone}
    found = _mended([row for key, row in told.items() if start.seq < -key <= last], gone)
    for row in reader.lines("deals"):
        late = row["at"] >= lost.get(row["position"], row["at"] + 1)  # its money is in the balance that was taken
        if start.seq < row["seq"] <= last and not late:
            found.append(_deal(row, told.get(row["ticket"]), start.at))
    return sorted(found, key=lambda booking: (booking.at, booking.ticket, booking.seq))


def _deal(row: Line, ledger: Line | None, since: int) -> Booking:
    """Return a deal as a booking; one of before that was told late counts from when the account was known.

    Each part is told to the cent; what its broker reckoned finer is in the profit, so that the parts make the whole.
    """
    parts = ("commission", "swap", "fee")
    commission, swap, fee = (cents(row[name]) if ledger is None else 0.0 for name in parts)
    whole = cents(row["profit"] + row["commission"] + row["swap"] + row["fee"])
    return Booking(
        at=max(row["at"], since), seq=row["seq"], ticket=row["ticket"],
        kind=row["entry"] if ledger is None else ledger["kind"], profit=cents(whole - commission - swap - fee),
        commission=commission, swap=swap, fee=fee, position=row["position"], symbol=row["symbol"], side=row["side"],
        lots=row["volume"], price=row["price"], strategy=row["strategy"], note=row["comment"] or "",
    )  # fmt: skip


def _mended(rows: Sequence[Line], gone: Sequence[Line]) -> list[Booking]:
    """Return what a person took for true, and each trade that was written off with the money that went with it."""
    found, waiting = [], list(gone)
    for row in rows:
        same = (one for one in waiting if row["kind"] == WRITTEN_OFF and one["closed"] == row["at"])
        outcome = next(same, None)
        if outcome is not None:
            waiting.remove(outcome)
        found.append(_taken(row["at"], -row["deal"], row["kind"], row["money"], outcome))
    return found + [_taken(one["closed"], FAR, WRITTEN_OFF, 0.0, one) for one in waiting]


def _taken(at: int, seq: int, kind: str, money: float, of: Line | None) -> Booking:
    found = Booking(at=at, seq=seq, ticket=0, kind=kind, profit=money)
    if of is None:
        return found
    named = {"position": position_of(of), "symbol": of["symbol"], "strategy": of["strategy"]}
    return msgspec.structs.replace(found, **named)


def open_of(position: Position, strategy: str) -> Open:
    """Return an open position as a look tells it."""
    return Open(
        position=position.ident, symbol=position.symbol, side=position.side, lots=position.volume,
        price=position.price, since=position.at, strategy=strategy, profit=position.profit, swap=position.swap,
    )  # fmt: skip
