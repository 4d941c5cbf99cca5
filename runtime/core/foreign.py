"""What is on the account and is not ours: seen, counted in risk, never touched."""

from brokers.facts import Reconciled
from market.types import Deal, Order, Position
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk, run_of
from runtime.core.risk import foreign_margin
from runtime.core.state import Ledger

WATCHED_MS = 900_000
"""Two looks further apart do not tell what was in between: the market was closed perhaps, or nobody watched."""


def see_foreign(decider: Decider, fact: Reconciled) -> None:
    """Note what a look at the venue shows beside our own trades and entries."""
    ledger = decider.ledger
    ours = {lane.trade.position for lane in decider.lanes if lane.trade is not None}
    foreign = tuple(p for p in fact.positions if p.ident not in ours)
    orders = tuple(o for o in fact.orders if o.magic not in ledger.magics)
    for magic in (*(p.magic for p in foreign), *(o.magic for o in orders)):
        note_beyond(ledger, decider.desk, magic)
    ledger.quiet = _quiet(ledger, foreign, orders, fact.at - ledger.looked_at)
    ledger.looked_at, ledger.touched = fact.at, ()
    ledger.foreign, ledger.foreign_orders = foreign, orders
    ledger.foreign_margin = _margin(decider, fact.account.margin) if ledger.foreign else 0.0
    _netted(decider, () if fact.account.hedging else tuple(dict.fromkeys(p.symbol for p in ledger.foreign)))


def note_deal(ledger: Ledger, deal: Deal) -> None:
    """Note a deal that is not ours: its position is not as it was seen, and its program is at work."""
    for p in ledger.foreign:
        if p.ident == deal.position and p.ident not in ledger.touched:
            ledger.touched = (*ledger.touched, p.ident)
        if p.magic == deal.magic and deal.reason == "expert":
            ledger.quiet[p.ident] = 0


def _quiet(ledger: Ledger, foreign: tuple[Position, ...], orders: tuple[Order, ...], passed: int) -> dict[int, int]:
    """Return for how long each position was seen without anything done under its magic number, milliseconds.

    The clock of a closed market stands still, or jumps, and other symbols' quotes move it on: only time over which the
    position's own profit has moved counts.
    """
    before, busy = {p.ident: p for p in ledger.foreign}, _at_work(ledger, foreign, orders)
    passed = passed if 0 < passed <= WATCHED_MS else 0
    quiet = {}
    for p in foreign:
        old = before.get(p.ident)
        if old is None or p.magic in busy:
            quiet[p.ident] = 0
        else:
            quiet[p.ident] = ledger.quiet.get(p.ident, 0) + (passed if p.profit != old.profit else 0)
    return quiet


def note_beyond(ledger: Ledger, desk: OrderDesk, magic: int) -> None:
    """Note a magic number of ours that was not made yet: the journal is an old copy, or another daemon trades here."""
    made = run_of(magic), magic & 0xFFFFFFFF
    if magic >> 48 in desk.by_number and made > (ledger.run, ledger.instructions):
        ledger.beyond = max(ledger.beyond, made[0])


def _at_work(ledger: Ledger, foreign: tuple[Position, ...], orders: tuple[Order, ...]) -> set[int]:
    """Return the magic numbers under which something was done since the last look that no deal tells.

    A stop or target was moved, or an order was placed, changed or taken back.
    """
    before = {p.ident: (p.stop, p.target) for p in ledger.foreign}
    moved = [p.magic for p in foreign if before.get(p.ident, (p.stop, p.target)) != (p.stop, p.target)]
    changed = {o.magic for o in {*orders} ^ {*ledger.foreign_orders}}
    return changed.union(moved)


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
            decider.desk.alert("note", f"{symbol}: a position there is not ours; entries would be netted with it")
        ledger.holds[key] = "a position there is not ours: an entry would be netted with it"
