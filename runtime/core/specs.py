"""Facts of symbols and their feeds: a bar that breaks the data contract, a silent feed, another specification."""

from brokers.book import unconverted
from brokers.facts import BarRevised, ClockDoubted, FeedBroken, FeedFresh, FeedStale, SymbolSeen
from market.barorder import utc
from market.types import Symbol
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.facts import SpecAcknowledged
from runtime.core.replies import reply
from runtime.core.state import Ledger


def broken(ledger: Ledger, desk: OrderDesk, fact: FeedBroken) -> None:
    """Hold the symbol until a bar passes its checks."""
    _hold(ledger, desk, f"CONTRACT:{fact.symbol}", fact.symbol, fact.problem)


def revised(ledger: Ledger, desk: OrderDesk, fact: BarRevised, *, anew: bool) -> None:
    """Hold the symbol until its next bar; what is too old to be folded in `anew` people have to know of."""
    problem = "a bar was revised after it closed"
    if not anew:
        problem += f", that of {utc(fact.bar.time)}: it is too old, and stays folded in as it was told first"
    _hold(ledger, desk, f"CONTRACT:{fact.bar.symbol}", fact.bar.symbol, problem)


def feed_told(ledger: Ledger, desk: OrderDesk, fact: FeedStale | FeedFresh) -> None:
    """Hold the symbol while its feed is silent, or stands still, in an open market."""
    key = f"STALE_FEED:{fact.symbol}"
    if isinstance(fact, FeedFresh):
        ledger.holds.pop(key, None)
    else:
        _hold(ledger, desk, key, fact.symbol, fact.problem)


def clock_told(ledger: Ledger, desk: OrderDesk, fact: ClockDoubted) -> bool:
    """Hold every symbol while the server's clock contradicts its zone: no time of it can be believed.

    Return whether it has just become right: then it may have left bars behind that are later than it. It is now by that
    clock, whatever the wrong one said: what is decided would else be decided at a time that is yet to come.
    """
    if not fact.problem:
        if "CONTRACT" not in ledger.holds:
            return False
        del ledger.holds["CONTRACT"]
        ledger.at = fact.at
        return True
    if "CONTRACT" not in ledger.holds:
        desk.alert("note", fact.problem)
    ledger.holds["CONTRACT"] = fact.problem
    return False


def _hold(ledger: Ledger, desk: OrderDesk, key: str, symbol: str, problem: str) -> None:
    if ledger.holds.get(key) != problem:
        desk.alert("note", f"{symbol}: {problem}")
    ledger.holds[key] = problem


def symbol_seen(decider: Decider, fact: SymbolSeen) -> None:
    """Take over what the broker allows; hold the symbol if its contract is not the one it is sized with."""
    ledger, seen = decider.ledger, fact.symbol
    name, key = seen.name, f"SPEC_CHANGED:{seen.name}"
    ledger.told[name] = seen
    taken = decider.contracts.get(name)
    if taken is not None:
        taken.see(seen)
    changes = differences(taken.symbol, seen, ledger.tick_values.get(name, 0.0)) if taken else "no strategy knows it"
    if not changes:
        ledger.holds.pop(key, None)
        if seen.tick_value > 0.0 and seen.currency_profit == decider.plan.currency:
            ledger.tick_values[name] = seen.tick_value
    elif ledger.holds.get(key) != changes:
        ledger.holds[key] = changes
        decider.desk.alert("note", f"{name}: its contract has changed ({changes}); entries are held until tidegate ack")


def acknowledge(decider: Decider, fact: SpecAcknowledged) -> None:
    """Take the contract as the terminal tells it now, for everything that is sized from here on."""
    ledger, name = decider.ledger, fact.symbol
    told, changes = ledger.told.get(name), ledger.holds.get(f"SPEC_CHANGED:{name}", "")
    problem = _untakeable(decider, name, told, changes)
    if problem or told is None:
        reply(decider.desk, fact.asker, "ack", name, problem, ok=False)
        return
    ledger.acknowledged[name] = told
    ledger.tick_values[name] = told.tick_value if told.currency_profit == decider.plan.currency else 0.0
    del ledger.holds[f"SPEC_CHANGED:{name}"]
    decider.renew()
    reply(decider.desk, fact.asker, "ack", name, f"{name} is traded by its new contract: {changes}", ok=True)


def _untakeable(decider: Decider, name: str, told: Symbol | None, changes: str) -> str:
    if told is None or name not in decider.contracts:
        return f"no contract of {name} is configured and told: there is nothing to take"
    if not changes:
        return f"the contract of {name} is the one that is traded: there is nothing to take"
    return unconverted(told, decider.plan.currency)


def differences(taken: Symbol, seen: Symbol, tick_value: float) -> str:
    """Return in what a contract is not the one that was taken; empty where it is the same.

    tick_value: account money of one tick of one lot when it was taken; 0.0 where it moves with a price or is not known.
    """
    pairs: list[tuple[str, float, float]] = [
        ("digits", taken.digits, seen.digits),
        ("contract size", taken.contract_size, seen.contract_size),
        ("tick size", taken.tick_size, seen.tick_size),
    ]
    if tick_value > 0.0 and seen.tick_value > 0.0:
        pairs.append(("tick value", tick_value, seen.tick_value))
    return ", ".join(f"{what} {was:g} -> {now:g}" for what, was, now in pairs if was != now)
