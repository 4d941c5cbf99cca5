"""What the doctor says of contracts: how each symbol may be traded, and where its spec differs from the terminal's."""

from brokers.book import unconverted
from config.account import AccountConfig
from market.types import Symbol, TradeMode
from runtime.doctor_terminal import Visit

FIELDS = ("digits", "contract_size", "tick_size", "volume_step", "currency_profit")
"""What sizes and prices are reckoned with: another value makes every order wrong."""
_MODES: dict[TradeMode, str] = {
    "full": "",
    "long_only": ", BOUGHT ONLY",
    "short_only": ", SOLD ONLY",
    "close_only": ", CLOSED ONLY: no entry is taken",
    "disabled": ", NOT TRADED AT ALL",
}


def contracts_of(config: AccountConfig, seen: Visit) -> str:
    """Return how the account's symbols may be traded; ValueError where a configured contract is not the terminal's."""
    for symbol in seen.told.symbols:
        _same_contract(config, symbol)
        if problem := unconverted(symbol, config.account.currency):
            raise ValueError(f"symbols.{symbol.name}: {problem}: leave it out of this account")
    return "; ".join(_sentence(config.symbols[symbol.name].broker, symbol) for symbol in seen.told.symbols)


def _sentence(broker: str, s: Symbol) -> str:
    name = s.name if broker in {"", s.name} else f"{s.name} ({broker})"
    fillings = ", ".join(s.fillings) or "none named"
    return f"{name}: {s.execution} execution, fillings {fillings}, lots from {s.volume_min:g}{_MODES[s.trade_mode]}"


def _same_contract(config: AccountConfig, told: Symbol) -> None:
    spec = config.symbols[told.name].spec
    for field in FIELDS if spec is not None else ():
        ours, theirs = getattr(spec, field), getattr(told, field)
        if ours != theirs:
            raise ValueError(
                f"symbols.{told.name}.spec.{field} is {ours}, the terminal says {theirs}: copy the terminal's, "
                "`tidegate symbols --spec` prints it"
            )
