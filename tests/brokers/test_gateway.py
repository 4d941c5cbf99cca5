"""The order gate: what each level lets through, what each check refuses; what was refused does not count as sent."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.latch import LEVELS, Latch, Level, encode_latch, encode_word
from brokers.limits import GATES
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.requests import AnyRequest
from brokers.word import LATCH_FILE, WORD_FILE
from market.types import Side, Symbol
from runtime.operator import latch
from tests.latches import command, latched, lose
from tests.orders import ASK, BID, EACH, LIMITS, NOW, cancel, close, close_by, entry, modify, resting, stop_at
from tests.trade_server import GOLD

YEN = Symbol(
    name="USDJPY", digits=3, tick_size=0.001, contract_size=100_000.0, volume_min=0.01, volume_max=50.0,
    volume_step=0.01, currency_base="USD", currency_profit="JPY", calc="forex",
)  # fmt: skip


sides: list[Side] = [-1, 1]


def gate(folder: Path, *levels: Level, **limits: Any) -> Gateway:  # noqa: ANN401 - fields of Limits
    """Return a gate to gold and yen whose latch went through these levels."""
    symbols = {"GOLD": GOLD, "USDJPY": YEN}
    return Gateway(latched(folder, *levels), msgspec.structs.replace(LIMITS, **limits), symbols, "USD")


def asked(gateway: Gateway, request: AnyRequest, at: int = NOW, bid: float = BID, ask: float = ASK) -> str:
    """Ask the gate as the worker does; return the name of what refuses, or nothing."""
    gateway.mark(request.id)
    refused = gateway.check(request, Tick(at, bid, ask))
    gateway.mark(0)
    return GATES[refused.code - 1] if refused else ""


# --- levels -----------------------------------------------------------------------------------------------------------

MAY: dict[Level, set[str]] = {
    "run": {"entry", "resting", "close", "operator", "stop", "cancel", "modify", "close by", "operator by"},
    "close-only": {"close", "operator", "stop", "cancel", "close by", "operator by"},
    "halt": {"operator", "cancel", "operator by"},
    "flatten": {"operator", "cancel", "operator by"},
}


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_lets_through_what_it_allows(tmp_path: Path, level: Level) -> None:
    """Nothing new at close-only; at halt and flatten only what takes back, and what a person closes."""
    found = {name for name, request in EACH.items() if not asked(gate(tmp_path / name, level), request)}

    assert MAY[level] == found


SCOPED = ("strategy:trend", "symbol:GOLD", "model:calm", "model:00c0ffee")
"""Scopes that a request of the strategy below is in."""
OURS = ("strategy:trend", "symbol:GOLD", "model:calm", "model:00c0ffee12345678")


@pytest.mark.parametrize("scope", SCOPED)
@pytest.mark.parametrize("level", LEVELS)
def test_each_level_of_a_scope_lets_through_what_it_allows(tmp_path: Path, level: Level, scope: str) -> None:
    """The same as the account's, to who is in the scope; nothing changes for others, and nobody's is refused."""
    folder = latched(tmp_path / "a", "run")
    latch.loosen(folder, command(level, scope=scope))
    said = {
        of: {
            name
            for name, request in EACH.items()
            if not asked(Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD"), msgspec.structs.replace(request, scopes=of))
        }
        for of in (OURS, ("strategy:other",), None)
    }

    assert said == {
        OURS: MAY[level], ("strategy:other",): MAY[level if scope == "symbol:GOLD" else "run"], None: MAY[level],
    }  # fmt: skip


def test_a_refusal_says_which_scope_forbids(tmp_path: Path) -> None:
    """So that a person knows what to resume."""
    gateway = gate(tmp_path / "a", "run")
    latch.tighten(gateway.folder, command("halt", scope="strategy:trend"))
    gateway.mark(1)
    refused = gateway.check(entry(1, scopes=("strategy:trend",)), Tick(NOW, BID, ASK))

    assert "the latch is at halt for strategy:trend" == (refused and refused.reason)


def test_a_level_is_read_anew_for_each_request(tmp_path: Path) -> None:
    """A gate that has let something through sees the halt before the next, and the resume after it."""
    gateway = gate(tmp_path / "a", "run")
    found = [asked(gateway, entry(1))]
    latch.tighten(gateway.folder, command("halt"))
    found.append(asked(gateway, entry(2)))
    latch.loosen(gateway.folder, command("run"))
    found.append(asked(gateway, entry(3)))

    assert ["", "halted", ""] == found


def test_a_halt_that_falls_between_mark_and_check_is_seen(tmp_path: Path) -> None:
    """The level is read after the mark is written: who tightens meanwhile is heard, and sees the mark."""
    gateway = gate(tmp_path / "a", "run")
    gateway.mark(5)
    latch.tighten(gateway.folder, command("halt"))
    refused = gateway.check(entry(5), Tick(NOW, BID, ASK))

    assert refused is not None
    assert 5 == latch.wait_sent(gateway.folder, 0.01)


@pytest.mark.parametrize("first", ["word", "file"])
def test_a_half_made_change_reads_as_halt(tmp_path: Path, first: str) -> None:
    """Between the two writes of a change the copies contradict each other, in either order."""
    gateway = gate(tmp_path / "a", "run")
    after = Latch(level="run", generation=2, command=command("run"))
    if first == "word":
        (gateway.folder / WORD_FILE).write_bytes(encode_word(after))
    else:
        (gateway.folder / LATCH_FILE).write_bytes(encode_latch(after))

    assert "halted" == asked(gateway, entry())


@pytest.mark.parametrize("loss", ["gone before", "gone after", "a folder", "truncated", "made anew"])
def test_a_word_that_cannot_be_read_is_a_halt_until_it_is_latched_again(tmp_path: Path, loss: str) -> None:
    """Whatever happens to the word, before or after the gate has opened it, nothing leaves; a new latch is found."""
    folder = latched(tmp_path / "a", "run")
    word = folder / WORD_FILE
    gateway = None if loss == "gone before" else Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD")
    if loss == "truncated":
        word.write_bytes(b"")
    else:
        lose(word)
    if loss == "a folder":
        word.mkdir()
    if loss == "made anew":
        word.write_bytes(encode_word(Latch(level="run", generation=2)))
    gateway = gateway or Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD")
    before = asked(gateway, entry(1))
    if loss == "a folder":
        word.rmdir()
    latch.loosen(folder, command("run"))

    assert ("halted", "") == (before, asked(gateway, entry(2)))


def test_a_new_gate_takes_the_mark_of_a_dead_one_away(tmp_path: Path) -> None:
    """What a killed worker was sending is in doubt, and the core knows; it is not in flight for ever."""
    gate(tmp_path / "a", "run").mark(77)
    dead = latch.sending(tmp_path / "a")
    Gateway(tmp_path / "a", LIMITS, {"GOLD": GOLD}, "USD")

    assert (77, 0) == (dead, latch.sending(tmp_path / "a"))


# --- checks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate_name", "request_", "tick"),
    [
        ("stop present", entry(stop=0.0), {}),
        ("stop present", entry(stop=2004.2), {}),
        ("stop present", entry(stop=2010.0), {}),
        ("stop present", entry(side=-1, stop=1990.0), {}),
        ("stop present", entry(stop=float("nan")), {}),
        ("target", entry(target=1999.0), {}),
        ("target", entry(target=2000.0), {}),
        ("target", entry(target=float("inf")), {}),
        ("target", entry(side=-1, stop=2010.0, target=-5e300), {}),
        ("target", entry(target=float("nan")), {}),
        ("stop present", stop_at(0.0), {}),
        ("stop present", stop_at(float("nan")), {}),
        ("symbol allowed", entry(symbol="OIL"), {}),
        ("symbol allowed", close(symbol="OIL"), {}),
        ("symbol allowed", stop_at(symbol="OIL"), {}),
        ("symbol allowed", cancel(symbol="OIL"), {}),
        ("symbol allowed", entry(comment="x" * 30), {}),
        ("symbol allowed", entry(comment="\N{BEAR FACE}" * 15), {}),  # two UTF-16 units each
        ("spread", entry(), {"ask": BID + 0.51}),
        ("volume", entry(volume=5.01), {}),
        ("volume", entry(volume=0.0), {}),
        ("volume", entry(volume=float("nan")), {}),
        ("value", entry(volume=2.5), {}),
        ("value", entry(symbol="USDJPY", price=150.0, stop=149.0, volume=5.0), {"bid": 150.0, "ask": 150.01}),
        ("collar", entry(price=ASK * 1.0201, stop=1000.0), {}),
        ("collar", entry(price=BID * 0.9799, stop=1000.0), {}),
        ("collar", entry(price=float("inf")), {}),
        ("age", entry(), {"at": NOW + 30_001}),
        ("collar", entry(kind="stop_limit", limit=BID * 0.9799, stop=1000.0), {}),
        ("collar", modify(price=BID * 0.9799, stop=1000.0), {}),
        ("collar", modify(price=float("nan")), {}),
        ("collar", modify(limit=ASK * 1.0201), {}),
        ("stop present", entry(kind="stop_limit", limit=1999.0, stop=2000.0), {}),
        ("stop present", entry(kind="stop_limit", limit=float("nan")), {}),
        ("stop present", modify(stop=0.0), {}),
        ("symbol allowed", close_by(comment="x" * 30), {}),
        ("age", close(), {"at": NOW + 30_001}),
        ("age", modify(), {"at": NOW + 30_001}),
        ("age", close_by(), {"at": NOW + 30_001}),
        ("no price", entry(), {"bid": 0.0}),
        ("no price", entry(), {"ask": BID - 0.01}),
        ("no price", close(), {"bid": float("nan")}),
    ],
)
def test_each_check_refuses_by_its_name_and_counts_nothing_as_sent(
    tmp_path: Path, gate_name: str, request_: AnyRequest, tick: dict[str, Any]
) -> None:
    """A refusal is a fact with a code; it uses neither the instruction's number nor the rate up."""
    limits = {"max_value": 499_999.0} if request_.symbol == "USDJPY" else {}
    gateway = gate(tmp_path / "a", "run", **limits)

    assert gate_name == asked(gateway, request_, **tick)
    assert (0, 0) == (len(gateway.pace.sent), len(gateway.pace.times))


