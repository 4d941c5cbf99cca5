"""Which of a terminal's rows a caller means: by ticket, by symbol, or by a group of symbols."""

from fnmatch import fnmatchcase
from typing import Any


def in_group(symbol: str, group: str | None) -> bool:
    """Tell whether a symbol belongs to a group: comma-separated masks, `!` takes out again, the later mask wins.

    >>> in_group("EURUSD", "*USD*, !EUR*"), in_group("GBPUSD", "*USD*, !EUR*"), in_group("GBPUSD", None)
    (False, True, True)
    """
    found = group is None
    for mask in () if group is None else group.split(","):
        inside = mask.strip()
        if fnmatchcase(symbol, inside.lstrip("!")):
            found = not inside.startswith("!")
    return found


def chosen(by: str, value: Any, ticket: int, symbol: str) -> bool:  # noqa: ANN401 - of the kind `by` says
    """Tell whether a row is meant; anything but ticket, symbol and group means all."""
    match by:
        case "ticket":
            return bool(ticket == value)
        case "symbol":
            return bool(symbol == value)
        case "group":
            return in_group(symbol, value)
        case _:
            return True
