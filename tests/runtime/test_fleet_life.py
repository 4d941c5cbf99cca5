"""The life of a supervised daemon: what each exit code leads to, and when trying again ends."""

import re

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from runtime.fleet_life import CRASHES, ENDS, LONGEST_S, WINDOW_S, Life

CRASH, DISK = 1, 10


def crashed(times: int, every_s: float, jitter: float = 0.5) -> Life:
    """Return a life that crashed some times, each so long after the one before."""
    life = Life()
    for n in range(times):
        life.begin(n * every_s)
        life.end(CRASH, n * every_s, jitter)
    return life


def test_a_crash_is_followed_by_another_try() -> None:
    """A single crash waits a moment, and is counted."""
    life = crashed(1, 1.0)

    assert ("waiting", 1, 0.1875) == (life.state, life.restarts, life.due)


def test_a_crash_loop_is_given_up() -> None:
    """Five crashes within a minute: a person is needed, and is told what the last was."""
    life = crashed(CRASHES, 1.0)

    assert "given_up" == life.state
    assert "5 crashes within 60 s, the last: exit code 1" == life.why


def test_crashes_far_apart_are_no_loop() -> None:
    """A daemon that dies once a minute is started again each time."""
    life = crashed(50, WINDOW_S)

    assert ("waiting", 50) == (life.state, life.restarts)


@pytest.mark.parametrize("code", [code for code, end in ENDS.items() if end == "refused"])
def test_a_refusal_is_not_tried_again(code: int) -> None:
    """What the next try would refuse too is left to a person at once."""
    life = Life()
    life.begin(0.0)

    life.end(code, 1.0, 0.5)

    assert ("refused", 0) == (life.state, life.restarts)


@pytest.mark.parametrize("code", [0, 130, -2, -15])
def test_an_end_that_was_wanted_is_an_end(code: int) -> None:
    """Data that ended, or a person who stopped this daemon, is no reason to start it again."""
    life = Life()
    life.begin(0.0)

    life.end(code, 1.0, 0.5)

    assert ("ended", 0) == (life.state, life.restarts)


def test_a_full_disk_is_waited_for() -> None:
    """However often it happens: it is not our fault, and mends itself when somebody makes room."""
    life = Life()
    for n in range(20):
        life.begin(float(n))
        life.end(DISK, float(n), 0.0)

    assert "waiting" == life.state
    assert 19.0 + LONGEST_S / 2 == life.due


def test_a_healthy_time_forgets_the_pauses() -> None:
    """After a minute without a crash the next pause is the first again."""
    life = crashed(4, 1.0)
    life.begin(100.0)

    life.end(CRASH, 170.0, 1.0)

    assert 170.25 == life.due


@given(times=st.integers(1, 40), every=st.floats(15.1, 1e4), jitter=st.floats(0.0, 1.0, exclude_max=True))
def test_no_pause_is_longer_than_the_longest(times: int, every: float, jitter: float) -> None:
    """The next try is never more than thirty seconds away, and never at once."""
    life = crashed(times, every, jitter)

    assert 0.0 < life.due - (times - 1) * every <= LONGEST_S


def test_every_documented_exit_code_has_a_meaning_here() -> None:
    """What a daemon can end with is known; a bug and what nobody foresaw are crashes."""
    text = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}

    assert {1, 9} == documented - ENDS.keys()
