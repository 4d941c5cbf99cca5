"""The package's argument rules: what each kind of argument accepts, and the error it leaves behind otherwise.

The texts are those of the interpreter's C interface on Windows, where a `long` has 32 bits; whatever is asked of a
foreign object (its index, its truth, its number) can raise, and what it raised becomes the cause of a SystemError.
"""

import math
import operator

from typing import Any, NoReturn

TEXT_MOST = 29
"""UTF-16 code units of a symbol or comment."""
GROUP_MOST = 1997
PASSWORD_MOST = 253
PATH_MOST = 257

ARGUMENTS = "Invalid arguments"
NUMBER = "Invalid number of arguments"
UNNAMED = "Unnamed arguments not allowed"

_LONG = 2**31


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
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def text(value: object, most: int, complaint: str) -> str:
    """Take a str of at most `most` UTF-16 code units."""
    if not isinstance(value, str) or units(value) > most:
        raise Invalid(complaint)
    return str(value)


def symbol_of(value: object) -> str:
    """Take a symbol's name."""
    return text(value, TEXT_MOST, ARGUMENTS)


def real(value: object, complaint: str) -> float:
    """Take a float and nothing else: the package refuses ints here."""
    if not isinstance(value, float):
        raise Invalid(complaint)
    return float(value)


def uint32(value: object, complaint: str) -> int:
    """Take an int of 32 bits without sign; overflow and negatives raise in the caller's face."""
    number = _whole(value, complaint)
    if number < 0:
        raise Invalid(complaint, OverflowError("can't convert negative value to unsigned int"))
    if number >= 2 * _LONG:
        raise Invalid(complaint, OverflowError("Python int too large to convert to C unsigned long"))
    return number


def uint64(value: object, complaint: str) -> int:
    """Take an int of 64 bits without sign; overflow and negatives raise in the caller's face."""
    number = _whole(value, complaint)
    if number < 0:
        raise Invalid(complaint, OverflowError("can't convert negative int to unsigned"))
    if number >= 2**64:
        raise Invalid(complaint, OverflowError("int too big to convert"))
    return number


def int64(value: object, complaint: str) -> int:
    """Take an int of 64 bits; overflow raises in the caller's face."""
    number = _whole(value, complaint)
    if not -(2**63) <= number < 2**63:
        raise Invalid(complaint, OverflowError("int too big to convert"))
    return number


def _whole(value: object, complaint: str) -> int:
    if not isinstance(value, int):
        raise Invalid(complaint)
    return int(value)


# --- the C parser of positional arguments ---------------------------------------------------------------------------


def refuse(error: BaseException) -> NoReturn:
    """Fail as the C parser does."""
    raise Invalid(ARGUMENTS, error)


def exactly(args: tuple[Any, ...], count: int) -> None:
    """Fail unless there are `count` positional arguments."""
    if len(args) != count:
        raise Invalid(ARGUMENTS)


def c_int(value: Any) -> int:  # noqa: ANN401 - whatever the caller passed
    """Take what has an index and fits a C long of 32 bits."""
    try:
        number = operator.index(value)
    except Exception as error:  # noqa: BLE001 - a foreign `__index__` raises what it likes
        refuse(error)
    if not -_LONG <= number < _LONG:
        refuse(OverflowError("Python int too large to convert to C long"))
    return number


def c_mask(value: Any) -> int:  # noqa: ANN401 - whatever the caller passed
    """Take an int as a C unsigned long without an overflow check."""
    if not isinstance(value, int):
        refuse(TypeError(f"argument 1 must be int, not {_kind(value)}"))
    return value & 0xFFFFFFFF


def c_double(value: Any) -> float:  # noqa: ANN401 - whatever the caller passed
    """Take any number."""
    try:
        return math.ldexp(value, 0)  # the interpreter's own conversion, with its own complaints
    except Exception as error:  # noqa: BLE001 - a foreign `__float__` raises what it likes
        refuse(error)


def c_bool(value: Any) -> bool:  # noqa: ANN401 - whatever the caller passed
    """Take the truth of anything."""
    try:
        return bool(value)
    except Exception as error:  # noqa: BLE001 - a foreign `__bool__` raises what it likes
        refuse(error)


def _kind(value: object) -> str:
    """Return the C name of a value's type, which has its module only where the type was made in C.

    >>> _kind(None), _kind(1.0), _kind("x"), _kind(ValueError())
    ('None', 'float', 'str', 'ValueError')
    """
    if value is None:
        return "None"
    wrong: Any = (b"" if isinstance(value, str) else "", [value])
    try:
        wrong[0].join(wrong[1])
    except TypeError as error:  # "sequence item 0: expected str instance, decimal.Decimal found"
        return str(error).removesuffix(" found").rpartition(", ")[2]
    return f"{type(value).__module__}.{type(value).__name__}"  # a text that is made in C, and bytes as well
