"""How a client reads what was agreed with him, and what was agreed before."""

from collections.abc import Iterator

from runtime.clients.high_water import Terms
from runtime.clients.terms import Client


def percent(part: float) -> str:
    """Return a share that was agreed, in no more digits than it has.

    >>> percent(0.2), percent(0.125)
    ('20 %', '12.5 %')
    """
    return f"{100.0 * part:.6g} %"


def terms_said(terms: Terms) -> str:
    """Return terms as a client reads them."""
    if not terms.rate:
        return "no performance fee"
    hurdle = f", as far as it is beyond {percent(terms.hurdle)} a year" if terms.hurdle else ""
    return (
        f"{percent(terms.rate)} of what the account gains beyond its high-water mark{hurdle}; reckoned and owed at the "
        f"end of each {terms.period}"
    )


def changes_said(client: Client) -> Iterator[tuple[int, str, str]]:
    """Yield each change of the terms: from when on, what was agreed before it, and what since."""
    before = client.terms
    for at, after in client.changes:
        yield at, terms_said(before), terms_said(after)
        before = after
