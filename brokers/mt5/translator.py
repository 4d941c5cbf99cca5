"""The package's structures become our values, and the only place where server time becomes UTC."""

from typing import Any

from brokers.mt5.contracts import contract_of
from brokers.mt5.zone import fixed_offset_ms, to_server, to_utc
from market.types import Account, Deal, DealEntry, DealReason, Flow, Order, OrderKind, Position, Symbol

_ENTRIES: dict[int, DealEntry] = {0: "in", 1: "out", 2: "inout", 3: "out_by"}
_FLOWS: dict[int, Flow] = {
    2: "balance", 3: "credit", 4: "charge", 5: "correction", 6: "bonus", 7: "commission", 8: "daily commission",
    9: "monthly commission", 10: "agent commission", 11: "agent commission", 12: "interest", 13: "cancelled",
    14: "cancelled", 15: "dividend", 16: "dividend", 17: "tax",
}  # fmt: skip
_REASONS: dict[int, DealReason] = {
    0: "client", 1: "mobile", 2: "web", 3: "expert", 4: "stop", 5: "target", 6: "stop_out", 7: "rollover",
    8: "variation", 9: "split",
}  # fmt: skip
_KINDS: dict[int, OrderKind] = {2: "limit", 3: "limit", 4: "stop", 5: "stop", 6: "stop_limit", 7: "stop_limit"}


class Translator:
    """Turns what the package returns into our values, for one account: names, times, sides."""

    __slots__ = ("canonical", "fixed", "zone")

    def __init__(self, zone: str, symbols: dict[str, str]) -> None:
        """Know the server's clock and the broker's names."""
        self.zone, self.fixed = zone, fixed_offset_ms(zone)
        self.canonical = {broker: name for name, broker in symbols.items()}

    def utc(self, server_ms: int) -> int:
        """Return UTC milliseconds of a server time in milliseconds; 0 stays 0 (never)."""
        if not server_ms:
            return 0
        return server_ms - self.fixed if self.fixed is not None else to_utc(self.zone, server_ms)

    def dial(self, utc_ms: int) -> int:
        """Return the server's clock in milliseconds at a moment."""
        return to_server(self.zone, utc_ms)

    def server(self, utc_ms: int) -> int:
        """Return the server's clock in whole seconds at a moment; 0 stays 0."""
        return to_server(self.zone, utc_ms) // 1000 if utc_ms else 0

    def name(self, broker: str) -> str:
        """Return the canonical name; a symbol we do not trade keeps the broker's."""
        return self.canonical.get(broker, broker)

    def account(self, info: Any) -> Account:  # noqa: ANN401 - a structure of the package
        """Translate AccountInfo."""
        return Account(
            login=info.login, server=info.server, currency=info.currency, leverage=info.leverage,
            hedging=info.margin_mode == 2, demo=info.trade_mode != 2,
            trade_allowed=bool(info.trade_allowed and info.trade_expert), balance=info.balance, equity=info.equity,
            margin=info.margin, credit=info.credit, name=info.name, company=info.company,
        )  # fmt: skip

    def symbol(self, info: Any) -> Symbol:  # noqa: ANN401 - a structure of the package
        """Translate SymbolInfo, under our name."""
        return contract_of(info, self.name(info.name), self.utc)

    def deal(self, d: Any) -> Deal:  # noqa: ANN401 - a structure of the package
        """Translate TradeDeal; anything but buy and sell is a balance operation."""
        trades = d.type in {0, 1}
        flow: Flow = "" if trades else _FLOWS.get(d.type, "other")
        reason: DealReason = _REASONS.get(d.reason, "client") if trades else "balance"
        return Deal(
            ticket=d.ticket, order=d.order, position=d.position_id, at=self.utc(d.time_msc),
            symbol=self.name(d.symbol), side=-1 if d.type == 1 else 1,
            entry=_ENTRIES.get(d.entry, "out") if trades else "none", volume=d.volume, price=d.price,
            profit=d.profit, commission=d.commission, swap=d.swap, fee=d.fee, magic=d.magic, reason=reason,
            comment=f"type {d.type}: {d.comment}" if flow == "other" else d.comment, flow=flow,
        )  # fmt: skip

    def position(self, p: Any) -> Position:  # noqa: ANN401 - a structure of the package
        """Translate TradePosition."""
        return Position(
            ticket=p.ticket, at=self.utc(p.time_msc), symbol=self.name(p.symbol), side=-1 if p.type == 1 else 1,
            volume=p.volume, price=p.price_open, stop=p.sl, target=p.tp, swap=p.swap, profit=p.profit, magic=p.magic,
            comment=p.comment, identifier=p.identifier,
        )  # fmt: skip

    def order(self, o: Any) -> Order:  # noqa: ANN401 - a structure of the package
        """Translate TradeOrder."""
        return Order(
            ticket=o.ticket, at=self.utc(o.time_setup_msc), symbol=self.name(o.symbol),
            side=-1 if o.type in {1, 3, 5, 7} else 1, kind=_KINDS.get(o.type, "market"), volume=o.volume_current,
            price=o.price_open, stop=o.sl, target=o.tp, expiry=self.utc(o.time_expiration * 1000), magic=o.magic,
            comment=o.comment,
        )  # fmt: skip
