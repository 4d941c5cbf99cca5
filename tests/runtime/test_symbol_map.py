"""Which of a broker's symbols is meant: by currencies, contract and digits, among suffixes and decoys."""

import msgspec
import pytest

from brokers.mt5.frames import Listed
from market.types import Symbol
from runtime.symbol_catalog import USUAL, wanted
from runtime.symbol_map import Mapping, map_symbol, toml_of
from tests.venues import EURUSD, GOLD


def a_symbol(name: str, like: Symbol = EURUSD, **fields: object) -> Listed:
    """Return a symbol of the terminal."""
    return Listed(msgspec.structs.replace(like, name=name, **fields), "", f"All\\{name}")


INDEX = msgspec.structs.replace(
    EURUSD, currency_base="USD", currency_profit="USD", contract_size=1.0, digits=1, calc="cfd_index"
)
DECOYS = (
    a_symbol("EURUSDmicro", contract_size=1_000.0),
    a_symbol("USDEUR.m", currency_base="USD", currency_profit="EUR"),
    a_symbol("EURUSD.old", trade_mode="disabled"),
    a_symbol("GBPUSD.m", currency_base="GBP"),
    a_symbol("GOLDMAN", INDEX, contract_size=1.0, digits=2),
    a_symbol("EURUSD_idx", INDEX),
)
WHOLE = (*DECOYS, a_symbol("EURUSD.m"), a_symbol("GOLD", GOLD), a_symbol("USTEC.cash", INDEX))


def found(name: str, *listed: Listed, spec: Symbol | None = None) -> Mapping:
    """Return what is found for one of our symbols."""
    want = wanted(name, spec)
    assert want is not None
    return map_symbol(want, listed)


@pytest.mark.parametrize(
    ("name", "broker"), [("EURUSD", "EURUSD.m"), ("XAUUSD", "GOLD"), ("US100", "USTEC.cash"), ("NAS100", "USTEC.cash")]
)
def test_the_one_that_is_meant_is_found_among_decoys(name: str, broker: str) -> None:
    """Micro lots, a pair upside down, one that may not be traded, a share with gold in its name: none is taken."""
    mapping = found(name, *WHOLE)

    assert ("one", broker) == (mapping.found, mapping.candidates[0].broker)


@pytest.mark.parametrize("broker", ["EURUSD", "EURUSD.m", "EURUSDpro", "m.EURUSD", "eurusd", "EUR/USD", "#EURUSD_x"])
def test_whatever_stands_around_a_name_is_no_matter(broker: str) -> None:
    """Prefix, suffix, stroke and small letters."""
    mapping = found("EURUSD", *DECOYS, a_symbol(broker))

    assert ("one", broker) == (mapping.found, mapping.candidates[0].broker)


def test_a_pair_is_found_by_its_currencies_whatever_it_is_called() -> None:
    """A number for a name, and it is said."""
    mapping = found("EURUSD", a_symbol("FX1001"))

    assert ("one", "FX1001") == (mapping.found, mapping.candidates[0].broker)
    assert "another name" in mapping.candidates[0].says


def test_two_that_are_as_good_are_left_to_a_person() -> None:
    """Both are named, none is chosen."""
    mapping = found("EURUSD", *WHOLE, a_symbol("EURUSD.pro"))

    assert "ambiguous" == mapping.found
    assert ["EURUSD.m", "EURUSD.pro"] == [c.broker for c in mapping.candidates[:2]]


def test_another_contract_is_shouted() -> None:
    """If there are micro lots alone they are proposed, with the size that they have."""
    mapping = found("EURUSD", DECOYS[0])

    assert "one" == mapping.found
    assert "CONTRACT 1000, not 100000" in mapping.candidates[0].says


def test_the_contract_of_the_account_goes_before_what_is_usual() -> None:
    """Whoever configured micro lots means them."""
    micro = msgspec.structs.replace(EURUSD, contract_size=1_000.0)

    assert "EURUSDmicro" == found("EURUSD", *WHOLE, spec=micro).candidates[0].broker


@pytest.mark.parametrize(
    ("name", "listed", "why"),
    [
        ("EURUSD", DECOYS[1:2], "USDEUR.m is upside down: USD in EUR"),
        ("EURUSD", (), "the terminal has no symbol of EUR in USD"),
        ("US30", WHOLE, "the terminal has no symbol named US30"),
        ("XAUUSD", DECOYS, "the nearest is GOLDMAN"),
    ],
)
def test_what_cannot_be_mapped_says_why(name: str, listed: tuple[Listed, ...], why: str) -> None:
    """The nearest, or what stands in its way."""
    mapping = found(name, *listed)

    assert ("none", True) == (mapping.found, mapping.why.startswith(why)), mapping.why


def test_the_toml_pastes_what_is_sure_and_comments_the_rest() -> None:
    """A table for the account's own, comments for a choice, for what is missing and for what it does not name."""
    listed = (*WHOLE, a_symbol("GBPUSD.x", currency_base="GBP"))
    mappings = [found(name, *listed) for name in ("EURUSD", "GBPUSD", "US30", "XAUUSD")]
    text = toml_of(mappings, ours=("EURUSD", "GBPUSD", "US30"))

    assert '[symbols.EURUSD]\nbroker = "EURUSD.m"  # 98 of 100: EUR in USD, contract 100000\n' in text
    assert "# GBPUSD is ambiguous: choose one.\n# [symbols.GBPUSD]\n" in text
    assert '# broker = "GBPUSD.m"  # 98 of 100' in text
    assert "# US30: none: the terminal has no symbol named US30" in text
    assert '# [symbols.XAUUSD]\n# broker = "GOLD"' in text


def test_usual_symbols_are_told_apart_by_name() -> None:
    """No name stands for two of them."""
    names = [name for want in USUAL for name in (want.name, *want.names)]

    assert len(set(names)) == len(names)
    assert wanted("WHEAT") is None
    assert ("EUR", "SEK") == ((w := wanted("EURSEK")) and w.base, w and w.profit)
