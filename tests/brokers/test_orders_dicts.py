"""Requests as the package takes them: every field of the type it insists on; its results as answers."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, InDoubt, Rejected
from brokers.mt5.lookalike.fields import REQUEST, request
from brokers.mt5.orders import answer_of, filling_of, mt5_request
from brokers.mt5.translator import Translator
from brokers.requests import AnyRequest
from market.types import Execution, Filling, Symbol
from tests.orders import EACH, NOW, entry, resting, stop_at
from tests.trade_server import GOLD

PLAIN = Translator("UTC", {"GOLD": "GOLD.m"})
AHEAD = Translator("UTC+2", {"GOLD": "GOLD.m"})
MARKET = msgspec.structs.replace(GOLD, execution="market", fillings=("ioc",))


def dictionary(one: AnyRequest, translate: Translator = PLAIN, spec: Symbol = MARKET) -> dict[str, Any]:
    """Return the dictionary for a request at the broker's GOLD.m."""
    return mt5_request(m, one, "GOLD.m", spec, translate)


def fields(one: AnyRequest) -> dict[str, Any]:
    """Return the request as the package's own argument rules read it; they refuse what is of a wrong type."""
    return dict(zip(REQUEST, request((dictionary(one),), {}), strict=True))


@pytest.mark.parametrize("name", EACH)
def test_each_request_passes_the_packages_rules(name: str) -> None:
    """No integer where a float must be, no None, no name too long, and no key the package does not know."""
    found = dictionary(EACH[name])

    assert found.items() <= fields(EACH[name]).items()
    assert set() == found.keys() - REQUEST.keys()


@given(
    volume=st.one_of(st.integers(0, 100), st.floats(0.0, 100.0)),
    price=st.one_of(st.integers(1, 10**6), st.floats(1, 1e6)),
    stop=st.one_of(st.integers(0, 10**6), st.floats(0.0, 1e6)), magic=st.integers(0, 2**63 - 1),
    deviation=st.integers(0, 10**6), expiry=st.integers(0, 4 * 10**12), comment=st.text("ab1. ", max_size=29),
)  # fmt: skip
def test_any_entry_passes_the_packages_rules(**changes: Any) -> None:  # noqa: ANN401 - fields of EntryRequest
    """Whole numbers become floats, and no value that may stand in a request makes the package refuse or raise."""
    found = fields(resting(**changes))

    assert {"float"} == {type(found[name]).__name__ for name in ("volume", "price", "sl", "tp")}
    assert (changes["magic"], changes["comment"]) == (found["magic"], found["comment"])


@pytest.mark.parametrize(
    ("kind", "side", "type_"),
    [
        ("market", 1, m.ORDER_TYPE_BUY), ("market", -1, m.ORDER_TYPE_SELL),
        ("limit", 1, m.ORDER_TYPE_BUY_LIMIT), ("limit", -1, m.ORDER_TYPE_SELL_LIMIT),
        ("stop", 1, m.ORDER_TYPE_BUY_STOP), ("stop", -1, m.ORDER_TYPE_SELL_STOP),
    ],
)  # fmt: skip
def test_each_kind_of_entry_has_its_type_and_action(kind: str, side: int, type_: int) -> None:
    """Market orders are deals; the others rest, and carry the filling that resting orders must."""
    found = dictionary(entry(kind=kind, side=side))
    rests = kind != "market"

    assert type_ == found["type"]
    assert (m.TRADE_ACTION_PENDING if rests else m.TRADE_ACTION_DEAL) == found["action"]
    assert (m.ORDER_FILLING_RETURN if rests else m.ORDER_FILLING_IOC) == found["type_filling"]


def test_a_close_is_on_the_other_side_of_its_position() -> None:
    """A long position is sold, a short one bought, by its ticket."""
    long, short = dictionary(EACH["close"]), dictionary(EACH["close"].__class__(**_fields(side=-1)))

    assert (m.ORDER_TYPE_SELL, m.ORDER_TYPE_BUY, 9) == (long["type"], short["type"], short["position"])


