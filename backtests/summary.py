"""A summary: the numbers of one record, the same whether it was made of a backtest or of a journal."""

import math

from statistics import NormalDist

import msgspec

from backtests.ambiguity import ambiguous_of
from backtests.attribution_groups import Group
from backtests.equity import deepest_of
from backtests.faults import Fault
from backtests.gate_value import GateValue, gate_value, gated
from backtests.record import Record, Trade
from backtests.remarks import remarks_of
from backtests.reviewer import faults_of
from backtests.traded_regimes import Regime, regimes_of
from backtests.words import day
from backtests.worth import Worth, worth_of
from config.load import digest
from market.money import cents
from runtime.core.decision import OUTCOMES


class Share(msgspec.Struct, frozen=True):
    """A share of trades, with its Wilson interval at 95 %."""

    share: float
    low: float
    high: float


class StrategyLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy made, with its gate and, in its shadow book, without."""

    strategy: str
    symbol: str
    timeframe: str
    gate: str
    """off, advise or enforce."""
    trades: int
    net: float
    vetoed: int
    """Decisions that the gate kept out."""
    shadow_trades: int | None
    shadow_net: float | None
    gate_value: float | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; money in the account's currency, times as ISO days (UTC)."""

    source: str
    account: str
    currency: str
    data: str
    first: str
    last: str
    """The first and the last bar told."""
    config: str
    """Fingerprint of the configuration."""
    models: dict[str, str]
    """Fingerprint of each strategy's regime model."""
    bars: int
    decisions: int
    by_class: dict[str, int]
    """Every class, also where there is none; they sum to `decisions`."""
    orders: int
    deals: int
    initial_balance: float
    final_balance: float
    realised_pnl: float
    """All that deals added: profit, commission, swap and fee."""
    max_drawdown: float
    """Deepest fall of the equity below its highest so far."""
    max_drawdown_share: float
    trades: int
    win_rate: Share | None
    vetoed_by_regime: int
    shadow_pnl: float | None
    """Of the same strategies without their regime gate; None where no shadow books were kept."""
    shadow_trades: int | None
    gate_value: float | None
    """Realised minus shadow, of the strategies that have a gate."""
    gate_r: float | None
    """The same in multiples of the risk each trade took, which leaves sizes out."""
    gate_r_interval: tuple[float, float] | None
    """Of `gate_r`, at 95 %."""
    gate_verdict: str
    gate_sentence: str
    ambiguous: int
    """Trades stopped in a bar that reached their target too, what came first being told by nothing."""
    resolved: int
    """Trades left in such a bar, of which ticks or shorter bars told what came first."""
    within: dict[str, str]
    """Of a backtest, and each symbol, what told that."""
    worth: Worth | None
    """What the profit is worth as evidence; None where there is too little of it."""
    faults: list[Fault]
    """What is wrong with it as evidence, the gravest first."""
    regimes: list[Regime]
    strategies: list[StrategyLine]
    notes: list[str]
    seconds: float | None = None
    bars_per_second: float | None = None
    report: str = ""
    """Where the report was written."""
    saved: str = ""
    """The folder it was saved in."""
    gates: list[Group] = []
    """Of a backtest with all shadow books, what each gate was worth."""
    checks: list[Group] = []
    """And each check."""
    drive: str = ""
    """Of a backtest, which drive has played the bars, plain or compiled, and why it was the plain one."""


