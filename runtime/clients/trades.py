"""The trades of a month: of each position what was booked in the month, so that they add up to what trading made."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from brokers.book import mode_of, units_of
from brokers.fills import average_price, floating
from market.money import cents
from market.types import Symbol
from runtime.clients.bookings import MENDED, Booking, Open
from runtime.journal.reader import Line
from runtime.outcomes.explained import position_of


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One position and what the month booked of it, account money."""

    position: int
    strategy: str
    """Empty: none of ours."""
    symbol: str
    side: int
    lots: float
    opened: int
    """0: nobody saw it."""
    closed: int
    """0: it is open."""
    entry: float
    exit: float
    """On the average of what was closed in the month; 0.0: nothing was."""
    profit: float
    commission: float
    swap: float
    fee: float
    left_by: str = ""
    """Why it was closed; empty: it is open, or nobody knows."""

    @property
    def net(self) -> float:
        """What it added to the balance in the month."""
        return cents(self.profit + self.commission + self.swap + self.fee)


def trades_of(
    bookings: Sequence[Booking], began: int, ended: int, still: Mapping[int, Open], stood: Mapping[int, Open],
    reasons: Mapping[int, str],
) -> list[Trade]:  # fmt: skip
    """Return the trades of which something was booked between two moments, in the order they were opened.

    still: what is open at the end, stood: when the account was seen first; reasons: why a position was closed.
    """
    of: dict[int, list[Booking]] = {}
    for booking in bookings:
        if booking.at < ended and (booking.traded or (booking.kind in MENDED and booking.position)):
            of.setdefault(booking.position, []).append(booking)
    found = [
        _trade(all_, [b for b in all_ if b.at >= began], still.get(position), stood.get(position), reasons)
        for position, all_ in of.items()
        if all_[-1].at >= began
    ]
    return sorted(found, key=lambda trade: (trade.opened, trade.position))


def _trade(
    all_: Sequence[Booking], within: Sequence[Booking], still: Open | None, stood: Open | None,
    reasons: Mapping[int, str],
) -> Trade:  # fmt: skip
    first, last = all_[0], all_[-1]
    entries = [b for b in all_ if b.kind == "in"]
    exits = [b for b in within if b.traded and b.kind != "in"]
    whole = ([(stood.lots, stood.price)] if stood else []) + [(b.lots, b.price) for b in entries]
    return Trade(
        position=first.position, strategy=next((b.strategy for b in all_ if b.strategy), ""), symbol=first.symbol,
        side=stood.side if stood else first.side if entries else -first.side,
        lots=sum(lots for lots, _ in whole) or max(b.lots for b in all_),
        opened=stood.since if stood else entries[0].at if entries else 0, closed=0 if still else last.at,
        entry=_average(whole), exit=_average([(b.lots, b.price) for b in exits]),
        profit=cents(sum(b.profit for b in within)), commission=cents(sum(b.commission for b in within)),
        swap=cents(sum(b.swap for b in within)), fee=cents(sum(b.fee for b in within)),
        left_by="" if still else reasons.get(first.position, ""),
    )  # fmt: skip


def _average(parts: Iterable[tuple[float, float]]) -> float:
    """Return the price of several fills, weighted by lots; 0.0 of none."""
    total = price = 0.0
    for lots, at in parts:
        price = average_price(total, price, lots, at) if total else at
        total += lots
    return price


def slippage(outcomes: Iterable[Line], symbols: Mapping[str, Symbol], currency: str) -> tuple[float, int]:
    """Return what slippage has cost closed trades of ours, account money, positive against us; and of how many.

    It is delay and execution: what a fill was worse than the quote at which the order was decided. The spread is not
    in it. What no contract turns into account money is left out.
    """
    cost, many = 0.0, 0
    for row in outcomes:
        symbol = symbols.get(row["symbol"])
        mode = mode_of(symbol, currency) if symbol is not None else None
        worse, at = (row["delay"] or 0.0) + (row["execution"] or 0.0), row["exit_price"]
        if symbol is not None and mode is not None and at is not None and at == at:
            cost += floating(mode, 1.0, at - worse, at, row["volume"], units_of(symbol, currency))
            many += 1
    return cents(cost), many


def reasons_of(outcomes: Iterable[Line]) -> dict[int, str]:
    """Return why each position was closed; of one that was closed in parts, the last."""
    return {position_of(row): row["exit_reason"] for row in outcomes}
