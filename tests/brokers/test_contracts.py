"""A symbol's contract in our words: how it is charged, executed, filled and traded."""

from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.contracts import contract_of, swap_days
from brokers.mt5.lookalike.structs import names_of

TEXTS = frozenset(names_of(m.SymbolInfo)[-12:])


def info(**values: object) -> Any:  # noqa: ANN401 - a structure of the package
    """Return a SymbolInfo with some of its fields set."""
    return m.SymbolInfo([values.get(name, "" if name in TEXTS else 0) for name in names_of(m.SymbolInfo)])


@pytest.mark.parametrize(
    ("field", "number", "ours", "word"),
    [
        ("trade_calc_mode", 0, "calc", "forex"),
        ("trade_calc_mode", 5, "calc", "forex_no_leverage"),
        ("trade_calc_mode", 2, "calc", "cfd"),
        ("trade_calc_mode", 3, "calc", "cfd_index"),
        ("trade_calc_mode", 4, "calc", "cfd_leverage"),
        ("trade_calc_mode", 33, "calc", "futures"),
        ("trade_calc_mode", 32, "calc", "cfd"),
        ("trade_exemode", 0, "execution", "request"),
        ("trade_exemode", 1, "execution", "instant"),
        ("trade_exemode", 2, "execution", "market"),
        ("trade_exemode", 3, "execution", "exchange"),
        ("trade_mode", 0, "trade_mode", "disabled"),
        ("trade_mode", 1, "trade_mode", "long_only"),
        ("trade_mode", 2, "trade_mode", "short_only"),
        ("trade_mode", 3, "trade_mode", "close_only"),
        ("trade_mode", 4, "trade_mode", "full"),
        ("trade_mode", 9, "trade_mode", "disabled"),
        ("filling_mode", 0, "fillings", ()),
        ("filling_mode", 1, "fillings", ("fok",)),
        ("filling_mode", 2, "fillings", ("ioc",)),
        ("filling_mode", 7, "fillings", ("fok", "ioc")),
        ("swap_mode", 0, "swap_mode", "disabled"),
        ("swap_mode", 1, "swap_mode", "points"),
        ("swap_mode", 4, "swap_mode", "deposit"),
        ("swap_mode", 6, "swap_mode", "interest_open"),
        ("swap_mode", 8, "swap_mode", "disabled"),
    ],
)
def test_a_number_of_the_package_is_a_word_of_ours(field: str, number: int, ours: str, word: object) -> None:
    """Modes are read off the package's constants; a mode we do not know is the careful one."""
    assert word == getattr(contract_of(info(**{field: number}), "GOLD", int), ours)


def test_sizes_levels_and_the_end_are_taken_over() -> None:
    """Numbers stay as they are, and the contract's end becomes UTC."""
    told = info(
        digits=2, trade_tick_size=0.05, trade_contract_size=10.0, volume_min=0.1, volume_max=5.0, volume_step=0.1,
        volume_limit=7.0, trade_tick_value=0.5, margin_initial=300.0, margin_hedged=5.0, trade_stops_level=30,
        trade_freeze_level=3, swap_long=-4.5, swap_short=1.5, order_mode=119, expiration_mode=3, expiration_time=7_200,
        currency_base="XAU", currency_profit="USD", currency_margin="EUR", name="GOLD.m",
    )  # fmt: skip
    found = contract_of(told, "XAUUSD", lambda server: server - 3_600_000)

    assert ("XAUUSD", 2, 0.05, 10.0, 0.1, 5.0, 0.1, 7.0) == (
        *(found.name, found.digits, found.tick_size, found.contract_size),
        *(found.volume_min, found.volume_max, found.volume_step, found.volume_limit),
    )
    assert (0.5, 300.0, 5.0, 30, 3, -4.5, 1.5) == (
        *(found.tick_value, found.margin_initial, found.margin_hedged, found.stops_level, found.freeze_level),
        *(found.swap_long, found.swap_short),
    )
    assert (119, 3, 3_600_000, "XAU", "USD", "EUR") == (
        *(found.order_mask, found.expiration_mask, found.expires_at),
        *(found.currency_base, found.currency_profit, found.currency_margin),
    )


@pytest.mark.parametrize(("triple", "day"), [(1, 0), (3, 2), (5, 4)])
def test_the_night_that_counts_three_is_the_terminals(triple: int, day: int) -> None:
    """The terminal counts days from Sunday, we from Monday."""
    assert 3.0 == swap_days(triple)[day]
    assert 7.0 == sum(swap_days(triple))


@pytest.mark.parametrize("triple", [0, 6])
def test_no_night_of_a_weekend_counts_three(triple: int) -> None:
    """A factor there would be the calendar file's to say."""
    assert (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0) == swap_days(triple)
