"""What is on the account and is not ours: seen, counted in risk, never touched."""

from brokers.port import Reconciled
from runtime.core.decide import Decider
from runtime.core.risk import foreign_margin


def see_foreign(decider: Decider, fact: Reconciled) -> None:
    """Note what a look at the venue shows beside our own trades and entries."""
    ledger = decider.ledger
    ours = {lane.trade.position for lane in decider.lanes if lane.trade is not None}
    ledger.foreign = tuple(p for p in fact.positions if p.ident not in ours)
    ledger.foreign_orders = tuple(o for o in fact.orders if o.magic not in ledger.magics)
    ledger.foreign_margin = _margin(decider, fact.account.margin) if ledger.foreign else 0.0
    _netted(decider, () if fact.account.hedging else tuple(dict.fromkeys(p.symbol for p in ledger.foreign)))


def _margin(decider: Decider, told: float) -> float:
    known = ours = 0.0
    for p in decider.ledger.foreign:
        if p.symbol in decider.contracts:
            known += decider.margin(p.symbol, p.volume, p.price)
    for lane in decider.lanes:
        if (t := lane.trade) is not None:
            ours += decider.margin(t.symbol, t.volume, t.entry)
    return foreign_margin(known, told, ours)


def _netted(decider: Decider, symbols: tuple[str, ...]) -> None:
    """Hold entries where a netting account has a position that is not ours: they would change it."""
    ledger = decider.ledger
    wanted = {f"FOREIGN:{symbol}": symbol for symbol in symbols}
    for key in [k for k in ledger.holds if k.startswith("FOREIGN:") and k not in wanted]:
        del ledger.holds[key]
    for key, symbol in wanted.items():
        if key not in ledger.holds:
            decider.desk.alert("warn", f"{symbol}: a position there is not ours; entries would be netted with it")
        ledger.holds[key] = "a position there is not ours: an entry would be netted with it"