def summary_of(record: Record, *, seconds: float | None = None, trials: int = 1) -> Summary:
    """Return the numbers of a record; `seconds` is what it took, `trials` how many variants were tried."""
    deepest, share = deepest_of(record.equity, record.initial_balance)
    classes: dict[str, int] = {name: sum(n for (_, o), n in record.classes.items() if o == name) for name in OUTCOMES}
    live = [t for t in record.trades if t.book == "live"]
    gate = gate_value(record)
    ambiguous = ambiguous_of(record)
    worth = worth_of(record, record.equity, trials)
    bars = sum(len(tape) for tape in record.tapes.values())
    first, last = period_of(record)
    return Summary(
        source=record.source,
        account=record.config.account.name,
        currency=record.config.account.currency,
        data=data_of(record),
        first=first,
        last=last,
        config=digest(record.config),
        models=dict(record.decided.models),
        bars=bars,
        decisions=len(record.decisions),
        by_class=classes,
        orders=record.orders,
        deals=len(record.deals),
        initial_balance=record.initial_balance,
        final_balance=cents(record.initial_balance + sum(deal.money for deal in record.deals)),
        realised_pnl=cents(sum(deal.money for deal in record.deals if deal.entry != "none")),
        max_drawdown=cents(-deepest),
        max_drawdown_share=-share,
        trades=len(live),
        win_rate=win_rate(live),
        vetoed_by_regime=classes["vetoed_by_regime"],
        shadow_pnl=gate.shadow,
        shadow_trades=sum(t.book == "shadow" for t in record.trades) if record.shadows else None,
        gate_value=gate.value,
        gate_r=gate.value_r,
        gate_r_interval=_interval(gate),
        gate_verdict=gate.verdict,
        gate_sentence=gate.sentence,
        ambiguous=ambiguous,
        resolved=record.resolved,
        within=dict(record.within),
        worth=worth,
        faults=faults_of(record, worth, ambiguous),
        regimes=regimes_of(record),
        strategies=[strategy_line(record, section.name) for section in record.config.strategies],
        notes=remarks_of(record, ambiguous),
        drive=record.played,
        seconds=seconds,
        bars_per_second=bars / seconds if seconds else None,
    )


def win_rate(trades: list[Trade]) -> Share | None:
    """Return the share of trades that made money, None without trades.

    Interval of Wilson (1927) without continuity correction, as Newcombe (1998) writes it; `scipy.stats`, which has it,
    takes longer to import than a year of minutes is played in.
    """
    n, won = len(trades), sum(t.net > 0.0 for t in trades)
    if not n:
        return None
    z, p = NormalDist().inv_cdf(0.975), won / n
    center = (2.0 * n * p + z * z) / (2.0 * (n + z * z))
    half = z / (2.0 * (n + z * z)) * math.sqrt(4.0 * n * p * (1.0 - p) + z * z)
    return Share(p, center - half if won else 0.0, center + half if won < n else 1.0)


def strategy_line(record: Record, name: str) -> StrategyLine:
    """Return what one strategy made."""
    section = next(s for s in record.config.strategies if s.name == name)
    live = [t.net for t in record.trades if (t.book, t.strategy) == ("live", name)]
    shadow = [t.net for t in record.trades if (t.book, t.strategy) == ("shadow", name)]
    shadowed = record.shadows and name in gated(record)
    return StrategyLine(
        strategy=name,
        symbol=section.symbol,
        timeframe=section.timeframe,
        gate=section.gate.mode if section.gate else "off",
        trades=len(live),
        net=cents(sum(live)),
        vetoed=record.classes[name, "vetoed_by_regime"],
        shadow_trades=len(shadow) if shadowed else None,
        shadow_net=cents(sum(shadow)) if shadowed else None,
        gate_value=cents(sum(live) - sum(shadow)) if shadowed else None,
    )


def data_of(record: Record) -> str:
    """Return what was traded, in words: symbols and timeframes."""
    return ", ".join(f"{symbol} {timeframe}" for symbol, timeframe in sorted(record.tapes)) or "no bars"


def period_of(record: Record) -> tuple[str, str]:
    """Return the days of the first and the last bar told."""
    tapes = [tape for tape in record.tapes.values() if len(tape)]
    if not tapes:
        return "", ""
    return day(min(tape.time[0] for tape in tapes)), day(max(tape.time[-1] for tape in tapes))


def _interval(gate: GateValue) -> tuple[float, float] | None:
    return None if gate.low is None or gate.high is None else (gate.low, gate.high)