@pytest.mark.parametrize(
    ("request_", "tick"),
    [
        (entry(), {"ask": BID + 0.50}),
        (entry(volume=2.4), {}),
        (entry(symbol="USDJPY", price=150.0, stop=149.0, volume=5.0), {"bid": 150.0, "ask": 150.01}),
        (entry(side=-1, price=BID, stop=2010.0, target=1990.0), {}),
        (entry(price=ASK * 1.0199), {}),
        (entry(kind="stop_limit", limit=1999.0), {}),
        (modify(price=BID * 0.9801, stop=1000.0), {}),
        (close_by(), {"at": NOW + 30_000}),
        (entry(), {"at": NOW + 30_000}),
        (close(operator=True), {"at": NOW + 3_600_000}),  # a person's will does not age while the latch says it
        (close_by(operator=True), {"at": NOW + 3_600_000}),
        (entry(comment="x" * 29), {}),
        (entry(comment="\N{BEAR FACE}" * 14 + "x"), {}),
    ],
)
def test_what_is_just_within_the_limits_passes(tmp_path: Path, request_: AnyRequest, tick: dict[str, Any]) -> None:
    """A limit is the last value that is still allowed."""
    assert "" == asked(gate(tmp_path / "a", "run"), request_, **tick)


@pytest.mark.parametrize("operator", [False, True])
@pytest.mark.parametrize(
    ("ask", "most", "expected"),
    [(BID + 0.19, 20.0, ""), (BID + 0.21, 20.0, "spread"), (BID + 5.0, 0.0, ""), (BID + 5.0, 499.0, "spread")],
)
def test_a_close_that_waited_for_its_market_is_held_to_its_own_spread(
    tmp_path: Path,
    operator: bool,  # noqa: FBT001 - a case
    ask: float,
    most: float,
    expected: str,
) -> None:
    """The cap goes with the request, whoever closes; without one a wide spread keeps nobody from leaving."""
    gateway = gate(tmp_path / "a", "run", max_spread=1.0)

    assert expected == asked(gateway, close(1, max_spread=most, operator=operator), ask=ask)


