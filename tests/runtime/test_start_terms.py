"""What a start hands on: how long each call may take, whose orphans may be ended, and the number of its run."""

from pathlib import Path

import msgspec
import pytest

from brokers.mt5.line import Deadlines
from config.account import AccountConfig
from config.terminal import DeadlinesSection
from runtime.journal.writer import JournalWriter
from runtime.start import begin_above, deadlines_of, ears_of, own_terms, terms_of
from tests.journaled import a_config


@pytest.fixture
def config(tmp_path: Path) -> AccountConfig:
    """Return the demo's account."""
    return a_config(tmp_path)


def test_a_call_takes_as_long_as_it_is_named_or_as_all_calls(config: AccountConfig) -> None:
    """Connecting has a patience of its own; the others share one, but for those that are named."""
    named = msgspec.structs.replace(
        config.terminal, call_timeout_s=3.0, deadlines=DeadlinesSection(send=9.0, connect=60.0)
    )

    assert Deadlines(connect=60.0, poll=3.0, past=3.0, look=3.0, send=9.0) == deadlines_of(named)


def test_only_the_holder_of_the_account_ends_orphans(config: AccountConfig, tmp_path: Path) -> None:
    """A doctor that looks at the terminal writes no worker down, and ends none."""
    assert ("", str(tmp_path)) == (terms_of(config, tmp_path).state, own_terms(config, tmp_path).state)


def test_a_bar_is_missed_after_as_long_as_an_order_may_wait(config: AccountConfig) -> None:
    """Both are limits of the same age."""
    assert int(config.limits.max_age_s * 1000) == ears_of(config).max_age_ms


@pytest.mark.parametrize(("beyond", "run"), [(0, 1), (1, 2), (7, 8)])
def test_a_run_begins_above_all_that_were_seen_at_the_venue(tmp_path: Path, beyond: int, run: int) -> None:
    """A journal that was put back from an old copy must not make a magic number twice."""
    with JournalWriter(tmp_path / "journal.sqlite") as journal:
        begin_above(journal, beyond)

        assert run == journal.run
