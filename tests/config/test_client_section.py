"""What a TOML may say of the client of an account, and that it decides nothing."""

import copy
import datetime
import tomllib

from pathlib import Path
from typing import Any

import pytest

from config.account import AccountConfig
from config.errors import ConfigError
from config.load import account_of, digest
from config.new_account import demo_text


def with_client(**said: Any) -> AccountConfig:  # noqa: ANN401 - any TOML value
    """Return the demo's account with a client."""
    document = copy.deepcopy(tomllib.loads(demo_text()))
    return account_of({**document, "client": said}, folder=Path("/accounts"))


def test_the_terms_of_a_client_decide_nothing() -> None:
    """A fee that was agreed anew is no other configuration."""
    without, agreed = with_client(), with_client(name="Ann", zone="UTC+2 EU", fee=0.2, crystallise="year")

    assert agreed.client is not None
    assert (0.2, 0.0, "year") == (agreed.client.fee, agreed.client.hurdle, agreed.client.crystallise)
    assert digest(without) == digest(agreed)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"fee": 20}, "client.fee"), ({"hurdle": -0.1}, "client.hurdle"), ({"zone": "Europe/Paris"}, "client.zone"),
        ({"crystallise": "week"}, "client.crystallise"), ({"rate": 0.2}, "client.rate"),
        ({"changes": [{"since": datetime.date(2026, 5, 1)}]}, "client.changes[0].since: expected the first day of a"),
        ({"crystallise": "month", "changes": [{"since": datetime.date(2026, 5, 2)}]}, "first day of a month, got"),
        ({"changes": [{"since": datetime.date(2026, 4, 1), "crystallise": "year"}]}, "of a quarter and of a year, got"),
        ({"changes": 2 * [{"since": datetime.date(2026, 7, 1)}]}, "changes[1].since: expected a day after 2026-07-01"),
        ({"changes": [{"fee": 0.2}]}, "client.changes"),
    ],
)  # fmt: skip
def test_terms_that_nobody_can_mean_are_refused(said: dict[str, Any], path: str) -> None:
    """A fee of twenty is none of 20 %."""
    with pytest.raises(ConfigError) as refused:
        with_client(**said)

    assert [True] == [path in problem for problem in refused.value.problems]
