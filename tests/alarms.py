"""An alarm to test with, and accounts of which it is open."""

from pathlib import Path

from runtime.alerts import shelf
from runtime.alerts.book import Pace, due, stand
from runtime.core.kinds import Alarm

BREAK = Alarm("break", "BREAK:XAUUSD", "position 7 is not at the venue")
PACE = Pace(quiet=900_000, escalate=600_000)


def alarmed(folder: Path) -> Path:
    """Have an alert open in an account's state folder, for which somebody was called."""
    with shelf.changing(folder) as book:
        stand(book, [BREAK], 1_000, PACE)
        due(book, 1_000, PACE)
    return folder
