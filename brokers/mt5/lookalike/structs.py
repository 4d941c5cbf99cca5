"""The package's structures: tuples with named, read-only fields, and its habits (`PyStructSequence`) with them.

No `_fields`, no `_replace`, `_asdict()` leaves a nested structure as it is, pickle does not find the type, and equality
and hash are the plain tuple's.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Self

__all__ = [
    "AccountInfo",
    "BookInfo",
    "OrderCheckResult",
    "OrderSendResult",
    "SymbolInfo",
    "TerminalInfo",
    "Tick",
    "TradeDeal",
    "TradeOrder",
    "TradePosition",
    "TradeRequest",
]

_FIELDS: dict[type["Structure"], tuple[str, ...]] = {}


class Structure(tuple[Any, ...]):
    """A tuple of as many values as the structure has fields."""

    __slots__ = ()

    def __new__(cls, values: Iterable[Any] = (), _hidden: object = None) -> Self:
        """Take the values in the structure's own order; `copy` adds a dict, which is empty."""
        self = super().__new__(cls, values)
        if len(self) != len(_FIELDS[cls]):
            raise TypeError(f"{cls.__name__}() takes a {len(_FIELDS[cls])}-sequence ({len(self)}-sequence given)")
        return self

    def __repr__(self) -> str:
        pairs = ", ".join(f"{name}={value!r}" for name, value in zip(_FIELDS[type(self)], self, strict=True))
        return f"{type(self).__name__}({pairs})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Let `copy` work; pickle looks for the type in builtins and fails, as with the package."""
        return type(self), (tuple(self), {})

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(_FIELDS[type(self)], self, strict=True))


def _structure(name: str, fields: str) -> type[Structure]:
    names = tuple(fields.split())
    body: dict[str, Any] = {field: property(itemgetter(i)) for i, field in enumerate(names)}
    made = type(name, (Structure,), {"__slots__": (), "__module__": "builtins", "__match_args__": names, **body})
    _FIELDS[made] = names
    return made


def names_of(structure: type[Structure]) -> tuple[str, ...]:
    """Return the field names of a structure, in order."""
    return _FIELDS[structure]


Tick = _structure("Tick", "time bid ask last volume time_msc flags volume_real")
"""The last prices of a symbol."""

OrderSendResult = _structure(
    "OrderSendResult", "retcode deal order volume price bid ask comment request_id retcode_external request"
)
"""What order_send came to."""

TradePosition = _structure(
    "TradePosition",
    """
    ticket time time_msc time_update time_update_msc type magic identifier reason volume price_open sl tp
    price_current swap profit symbol comment external_id
    """,
)
"""An open position."""

BookInfo = _structure("BookInfo", "type price volume volume_dbl")
"""One row of the depth of market."""

AccountInfo = _structure(
    "AccountInfo",
    """
    login trade_mode leverage limit_orders margin_so_mode trade_allowed trade_expert margin_mode currency_digits
    fifo_close balance credit profit equity margin margin_free margin_level margin_so_call margin_so_so
    margin_initial margin_maintenance assets liabilities commission_blocked name server currency company
    """,
)
"""The account logged in."""

TradeOrder = _structure(
    "TradeOrder",
    """
    ticket time_setup time_setup_msc time_done time_done_msc time_expiration type type_time type_filling state
    magic position_id position_by_id reason volume_initial volume_current price_open sl tp price_current
    price_stoplimit symbol comment external_id
    """,
)
"""An order, resting or of the past."""

OrderCheckResult = _structure(
    "OrderCheckResult", "retcode balance equity profit margin margin_free margin_level comment request"
)
"""What order_check came to."""

SymbolInfo = _structure(
    "SymbolInfo",
    """
    custom chart_mode select visible session_deals session_buy_orders session_sell_orders volume volumehigh
    volumelow time digits spread spread_float ticks_bookdepth trade_calc_mode trade_mode start_time
    expiration_time trade_stops_level trade_freeze_level trade_exemode swap_mode swap_rollover3days
    margin_hedged_use_leg expiration_mode filling_mode order_mode order_gtc_mode option_mode option_right bid
    bidhigh bidlow ask askhigh asklow last lasthigh lastlow volume_real volumehigh_real volumelow_real
    option_strike point trade_tick_value trade_tick_value_profit trade_tick_value_loss trade_tick_size
    trade_contract_size trade_accrued_interest trade_face_value trade_liquidity_rate volume_min volume_max
    volume_step volume_limit swap_long swap_short margin_initial margin_maintenance session_volume
    session_turnover session_interest session_buy_orders_volume session_sell_orders_volume session_open
    session_close session_aw session_price_settlement session_price_limit_min session_price_limit_max
    margin_hedged price_change price_volatility price_theoretical price_greeks_delta price_greeks_theta
    price_greeks_gamma price_greeks_vega price_greeks_rho price_greeks_omega price_sensitivity basis category
    currency_base currency_profit currency_margin bank description exchange formula isin name page path
    """,
)
"""The contract and the day of a symbol."""

TerminalInfo = _structure(
    "TerminalInfo",
    """
    community_account community_connection connected dlls_allowed trade_allowed tradeapi_disabled email_enabled
    ftp_enabled notifications_enabled mqid build maxbars codepage ping_last community_balance retransmission
    company name language path data_path commondata_path
    """,
)
"""The terminal."""

TradeDeal = _structure(
    "TradeDeal",
    """
    ticket order time time_msc type entry magic position_id reason volume price commission swap profit fee
    symbol comment external_id
    """,
)
"""An execution or balance operation."""

TradeRequest = _structure(
    "TradeRequest",
    """
    action magic order symbol volume price stoplimit sl tp deviation type type_filling type_time expiration
    comment position position_by
    """,
)
"""What order_send was asked."""
