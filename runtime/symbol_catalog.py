"""What usual symbols are: their currencies, the usual size of a lot, digits, and the names brokers give them."""

import msgspec

from market.types import Symbol


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol as strategies name it, and what it has to be at a broker."""

    name: str
    base: str
    profit: str
    contract: float
    """Units of the base in a lot, usually; 0.0: brokers do not agree, as of indices."""
    digits: tuple[int, ...]
    names: tuple[str, ...] = ()
    """Other names it goes by."""

    @property
    def named_only(self) -> bool:
        """Its currencies say nothing of what it is: an index is one currency in another."""
        return self.base == self.profit


_PAIRS = (
    *("EURUSD", "GBPUSD", "USDJPY", "USDCHF", "AUDUSD", "USDCAD", "NZDUSD"),
    *("EURGBP", "EURJPY", "GBPJPY", "EURCHF", "AUDJPY", "EURAUD", "EURCAD"),
)
_INDICES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("US500", "USD", ("SP500", "SPX500", "US500CASH", "USA500", "SPX")),
    ("US30", "USD", ("DJ30", "WS30", "DJI30", "US30CASH", "USA30")),
    ("US100", "USD", ("NAS100", "USTEC", "NDX100", "US100CASH", "USA100", "USTECH")),
    ("GER40", "EUR", ("DE40", "DAX40", "GER40CASH", "DAX")),
    ("UK100", "GBP", ("FTSE100", "UK100CASH")),
    ("JPN225", "JPY", ("JP225", "NIKKEI225", "JP225CASH")),
)


def pair(name: str) -> Wanted:
    """Return a pair of currencies by its six letters."""
    base, profit = name[:3], name[3:6]
    return Wanted(name=name, base=base, profit=profit, contract=100_000.0, digits=(2, 3) if profit == "JPY" else (4, 5))


USUAL: tuple[Wanted, ...] = (
    *(pair(name) for name in _PAIRS),
    Wanted(name="XAUUSD", base="XAU", profit="USD", contract=100.0, digits=(2, 3), names=("GOLD",)),
    Wanted(name="XAGUSD", base="XAG", profit="USD", contract=5_000.0, digits=(3, 4), names=("SILVER",)),
    *(
        Wanted(name=name, base=money, profit=money, contract=0.0, digits=(1, 2), names=names)
        for name, money, names in _INDICES
    ),
)


def wanted(name: str, spec: Symbol | None = None) -> Wanted | None:
    """Return what a symbol has to be: as its contract says, else as is usual; None where nobody knows."""
    usual = next((w for w in USUAL if name.upper() in {w.name, *w.names}), None)
    if spec is not None:
        return Wanted(
            name=name, base=spec.currency_base, profit=spec.currency_profit, contract=spec.contract_size,
            digits=(spec.digits,), names=(usual.name, *usual.names) if usual is not None else (),
        )  # fmt: skip
    if usual is not None:
        return msgspec.structs.replace(usual, name=name, names=(usual.name, *usual.names))
    return pair(name.upper()) if len(name) == 6 and name.isalpha() else None  # noqa: PLR2004 - two currencies
