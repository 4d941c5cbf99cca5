"""Moments and warnings of a client's report, in plain words."""

from collections.abc import Iterator

from backtests.client_terms import terms_said
from backtests.words import many, money
from brokers.mt5.zone import to_server
from market.types import DAY_MS, HOUR_MS
from runtime.clients.month import ClientMonth
from runtime.clients.months import NAMES, date_at

SHOWN = 5
"""Stretches that nobody watched, the longest first."""
WHY = {"not running": "Tidegate was not running", "out of reach": "the broker was out of reach"}


def day_said(zone: str, at: int) -> str:
    """Return the day of a moment by a clock.

    >>> day_said("UTC", 1072828800000)
    '31 December 2003'
    """
    day = date_at(zone, at)
    return f"{day.day} {NAMES[day.month - 1]} {day.year}"


def moment_said(zone: str, at: int) -> str:
    """Return a moment by a clock, midnight as the end of the day before.

    >>> moment_said("UTC", 1072828800000), moment_said("UTC+2", 1072828800000)
    ('the end of 30 December 2003', '31 December 2003, 02:00')
    >>> moment_said("UTC", 1072828800001)
    'the end of 30 December 2003'
    """
    minute = to_server(zone, at) % DAY_MS // 60_000
    if not minute:
        return f"the end of {day_said(zone, _last_of(zone, at))}"
    return f"{day_said(zone, at)}, {minute // 60:02}:{minute % 60:02}"


def _last_of(zone: str, at: int) -> int:
    """Return the last moment of the minute that has ended by then: just after midnight that is the day before."""
    return at - to_server(zone, at) % 60_000 - 1


def start_said(zone: str, at: int) -> str:
    """Return a moment with which something begins, midnight as the beginning of its day.

    >>> start_said("UTC", 1072828800000)
    'the beginning of 31 December 2003'
    """
    midnight = to_server(zone, at) % DAY_MS < 60_000
    return f"the beginning of {day_said(zone, at)}" if midnight else moment_said(zone, at)


def plus(amount: float) -> str:
    """Return an amount with its sign, nothing without one.

    >>> plus(5.0), plus(-5.0), plus(0.0)
    ('+5.00', '−5.00', '0.00')
    """
    return money(amount, signed=amount != 0.0)


def span_said(m: ClientMonth) -> str:
    """Return the days of which a report tells, both included."""
    return f"{day_said(m.client.zone, m.from_)} to {day_said(m.client.zone, _last_of(m.client.zone, m.until))}"


def warnings_of(m: ClientMonth) -> list[str]:
    """Return what must be known before any number is believed."""
    return [*_adds_up(m), *_covers(m), *_priced(m), *_estimated(m), *_otherwise(m)]


def _adds_up(m: ClientMonth) -> Iterator[str]:
    if m.off:
        yield (
            f"The numbers do not add up: the broker's balance is {plus(m.off)} {m.currency} off what all "
            "bookings of the month make of it. Ask us what it is before you rely on this report."
        )


def _covers(m: ClientMonth) -> Iterator[str]:
    zone = m.client.zone
    if m.from_ > m.month.begins(zone):
        yield (
            f"The month is told from {start_said(zone, m.from_)} on, when the account was first seen here. What was "
            "before is not in this report."
        )
    if m.until < m.month.ends(zone):
        yield f"The month is told up to {moment_said(zone, m.until)}: what came after is not in this report."
    longest = sorted(m.gaps, key=lambda gap: gap.began - gap.ended)
    for gap in sorted(longest[:SHOWN], key=lambda gap: gap.began):
        yield (
            f"Nothing was watched from {moment_said(zone, gap.began)} to {moment_said(zone, gap.ended)}: "
            f"{WHY[gap.why]}. What was booked then is in this report; what the account was worth in between is not "
            "known, so its worst day and largest fall may have been worse."
        )
    if len(longest) > SHOWN:
        yield f"There were {len(longest) - SHOWN} more such stretches, all of them shorter."


def _priced(m: ClientMonth) -> Iterator[str]:
    zone = m.client.zone
    for when, at in (("beginning", m.began), ("end", m.ended)):
        if at.source == "bars":
            yield (
                f"What was open at the {when} is priced by the last prices told by {moment_said(zone, at.priced)}, not "
                "by the broker's own report; swaps that wait are not in it."
            )
        elif at.at - at.priced > HOUR_MS:
            yield f"What was open at the {when} is priced as the broker told it by {moment_said(zone, at.priced)}."
        if at.unpriced:
            trades = many(at.unpriced, "trade")
            yield f"No price is known of {trades} open at the {when}: the worth is taken as at the entry."


def _estimated(m: ClientMonth) -> Iterator[str]:
    if m.gained.estimated:
        payments = many(m.gained.estimated, "payment")
        yield (
            f"The return is estimated around {payments} of the month (modified Dietz method): "
            "open trades were not priced at that moment."
        )
    earlier = m.gained_since.estimated - m.gained.estimated
    if earlier > 0:
        yield f"The return since the beginning is estimated likewise around {many(earlier, 'payment')} before."


def _otherwise(m: ClientMonth) -> Iterator[str]:
    """Yield what a start of the account said otherwise of the terms: a fee of the past would be another by now."""
    if m.otherwise is None:
        return
    at, then = m.otherwise
    now = m.client.agreed(at)
    told, by = (terms_said(terms) if terms else "no performance fee" for terms in (then, now))
    yield (
        f"On {day_said(m.client.zone, at)} it was agreed: {told}. This report reckons that time by: {by}. Ask us "
        "which is right before you rely on its fee."
    )
