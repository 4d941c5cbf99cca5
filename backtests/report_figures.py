"""The figures of a report: equity over the regimes, its drawdown, and the decisions by class."""

import datetime

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backtests.equity import Curve, Point, curve_of, drawdown_of, stepped
from backtests.gate_value import gated
from backtests.record import Record, Trade
from backtests.scratch import Array
from backtests.traded_regimes import listeners, read_by, runs_of
from runtime.core.decision import OUTCOMES

MOST_POINTS = 2500
"""Points of one line: more than a screen can show, and few enough for any browser."""
INK, MUTED, GRID = "#1f2933", "#6b7785", "#e6eaee"
BLUE, GREY, RED, PURPLE = "#1464a5", "#7d8792", "#c0392b", "#7b3fa0"
SHADES = ("#dcefe3", "#f6dfc8", "#f2c4c0", "#d9cdec", "#cdd8ec", "#ece5c5", "#d5e8ea", "#e8d5df")
"""Of the regimes, calmest first."""
SERIES = ("#1464a5", "#d9822b", "#2e8b57", "#8e5ea2", "#b0413e", "#4b8b9b")
"""Of the strategies."""
CONFIG = {"displayModeBar": False, "responsive": True}
"""No button leaves the page; dragging zooms, a double click shows all again."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def equity_figure(record: Record) -> Any:  # noqa: ANN401 - plotly has no types
    """Return equity and balances above, drawdown below, on one time axis; behind them the likeliest regime."""
    equity = record.equity
    figure = go.Figure()
    # What nothing is drawn on is no axis to plotly: equity, which lies over it, would then lie over the drawdown.
    figure.add_scatter(x=[moment(int(equity.at[0]))], y=[None], yaxis="y", showlegend=False, hoverinfo="skip")
    _shade(figure, record, int(equity.at[-1]))
    _line(figure, "equity", thinned(equity), color=BLUE, width=1.6)
    live, shadow = ([t for t in record.trades if t.book == book] for book in ("live", "shadow"))
    if shadow:
        names = gated(record)
        without = shadow + [t for t in live if t.strategy not in names]
        _steps(figure, "without the gate (shadow, closed trades)", record, without, color=PURPLE, dash="dash")
    _steps(figure, "realised (closed trades)", record, live, color=GREY)
    fall = drawdown_of(equity, record.initial_balance)
    deep = [(at, 100.0 * share) for at, share in thinned(Curve(fall.at, fall.share))]
    _line(figure, "drawdown", deep, color=RED, width=1.0, axis="y3", fill="tozeroy", legend=False)
    currency = escape(record.config.account.currency)
    lay_out(figure, height=560)
    figure.update_layout(
        hovermode="x unified",
        xaxis={"type": "date", "showgrid": False, "anchor": "y3"},
        yaxis={"domain": [0.32, 1.0], "range": [0, 1], "visible": False, "fixedrange": True},
        yaxis2={
            "overlaying": "y",
            "side": "left",
            "title": currency,
            "gridcolor": GRID,
            "tickformat": ",.0f",
            "tickmode": "auto",
        },
        yaxis3={"domain": [0.0, 0.25], "title": "drawdown", "gridcolor": GRID, "ticksuffix": " %", "nticks": 4},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )
    return figure


def class_figure(record: Record) -> Any:  # noqa: ANN401
    """Return how many decisions each class has, strategy upon strategy."""
    counts = record.classes
    totals = {name: sum(n for (_, outcome), n in counts.items() if outcome == name) for name in OUTCOMES}
    classes = [name for name in OUTCOMES if totals[name]][::-1]
    labels = [name.replace("_", " ") for name in classes]
    figure = go.Figure()
    for number, section in enumerate(record.config.strategies):
        values = [counts[section.name, name] for name in classes]
        color = SERIES[number % len(SERIES)]
        figure.add_bar(y=labels, x=values, name=escape(section.name), orientation="h", marker_color=color)
    for label, name in zip(labels, classes, strict=True):
        figure.add_annotation(
            y=label, x=totals[name], text=f"{totals[name]:,}", showarrow=False, xanchor="left", xshift=6,
            font={"color": INK, "size": 13},
        )  # fmt: skip
    lay_out(figure, height=110 + 38 * max(2, len(classes)))
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        xaxis={"gridcolor": GRID, "tickformat": ",d", "range": [0, 1.18 * max(totals.values(), default=1)]},
        yaxis={"automargin": True},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left", "traceorder": "normal"},
    )
    return figure


def _shade(figure: Any, record: Record, end: int) -> None:  # noqa: ANN401
    """Fill the background with the likeliest regime: that of the first regime a strategy listens to."""
    for name, listener in list(listeners(record).items())[:1]:
        states = record.config.regimes[name].most_states
        many = sum(len(read) for _, _, read in read_by(record, listener.name))
        told = ((at, read) for at, _, read in read_by(record, listener.name))
        shade(figure, name, majority(told, many, states), end, states)


def shade(figure: Any, name: str, points: list[tuple[int, int]], end: int, states: int) -> None:  # noqa: ANN401
    """Fill the background, on the axis y from 0 to 1, with the state at each (moment, state) until `end`."""
    stretches = runs_of(points, end) if points else []
    for state in range(states):
        xs: list[str | None] = []
        ys: list[int | None] = []
        for _, start, stop in (s for s in stretches if s[0] == state):
            xs += [moment(start), moment(start), moment(stop), moment(stop), None]
            ys += [0, 1, 1, 0, None]
        figure.add_scatter(
            x=xs or [None], y=ys or [None], mode="lines", fill="toself", fillcolor=SHADES[state % len(SHADES)],
            line={"width": 0}, name=f"{escape(name)}: state {state}", hoverinfo="skip", yaxis="y",
        )  # fmt: skip


def _line(
    figure: Any,  # noqa: ANN401
    name: str,
    curve: list[Point],
    *,
    color: str,
    width: float,
    dash: str = "solid",
    shape: str = "linear",
    axis: str = "y2",
    fill: str = "none",
    legend: bool = True,
) -> None:
    unit, digits = (":.1f} %", 4) if axis == "y3" else (":,.0f}", 2)
    figure.add_scatter(
        x=[moment(at) for at, _ in curve], y=[round(value, digits) for _, value in curve], mode="lines", name=name,
        line={"color": color, "width": width, "dash": dash, "shape": shape}, yaxis=axis, fill=fill,
        fillcolor="rgba(192,57,43,0.18)", showlegend=legend, hovertemplate="%{y" + unit,
    )  # fmt: skip


def _steps(figure: Any, name: str, record: Record, trades: list[Trade], *, color: str, dash: str = "solid") -> None:  # noqa: ANN401
    """Draw the balance as trades were closed, on to the last decision."""
    curve = stepped(record.initial_balance, record.decisions[0].at, ((t.closed, t.net) for t in trades))
    end = max(record.decisions[-1].at, curve[-1][0])
    _line(figure, name, thinned(curve_of([*curve, (end, curve[-1][1])])), color=color, width=1.3, dash=dash, shape="hv")


def drawn(figure: Any, *, script: bool = False) -> str:  # noqa: ANN401
    """Return a figure as HTML; the first of a page brings the script that draws them all."""
    html: str = figure.to_html(full_html=False, include_plotlyjs=script, config=CONFIG)
    return html


def lay_out(figure: Any, height: int) -> None:  # noqa: ANN401
    """Give a figure the report's own look."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 44, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": INK},
        hoverlabel={"bgcolor": "white"},
    )
    figure.update_xaxes(automargin=True, linecolor=MUTED, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)


