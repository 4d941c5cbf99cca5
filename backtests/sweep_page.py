"""The report of a sweep: one HTML file with its best points, what they are worth, and a heat map of two keys."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from backtests.report_figures import drawn, lay_out
from backtests.report_file import write_page
from backtests.report_page import heading, keys, listed, page, paragraph, section, table
from backtests.sweep_told import Line, Sweep
from backtests.words import money, number, share

SHOWN = 50
COLUMNS = ("trades", "net", "Sharpe", "deflated", "drawdown")
HUES = [[0.0, "#b0413e"], [0.5, "#f4f6f8"], [1.0, "#1464a5"]]
"""Red below 0, blue above."""


def write_sweep_page(file: Path, found: Sweep) -> Path:
    """Write the report in one step; return its path."""
    return write_page(file, page("tidegate: a sweep", _body(found)))


def _body(found: Sweep) -> Iterable[str]:
    yield heading("A sweep", f"{' × '.join(found.keys)} · points in {Path(found.file).name}")
    yield keys(_keys(found))
    yield section("Was anything found?", *map(paragraph, found.sentences), name="said")
    for place, (first, second) in enumerate(_pairs(found)):
        title = f"Sharpe ratio by {found.keys[first]} and {found.keys[second]}"
        said = (
            "" if len(found.keys) == 2 else paragraph("Of all points with these two values, the middle one.", "small")
        )
        yield section(title, drawn(heat_map(found, first, second), script=place == 0), said)
    yield section(
        f"The best {min(SHOWN, len(found.lines))}", table(columns_of(found), map(row_of, found.lines[:SHOWN]))
    )
    yield section("What to know about these numbers", listed(_notes()))


def _keys(found: Sweep) -> Iterable[tuple[str, str]]:
    yield "points played", number(found.done, 0)
    if found.lines:
        yield "best Sharpe ratio, a year", number(found.lines[0].sharpe, 2)
        yield "to be expected of luck", number(found.best_of_luck, 2)
        yield "above luck with (deflated)", share(found.lines[0].deflated)
    if found.overfit is not None:
        yield "overfitted with (PBO)", share(found.overfit.probability)


def _notes() -> Iterable[str]:
    yield "Sharpe ratios are of the equity's change from day to day, of a year; cash earns nothing."
    yield "Points that trade alike are no independent trials: luck then shows less than is said here, which is strict."
    yield "Neighbours of a good point should be good as well: a lone peak is a coincidence."


def columns_of(found: Sweep) -> tuple[str, ...]:
    """Return the columns of the table of points; keys by their last words, where these are clear."""
    short = [key.rpartition(".")[2] for key in found.keys]
    clear = len({*short, *COLUMNS}) == len(short) + len(COLUMNS)
    return (*(short if clear else found.keys), *COLUMNS)


def row_of(line: Line) -> tuple[str, ...]:
    """Return a point as a row of that table."""
    return (
        *(str(value) for value in line.values), number(line.trades, 0), money(line.net, signed=True),
        number(line.sharpe, 2), share(line.deflated), share(line.drawdown),
    )  # fmt: skip


def _pairs(found: Sweep) -> list[tuple[int, int]]:
    """Return which two keys to draw: each pair of those that take several values, the first three pairs."""
    wide = [i for i in range(len(found.keys)) if len({line.values[i] for line in found.lines}) > 1]
    return [(a, b) for a in wide for b in wide if a < b][:3]


def heat_map(found: Sweep, first: int, second: int) -> Any:  # noqa: ANN401 - plotly has no types
    """Return the Sharpe ratio by two keys: of several points with the same two values, the middle one."""
    columns, rows = (_sorted({line.values[i] for line in found.lines}) for i in (first, second))
    ratios: dict[tuple[Any, Any], list[float]] = {}
    for line in found.lines:
        ratios.setdefault((line.values[first], line.values[second]), []).append(line.sharpe)
    cells = [[_middle(ratios.get((x, y), [])) for x in columns] for y in rows]
    most = max((abs(cell) for row in cells for cell in row if cell is not None), default=1.0) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        x=[escape(str(x)) for x in columns], y=[escape(str(y)) for y in rows], z=cells, colorscale=HUES, zmin=-most,
        zmax=most, texttemplate="%{z:.2f}" if len(columns) * len(rows) <= 400 else None,
        hovertemplate="%{x}, %{y}: %{z:.2f}<extra></extra>",
    )  # fmt: skip
    lay_out(figure, height=140 + 28 * min(len(rows), 20))
    figure.update_xaxes(type="category", title=escape(found.keys[first]))
    figure.update_yaxes(type="category", title=escape(found.keys[second]))
    return figure


def _sorted(values: set[Any]) -> list[Any]:
    return sorted(values, key=lambda v: (not isinstance(v, int | float), v if isinstance(v, int | float) else str(v)))


def _middle(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
