"""The account that a command line names by its TOML."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.account import AccountConfig


def account_of(file: Path) -> "AccountConfig":
    """Return the account of a TOML; config/demo.toml is found from anywhere, as it comes with the program."""
    from backtests.model_place import shipped  # noqa: PLC0415 - rooms are imported when they are entered
    from config.load import load  # noqa: PLC0415

    if not file.exists() and file == Path("config", file.name):
        file = shipped() / file.name
    return load(file)
