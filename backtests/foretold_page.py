"""The page of what was foretold: a reliability curve for each strategy that gives chances, fifths for the others."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from backtests.chances import Reliability
from backtests.foretold import OF_FIFTHS, Foretold, fifth_told
from backtests.report_figures import BLUE, GREY, GRID, MUTED, drawn, lay_out
from backtests.report_file import write_page
from backtests.report_page import heading, keys, page, paragraph, section, table
from backtests.words import number, share

WHAT = (
    "Each point is a tenth of the scale: across, the chance to make money after costs that was foretold; up, the share "
    "of trades that did, with its 95 % interval (Wilson). On the dotted line chances are true. Bars count the trades."
)


def write_foretold(file: Path, found: Sequence[Foretold], accounts: Sequence[str]) -> Path:
    """Write the page; return its path."""
    return write_page(file, foretold_html(found, accounts))


def foretold_html(found: Sequence[Foretold], accounts: Sequence[str]) -> str:
    """Return the whole page."""
    return page("tidegate: what was foretold", _body(found, accounts))


def _body(found: Sequence[Foretold], accounts: Sequence[str]) -> Iterator[str]:
    yield heading("What was foretold, and what came of it", f"accounts: {', '.join(accounts)}")
    first = True
    for one in found:
        parts = [paragraph(one.sentence), _labels(one)]
        if one.chances is not None:
            parts += [
                drawn(reliability_figure(one.chances), script=first),
                paragraph(WHAT, "small"),
                _parts(one.chances),
            ]
            first = False
        elif one.fifths:
            parts.append(table(OF_FIFTHS, map(fifth_told, one.fifths), texts=0))
        yield section(one.strategy, *parts)


def _labels(one: Foretold) -> str:
    of = one.labels
    return keys((
        ("decisions to trade", number(of.traded, 0)), ("of them ended, and known", number(of.labelled, 0)),
        ("never filled", number(of.never_filled, 0)), ("still open", number(of.open, 0)),
        ("known, of those filled", share(of.coverage)),
        ("hours until it is known (median)", number(of.lag_s / 3600.0 if of.lag_s is not None else None)),
    ))  # fmt: skip


def _parts(r: Reliability) -> str:
    names = ("trades", "foretold", "came", "Brier", "reliability", "resolution", "uncertainty", "within", "skill",
             "calibration error", "by luck, up to")  # fmt: skip
    said = (
        number(r.count, 0), share(r.foretold), share(r.came),
        *(number(x, 4) for x in (r.brier, r.reliability, r.resolution, r.uncertainty, r.within)),
        number(r.skill, 3), number(r.error, 3), number(r.error_by_luck, 3),
    )  # fmt: skip
    told = "Brier = reliability − resolution + uncertainty + within."
    return table(names, [said], texts=0) + paragraph(told, "small")


def reliability_figure(r: Reliability) -> Any:  # noqa: ANN401 - plotly
    """Return the reliability curve over a count of the trades in each bin."""
    figure = go.Figure()
    lay_out(figure, height=420)
    line = {"color": MUTED, "width": 1, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, name="true chances", hoverinfo="skip")
    x, y = [b.foretold for b in r.bins], [b.came for b in r.bins]
    figure.add_scatter(
        x=x, y=y, mode="markers+lines", marker={"color": BLUE, "size": 8}, line={"color": BLUE, "width": 1.3},
        error_y={
            "type": "data", "array": [b.high - b.came for b in r.bins], "arrayminus": [b.came - b.low for b in r.bins],
            "color": BLUE, "thickness": 1, "width": 4,
        },
        name="what came", customdata=[b.trades for b in r.bins],
        hovertemplate="foretold %{x:.1%}, came %{y:.1%}, %{customdata} trades<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=x, y=[b.trades for b in r.bins], yaxis="y2", marker={"color": GREY}, width=0.05, name="trades",
        hovertemplate="%{y} trades<extra></extra>",
    )  # fmt: skip
    scale = {"range": [0, 1], "tickformat": ".0%", "gridcolor": GRID}
    figure.update_layout(
        xaxis={**scale, "title": {"text": "foretold"}, "anchor": "y2"},
        yaxis={**scale, "title": {"text": "came"}, "domain": [0.28, 1.0]},
        yaxis2={"title": {"text": "trades"}, "domain": [0.0, 0.2], "gridcolor": GRID, "nticks": 4},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure
