"""The look-alike against the API read out of the package: manners of functions, fields and types of structures."""

import datetime as dt
import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brokers.mt5.lookalike as package

from brokers.mt5.lookalike import arrays, structs
from brokers.mt5.lookalike.docs import DOCS
from tests.trade_server import HISTORY, HOUR, START, connected

m: Any = package
Api = dict[str, Any]
OPEN = START + HISTORY * HOUR
LIMIT: dict[str, Any] = {
    "action": m.TRADE_ACTION_PENDING,
    "symbol": "GOLD",
    "volume": 0.1,
    "type": m.ORDER_TYPE_BUY_LIMIT,
    "price": 2003.9,
    "sl": 1990.0,
    "type_filling": m.ORDER_FILLING_RETURN,
}
BUY = LIMIT | {
    "action": m.TRADE_ACTION_DEAL,
    "type": m.ORDER_TYPE_BUY,
    "price": 2004.2,
    "type_filling": m.ORDER_FILLING_IOC,
}
FOREVER = (0, 2_000_000_000)
HELPERS = {"Buy", "Sell", "Close"}
"""The package's unsafe ones, which resend orders: left out."""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the look-alike logged in, with a position, a resting order, deals and past orders."""
    with connected(tmp_path_factory.mktemp("api") / "terminal"):
        assert m.order_send(BUY)[0] == m.order_send(LIMIT)[0] == m.TRADE_RETCODE_DONE
        yield


@pytest.fixture
def api(shared_data: Path) -> Api:
    """Read what was read out of the package."""
    read: Api = json.loads((shared_data / "mt5" / "api.json").read_text(encoding="utf-8"))
    return read


def one_of(name: str) -> Any:  # noqa: ANN401 - the package's structures
    """Return a structure of a kind, as the terminal fills it."""
    found: dict[str, Any] = {
        "Tick": lambda: m.symbol_info_tick("GOLD"),
        "OrderSendResult": lambda: m.order_send(BUY | {"sl": 3000.0}),
        "TradePosition": lambda: m.positions_get()[0],
        "BookInfo": lambda: None,  # there is no depth of market
        "AccountInfo": m.account_info,
        "TradeOrder": lambda: m.orders_get()[0],
        "OrderCheckResult": lambda: m.order_check(BUY),
        "SymbolInfo": lambda: m.symbol_info("GOLD"),
        "TerminalInfo": m.terminal_info,
        "TradeDeal": lambda: m.history_deals_get(*FOREVER)[-1],
        "TradeRequest": lambda: m.order_check(BUY)[-1],
    }
    return found[name]()


def test_every_function_is_there(api: Api) -> None:
    """All of the package's functions, but for its unsafe helpers, with its own words about each."""
    there = {name: getattr(m, name).__doc__ for name in api["functions"] if hasattr(m, name)}

    assert HELPERS == api["functions"].keys() - there.keys()
    assert {name: f["doc"] for name, f in api["functions"].items() if name not in HELPERS} == there


@pytest.mark.parametrize("name", DOCS)
def test_a_function_takes_keywords_as_the_package_does(api: Api, name: str) -> None:
    """Where the package has none, a keyword raises; where it has, one that it does not know is ignored."""
    manner = api["functions"][name]["flags"]
    call = getattr(m, name)

    if "KEYWORDS" in manner:
        assert call(nothing=1) in {None, False}
    else:
        with pytest.raises(TypeError, match="takes no keyword arguments"):
            call(nothing=1)
    if "NOARGS" in manner:
        with pytest.raises(TypeError, match=r"takes no arguments \(1 given\)"):
            call(1)


@pytest.mark.parametrize("name", structs.__all__)
def test_a_structure_has_the_packages_fields_in_order(api: Api, name: str) -> None:
    """Names, order and number of fields are the package's."""
    kind: Any = getattr(m, name)

    assert api["structures"][name] == list(kind.__match_args__)
    assert (kind.n_fields, kind.n_sequence_fields, kind.n_unnamed_fields) == (len(api["structures"][name]),) * 2 + (0,)


@pytest.mark.parametrize("name", [name for name in structs.__all__ if name != "BookInfo"])
@pytest.mark.usefixtures("terminal")
def test_a_structures_values_have_the_packages_types(api: Api, name: str) -> None:
    """Every field of every structure is filled with a value of its type, never another that only looks like it."""
    expected = api["structure_types"][name]
    actual = {field: type(value).__name__ for field, value in one_of(name)._asdict().items()}

    assert expected == {field: "TradeRequest" if field == "request" else kind for field, kind in actual.items()}