def thinned(curve: Curve) -> list[Point]:
    """Return at most about `MOST_POINTS` points that look the same: a stretch's first, lowest, highest, last."""
    many = len(curve.at)
    size = -(-many * 4 // MOST_POINTS) if many > MOST_POINTS else max(1, many)
    kept = set() if many > MOST_POINTS else set(range(many))
    for start in range(0, many, size):
        part = curve.money[start : start + size]
        kept |= {start + place for place in (0, int(part.argmin()), int(part.argmax()), len(part) - 1)}
    places = sorted(kept)
    return list(zip(curve.at[places].tolist(), curve.money[places].tolist(), strict=True))


def majority(read: Iterable[tuple[Array, Array]], many: int, states: int) -> list[tuple[int, int]]:
    """Return at most about `MOST_POINTS` points, each the most frequent state of its stretch.

    `read` tells, part after part, moments and states, so `many` of them.
    """
    size = -(-many // MOST_POINTS) or 1
    counts, begins, done = np.zeros((-(-many // size), states), np.int64), np.zeros(-(-many // size), np.int64), 0
    for at, found in read:
        stretch = (done + np.arange(len(at))) // size
        np.add.at(counts, (stretch, found), 1)
        first = np.flatnonzero((done + np.arange(len(at))) % size == 0)
        begins[stretch[first]] = at[first]
        done += len(at)
    return list(zip(begins.tolist(), counts.argmax(axis=1).tolist(), strict=True))


def moment(at: int) -> str:
    """Return UTC milliseconds as plotly reads a date.

    >>> moment(1072828800000), moment(1072828860000)
    ('2003-12-31', '2003-12-31 00:01:00')
    """
    when = datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).replace(tzinfo=None)
    return when.date().isoformat() if when.time() == datetime.time() else when.isoformat(" ", "seconds")
