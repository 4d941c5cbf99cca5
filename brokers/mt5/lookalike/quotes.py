"""Functions of the package about symbols, prices and bars."""

from typing import Any

from brokers.mt5.lookalike.arguments import (
    ARGUMENTS,
    NUMBER,
    Invalid,
    c_int,
    exactly,
    moment,
    named,
    nth,
    refuse,
    symbol_of,
    text,
)
from brokers.mt5.lookalike.client import LINE, NOT_FOUND, Failed, function, noargs
from brokers.mt5.lookalike.structs import Structure, SymbolInfo, Tick

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


@noargs
@function()
def symbols_total() -> int | None:
    """symbols_total(): return the number of all symbols."""
    _need_line()
    return int(LINE.ask("symbols_total", []))


@function(keywords=True)
def _symbols(group: str | None) -> tuple[Structure, ...] | None:
    _need_line()
    return tuple(SymbolInfo(row) for row in LINE.ask("symbols", [group]))


def symbols_get(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - False for bad arguments, None without a terminal
    """symbols_get([group="GROUP"]): return the symbols of a group, or all."""
    group = _group(*args, **kwargs)
    return group if group is False else _symbols(group)


@function(failure=False, keywords=True)
def _group(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    if len(args) > 1:
        raise Invalid(NUMBER)
    if "group" in kwargs:
        return text(kwargs["group"], None, named("group"))
    return text(args[0], None, nth(1)) if args else None


@function()
def symbol_info(*args: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """symbol_info(symbol): return all that is known of a symbol."""
    exactly(args, 1)
    return SymbolInfo(LINE.ask("symbol", [symbol_of(args[0])]))


@function()
def symbol_info_tick(*args: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """symbol_info_tick(symbol): return the last prices of a symbol."""
    exactly(args, 1)
    return Tick(LINE.ask("tick", [symbol_of(args[0])]))


@function(failure=False)
def symbol_select(*args: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    """symbol_select(symbol,[enable]): put a symbol into the market watch, or take it out."""
    if not 1 <= len(args) <= _MOST_SELECT:
        refuse(TypeError(f"function takes at most 2 arguments ({len(args)} given)"))
    return bool(LINE.ask("select", [symbol_of(args[0]), len(args) == 1 or bool(args[1])]))


# --- bars and ticks -------------------------------------------------------------------------------------------------


def _rates(verb: str, arguments: list[Any]) -> Any:  # noqa: ANN401 - numpy is loaded by the first call only
    from brokers.mt5.lookalike.arrays import rates  # noqa: PLC0415 - the trade server shares this package, not numpy

    return rates(LINE.ask(verb, arguments))


@function()
def copy_rates_from(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """copy_rates_from(symbol, timeframe, date_from, count): return `count` bars up to a date."""
    exactly(args, 4)
    frame, count = c_int(args[1]), c_int(args[3])
    return _rates("rates_from", [symbol_of(args[0]), frame, moment(args[2]), count])


@function()
def copy_rates_from_pos(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """copy_rates_from_pos(symbol, timeframe, start_pos, count): return `count` bars, counted back from position 0."""
    exactly(args, 4)
    frame, start, count = c_int(args[1]), c_int(args[2]), c_int(args[3])
    return _rates("rates_from_pos", [symbol_of(args[0]), frame, start, count])


@function()
def copy_rates_range(*args: Any) -> Any:  # noqa: ANN401 - judged by the package's own rules
    """copy_rates_range(symbol, timeframe, date_from, date_to): return the bars that opened between two dates."""
    exactly(args, 4)
    frame = c_int(args[1])
    return _rates("rates_range", [symbol_of(args[0]), frame, moment(args[2]), moment(args[3])])


def _no_ticks() -> None:
    """Fail after good arguments: no ticks are recorded here, and a terminal that has none says so."""
    LINE.ask("version", [])
    raise Failed(*NOT_FOUND)


@function()
def copy_ticks_from(*args: Any) -> None:  # noqa: ANN401 - judged by the package's own rules
    """copy_ticks_from(symbol, date_from, count, flags): None, for no ticks are recorded."""
    exactly(args, 4)
    c_int(args[2]), c_int(args[3])
    symbol_of(args[0]), moment(args[1])
    _no_ticks()


@function()
def copy_ticks_range(*args: Any) -> None:  # noqa: ANN401 - judged by the package's own rules
    """copy_ticks_range(symbol, date_from, date_to, flags): None, for no ticks are recorded."""
    exactly(args, 4)
    c_int(args[3])
    symbol_of(args[0]), moment(args[1]), moment(args[2])
    _no_ticks()


def _book_of(args: tuple[Any, ...]) -> str:
    if len(args) != 1:
        raise Invalid(ARGUMENTS)
    return symbol_of(args[0])


@function()
def _no_book(*args: Any) -> bool:  # noqa: ANN401 - judged by the package's own rules
    _book_of(args)
    if LINE.socket is None:
        return False
    raise Failed(*NOT_FOUND)


def market_book_add(*args: Any, **kwargs: Any) -> bool | None:  # noqa: ANN401 - judged by the package's own rules
    """market_book_add(symbol): False or None, for there is no depth of market here."""
    return _book_call("market_book_add", args, kwargs)


def market_book_release(*args: Any, **kwargs: Any) -> bool | None:  # noqa: ANN401 - judged by the package's own rules
    """market_book_release(symbol): False or None, for there is no depth of market here."""
    return _book_call("market_book_release", args, kwargs)


def _book_call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | None:
    if kwargs:
        raise TypeError(f"{name}() takes no keyword arguments")
    return _no_book(*args)


@function()
def market_book_get(*args: Any) -> None:  # noqa: ANN401 - judged by the package's own rules
    """market_book_get(symbol): None, for there is no depth of market here."""
    _book_of(args)
    _no_ticks()
