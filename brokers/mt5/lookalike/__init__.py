"""A module that looks like the MetaTrader5 package: its functions, constants, structures, argument rules and errors.

Behind it stands a trade server process (`python -m brokers.mt5.lookalike.server FOLDER`) in place of a terminal and its
broker. `Buy`, `Sell` and `Close` of the package are left out: they resend orders. This file re-exports, because it is
the package; each star is a list of names.
"""

from pathlib import Path

from brokers.mt5.lookalike.constants import *  # noqa: F403 - two hundred names of the package
from brokers.mt5.lookalike.quotes import *  # noqa: F403 - see its __all__
from brokers.mt5.lookalike.session import *  # noqa: F403 - see its __all__
from brokers.mt5.lookalike.structs import *  # noqa: F403 - see its __all__
from brokers.mt5.lookalike.trading import *  # noqa: F403 - see its __all__

__author__ = "MetaQuotes Ltd."
__version__ = "5.0.6231"
"""The version of the package whose behaviour this follows."""

_files = frozenset(path.stem for path in Path(__file__).parent.glob("*.py"))


def __dir__() -> list[str]:
    """Name what the package has, and not this folder's files."""
    return sorted(name for name in globals() if name not in _files and name not in {"Path", "_files", "__dir__"})
