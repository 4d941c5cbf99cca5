"""The doctor tells how old the models are: seven tenths of what they may get are a remark, all of it is a fault."""

import msgspec
import pytest

from backtests.training import train_from_config
from config.account import AccountConfig
from config.load import load
from market.types import DAY_MS
from runtime.assemble import models_of
from runtime.doctor_models import ages_of
from tests.demos import toml

NAME = "calm-or-storm"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> AccountConfig:
    """Return the demo's account with its model trained, which may get a hundred days old."""
    folder = tmp_path_factory.mktemp("aged")
    file = folder / "account.toml"
    file.write_text(toml(folder / "model"), encoding="utf-8")
    found = load(file)
    train_from_config(found)
    regime = msgspec.structs.replace(found.regimes[NAME], max_model_age="100 days")
    return msgspec.structs.replace(found, regimes={NAME: regime})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (50, f"{NAME} 50% of 100 days"),
        (70, f"{NAME} 70% of 100 days: refit it soon"),
    ],
)
def test_a_model_is_told_to_be_refitted_before_it_is_too_old(config: AccountConfig, days: int, expected: str) -> None:
    """Its age counts from the close of the last bar that it learnt from."""
    closed = models_of(config)[NAME].data.last + DAY_MS

    assert ages_of(config, closed + days * DAY_MS) == expected


def test_a_model_that_is_too_old_is_a_fault(config: AccountConfig) -> None:
    """Its gates are shut: that is to be mended, and no remark."""
    closed = models_of(config)[NAME].data.last + DAY_MS

    with pytest.raises(ValueError, match=f"^{NAME} 120% of 100 days: too old, its gates are shut: refit it$"):
        ages_of(config, closed + 120 * DAY_MS)


def test_a_model_that_may_get_as_old_as_it_may_has_no_age(config: AccountConfig) -> None:
    """Without a limit nobody is told anything."""
    regime = msgspec.structs.replace(config.regimes[NAME], max_model_age="")

    assert "no max_model_age" in ages_of(msgspec.structs.replace(config, regimes={NAME: regime}), 1 << 42)
