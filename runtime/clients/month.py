"""A client's month: all that his report says of it, in numbers, made of the account's journal."""

from collections.abc import Sequence

import msgspec

from config.errors import DataError
from market.money import cents
from runtime.clients.bookings import COMMISSIONS, MENDED, Booking, Open, open_after, total
from runtime.clients.covered import Gap, gaps
from runtime.clients.days import Day, Fall, days_of, deepest_fall, worst
from runtime.clients.high_water import Fee, Terms, fees
from runtime.clients.months import Month, closings, month_at
from runtime.clients.read import (
    Look,
    bookings_since,
    first_look,
    head_of,
    look_before,
    looks_between,
    open_of,
    placed,
)
from runtime.clients.returns import Flow, Growth, Worth, growth
from runtime.clients.terms import Client, contracts_of, said_otherwise
from runtime.clients.trades import Trade, reasons_of, slippage, trades_of
from runtime.clients.valued import Valued, Valuer
from runtime.core.deals import UNSPENT
from runtime.journal.reader import JournalReader


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What the month's trading and keeping cost or brought beside the prices, account money, signed as booked."""

    commission: float
    swap: float
    fee: float
    other: dict[str, float]
    """Money without a trade that is no flow, by kind."""

    @property
    def sum(self) -> float:
        """All of it."""
        return cents(self.commission + self.swap + self.fee + sum(self.other.values()))


class ClientMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month of one account; money in its currency, moments in UTC milliseconds."""

    client: Client
    currency: str
    month: Month
    since: int
    """When the account was seen first: what was before, nobody here knows."""
    from_: int
    until: int
    """What of the month is told: from its beginning to its end, or as far as the journal goes."""
    whole: bool
    began: Valued
    ended: Valued
    bookings: tuple[Booking, ...]
    paid_in: float
    taken_out: float
    traded: float
    """What closing trades made by their prices, before costs."""
    mended: float
    """What a person took for true that no deal told."""
    costs: Costs
    off: float
    """What the balance at the end is beyond that at the beginning and all bookings: 0.0, or it does not add up."""
    gained: Growth
    gained_since: Growth
    days: tuple[Day, ...]
    worst: Day | None
    fall: Fall | None
    seen: int
    """At how many moments the fall was looked for."""
    slippage: float
    slipped: int
    trades: tuple[Trade, ...]
    due: tuple[Fee, ...]
    """Fees that are owed for good with this month."""
    running: Fee | None
    """What the fee would be if its period ended with what is told; None: it does, or none was agreed."""
    otherwise: tuple[int, Terms | None] | None
    """A start of the account that told other terms of that moment, and what they were."""
    gaps: tuple[Gap, ...]
    points: tuple[Worth, ...]
    """What the account was worth at each moment at which anybody looked."""

    @property
    def terms(self) -> Terms | None:
        """The terms by which the month is reckoned; None: no fee was agreed for it."""
        return self.client.agreed(self.from_)

    @property
    def made(self) -> float:
        """What trading made after costs, open profit included."""
        return cents(self.ended.worth - self.began.worth - self.paid_in - self.taken_out)

    @property
    def opened(self) -> float:
        """By how much the open profit has changed."""
        return cents(self.ended.floating - self.began.floating)


def month_told(reader: JournalReader, client: Client, month: Month) -> ClientMonth:
    """Return a month of an account as its journal has it; DataError where it has nothing of it."""
    start = first_look(reader)
    if start is None:
        raise DataError(f"{client.account}: its balance is not known yet: start it once, and let it look at its venue")
    last, known = head_of(reader)
    if month.ends(client.zone) <= start.at or month.begins(client.zone) > known:
        span = f"{month_at(client.zone, start.at)} to {month_at(client.zone, known)}"
        raise DataError(f"{client.account}: the journal has nothing of {month}: it goes from {span}")
    return _Telling(reader, client, month, start, (last, known)).told()


class _Telling:
    """One month on its way."""

    def __init__(
        self, reader: JournalReader, client: Client, month: Month, start: Look, head: tuple[int, int]
    ) -> None:  # fmt: skip
        last, known = head  # a daemon may be writing: what comes after is not asked for
        self.reader, self.client, self.month, self.start = reader, client, month, start
        begins, self.ends = month.begins(client.zone), month.ends(client.zone)
        self.from_, self.until = max(begins, start.at), min(self.ends, known + 1)
        self.whole = (self.from_, self.until) == (begins, self.ends)
        self.all = bookings_since(reader, start, last)
        self.symbols, self.currency = contracts_of(reader), start.account.currency
        self.valuer = Valuer(reader, start, self.all, self.symbols, self.currency, last)
        self.flows = [self._flow(n) for n, booking in enumerate(self.all) if booking.flows and booking.at < self.until]

    def _flow(self, n: int) -> Flow:
        valued, booking = self.valuer.before(n), self.all[n]
        return Flow(booking.at, booking.money, valued.worth if valued.sure else None)

    def told(self) -> ClientMonth:
        """Return it."""
        within = [b for b in self.all if self.from_ <= b.at < self.until]
        began, ended = self.valuer.at(self.from_), self.valuer.at(self.until)
        flows = [flow for flow in self.flows if flow.at >= self.from_]
        days = self._days(flows, began, ended)
        first, last = self._rows()
        points = self._points(days, flows, began, (first, last))
        slip, slipped = slippage(self._closed(), self.symbols, self.currency)
        due, running = self._fees(ended)
        return ClientMonth(
            client=self.client, currency=self.currency, month=self.month, since=self.start.at, from_=self.from_,
            until=self.until, whole=self.whole, began=began, ended=ended, bookings=tuple(within),
            paid_in=cents(sum(flow.money for flow in flows if flow.money > 0.0)),
            taken_out=cents(sum(flow.money for flow in flows if flow.money < 0.0)),
            traded=cents(sum(b.profit for b in within if b.traded)),
            mended=total(b for b in within if b.kind in MENDED), costs=_costs(within),
            off=cents(ended.balance - began.balance - total(within)),
            gained=growth(began.point, flows, ended.point),
            gained_since=growth(self.valuer.at(self.start.at).point, self.flows, ended.point),
            days=tuple(days), worst=worst(days), fall=deepest_fall(points, flows), seen=len(points), slippage=slip,
            slipped=slipped,
            otherwise=said_otherwise(self.reader, self.client), trades=tuple(self._trades()), due=due, running=running,
            gaps=tuple(gaps(self.reader, first, last, self.from_, self.until)), points=tuple(points),
        )  # fmt: skip

    def _days(self, flows: Sequence[Flow], began: Valued, ended: Valued) -> list[Day]:
        midnights = [at for at in self.month.days(self.client.zone) if self.from_ < at < self.until]
        return days_of([began.point, *(self.valuer.at(at).point for at in midnights), ended.point], flows)

    def _rows(self) -> tuple[int, int]:
        """Return the rows of the log between which everything stands that was told of the month."""
        rows = self.valuer.rows
        before = look_before(self.reader, self.from_, rows.by(self.from_) + 1)
        return (before or self.start).seq, rows.by(self.until)

    def _points(
        self, days: Sequence[Day], flows: Sequence[Flow], began: Valued, rows: tuple[int, int]
    ) -> list[Worth]:  # fmt: skip
        """Return what it was worth at each look, midnight, and just before and after each flow."""
        looks = placed(looks_between(self.reader, *rows, self.from_, self.until), self.all)
        seen = {at: look.worth for at, look in looks if at < self.until}
        for flow in flows:
            if flow.before is not None:
                seen |= {flow.at: flow.before, flow.at + 1: cents(flow.before + flow.money)}
        seen |= {began.at: began.worth}
        ends = [*(day.began for day in days[1:]), self.until]
        seen |= {at: day.worth for at, day in zip(ends, days, strict=True)}
        return [Worth(at, money) for at, money in sorted(seen.items())]

    def _closed(self) -> list[dict[str, object]]:
        rows = self.reader.since("outcomes", "closed", self.from_, book="live")
        return [row for row in rows if row["closed"] < self.until]

    def _trades(self) -> list[Trade]:
        stood: dict[int, Open] = {p.ident: open_of(p, "") for p in self.start.positions}
        still = open_after([*stood.values()], [b for b in self.all if b.at < self.until])
        reasons = reasons_of(self.reader.outcomes(book="live"))
        return trades_of(self.all, self.from_, self.until, still, stood, reasons)

    def _fees(self, ended: Valued) -> tuple[tuple[Fee, ...], Fee | None]:
        if self.client.free:
            return (), None
        ends = self._closings()
        last = [] if ends[-1:] == [self.until] else [ended.point]
        points = [ended.point if at == self.until else self.valuer.at(at).point for at in ends] + last
        found = fees(self.valuer.at(self.start.at).point, self.flows, points, self.client.terms, self.client.changes)
        owed = found[: len(ends)]
        return tuple(fee for fee in owed if fee.at > self.from_), found[-1] if last else None

    def _closings(self) -> list[int]:
        """Return when each period ends until the end of what is told; a change of terms begins with a period."""
        begins = [(self.start.at, self.client.terms), *self.client.changes]
        ends = [*(at for at, _ in self.client.changes), self.until]
        found = []
        for (first, terms), last in zip(begins, ends, strict=True):
            if max(first, self.start.at) < min(last, self.until):
                found += closings(self.client.zone, max(first, self.start.at), min(last, self.until), terms.period)
        return found


def _costs(within: Sequence[Booking]) -> Costs:
    other: dict[str, float] = {}
    for b in within:
        if not b.traded and not b.flows and b.kind not in MENDED | UNSPENT | COMMISSIONS:
            other[b.kind] = cents(other.get(b.kind, 0.0) + b.money)
    return Costs(
        commission=cents(
            sum(b.commission for b in within) + sum(b.profit for b in within if b.kind in COMMISSIONS)
        ),
        swap=cents(sum(b.swap for b in within)), fee=cents(sum(b.fee for b in within)), other=other,
    )  # fmt: skip
