"""A regime whose model has learnt from another symbol: it is trained there, and not where it is only read."""

import msgspec
import pytest

from backtests.regime_calibration import calibrated
from backtests.training import trained_here
from config.account import AccountConfig
from config.errors import ConfigError
from config.load import parse
from config.new_account import demo_text
from market.sp500 import read_sp500
from runtime.bundles import read_bundle
from tests.records import demo_file

NAME = "calm-or-storm"


def account(folder: str = "/accounts") -> AccountConfig:
    """Return the demo's account, with a second regime that reads by a model of gold."""
    config = parse(demo_text(), folder=demo_file().parent)
    borrowed = msgspec.structs.replace(config.regimes[NAME], learnt_from="GOLD", model=f"{folder}/gold", refit=None)
    return msgspec.structs.replace(config, regimes={**config.regimes, "as-gold": borrowed})


def test_what_is_read_of_another_symbol_is_not_trained_here() -> None:
    """Whoever trains all regimes trains the others; whoever names it is told where it is trained."""
    assert [NAME] == trained_here(account())
    assert [NAME] == trained_here(account(), NAME)
    with pytest.raises(
        ConfigError, match=r"regimes\.as-gold: .* a model of GOLD: train it by a regime that reads GOLD"
    ):
        trained_here(account(), "as-gold")


def test_bars_of_another_symbol_are_none_that_were_learnt_from() -> None:
    """Also those of the same days: nothing can be said of how well they were predicted in training."""
    model = read_bundle(demo_file().parent / "models" / NAME / "champion")
    own, other = (calibrated(model, read_sp500(name).part(0, 1400))[0].answer for name in ("SP500", "GOLD"))

    assert ("yes", "-") == (own, other)
