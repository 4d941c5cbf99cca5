"""The book of open alerts: one call for what stands, the next owner where nobody takes it, and silence once one has."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from runtime.alerts.book import Book, acknowledge, due, raised, stand, sweep
from runtime.core.kinds import Alarm
from tests.alarms import BREAK, PACE

NOW = 1_000_000


def opened(*alarms: Alarm) -> Book:
    """Return a book in which alarms have begun to stand, and whose first owners were called."""
    book = Book()
    stand(book, alarms, NOW, PACE)
    due(book, NOW, PACE)
    return book


def test_what_stands_is_called_once() -> None:
    """However often it is looked at; another text is counted, and calls nobody."""
    book = Book()
    stand(book, [BREAK], NOW, PACE)
    first = due(book, NOW, PACE)
    stand(book, [BREAK], NOW + 1, PACE)
    stand(book, [Alarm("break", BREAK.about, "another look")], NOW + 2, PACE)
    later = due(book, NOW + 3, PACE)

    assert ([(1, 0)], []) == ([(entry.id, nth) for entry, nth in first], later)
    assert (1, "another look") == (book.entries[BREAK.key].suppressed, book.entries[BREAK.key].text)


def test_what_nobody_takes_goes_to_the_next_one() -> None:
    """Each time the patience is over; then from the first again, for as long as it takes."""
    book = opened(BREAK)
    calls = [nth for minutes in range(0, 40, 5) for _, nth in due(book, NOW + minutes * 60_000, PACE)]

    assert [1, 2, 3] == calls


def test_what_a_person_has_taken_calls_nobody_else() -> None:
    """Who took it and why is kept while it stands; an alert that is not open cannot be taken."""
    book = opened(BREAK)
    entry = acknowledge(book, 1, "ann", "on it", NOW + 1)

    assert entry is not None
    assert ("ann", "on it") == (entry.acked_by, entry.acked_why)
    assert [] == due(book, NOW + 10 * PACE.escalate, PACE)
    assert acknowledge(book, 2, "ann", "on it", NOW + 1) is None


def test_what_is_over_is_told_once_and_what_comes_back_soon_is_the_same() -> None:
    """A hold that comes and goes is one alert, one call, one end; who has it keeps it."""
    book = opened(BREAK)
    acknowledge(book, 1, "ann", "on it", NOW)
    over = [len(stand(book, alarms, NOW + n, PACE)) for n, alarms in enumerate([[], [BREAK], [], [BREAK]])]

    assert [1, 0, 0, 0] == over
    assert (1, "ann", 2) == (book.last, book.entries[BREAK.key].acked_by, book.entries[BREAK.key].suppressed)
    assert [] == due(book, NOW + PACE.escalate, PACE)


def test_what_comes_back_after_the_quiet_time_is_another_alert() -> None:
    """Nobody has taken that one."""
    book = opened(BREAK)
    stand(book, [], NOW, PACE)
    later = NOW + PACE.quiet + 1
    sweep(book, later, PACE)
    stand(book, [BREAK], later, PACE)

    assert [(2, 0)] == [(entry.id, nth) for entry, nth in due(book, later, PACE)]


def test_what_is_over_before_anybody_is_called_leaves_nothing() -> None:
    """An order in doubt that is resolved within its window is no alert."""
    book = Book()
    doubt = Alarm("in_doubt", "IN_DOUBT:XAUUSD", "sent perhaps", after_s=8.0)
    stand(book, [doubt], NOW, PACE)
    early = due(book, NOW + 7_999, PACE)
    over = stand(book, [], NOW + 7_999, PACE)

    assert ([], [], {}) == (early, over, book.entries)


def test_what_has_happened_stays_until_a_person_takes_it() -> None:
    """It does not stand, so nothing but a person ends it."""
    book = Book()
    raised(book, Alarm("in_doubt", "cancel 5", "never done"), NOW, PACE, once=True)
    due(book, NOW, PACE)
    stand(book, [], NOW + 1, PACE)
    still = book.entries["in_doubt:cancel 5"].open
    acknowledge(book, 1, "ann", "looked", NOW + 2)

    assert (True, False) == (still, book.entries["in_doubt:cancel 5"].open)


def test_a_note_is_told_once_and_asks_nothing_of_anybody() -> None:
    """No one has to take it, and it calls nobody a second time."""
    book = Book()
    note = Alarm("note", "the bus is silent", "the bus is silent")
    for n in range(3):
        raised(book, note, NOW + n, PACE, once=True)
    calls = due(book, NOW + 3, PACE)
    raised(book, note, NOW + 4, PACE, once=True)

    assert (1, []) == (len(calls), due(book, NOW + 5, PACE))
    assert not book.entries[note.key].open


KEYS = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(st.frozensets(KEYS), st.integers(0, 400_000)), max_size=30))
def test_nobody_is_called_more_often_than_time_allows(looks: list[tuple[frozenset[str], int]]) -> None:
    """Whatever comes and goes: one alert calls again only after the patience, and the next one after the quiet time."""
    book, now, calls = Book(), NOW, dict[str, list[int]]()
    for standing, passed in looks:
        now += passed
        stand(book, [Alarm("break", about, about) for about in standing], now, PACE)
        for entry, _ in due(book, now, PACE):
            calls.setdefault(entry.about, []).append(now)
        sweep(book, now, PACE)

    assert all(b - a >= PACE.escalate for times in calls.values() for a, b in itertools.pairwise(times))
