"""Exits of a record that nobody can be sure of: bars that reached both stop and target, counted as stopped."""

from backtests.record import Record
from market.types import Deal


def ambiguous_of(record: Record) -> int:
    """Return how many trades were stopped in a bar that reached their target too: what came first, it does not tell.

    Where ticks or shorter bars told the way of its prices, those that they left open are known.
    """
    if record.ambiguous is not None:
        return record.ambiguous
    traded = record.decided.entries()
    targets = {m: target for m, target in zip(traded.magic.tolist(), traded.target.tolist(), strict=True) if target}
    entries = {deal.position: targets.get(deal.magic, 0.0) for deal in record.deals if deal.entry == "in"}
    return sum(
        deal.entry == "out" and deal.reason == "stop" and _reached(record, deal, entries.get(deal.position, 0.0))
        for deal in record.deals
    )


def _reached(record: Record, deal: Deal, target: float) -> bool:
    """Tell whether the bar in which a stop was filled reached the target as well; a gap at the open did not."""
    tapes = [tape for (symbol, _), tape in record.tapes.items() if symbol == deal.symbol]
    if not target or not tapes:
        return False
    tape = min(tapes, key=lambda bars: bars.frame)
    inside = tape.between(deal.at - tape.frame + 1, deal.at)
    if not len(inside):
        return False
    bar = inside.bar(len(inside) - 1)
    if deal.side < 0:  # it sold what was long
        return bar.high >= target
    spread = bar.spread or record.config.symbols[deal.symbol].costs.spread
    return bar.low + spread * record.symbols[deal.symbol].point <= target
