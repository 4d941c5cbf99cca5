"""The figure of a regime model over its bars: price by regime, posterior, surprise and dwell on one time axis."""

import math

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from numpy.typing import NDArray

from backtests.equity import Curve
from backtests.regime_reading import Array, Read, stays
from backtests.report_figures import (
    BLUE,
    GREY,
    GRID,
    INK,
    MOST_POINTS,
    MUTED,
    RED,
    lay_out,
    majority,
    moment,
    shade,
    thinned,
)
from regimes.learnt import Profile

STRONG = ("#3f9d67", "#e08a2c", "#c8473c", "#7d5bb5")
"""Of the states where they are drawn as areas, calmest first: the shades of the background, stronger."""


def regime_figure(read: Read, name: str, profiles: Sequence[Profile], learnt: NDArray[np.bool_]) -> Any:  # noqa: ANN401 - plotly
    """Return the figure; `learnt` says which bars (n,) the model was trained on. `read` holds warm bars only."""
    figure = go.Figure()
    times = read.times.astype(np.int64).tolist()
    lay_out(figure, height=880)
    told = majority([(read.times.astype(np.int64), read.likeliest)], len(times), len(profiles))
    shade(figure, name, told, times[-1], len(profiles))
    _line(figure, "close", times, read.closes, axis="y2", color=INK, unit=":,.6~g}")
    _areas(figure, times, read.posteriors)
    _line(figure, "surprise", times, -read.log_densities, axis="y4", color=BLUE, unit=":.2f} nats")
    _line(figure, "bars in this state", times, stays(read.likeliest), axis="y5", color=GREY, unit=":.0f} bars")
    if learnt.any() and not learnt[0]:
        _mark(figure, times[int(learnt.argmax())], "← not learnt from", "right")
    if learnt.any() and not learnt[-1]:
        _mark(figure, times[len(learnt) - 1 - int(learnt[::-1].argmax())], "not learnt from →", "left")
    _expect(figure, profiles)
    figure.update_layout(
        hovermode="x unified",
        xaxis={"type": "date", "showgrid": False, "anchor": "y5", "range": [moment(times[0]), moment(times[-1])]},
        yaxis={"domain": [0.58, 1.0], "range": [0, 1], "visible": False, "fixedrange": True},
        yaxis2={"overlaying": "y", "side": "left", **_axis("close"), **_scale(read.closes)},
        yaxis3={"domain": [0.40, 0.55], "range": [0, 1], "tickformat": ".0%", **_axis("posterior")},
        yaxis4={"domain": [0.20, 0.37], **_axis("surprise, nats")},
        yaxis5={"domain": [0.0, 0.17], **_axis("dwell, bars"), "type": "log", "dtick": 1},
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0, "xanchor": "left", "traceorder": "normal"},
    )
    return figure


def _axis(title: str) -> dict[str, Any]:
    return {"title": {"text": title, "font": {"size": 12}}, "gridcolor": GRID, "nticks": 6}


def _scale(closes: Array) -> dict[str, Any]:
    """Return how a price is drawn: by its logarithm where it has moved by more than a factor of three."""
    low, high = float(closes.min()), float(closes.max())
    if not 0.0 < 3.0 * low < high:
        return {}
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    round_ones = [step * 10.0**power for power in powers for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
    return {"type": "log", "tickvals": [v for v in round_ones if low <= v <= high], "tickformat": ",.6~g"}


def _line(
    figure: Any,  # noqa: ANN401
    name: str,
    times: list[int],
    values: Array | np.ndarray[Any, np.dtype[np.int64]],
    *,
    axis: str,
    color: str,
    unit: str,
) -> None:
    curve = thinned(Curve(np.array(times), values))
    figure.add_scatter(
        x=[moment(at) for at, _ in curve], y=[float(f"{value:.6g}") for _, value in curve], mode="lines", name=name,
        line={"color": color, "width": 1.1}, yaxis=axis, showlegend=False, hovertemplate="%{y" + unit,
    )  # fmt: skip


def _areas(figure: Any, times: list[int], posteriors: Array) -> None:  # noqa: ANN401
    """Draw the posterior of every state upon that of the calmer one; where bars are many, the mean of a few."""
    size = -(-len(times) // MOST_POINTS)
    starts = range(0, len(times), size)
    at = [moment(times[start]) for start in starts]
    for state in range(posteriors.shape[1]):
        means = [float(posteriors[start : start + size, state].mean()) for start in starts]
        figure.add_scatter(
            x=at, y=[round(mean, 4) for mean in means], mode="lines", name=f"state {state}", stackgroup="posterior",
            line={"width": 0}, fillcolor=STRONG[state % len(STRONG)], yaxis="y3", showlegend=False,
            hovertemplate="%{y:.1%}",
        )  # fmt: skip


def _mark(figure: Any, edge: int, text: str, anchor: str) -> None:  # noqa: ANN401
    """Draw where the bars begin or end that the model has learnt from; the text stands on the other side."""
    at = moment(edge)
    figure.add_shape(
        type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": RED, "width": 1, "dash": "dot"}
    )
    figure.add_annotation(
        x=at, y=1.0, yref="paper", yanchor="top", xanchor=anchor, xshift=4 if anchor == "left" else -4, showarrow=False,
        text=text,
        font={"size": 12, "color": RED}, bgcolor="rgba(255,255,255,0.7)",
    )  # fmt: skip


def _expect(figure: Any, profiles: Sequence[Profile]) -> None:  # noqa: ANN401
    """Draw how long a stay in each state is expected to last, by its transitions."""
    for profile in profiles:
        figure.add_shape(
            type="line", x0=0, x1=1, xref="x domain", y0=profile.dwell, y1=profile.dwell, yref="y5",
            line={"color": STRONG[profile.state % len(STRONG)], "width": 1, "dash": "dash"},
        )  # fmt: skip
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=0.17, yref="paper", yanchor="bottom", showarrow=False,
        text="dashed: the expected stay in each state", font={"size": 11, "color": MUTED},
    )  # fmt: skip
