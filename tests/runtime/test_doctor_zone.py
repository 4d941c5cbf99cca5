"""What the doctor says of a server's clock."""

import datetime

import msgspec
import pytest

from brokers.mt5.zone import NEW_YORK_CLOSE, to_server, to_utc
from market.types import DAY_MS
from runtime.doctor_zone import zone_of
from tests.venues import EURUSD, GOLD
from tests.visits import a_visit

HOUR = 3_600_000
MONDAY = int(datetime.datetime(2025, 1, 6, tzinfo=datetime.UTC).timestamp()) * 1000
SUMMER = int(datetime.datetime(2025, 7, 8, 12, tzinfo=datetime.UTC).timestamp()) * 1000


def hours(server: str, configured: str, weeks: int = 50, late: int = 0) -> list[int]:
    """Return a year of hours of a server, as they are read by the configured rule: Monday's first and Friday's last."""
    opens = [to_utc(NEW_YORK_CLOSE, MONDAY + week * 7 * DAY_MS) + late for week in range(weeks)]
    real = [at + n * HOUR for at in opens for n in range(120 - late // HOUR)]
    return [to_utc(configured, to_server(server, at)) for at in real]


def test_a_right_rule_is_told_with_what_speaks_for_it() -> None:
    """History and a live tick agree, and the nearest others are refuted by a week each."""
    said = zone_of(NEW_YORK_CLOSE, a_visit(EURUSD, history=hours(NEW_YORK_CLOSE, NEW_YORK_CLOSE), tick=SUMMER))

    assert "New York close brings 49 of 49 weeks of EURUSD to 17:00 in New York" in said
    assert "a tick that came just now agrees (+3 h)" in said
    assert "; New York close fits, UTC+2 EU is refuted by the week of 2025-03-09" in said


@pytest.mark.parametrize(
    ("server", "configured", "week"),
    [
        (NEW_YORK_CLOSE, "UTC+2 EU", "2025-03-09"),
        ("UTC+2 EU", NEW_YORK_CLOSE, "2025-03-09"),
        ("UTC+2", NEW_YORK_CLOSE, "2025-03-09"),
        (NEW_YORK_CLOSE, "UTC+2", "2025-03-09"),
        ("UTC", "UTC EU", "2025-03-30"),
    ],
)
def test_a_wrong_rule_is_contradicted_by_a_week(server: str, configured: str, week: str) -> None:
    """The week that refutes it is named, and the rule that fits."""
    with pytest.raises(ValueError, match=f"refuted by the week of {week}.*: {server.replace('+', '.')} fits") as error:
        zone_of(configured, a_visit(EURUSD, history=hours(server, configured)))

    assert f'account.zone = "{configured}"' in str(error.value)


def test_a_live_tick_contradicts_at_once() -> None:
    """Without any history: by how many hours, and which rules would say so in summer."""
    with pytest.raises(ValueError, match=r"just now is .3 h of UTC, account.zone = .UTC. says .0 h") as error:
        zone_of("UTC", a_visit(EURUSD, history=[], tick=SUMMER + 3 * HOUR, wall=SUMMER))

    assert "New York close, UTC+2 EU, UTC+3" in str(error.value)


def test_a_closed_market_is_to_be_asked_again() -> None:
    """Where no tick came it is said; history is looked at all the same."""
    said = zone_of("UTC+2", a_visit(EURUSD, history=hours("UTC+2", "UTC+2", weeks=8)))

    assert "no tick came: the market is closed, ask again when it is open" in said
    assert "New York close, UTC+2 EU, UTC+2 fit" in said


def test_a_terminal_without_history_proves_nothing() -> None:
    """Neither openings nor a tick: the rule stands, unproven."""
    said = zone_of("UTC+2", a_visit(EURUSD, history=[]))

    assert "UTC+2 cannot be held against history" in said
    assert "nothing to propose a rule by" in said


def test_recorded_time_is_no_clock() -> None:
    """A look-alike's ticks are years old: they say nothing, and contradict nothing."""
    said = zone_of("UTC", a_visit(EURUSD, history=[], tick=SUMMER, wall=SUMMER + 400 * DAY_MS))

    assert "its time is recorded" in said


def test_a_metal_leaves_the_offset_open() -> None:
    """It opens an hour later, by its broker's leave: only the summer time is proven, and it is said."""
    gold = a_visit(GOLD, history=hours(NEW_YORK_CLOSE, NEW_YORK_CLOSE, late=HOUR))

    assert "(no currency: the offset is open)" in zone_of(NEW_YORK_CLOSE, gold)
    assert not gold.currency
    assert a_visit(msgspec.structs.replace(EURUSD, name="X"), history=[]).currency
