"""The lists of a client's report: what is open, the trades by strategy, money that moved, and what the words mean."""

from collections.abc import Iterator, Sequence

from backtests.client_blocks import Part, Rows, Words
from backtests.client_said import day_said, moment_said, plus
from backtests.words import many
from market.money import cents
from runtime.clients.bookings import Open
from runtime.clients.month import ClientMonth
from runtime.clients.months import NAMES, date_at
from runtime.clients.statement import plain
from runtime.clients.trades import Trade

OURS = "Strategy {}"
THEIRS = "Trades by hand or by others"
LEFT = {"person": "by hand", "stop_out": "stop-out"}
"""Why a trade was left, where the word of it is not one that a client knows."""
SIDES = {1: "bought", -1: "sold"}
TRADES = ("trade", "opened", "closed", "entry", "exit", "by prices", "commission", "swap", "fee", "result")
BOOKED = (
    "What the month booked of each trade. Of one that was opened in an earlier month the costs of opening it are "
    "in that month's report; of one that is still open nothing but its costs is booked yet."
)
WORDS = (
    ("balance", "the money on the account, without what open trades would bring"),
    ("worth", "balance and what open trades would bring if they were closed at that moment; brokers say equity"),
    ("bought, sold", "a trade that is bought gains when the price rises, one that is sold when it falls"),
    ("lot", "the size of a trade; how much one lot is depends on what is traded"),
    ("stop-out", "the broker has closed a trade, because there was too little money for its margin"),
    ("commission", "what the broker takes for carrying out a trade"),
    ("swap", "interest for holding a trade over night; it can be paid or received"),
    ("slippage", "by how much a trade was carried out at a worse price than the one it was decided at"),
    ("return", "by how much each unit of money grew, whatever was paid in or taken out between (time-weighted)"),
    ("largest fall", "the most that was lost between a high and a later low; also called drawdown"),
    ("high-water mark", "the most the account was worth when a fee was reckoned; only what is above it is charged"),
    ("hurdle", "what the account has to bring before a fee is charged"),
)


def open_trades(m: ClientMonth) -> Part:
    """Return what is open at the end."""
    title = f"Open at {moment_said(m.client.zone, m.until)}"
    if not m.ended.positions:
        return Part(title, (Words("No trade was open."),))
    rows = [_open_row(m, one) for one in m.ended.positions]
    sums = [cents(sum(getattr(one, name) for one in m.ended.positions)) for name in ("profit", "swap")]
    rows.append(("together", "", "", "", *(plus(amount) for amount in sums)))
    columns = ("trade", "strategy", "opened", "entry", "profit so far", "swap so far")
    return Part(title, (Rows(columns, tuple(rows), texts=3, summed=True),))


def _open_row(m: ClientMonth, one: Open) -> tuple[str, ...]:
    return (
        what(one.side, one.lots, one.symbol), one.strategy or "by hand or others", short(m, one.since),
        plain_price(one.price), plus(one.profit), plus(one.swap),
    )  # fmt: skip


def trade_parts(m: ClientMonth) -> Iterator[Part]:
    """Yield the trades of the month, a section for each strategy."""
    names = sorted({trade.strategy for trade in m.trades}, key=lambda name: (not name, name))
    for place, name in enumerate(names):
        trades = [trade for trade in m.trades if trade.strategy == name]
        title = OURS.format(name) if name else THEIRS
        total = plus(cents(sum(trade.net for trade in trades)))
        said = () if place else (Words(BOOKED, small=True),)
        yield Part(f"{title}: {many(len(trades), 'trade')}, {total}", (_table(m, trades), *said))
    if not names:
        yield Part("Trades", (Words("Nothing was traded in the month."),))


def _table(m: ClientMonth, trades: Sequence[Trade]) -> Rows:
    rows: list[tuple[str, ...]] = [
        (
            what(t.side, t.lots, t.symbol), short(m, t.opened) if t.opened else "before",
            _left(m, t) if t.closed else "open",
            plain_price(t.entry), plain_price(t.exit), plus(t.profit), plus(t.commission),
            plus(t.swap), plus(t.fee), plus(t.net),
        )
        for t in trades
    ]  # fmt: skip
    sums = (cents(sum(getattr(t, name) for t in trades)) for name in ("profit", "commission", "swap", "fee", "net"))
    rows.append(("together", "", "", "", "", *(plus(amount) for amount in sums)))
    return Rows(TRADES, tuple(rows), texts=3, summed=True)


def _left(m: ClientMonth, t: Trade) -> str:
    why = LEFT.get(t.left_by, t.left_by)
    return f"{short(m, t.closed)} ({why})" if why else short(m, t.closed)


def money_moved(m: ClientMonth) -> Part | None:
    """Return all money that came or went without a trade; None where there was none."""
    moved = [b for b in m.bookings if not b.traded]
    if not moved:
        return None
    rows = tuple((day_said(m.client.zone, b.at), b.kind, b.note, plus(b.profit)) for b in moved)
    credit = any(b.kind == "credit" for b in moved)
    said = (Words("A credit is lent by the broker: it is no part of the balance.", small=True),) if credit else ()
    return Part("Money without a trade", (Rows(("day", "kind", "note", m.currency), rows, texts=3), *said))


def glossary() -> Part:
    """Return what the words mean."""
    return Part("What the words mean", (Rows(("word", "meaning"), WORDS, texts=2),))


def what(side: int, lots: float, symbol: str) -> str:
    """Return a trade as people say it.

    >>> what(-1, 0.5, "XAUUSD"), what(1, 0.00002, "BTCUSD")
    ('sold 0.5 XAUUSD', 'bought 0.00002 BTCUSD')
    """
    return f"{SIDES[side]} {_rounded(lots, 8)} {symbol}"


def short(m: ClientMonth, at: int) -> str:
    """Return the day of a moment in few letters, with its year where that is not the month's."""
    day = date_at(m.client.zone, at)
    year = "" if day.year == m.month.year else f" {day.year}"
    return f"{day.day} {NAMES[day.month - 1][:3]}{year}"


def plain_price(price: float) -> str:
    """Return a price, an average to ten digits; nothing where there is none.

    >>> plain_price(3.31 / 3), plain_price(0.00001234), plain_price(0.0)
    ('1.103333333', '0.00001234', '')
    """
    return _rounded(price, 10) if price else ""


def _rounded(x: float, digits: int) -> str:
    """Return a number in so many digits at most, and never with an exponent."""
    return plain(float(f"{x:.{digits}g}"))
