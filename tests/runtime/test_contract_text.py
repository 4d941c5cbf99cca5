"""A contract as TOML: what is pasted is what the terminal told."""

import tomllib

from pathlib import Path

import msgspec
import pytest

from config.load import parse
from config.new_account import account_text
from market.types import Symbol
from runtime.contract_text import spec_text
from tests.venues import EURUSD, GOLD

ODD = msgspec.structs.replace(
    GOLD, tick_size=0.0000001, digits=7, fillings=("fok", "ioc"), swap_long=-4.67, volume_max=1e16,
    trade_mode="long_only", swap_days=(1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0), stops_level=30, expires_at=1_735_855_500_000,
)  # fmt: skip


@pytest.mark.parametrize("symbol", [EURUSD, GOLD, ODD, msgspec.structs.replace(EURUSD, fillings=())])
def test_what_is_pasted_is_what_was_told(symbol: Symbol) -> None:
    """Every field comes back to the last bit, and the account that holds it is read."""
    section = tomllib.loads(spec_text(symbol, "X.m", calendar=False))["symbols"][symbol.name]
    told = msgspec.convert({"name": symbol.name, **section["spec"]}, Symbol)
    base = account_text("client", kind="lookalike").partition("[symbols.EURUSD]")[0]
    limits = "[limits]" + account_text("client").partition("[limits]")[2].partition("[[strategies]]")[0]
    config = parse(base + spec_text(symbol, "X.m", calendar=False) + limits, folder=Path("/accounts"))

    assert msgspec.structs.replace(symbol, tick_value=0.0) == told == config.symbols[symbol.name].spec
    assert "X.m" == section["broker"]


def test_swap_factors_are_the_calendars() -> None:
    """Where there is a calendar file the contract does not name them, or they would never be asked for."""
    assert "swap_days = [1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0]" in spec_text(ODD, "X", calendar=False)
    assert "swap_days" not in spec_text(ODD, "X", calendar=True)