@pytest.mark.parametrize("name", ["rates", "ticks"])
def test_an_array_is_packed_as_the_packages(api: Api, name: str) -> None:
    """Names, formats, offsets and 60 bytes a row."""
    kind = {"rates": arrays.RATES, "ticks": arrays.TICKS}[name]
    assert kind.fields is not None
    fields = [(field, kind.fields[field][0].str, kind.fields[field][1]) for field in kind.names or ()]
    expected = api["numpy_dtypes"][name]

    assert list(zip(expected["names"], expected["formats"], expected["offsets"], strict=True)) == fields
    assert expected["itemsize"] == kind.itemsize


def test_every_error_code_is_a_constant(api: Api) -> None:
    """Each code that `last_error` may tell stands among the constants, but for the one before any call."""
    known = {value for name, value in vars(m).items() if name.startswith("RES_")}

    assert {int(code) for code in api["last_error"]} - {0} == known


def test_every_retcode_is_a_constant(api: Api) -> None:
    """Each retcode that the package names has its number here, and none that nobody knows."""
    package = {value: name for name, value in api["constants"].items() if name.startswith("TRADE_RETCODE_")}
    ours = {value: name for name, value in vars(m).items() if name.startswith("TRADE_RETCODE_")}

    assert package == ours
    assert set() == {code for code in ours if str(code) not in api["retcodes"]}


@pytest.mark.usefixtures("terminal")
def test_a_request_by_keyword_asks_for_nothing() -> None:
    """`order_send(request=d)` is not refused on our side: an all-zero request goes out, and the broker refuses it."""
    result: Any = m.order_send(request=BUY)

    asked = result.request

    assert (0, 0, "", 0.0) == (asked.action, asked.magic, asked.symbol, asked.volume)
    assert m.TRADE_RETCODE_INVALID == result.retcode
    assert m.last_error() == (1, "Success")


@pytest.mark.usefixtures("terminal")
def test_bools_and_other_dicts_are_taken() -> None:
    """True is 1 and False 0, a dict's subclass is a dict, and unknown fields are ignored."""

    class Request(dict[str, Any]):
        """A dict of another type."""

    result: Any = m.order_check(Request(BUY, type=False, action=True, nothing=object()))

    assert (0, 1, 0) == (result.retcode, result.request.action, result.request.type)


@pytest.mark.usefixtures("terminal")
def test_dates_are_cut_to_whole_seconds() -> None:
    """A start within a second finds what happened at its beginning; the same as float, int and datetime."""
    second = OPEN // 1000
    late = dt.datetime.fromtimestamp(second + 0.999, dt.UTC)
    found = [len(m.history_deals_get(one, second + 1)) for one in (late, second + 0.999, second)]

    assert found[0] >= 1
    assert found == [found[0]] * 3


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("*", ["GOLD", "OIL"]),
        ("GOLD", ["GOLD"]),
        ("*OL*", ["GOLD"]),
        ("*L*", ["GOLD", "OIL"]),
        ("*,!GOLD", ["OIL"]),
        ("*, !*IL", ["GOLD"]),
        ("!GOLD,*", ["GOLD", "OIL"]),
        ("GOLD,OIL", ["GOLD", "OIL"]),
        ("gold", []),
        ("?OLD", []),
        ("[G]OLD", []),
        ("", []),
    ],
)
@pytest.mark.usefixtures("terminal")
def test_a_group_is_masks_in_turn(group: str, names: list[str]) -> None:
    """Masks with stars, parted by commas, a later one over an earlier; nothing else has a meaning."""
    assert names == sorted(info.name for info in m.symbols_get(group))


@pytest.mark.usefixtures("terminal")
def test_precedence_is_the_packages_own() -> None:
    """Ticket before symbol before group; dates before ticket before position."""
    ticket = m.positions_get()[0].ticket

    assert 1 == len(m.positions_get(ticket=ticket, symbol="OIL", group="!*"))
    assert () == m.positions_get(symbol="OIL", group="*")
    assert len(m.history_deals_get(*FOREVER)) == len(m.history_deals_get(*FOREVER, ticket=1, position=1))
    assert m.history_deals_get(ticket=ticket) == m.history_deals_get(ticket=ticket, position=1)


@pytest.mark.usefixtures("terminal")
def test_arrays_come_in_the_packages_dtype() -> None:
    """Bars and ticks are arrays that belong to the caller; a volume that is subtracted wraps around."""
    bars: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 2)

    assert bars.dtype == arrays.RATES
    assert bars.flags.writeable
    assert bars["tick_volume"].dtype == np.dtype("<u8")
