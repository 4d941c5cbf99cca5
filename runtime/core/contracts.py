"""Facts of symbols and their feeds: a bar that breaks the data contract, a silent feed, another specification."""

from brokers.port import BarRevised, ClockDoubted, FeedBroken, FeedFresh, FeedStale, SymbolSeen
from runtime.core.desk import OrderDesk
from runtime.core.plan import Plan
from runtime.core.state import Ledger


def broken(ledger: Ledger, desk: OrderDesk, fact: BarRevised | FeedBroken) -> None:
    """Hold the symbol until a bar passes its checks."""
    symbol = fact.bar.symbol if isinstance(fact, BarRevised) else fact.symbol
    problem = "a bar was revised after it closed" if isinstance(fact, BarRevised) else fact.problem
    _hold(ledger, desk, f"CONTRACT:{symbol}", symbol, problem)


def feed_told(ledger: Ledger, desk: OrderDesk, fact: FeedStale | FeedFresh) -> None:
    """Hold the symbol while its feed is silent, or stands still, in an open market."""
    key = f"STALE_FEED:{fact.symbol}"
    if isinstance(fact, FeedFresh):
        ledger.holds.pop(key, None)
    else:
        _hold(ledger, desk, key, fact.symbol, fact.problem)


def clock_told(ledger: Ledger, desk: OrderDesk, fact: ClockDoubted) -> None:
    """Hold every symbol while the server's clock contradicts its zone: no time of it can be believed."""
    if not fact.problem:
        ledger.holds.pop("CONTRACT", None)
        return
    if "CONTRACT" not in ledger.holds:
        desk.alert("page", fact.problem)
    ledger.holds["CONTRACT"] = fact.problem


def _hold(ledger: Ledger, desk: OrderDesk, key: str, symbol: str, problem: str) -> None:
    if ledger.holds.get(key) != problem:
        desk.alert("page", f"{symbol}: {problem}")
    ledger.holds[key] = problem


def symbol_seen(ledger: Ledger, desk: OrderDesk, plan: Plan, fact: SymbolSeen) -> None:
    """Hold the symbol if its contract is not the one it was configured and sized with."""
    known = plan.symbols.get(fact.symbol.name)
    same = known is not None and (known.digits, known.contract_size, known.tick_size) == (
        fact.symbol.digits, fact.symbol.contract_size, fact.symbol.tick_size,
    )  # fmt: skip
    key = f"SPEC_CHANGED:{fact.symbol.name}"
    if same:
        ledger.holds.pop(key, None)
    elif key not in ledger.holds:
        ledger.holds[key] = "digits, contract size or tick size differ from the configured contract"
        desk.alert("page", f"{fact.symbol.name}: contract specification changed; entries are held")
