"""Anything at all said to an account's ears: nothing breaks, and nothing is done that may not be (`nox -s fuzz`)."""

import tempfile

from collections.abc import Iterator
from pathlib import Path

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzed import Fuzzed


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    """Return an account that is spoken to."""
    with tempfile.TemporaryDirectory() as folder:
        found = Fuzzed(Path(folder))
        yield found
        found.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.tuples(st.just(b"\2"), st.binary(max_size=40)).map(b"".join))
def test_no_bytes_do_what_they_may_not(fuzzed: Fuzzed, data: bytes) -> None:
    """On the bus, signed or not, and at the local socket."""
    fuzzed.one(data)


def test_what_is_right_is_done_at_both_ears(fuzzed: Fuzzed) -> None:
    """A search that reaches nothing would find nothing either."""
    before = fuzzed.counts.copy()
    for seed in fuzzed.seeds():
        fuzzed.one(seed)
    reached = fuzzed.counts - before

    assert {"tightened", "answered: yes", "answered: role", "at the socket: done"} <= {*reached}
