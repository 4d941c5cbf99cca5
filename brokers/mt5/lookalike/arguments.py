"""The package's argument rules: what each kind of argument accepts, and the error it leaves behind otherwise.

Three ways to fail: an error code and the function's failure value (`Invalid`), the same with a SystemError whose cause
is the real exception (`Invalid.cause`: overflow, or a type that the C parser refuses), and a plain TypeError before the
call begins.
"""

import datetime as dt
import operator

from collections.abc import Mapping
from typing import Any, NoReturn

TEXT_MOST = 29
"""UTF-16 code units of a symbol or comment."""
PASSWORD_MOST = 253
PATH_MOST = 257

ARGUMENTS = "Invalid arguments"
NUMBER = "Invalid number of arguments"
UNNAMED = "Unnamed arguments not allowed"


class Invalid(Exception):
    """An argument the package does not take; with a cause it raises SystemError, without one it returns."""

    def __init__(self, text: str, cause: BaseException | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.cause = cause


def named(name: str) -> str:
    """Return the package's complaint about a named argument."""
    return f'Invalid "{name}" argument'


def nth(place: int) -> str:
    """Return the package's complaint about an unnamed argument, counted from 1."""
    return f"Invalid {place}{('st', 'nd', 'rd')[place - 1]} unnamed argument"


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units.

    >>> units("é"), units("😀")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text(value: object, most: int | None, complaint: str) -> str:
    """Take a str of at most `most` UTF-16 code units."""
    if not isinstance(value, str) or (most is not None and units(value) > most):
        raise Invalid(complaint)
    return value


def unsigned(value: object, size: int, complaint: str) -> int:
    """Take an int of `size` bytes without sign; overflow and negatives raise in the caller's face."""
    if not isinstance(value, int):
        raise Invalid(complaint)
    try:
        value.to_bytes(size, "little")
    except OverflowError as error:
        raise Invalid(complaint, error) from None
    return int(value)


def real(value: object, complaint: str) -> float:
    """Take a float and nothing else: the package refuses ints here."""
    if not isinstance(value, float):
        raise Invalid(complaint)
    return float(value)


# --- the C parser of positional arguments ---------------------------------------------------------------------------


def refuse(error: BaseException) -> NoReturn:
    """Fail as the C parser does."""
    raise Invalid(ARGUMENTS, error)


def exactly(args: tuple[Any, ...], count: int) -> None:
    """Fail unless there are `count` positional arguments."""
    if len(args) != count:
        refuse(TypeError(f"function takes exactly {count} arguments ({len(args)} given)"))


def c_int(value: Any) -> int:  # noqa: ANN401 - whatever the caller passed
    """Take what has an index and fits a C int."""
    try:
        number = operator.index(value)
    except TypeError as error:
        refuse(error)
    if not -(2**31) <= number < 2**31:
        refuse(OverflowError("signed integer is greater than maximum"))
    return number


def c_mask(value: Any) -> int:  # noqa: ANN401 - whatever the caller passed
    """Take an int as a C unsigned long without an overflow check."""
    if not isinstance(value, int):
        refuse(TypeError(f"argument 1 must be int, not {type(value).__name__}"))
    return value & 0xFFFFFFFF


def c_double(value: Any) -> float:  # noqa: ANN401 - whatever the caller passed
    """Take any number."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        refuse(TypeError(f"must be real number, not {type(value).__name__}"))
    return float(value)


def moment(value: object) -> int:
    """Take a date (int, float or datetime; a naive one is local) as whole seconds of 32 bits."""
    if isinstance(value, dt.datetime):
        return int(value.timestamp()) & 0xFFFFFFFF
    if isinstance(value, float):
        return int(value)
    if not isinstance(value, int):
        raise Invalid(ARGUMENTS)
    if not -(2**31) <= value < 2**31:
        refuse(OverflowError("Python int too large to convert to C long"))
    return int(value)


def symbol_of(value: object) -> str:
    """Take a symbol's name."""
    return text(value, TEXT_MOST, ARGUMENTS)


# --- the trade request ----------------------------------------------------------------------------------------------

REQUEST: dict[str, tuple[str, Any]] = {
    "action": ("uint32", 0),
    "magic": ("uint64", 0),
    "order": ("uint64", 0),
    "symbol": ("text", ""),
    "volume": ("real", 0.0),
    "price": ("real", 0.0),
    "stoplimit": ("real", 0.0),
    "sl": ("real", 0.0),
    "tp": ("real", 0.0),
    "deviation": ("uint64", 0),
    "type": ("uint32", 0),
    "type_filling": ("uint32", 0),
    "type_time": ("uint32", 0),
    "expiration": ("int64", 0),
    "comment": ("text", ""),
    "position": ("uint64", 0),
    "position_by": ("uint64", 0),
}
"""Field, kind and what a missing one is, in the order of TradeRequest."""


def _field(kind: str, value: object, complaint: str) -> Any:  # noqa: ANN401 - one of three types
    match kind:
        case "uint32":
            return unsigned(value, 4, complaint)
        case "uint64":
            return unsigned(value, 8, complaint)
        case "int64":
            if not isinstance(value, int):
                raise Invalid(complaint)
            return int(value)
        case "real":
            return real(value, complaint)
        case _:
            return text(value, TEXT_MOST, complaint)


def request(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """Take a trade request, as one dict or as keywords, and return its fields in the order of TradeRequest."""
    if len(args) > 1 or not (args or kwargs):
        raise Invalid(NUMBER)
    if args and kwargs:
        raise Invalid(UNNAMED)
    fields = args[0] if args else kwargs
    if not isinstance(fields, dict):
        raise Invalid(ARGUMENTS)
    return [_field(k, fields[name], named(name)) if name in fields else d for name, (k, d) in REQUEST.items()]
