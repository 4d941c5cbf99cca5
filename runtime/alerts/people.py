"""Who is called for an alert, in which order, and what he reads."""

from config.alerts import AlertsSection
from config.secrets import SecretRef
from runtime.alerts.book import Entry, Pace
from runtime.core.kinds import KINDS

NOBODY = AlertsSection()
"""What holds for an account that names nobody: alerts are kept and logged."""


def owners_of(section: AlertsSection) -> dict[str, SecretRef]:
    """Return everybody, with the secret that holds his addresses."""
    return {name: owner.urls for name, owner in section.owners.items()}


def pace_of(section: AlertsSection) -> Pace:
    """Return how patient the people on call are."""
    return Pace(int(section.quiet_s * 1000), int(section.escalate_s * 1000))


def chain(section: AlertsSection, entry: Entry) -> tuple[str, ...]:
    """Return who is called for an alert, the first first."""
    ruling, routes = KINDS[entry.kind], section.routes
    if ruling.severity == "warn":
        return routes.warn
    own: tuple[str, ...] = getattr(routes, ruling.duty)
    return own or routes.page


def called(section: AlertsSection, entry: Entry, nth: int) -> tuple[str, ...]:
    """Return whom the nth call of an alert reaches, from 0: one of its chain after the other; all at once of a note."""
    names = chain(section, entry)
    if not names or entry.severity == "warn":
        return names
    return (names[nth % len(names)],)


def reached(section: AlertsSection, entry: Entry) -> tuple[str, ...]:
    """Return everybody who was called for an alert."""
    return tuple(dict.fromkeys(name for nth in range(entry.called) for name in called(section, entry, nth)))


def title(account: str, entry: Entry) -> str:
    """Return the first line of what somebody is told."""
    again = f", call {entry.called}" if entry.called > 1 else ""
    return f"{account}: {KINDS[entry.kind].title}{again}"


def body(account: str, entry: Entry, section: AlertsSection) -> str:
    """Return what somebody is told: what it is, whose it is, and what to do."""
    if entry.severity == "warn":
        return entry.text
    names, duty = ", then ".join(dict.fromkeys(chain(section, entry))), KINDS[entry.kind].duty
    return (
        f"{entry.text}\n"
        f"Severity: {entry.severity}. Owner: {duty}; called: {names}, {section.escalate_s:g} s apart\n"
        f"Look first: docs/runbooks/{entry.kind}.md\n"
        f'Take it: tidegate ack {account} --alert {entry.id} --reason "…"'
    )


def over(account: str, entry: Entry) -> tuple[str, str]:
    """Return title and body of the news that an alert is over."""
    return f"{account}: over: {KINDS[entry.kind].title}", f"{entry.text}: it is over"
