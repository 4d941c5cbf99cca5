"""What a start hands to the session: how long each call may take, and whose orphans may be ended."""

from pathlib import Path

import msgspec
import pytest

from brokers.mt5.line import Deadlines
from config.account import AccountConfig, DeadlinesSection
from runtime.start import deadlines_of, ears_of, own_terms, terms_of
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
