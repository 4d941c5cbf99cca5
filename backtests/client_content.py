"""What a client's report says, in plain words: the first page, then the lists, then what the words mean."""

from collections.abc import Iterator

from backtests.client_blocks import Page, Part, Rows, Words
from backtests.client_lists import glossary, money_moved, open_trades, trade_parts
from backtests.client_picture import picture_of
from backtests.client_said import day_said, moment_said, plus, span_said, start_said, warnings_of
from backtests.client_terms import changes_said, percent, terms_said
from backtests.words import money, share
from runtime.clients.high_water import Fee, Terms
from runtime.clients.month import ClientMonth

PICTURE = (
    "What the account was worth at each moment it was looked at, open trades included. A dashed line, its day "
    "underlined, is money paid in or taken out: that is neither a gain nor a loss."
)
ADDED = "To the cent: the lines between make the last one of the first."
RETURN = (
    "The return leaves out money that was paid in or taken out (time-weighted), so that it can be held against other "
    "investments."
)


def page_of(m: ClientMonth) -> Page:
    """Return the whole report of a month."""
    warned = warnings_of(m)
    said = Part("", (Words(summary(m)),), "said")
    first = (Part("Please note", tuple(Words(text) for text in warned), "warned"),) if warned else ()
    owner = f" · prepared by {m.client.owner}" if m.client.owner else ""
    return Page(
        title=f"{m.client.name}: your account in {m.month.name}",
        sub=f"Account {m.client.account} · {span_said(m)}, days by the clock {m.client.zone} · all amounts in "
        f"{m.currency}{owner}",
        first=(said, *first),
        keys=tuple(_keys(m)),
        rest=tuple(_parts(m)),
    )


def summary(m: ClientMonth) -> str:
    """Return the month in three sentences."""
    moved = []
    if m.paid_in:
        moved.append(f"paid in {money(m.paid_in)}")
    if m.taken_out:
        moved.append(f"took out {money(-m.taken_out)}")
    flows = f"You {' and '.join(moved)}. " if moved else "You paid nothing in and took nothing out. "
    made = "made" if m.made >= 0.0 else "lost"
    came = (
        f"a return of {signed(m.gained.share)} for the month"
        if m.gained.share is not None
        else "a return cannot be given, because there was no money to begin with"
    )
    return (
        f"In {m.month.name} your account went from {money(m.began.worth)} to {money(m.ended.worth)} {m.currency}. "
        f"{flows}Trading {made} {money(abs(m.made))} after all costs, open trades included: {came}."
    )


def signed(value: float | None) -> str:
    """Return a share with its sign.

    >>> signed(0.0123), signed(-0.0123), signed(None)
    ('+1.23 %', '−1.23 %', '–')
    """
    return share(value, 2) if value is None or value < 0.0 else f"+{share(value, 2)}"


def _keys(m: ClientMonth) -> Iterator[tuple[str, str]]:
    yield "worth at the beginning", money(m.began.worth)
    yield "worth at the end", money(m.ended.worth)
    yield "paid in", money(m.paid_in)
    yield "taken out", money(-m.taken_out)
    yield "made by trading, after costs", plus(m.made)
    yield "return of the month", signed(m.gained.share)
    yield f"return since {day_said(m.client.zone, m.since)}", signed(m.gained_since.share)
    yield fee_named(m)


def fee_named(m: ClientMonth) -> tuple[str, str]:
    """Return the key number of the fee: what is owed, or would be."""
    if m.terms is None:
        return "performance fee (none agreed)", "–"
    if m.due:
        return "performance fee owed now", money(sum(fee.fee for fee in m.due))
    return f"fee so far, reckoned each {m.terms.period}", money(m.running.fee if m.running else 0.0)


def _parts(m: ClientMonth) -> Iterator[Part]:
    standing = (
        f"Of the last line {money(m.ended.balance)} are the balance, and {plus(m.ended.floating)} is what open trades "
        "would have brought."
    )
    yield Part("How the numbers add up", (added_up(m), Words(standing), Words(ADDED, small=True)))
    picture = picture_of(m)
    if picture is not None:
        yield Part("What your account was worth", (picture, Words(PICTURE, small=True)))
    yield Part("Return and risk", (*map(Words, _risk(m)), Words(RETURN, small=True)))
    if m.terms is not None:
        yield Part("Performance fee", tuple(_fees(m, m.terms)))
    yield open_trades(m)
    yield from trade_parts(m)
    if moved := money_moved(m):
        yield moved
    yield glossary()