def _fields(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: getattr(EACH["close"], name) for name in EACH["close"].__struct_fields__} | changes


def test_expiry_is_told_on_the_servers_clock_in_seconds() -> None:
    """An order that ends at a moment ends then, whatever the server's clock shows; none means none."""
    ends = resting(expiry=NOW + 1_800_000)
    plain, ahead, never = dictionary(ends), dictionary(ends, AHEAD), dictionary(resting())

    assert NOW // 1000 + 1800 == plain["expiration"] == ahead["expiration"] - 7200
    assert (m.ORDER_TIME_SPECIFIED, m.ORDER_TIME_GTC) == (ahead["type_time"], never["type_time"])
    assert "expiration" not in never


@pytest.mark.parametrize(
    ("fillings", "wanted"),
    [
        ((), {"request": "FOK", "instant": "FOK", "market": "FOK", "exchange": "RETURN"}),
        (("fok",), {"request": "FOK", "instant": "FOK", "market": "FOK", "exchange": "FOK"}),
        (("ioc",), {"request": "IOC", "instant": "IOC", "market": "IOC", "exchange": "IOC"}),
        (("fok", "ioc"), {"request": "IOC", "instant": "IOC", "market": "IOC", "exchange": "IOC"}),
    ],
)
def test_filling_follows_mask_and_execution(fillings: tuple[Filling, ...], wanted: dict[Execution, str]) -> None:
    """What the contract names is taken, whatever the execution; RETURN never under market execution."""
    found = {mode: filling_of(m, msgspec.structs.replace(GOLD, execution=mode, fillings=fillings)) for mode in wanted}

    assert {mode: getattr(m, f"ORDER_FILLING_{name}") for mode, name in wanted.items()} == found


def test_prices_are_sent_on_the_grid_of_the_contract() -> None:
    """A price between two ticks is refused by some brokers: it goes to the nearest tick."""
    coarse = msgspec.structs.replace(MARKET, tick_size=0.25)
    sent = dictionary(resting(price=1999.13, stop=1990.001, target=2100.37), spec=coarse)
    moved = dictionary(stop_at(1990.1300000001), spec=coarse)

    assert (1999.25, 1990.0, 2100.25, 1990.25) == (sent["price"], sent["sl"], sent["tp"], moved["sl"])


# --- answers ----------------------------------------------------------------------------------------------------------


def result(code: int, **changes: Any) -> Any:  # noqa: ANN401 - an OrderSendResult
    """Return what `order_send` returns."""
    given = {"retcode": code, "order": 4, "deal": 5, "volume": 0.1, "price": 2004.2, "comment": "said"}
    return SimpleNamespace(**(given | changes))


def test_what_is_done_is_accepted_with_its_tickets() -> None:
    """Executed, placed or done in part: the numbers of the result are the answer's."""
    wanted = Accepted(at=NOW, id=1, order=4, deal=5, volume=0.1, price=2004.2)

    assert [wanted] * 3 == [answer_of(1, NOW, result(code), (1, "Success")) for code in (10008, 10009, 10010)]


def test_what_is_refused_or_unknown_keeps_code_and_words() -> None:
    """A clear no is Rejected; a code nobody knows is InDoubt."""
    refused, unknown = answer_of(1, NOW, result(10019), (1, "")), answer_of(2, NOW, result(10012), (1, ""))

    assert Rejected(at=NOW, id=1, code=10019, reason="said") == refused
    assert InDoubt(at=NOW, id=2, code=10012, reason="said") == unknown


@pytest.mark.parametrize(("error", "kind"), [(-2, Rejected), (-10004, Rejected), (-10001, InDoubt), (-10002, InDoubt)])
def test_no_result_is_told_by_its_last_error(error: int, kind: type[Rejected | InDoubt]) -> None:
    """None with a code that says nothing left is a refusal; any other None is a doubt."""
    assert kind(at=NOW, id=1, code=error, reason="why") == answer_of(1, NOW, None, (error, "why"))
