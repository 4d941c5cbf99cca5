"""What the regime gate was worth: realised minus shadow, with an interval, and a sentence that claims no more."""

from collections import defaultdict
from typing import Literal

import msgspec

from backtests.blocks import BLOCKS, LEAST, LEVEL, interval
from backtests.record import Record, Trade
from backtests.words import money
from market.money import cents

Verdict = Literal["helped", "hurt", "unclear", "too few", "no veto", "no gate", "no shadow"]


class GateValue(msgspec.Struct, frozen=True, kw_only=True):
    """Money of the gated strategies with their gate, without it, and the difference."""

    verdict: Verdict
    sentence: str
    realised: float
    shadow: float | None = None
    value: float | None = None
    value_r: float | None = None
    """The difference in multiples of the risk each trade took: what is judged, since sizes do not matter to it."""
    low: float | None = None
    """The interval of `value_r` at 95 %; None where there is too little to resample."""
    high: float | None = None
    changed: int = 0
    """Trades that are in one of the two only: what the gate kept out, and what was possible because of that."""
    block: str = ""
    """What was resampled: months, weeks or days, whole."""


def gated(record: Record) -> list[str]:
    """Return the strategies that listen to a gate."""
    return [s.name for s in record.config.strategies if s.gate is not None and s.gate.mode != "off"]


def gate_value(record: Record) -> GateValue:
    """Judge the gate by the trades it left and by those that the shadow books made without it.

    Judged in multiples of risk: what a missed trade would have made is not added to the equity that sizes the next, so
    in money a book that is merely smaller would look better whenever both lose. The two are not independent either,
    most trades being in both. So the difference is resampled in whole blocks of time
    (bootstrap, percentile interval): a block's trades stay together, and what is in both cancels.
    """
    names = gated(record)
    live = [t for t in record.trades if t.book == "live" and t.strategy in names]
    shadow = [t for t in record.trades if t.book == "shadow" and t.strategy in names]
    realised = cents(sum(t.net for t in live))
    if not names:
        return GateValue(verdict="no gate", sentence="No strategy has a regime gate.", realised=realised)
    if not record.shadows:
        sentence = "No shadow books were kept, so nobody knows what the gate was worth."
        return GateValue(verdict="no shadow", sentence=sentence, realised=realised)
    without = cents(sum(t.net for t in shadow))
    changed = len({_key(t) for t in live} ^ {_key(t) for t in shadow})
    found = GateValue(
        verdict="unclear", sentence="", realised=realised, shadow=without, value=cents(realised - without),
        value_r=round(_risks(live) - _risks(shadow), 2), changed=changed,
    )  # fmt: skip
    if not any(outcome == "vetoed_by_regime" for _, outcome in record.classes):
        return _said(found, "no veto", record)
    return _judged(found, live, shadow, record)


def _judged(found: GateValue, live: list[Trade], shadow: list[Trade], record: Record) -> GateValue:
    block, blocks = _blocks(live, shadow)
    if not blocks or found.changed < LEAST:
        return _said(found, "too few", record)
    low, high = interval(blocks)
    found = msgspec.structs.replace(found, low=round(low, 2), high=round(high, 2), block=block)
    return _said(found, "helped" if low > 0.0 else "hurt" if high < 0.0 else "unclear", record)


def _risks(trades: list[Trade]) -> float:
    return sum(trade.r or 0.0 for trade in trades)


def _key(trade: Trade) -> tuple[str, int, int]:
    return trade.strategy, trade.opened, trade.side


def _blocks(live: list[Trade], shadow: list[Trade]) -> tuple[str, list[float]]:
    """Return each block's difference in multiples of risk, by the longest blocks of which enough hold a trade."""
    for name, number in BLOCKS.items():
        sums: defaultdict[int, float] = defaultdict(float)
        for trade in (*live, *shadow):
            sums[number(trade.closed)] += (trade.r or 0.0) * (1.0 if trade.book == "live" else -1.0)
        if len(sums) >= LEAST:
            return name, [sums.get(block, 0.0) for block in range(min(sums), max(sums) + 1)]
    return "", []


def _said(found: GateValue, verdict: Verdict, record: Record) -> GateValue:
    realised, shadow, value = (money(x, signed=True) for x in (found.realised, found.shadow, found.value))
    both = f"with the gate {realised} {record.config.account.currency}, without it {shadow}"
    made = f"{both} (difference {value}), {found.changed} trades being in one of the two only"
    apart = f"In multiples of the risk taken, which leaves sizes out, the difference is {found.value_r:+.1f} R"
    if found.low is not None:
        apart += f", and its {LEVEL:.0%} interval over whole {found.block} is {found.low:+.1f} to {found.high:+.1f}"
    apart = apart.replace("-", "−")
    once = "which does not contain 0. On one history, that is an indication and no proof."
    losing = (found.shadow or 0.0) < 0.0
    but = " Without it these strategies lost money, and then keeping any trade out helps." if losing else ""
    sentence = {
        "no veto": f"The gate kept nothing out here, so there is nothing to judge it by ({both}).",
        "too few": f"Too few trades to say whether the gate helps: {made}. {apart}.",
        "unclear": f"Too few trades to say whether the gate helps: {made}. {apart}, which contains 0.",
        "helped": f"The gate helped: {made}. {apart}, {once}{but}",
        "hurt": f"The gate did harm: {made}. {apart}, {once}",
    }[verdict]
    return msgspec.structs.replace(found, verdict=verdict, sentence=sentence)
