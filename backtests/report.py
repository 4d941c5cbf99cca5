"""The report: one HTML file that holds all it shows, and opens anywhere without a network."""

from collections.abc import Iterable
from pathlib import Path

from backtests.months import month_returns
from backtests.record import Record, Trade
from backtests.refusals import refusals_of
from backtests.report_excursions import excursion_figure
from backtests.report_figures import class_figure, drawn, equity_figure, moment
from backtests.report_file import write_page
from backtests.report_page import folded, heading, keys, listed, page, paragraph, section, table
from backtests.report_tables import months_table, refusals_table
from backtests.summary import Summary
from backtests.words import money, number, share
from backtests.worth import worth_said

SHOWN = 20
"""Trades of each list."""
MOST_LISTED = 1000
"""Trades that are listed whole; of more, `--save` keeps all."""
TRADE_COLUMNS = (
    "strategy", "symbol", "side", "opened", "closed", "left by", "lots", "entry", "exit", "bars", "R", "net",
)  # fmt: skip
SOURCES = {"backtest": "Backtest of account", "journal": "From the journal of account"}
SIDES = {1: "long", -1: "short"}
OF_MONTHS = "Shares of the equity at the end of the month before, open positions included."
REFUSED = (
    "Entries that were wanted and not taken: on how many bars, and how many trades that were in the end; the rest "
    "of those bars repeat a signal, or fall into a trade. What they made is what the shadow book without that gate "
    "made of them; a backtest keeps those without holds and without limits where --gates asks for them."
)
EXCURSIONS = (
    "Each trade twice, won or lost: at how far its bars went against it, and at how far they went its way. Won and "
    "far right in the left panel: it needed its wide stop. Lost and far right in the right panel: it was ahead first."
)


def write_report(file: Path, record: Record, summary: Summary) -> Path:
    """Write the report in one step, so that nobody ever opens half of it; return its path."""
    return write_page(file, report_html(record, summary))


def report_html(record: Record, summary: Summary) -> str:
    """Return the whole report."""
    s = summary
    title = f"{s.data}, {s.first} to {s.last}"
    return page(f"tidegate: {title}", _body(record, s, title))


def _body(record: Record, s: Summary, title: str) -> Iterable[str]:
    account = record.config.account
    yield heading(
        title,
        f"{SOURCES[s.source]} {s.account} (user: {account.user}) · {', '.join(x.strategy for x in s.strategies)} · "
        f"configuration {s.config[:12]}"
        + "".join(f" · model {model[:12]}" for model in dict.fromkeys(s.models.values())),
    )
    yield keys(_keys(s))
    yield section("Did the gate help?", paragraph(s.gate_sentence), name="said")
    if s.faults:
        yield section("What speaks against it", listed(fault.sentence for fault in s.faults))
    if s.worth is not None:
        yield section("Skill or luck?", listed(worth_said(s.worth)))
    if record.decisions:
        title = "Equity and regimes" if s.regimes else "Equity"
        yield section(title, drawn(equity_figure(record), script=True), _legend(s))
        months = month_returns(record.equity, record.initial_balance)
        yield section("Returns by month", months_table(months), paragraph(OF_MONTHS, "small"))
        yield section("Decisions by class", drawn(class_figure(record)))
    refusals = refusals_of(record)
    if refusals:
        yield section("What was refused, and why", refusals_table(refusals, s.currency), paragraph(REFUSED, "small"))
    if s.regimes:
        yield section("Regimes", _regimes(s), paragraph(_regimes_said(s), "small"))
    yield section("Strategies", _strategies(s))
    live = [t for t in record.trades if t.book == "live"]
    if live:
        yield section("How far trades went", drawn(excursion_figure(live)), paragraph(EXCURSIONS, "small"))
        yield section("Trades", *_trades(live))
    yield section("What to know about these numbers", listed(s.notes))


