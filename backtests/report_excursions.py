"""The figure of excursions: how far each trade went against us and for us, beside what came of it."""

from typing import Any

import plotly.graph_objects as go

from backtests.record import Trade
from backtests.report_figures import BLUE, GRID, RED, lay_out, moment

MOST_TRADES = 4000
"""More would make the page heavy and show nothing else; of more, every so many is drawn."""


def excursion_figure(trades: list[Trade]) -> Any:  # noqa: ANN401 - plotly has no types
    """Return two panels over one scale of R: largest excursion against us (MAE), and for us (MFE), % of the entry."""
    drawn = [t for t in trades if t.mae is not None and t.mfe is not None and t.r is not None and t.entry_price > 0.0]
    drawn = drawn[:: -(-len(drawn) // MOST_TRADES) or 1]
    figure = go.Figure()
    for name, color, part in (
        ("won", BLUE, [t for t in drawn if t.net > 0.0]),
        ("lost", RED, [t for t in drawn if t.net <= 0.0]),
    ):
        told = [f"{moment(t.opened)[:16]}, {t.bars} bars" for t in part]
        for field, axis in (("mae", "x"), ("mfe", "x2")):
            figure.add_scatter(
                x=[round(100.0 * getattr(t, field) / t.entry_price, 4) for t in part],
                y=[round(t.r or 0.0, 3) for t in part],
                text=told,
                mode="markers",
                name=name,
                xaxis=axis,
                showlegend=field == "mae",
                legendgroup=name,
                marker={"color": color, "size": 6, "opacity": 0.55},
                hovertemplate="%{text}<br>%{x:.2f} % away, %{y:.2f} R<extra></extra>",
            )
    lay_out(figure, height=380)
    figure.update_layout(
        xaxis={"domain": [0.0, 0.47], "title": "against us (MAE)", "ticksuffix": " %", "gridcolor": GRID},
        xaxis2={"domain": [0.53, 1.0], "title": "for us (MFE)", "ticksuffix": " %", "gridcolor": GRID, "anchor": "y"},
        yaxis={"title": "what came of it, R", "gridcolor": GRID, "zeroline": True, "zerolinecolor": GRID},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        hovermode="closest",
    )
    return figure