def added_up(m: ClientMonth) -> Rows:
    """Return the way from what the account was worth at the beginning to what it was worth at the end."""
    zone, costs = m.client.zone, m.costs
    lines = [
        ("paid in", m.paid_in), ("taken out", m.taken_out), ("trades that were closed, by their prices", m.traded),
        ("open trades: by how much their profit changed", m.opened), ("commissions", costs.commission),
        ("swaps (interest for holding over night)", costs.swap), ("fees", costs.fee),
        *((kind, amount) for kind, amount in sorted(costs.other.items())),
        *([("corrections that no deal tells", m.mended)] if m.mended else []),
        *([("not explained: see the note above", m.off)] if m.off else []),
    ]  # fmt: skip
    rows = [
        (f"worth at {start_said(zone, m.from_)}", money(m.began.worth)),
        *((name, plus(amount)) for name, amount in lines),
        (f"worth at {moment_said(zone, m.until)}", money(m.ended.worth)),
    ]
    return Rows(("", m.currency), tuple(rows), summed=True)


def _risk(m: ClientMonth) -> Iterator[str]:
    zone = m.client.zone
    if m.worst is None:
        yield "No day of the month lost money."
    else:
        part = f" ({signed(m.worst.share)})" if m.worst.share is not None else ""
        yield f"The worst day was {day_said(zone, m.worst.began)}: {money(m.worst.made)}{part}."
    if m.fall is None:
        yield "The account was never below a high that it had reached before in the month."
    else:
        yield (
            f"The largest fall from a high was {money(m.fall.money)}, {share(m.fall.share, 2)} of the account: from "
            f"{moment_said(zone, m.fall.high)} to {moment_said(zone, m.fall.low)}."
        )
    yield (
        f"Since {day_said(zone, m.since)}, when the account was first seen here, the return is "
        f"{signed(m.gained_since.share)}."
    )
    if m.slipped:
        word = "worse" if m.slippage >= 0.0 else "better"
        yield (
            f"Slippage: {m.slipped} closed {'trade was' if m.slipped == 1 else 'trades were'} executed "
            f"{money(abs(m.slippage))} {word} than the prices they were decided at. That is part of their results "
            "already, and is no further cost."
        )


def _fees(m: ClientMonth, terms: Terms) -> Iterator[Words | Rows]:
    since = next((at for at, _ in reversed(m.client.changes) if at <= m.from_), 0)
    agreed = f"Agreed since {day_said(m.client.zone, since)}" if since else "Agreed"
    yield Words(
        f"{agreed}: {terms_said(terms)}. Money that you pay in raises the mark and money that you take "
        "out lowers it by the same amount, so neither is ever charged."
    )
    for at, old, new in changes_said(m.client):
        told = f"Until {day_said(m.client.zone, at - 1)} it was agreed: {old}." if at <= m.from_ else ""
        yield Words(told or f"From {day_said(m.client.zone, at)} on it is agreed: {new}.")
    for fee in m.due:
        yield Words(_owed(m, fee, due=True))
        yield _reckoning(m, fee, terms)
    if m.running is not None:
        yield Words(_owed(m, m.running, due=False))
        yield _reckoning(m, m.running, terms)


def _owed(m: ClientMonth, fee: Fee, *, due: bool) -> str:
    when = moment_said(m.client.zone, fee.at)
    if fee.fee:
        amount = f"{money(fee.fee)} {m.currency}"
        return f"Owed at {when}: {amount}." if due else f"If the period ended at {when}, {amount} would be owed."
    below = fee.mark + fee.free - fee.worth
    why = f"the account is {money(below)} below what it must exceed" if below > 0.0 else "nothing was gained beyond it"
    return f"{'Nothing is owed' if due else 'Nothing would be owed'} at {when}: {why}."


def _reckoning(m: ClientMonth, fee: Fee, terms: Terms) -> Rows:
    rows = [
        ("the account is worth", money(fee.worth)),
        ("high-water mark, payments counted", money(fee.mark)),
        *([("left free by the hurdle", money(fee.free))] if terms.hurdle else []),
        ("gain that is charged", money(fee.gain)),
        (f"fee, {percent(terms.rate)} of it", money(fee.fee)),
    ]
    return Rows(("", m.currency), tuple(rows), summed=True)