def test_a_close_refused_for_its_spread_may_be_sent_again(tmp_path: Path) -> None:
    """What the gate refused was not sent: the same close passes once the spread is what it may be."""
    gateway = gate(tmp_path / "a", "flatten")
    found = [asked(gateway, close(1, max_spread=20.0, operator=True), ask=ask) for ask in (BID + 9.0, BID + 0.1)]

    assert ["spread", ""] == found


def near(middle: float) -> st.SearchStrategy[float]:
    """Draw any float at all, but mostly one near a middle."""
    return st.one_of(st.floats(), *[st.floats(middle * 0.97, middle * 1.03)] * 9)


@given(near(2.4), near(2000.0), near(1990.0), near(2000.0), st.floats(-0.1, 1.0), st.sampled_from(sides))
def test_no_number_gets_past_or_breaks_the_gate(
    tmp_path_factory: pytest.TempPathFactory, v: float, p: float, s: float, bid: float, spread: float, side: Side
) -> None:
    """Whatever the numbers are, what passes is within every limit and has its stop; nothing raises."""
    folder = tmp_path_factory.getbasetemp() / "numbers"
    if not folder.exists():
        latched(folder, "run")
    ask = bid + spread
    request = entry(volume=v, price=p, stop=s, side=side)
    gateway = Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD")
    passed = not asked(gateway, request, bid=bid, ask=ask)
    gateway.close()

    if passed:
        assert 0.0 < v <= 5.0
        assert v * 100.0 * p <= 500_000.01
        assert (p - s) * side > 0.0 < s
        assert bid * 0.979999 <= p <= ask * 1.020001


def test_an_instruction_is_let_through_once(tmp_path: Path) -> None:
    """The same number a second time is a duplicate, whatever it asks for."""
    gateway = gate(tmp_path / "a", "run")

    assert ["", "duplicate", "duplicate"] == [asked(gateway, r) for r in (entry(3), entry(3), cancel(3))]


def test_the_rate_is_of_server_time_and_holds_nothing_back_that_reduces(tmp_path: Path) -> None:
    """The sixth entry within a minute is refused; closing and taking back pass; after 60 s entries pass again."""
    gateway = gate(tmp_path / "a", "run", max_age_s=1e9)
    first = [asked(gateway, resting(n), at=NOW + n * 1000) for n in range(1, 6)]
    over = [asked(gateway, r, at=NOW + 60_999) for r in (entry(6), stop_at(ident=7), close(8), cancel(9))]

    assert [""] * 5 == first
    assert ["rate", "rate", "", ""] == over
    assert "" == asked(gateway, entry(10), at=NOW + 65_001)
