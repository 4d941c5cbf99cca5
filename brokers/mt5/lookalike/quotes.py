"""Functions of the package about symbols, prices and bars."""

from typing import Any

from brokers.mt5.lookalike.arguments import (
    ARGUMENTS,
    GROUP_MOST,
    NUMBER,
    Invalid,
    c_bool,
    c_int,
    exactly,
    named,
    nth,
    symbol_of,
    text,
)
from brokers.mt5.lookalike.client import LINE, NOT_FOUND, Failed
from brokers.mt5.lookalike.dates import moment
from brokers.mt5.lookalike.functions import function, plain
from brokers.mt5.lookalike.structs import SymbolInfo, Tick
from brokers.mt5.lookalike.structseq import Structure

__all__ = [
    "copy_rates_from",
    "copy_rates_from_pos",
    "copy_rates_range",
    "copy_ticks_from",
    "copy_ticks_range",
    "market_book_add",
    "market_book_get",
    "market_book_release",
    "symbol_info",
    "symbol_info_tick",
    "symbol_select",
    "symbols_get",
    "symbols_total",
]

_OTHER_VERSION = "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"
_MOST_SELECT = 2


def _need_line() -> None:
    """Fail as these functions do without a terminal: with a complaint about versions."""
    if LINE.socket is None:
        raise Failed(-5, _OTHER_VERSION)


@plain()
def symbols_total() -> int | None:
    """Return the number of all symbols."""
    _need_line()
    return int(LINE.ask("symbols_total", []))


@function(failure=False, keywords=True)
def symbols_get(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - False for bad arguments, None without a terminal
    """Return the symbols of a group, or all."""
    group = _group(args, kwargs)
    try:
        _need_line()
        return tuple(SymbolInfo(row) for row in LINE.ask("symbols", [group]))
    except Failed as failed:
        LINE.error = failed.error
        return None


def _group(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    if len(args) > 1:
        raise Invalid(NUMBER)
    unnamed = text(args[0], GROUP_MOST, nth(1)) if args else None
    return text(kwargs["group"], GROUP_MOST, named("group")) if "group" in kwargs else unnamed


@function()
def symbol_info(*args: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """Return all that is known of a symbol."""
    exactly(args, 1)
    return SymbolInfo(LINE.ask("symbol", [symbol_of(args[0])]))


@function()
def symbol_info_tick(*args: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """Return the last prices of a symbol."""
    exactly(args, 1)
    return Tick(LINE.ask("tick", [symbol_of(args[0])]))


@function(failure=False)
def symbol_select(*args: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """Put a symbol into the market watch, or take it out."""
    if not 1 <= len(args) <= _MOST_SELECT:
        raise Invalid(ARGUMENTS)
    shown = len(args) == 1 or c_bool(args[1])
    return bool(LINE.ask("select", [symbol_of(args[0]), shown]))


# --- bars and ticks -------------------------------------------------------------------------------------------------


def _rates(verb: str, arguments: list[Any]) -> Any:  # noqa: ANN401 - numpy is loaded by the first call only
    from brokers.mt5.lookalike.arrays import rates  # noqa: PLC0415 - the trade server shares this package, not numpy

    return rates(LINE.ask(verb, arguments))


@function()
def copy_rates_from(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """Return `count` bars up to a date."""
    exactly(args, 4)
    frame, count = c_int(args[1]), c_int(args[3])
    return _rates("rates_from", [symbol_of(args[0]), frame, moment(args[2]), count])


@function()
def copy_rates_from_pos(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """Return `count` bars, counted back from position 0."""
    exactly(args, 4)
    frame, start, count = c_int(args[1]), c_int(args[2]), c_int(args[3])
    return _rates("rates_from_pos", [symbol_of(args[0]), frame, start, count])


@function()
def copy_rates_range(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """Return the bars that opened between two dates."""
    exactly(args, 4)
    frame = c_int(args[1])
    return _rates("rates_range", [symbol_of(args[0]), frame, moment(args[2]), moment(args[3])])


def _ticks(verb: str, arguments: list[Any]) -> Any:  # noqa: ANN401 - numpy is loaded by the first call only
    from brokers.mt5.lookalike.arrays import ticks  # noqa: PLC0415 - the trade server shares this package, not numpy

    return ticks(LINE.ask(verb, arguments))


@function()
def copy_ticks_from(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """Return `count` ticks from a date on, which is cut to whole seconds."""
    exactly(args, 4)
    count, flags = c_int(args[2]), c_int(args[3])
    return _ticks("ticks_from", [symbol_of(args[0]), moment(args[1]), count, flags])


@function()
def copy_ticks_range(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """Return the ticks between two dates, which are cut to whole seconds."""
    exactly(args, 4)
    flags = c_int(args[3])
    return _ticks("ticks_range", [symbol_of(args[0]), moment(args[1]), moment(args[2]), flags])


def _book_of(args: tuple[Any, ...]) -> str:
    exactly(args, 1)
    return symbol_of(args[0])


def _no_book(args: tuple[Any, ...]) -> bool:
    """Answer False where there is no terminal; one that is there says that it has no depth of market."""
    _book_of(args)
    if LINE.socket is None:
        return False
    raise Failed(*NOT_FOUND)


@function()
def market_book_add(*args: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """Return False or None, for there is no depth of market here."""
    return _no_book(args)


@function()
def market_book_release(*args: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """Return False or None, for there is no depth of market here."""
    return _no_book(args)


@function()
def market_book_get(*args: Any) -> None:  # noqa: ANN401 - judged by the package's own rules
    """Return None, for there is no depth of market here."""
    _book_of(args)
    LINE.ask("version", [])
    raise Failed(*NOT_FOUND)
