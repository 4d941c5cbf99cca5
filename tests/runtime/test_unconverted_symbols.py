"""A symbol whose profit does not become account money by its own price is refused in words, before anything starts."""

from pathlib import Path

import msgspec
import pytest

from config.account import AccountConfig
from config.errors import ConfigError
from config.load import parse
from config.new_account import account_text
from runtime.assemble import symbols_of
from runtime.doctor_contracts import contracts_of
from tests.venues import EURUSD
from tests.visits import a_visit

YEN = msgspec.structs.replace(EURUSD, currency_profit="JPY")
REASON = r"symbols.EURUSD: profit in JPY cannot be converted to USD yet: leave it out"


def account(folder: Path) -> AccountConfig:
    """Return a dollar account that takes the contract of its symbol from the terminal."""
    config = parse(account_text("client", kind="lookalike"), folder=folder)
    return msgspec.structs.replace(
        config, symbols={"EURUSD": msgspec.structs.replace(config.symbols["EURUSD"], spec=None)}
    )


def test_a_contract_that_was_told_is_refused_by_its_currency(tmp_path: Path) -> None:
    """It ends as a mistake of the configuration, not as a bug of the core."""
    with pytest.raises(ConfigError, match=REASON):
        symbols_of(account(tmp_path), {"EURUSD": YEN})


def test_the_doctor_says_so_beforehand(tmp_path: Path) -> None:
    """Of what the terminal tells, in the same words."""
    with pytest.raises(ValueError, match=REASON):
        contracts_of(account(tmp_path), a_visit(YEN, history=[0]))