def _keys(s: Summary) -> Iterable[tuple[str, str]]:
    yield f"realised PnL, {s.currency}", money(s.realised_pnl, signed=True)
    if s.shadow_pnl is not None:
        yield f"without the gate (shadow), {s.currency}", money(s.shadow_pnl, signed=True)
    if s.gate_value is not None:
        yield f"value of the gate, {s.currency} ({s.gate_r:+.1f} R)".replace("-", "−"), money(s.gate_value, signed=True)
    yield "deepest drawdown", share(s.max_drawdown_share)
    if s.win_rate is not None:
        yield f"trades won ({share(s.win_rate.low, 0)} to {share(s.win_rate.high, 0)} at 95 %)", share(s.win_rate.share)
    yield "bars", number(s.bars, 0)
    yield "decisions", number(s.decisions, 0)
    yield "vetoed by regime", number(s.vetoed_by_regime, 0)
    yield "orders", number(s.orders, 0)
    yield "deals", number(s.deals, 0)
    yield "trades", number(s.trades, 0)
    yield f"final balance, {s.currency}", money(s.final_balance)


def _legend(s: Summary) -> str:
    shaded = next((r.regime for r in s.regimes), "")
    text = "Equity includes open positions; the other lines step when a trade is closed."
    behind = f" Shaded is the likeliest state of {shaded}, as the table of regimes numbers them; calm is not good."
    return paragraph(text + (behind if shaded else ""), "small")


def _regimes(s: Summary) -> str:
    columns = (
        "regime", "state", "bars", "occupancy", "volatility a bar", "dwell, bars", "trained occupancy",
        "trained volatility", "trained dwell",
    )  # fmt: skip
    rows = (
        (
            r.regime, str(r.state), number(r.bars, 0), share(r.occupancy), share(r.volatility, 2), number(r.dwell),
            share(r.trained_occupancy), share(r.trained_volatility, 2), number(r.trained_dwell),
        )
        for r in s.regimes
    )  # fmt: skip
    return table(columns, rows)


def _regimes_said(s: Summary) -> str:
    over = ", ".join(dict.fromkeys(f"{r.regime} over the bars of {r.strategy}" for r in s.regimes))
    return (
        f"Over the bars traded, by the likeliest state as it was known at each close ({over}); the last three columns "
        "are of the bars it learnt from. States are ordered by volatility."
    )


def _strategies(s: Summary) -> str:
    columns = ("strategy", "data", "gate", "trades", "net", "vetoed", "trades without", "net without", "gate's value")
    rows = (
        (
            x.strategy, f"{x.symbol} {x.timeframe}", x.gate, number(x.trades, 0), money(x.net, signed=True),
            number(x.vetoed, 0), number(x.shadow_trades, 0), money(x.shadow_net, signed=True),
            money(x.gate_value, signed=True),
        )
        for x in s.strategies
    )  # fmt: skip
    return table(columns, rows, texts=3)


def _trades(live: list[Trade]) -> Iterable[str]:
    by_net = sorted(live, key=lambda t: t.net)
    yield folded(f"The last {min(SHOWN, len(live))}", _trade_table(live[::-1][:SHOWN]), shown=True)
    yield folded(f"The best {min(SHOWN, len(live))}", _trade_table(by_net[::-1][:SHOWN]))
    yield folded(f"The worst {min(SHOWN, len(live))}", _trade_table(by_net[:SHOWN]))
    if len(live) <= MOST_LISTED:
        yield folded(f"All {len(live)}", _trade_table(live[::-1]))
    else:
        yield paragraph(f"All {len(live):,} are too many for a page: `tidegate backtest --save` keeps them.", "small")


def _trade_table(trades: list[Trade]) -> str:
    rows = (
        (
            t.strategy, t.symbol, SIDES[t.side], _minutes(t.opened), _minutes(t.closed), t.exit_reason, f"{t.volume:g}",
            f"{t.entry_price:.10g}", f"{t.exit_price:.10g}", str(t.bars), number(t.r, 2), money(t.net, signed=True),
        )
        for t in trades
    )  # fmt: skip
    return table(TRADE_COLUMNS, rows, texts=6)


def _minutes(at: int) -> str:
    return moment(at)[:16]
