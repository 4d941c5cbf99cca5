"""What a sweep says it has found: the formulas' own numbers, in plain sentences, and drawn in a page of its own."""

import math

from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
import pytest

from backtests.overfit import Array, even_stretches, overfitting, sums_of
from backtests.skill import best_of_luck, deflated, moments_of
from backtests.sweep_page import columns_of, heat_map, write_sweep_page
from backtests.sweep_told import OTHERS, Sweep, sweep_of
from backtests.tried import Tried
from tests.pages import HOSTILE, Elements

KEYS = ("strategies.trend.params.fast", "strategies.trend.params.slow")


def row(values: tuple[Any, ...], edge: float = 0.0, days: int = 640) -> Tried:
    """Return a point whose days are drawn from its values, with an edge."""
    returns = edge + 0.01 * np.random.default_rng(crc32(str(values).encode())).standard_normal(days)
    return of_returns(values, returns)


def of_returns(values: tuple[Any, ...], returns: Array) -> Tried:
    """Return a point of such days."""
    return Tried(
        values=values, trades=10, net=100.0, drawdown=0.1, days=len(returns), per_year=252.0,
        moments=moments_of(returns), sums=sums_of(returns, even_stretches(len(returns))),
    )  # fmt: skip


def grid(edge: float = 0.0) -> list[Tried]:
    """Return sixteen points without skill, the first of which may have an edge."""
    dice = np.random.default_rng(1)
    places = [(fast, slow) for fast in (10, 20, 30, 40) for slow in (50, 100, 150, 200)]
    return [
        of_returns(values, (edge if values == (10, 50) else 0.0) + 0.01 * dice.standard_normal(640))
        for values in places
    ]


def told(rows: list[Tried], keys: tuple[str, ...] = KEYS) -> Sweep:
    """Return what a sweep of such points says."""
    return sweep_of(keys, rows, len(rows), "points.jsonl")


def test_the_best_is_deflated_by_all_points_and_by_how_they_differ() -> None:
    """The ratios of a year, luck and probabilities are those of the formulas."""
    rows = grid()
    ratios = [r.moments.sharpe for r in rows if r.moments is not None]
    spread = float(np.std(ratios, ddof=1))
    best = max((r for r in rows if r.moments is not None), key=lambda r: r.moments.sharpe if r.moments else 0.0)
    assert best.moments is not None

    found = told(rows)

    assert math.isclose(max(ratios) * math.sqrt(252), found.lines[0].sharpe)
    assert math.isclose(spread * best_of_luck(16) * math.sqrt(252), found.best_of_luck)
    assert deflated(best.moments, 16, spread) == found.lines[0].deflated
    assert overfitting([r.sums for r in rows]) == found.overfit
    assert sorted((line.sharpe for line in found.lines), reverse=True) == [line.sharpe for line in found.lines]


def test_luck_is_called_luck_and_skill_is_left_in_peace() -> None:
    """Without skill the best proves nothing; an edge that is there in every stretch stays above the middle."""
    luck, skill = told(grid()), told(grid(edge=0.003))
    assert skill.overfit is not None

    assert "That is no proof of skill." in luck.sentences[0]
    assert "proof" not in skill.sentences[0]
    assert 0.0 == skill.overfit.probability
    assert "no better than chance" not in skill.sentences[1]
    assert OTHERS == luck.sentences[-1] == skill.sentences[-1]


def test_points_that_cannot_be_meant_are_no_trials() -> None:
    """They are counted and their reasons told."""
    refused = [Tried(values=(60, slow), refused=f"60 is not below {slow}") for slow in (50, 60)]

    found = told([*grid(), *refused])

    assert (18, 16, 2) == (found.points, found.done, found.refused)
    assert msgspec.structs.replace(told(grid()), points=18, refused=2, refusals=found.refusals).lines == found.lines
    assert "Of 2 points nothing came: 60 is not below 50; 60 is not below 60." in found.sentences


@pytest.mark.parametrize("rows", [[], [of_returns((1, 2), np.zeros(100))], [Tried(values=(1, 2), refused="no")]])
def test_a_sweep_of_nothing_says_so(rows: list[Tried]) -> None:
    """No point, none that trades, none that can be meant: there is no best."""
    found = told(rows)

    assert 0.0 == found.best_of_luck
    assert found.overfit is None
    assert OTHERS == found.sentences[-1]


def test_of_a_few_days_nothing_is_said_but_that() -> None:
    """A ratio over thirteen days may be anything: it is shown, and no probability with it."""
    days = 0.01 * np.random.default_rng(3).standard_normal(13) + 0.02

    found = told([of_returns((10, 50), days), of_returns((20, 50), -days)])

    assert [None, None] == [line.deflated for line in found.lines]
    assert "Over fewer than 20 days nothing can be said" in found.sentences[0]


def test_a_heat_map_has_the_ratio_of_each_point_in_its_place() -> None:
    """Of several points with the same two values, the middle one; where there is none, nothing."""
    found = told(grid()[:-1])
    three = told([row((x, 1, z)) for x in (1, 2) for z in (1, 2, 3)], ("a.b.x", "a.b.y", "a.b.z"))

    cells = heat_map(found, 0, 1).data[0]
    middle = heat_map(three, 0, 1).data[0]

    by_values = {line.values: line.sharpe for line in found.lines}
    assert (("10", "20", "30", "40"), ("50", "100", "150", "200")) == (cells.x, cells.y)
    assert by_values[20, 150] == cells.z[2][1]
    assert cells.z[3][3] is None or math.isnan(cells.z[3][3])
    assert sorted(line.sharpe for line in three.lines if line.values[0] == 1)[1] == middle.z[0][0]


def test_a_page_needs_nothing_but_itself_and_shows_what_is_said(tmp_path: Path) -> None:
    """Hostile keys and values come out as text."""
    found = told([row((HOSTILE, n)) for n in range(3)], (HOSTILE, "strategies.a.params.n"))
    wide = told(grid())

    page, other = (
        Elements(write_sweep_page(tmp_path / "sweep.html", sweep).read_text(encoding="utf-8"))
        for sweep in (found, wide)
    )

    assert [] == page.loaded == other.loaded
    assert [] == page.handlers
    assert "img" not in page.tags
    assert all(sentence in other.text for sentence in wide.sentences)
    assert f"Sharpe ratio by {KEYS[0]} and {KEYS[1]}" in other.text


def test_columns_are_called_by_their_last_words_where_these_are_clear() -> None:
    """Two strategies that have the same parameter are told apart."""
    twice = ("strategies.a.params.n", "strategies.b.params.n")

    assert ("fast", "slow") == columns_of(told([]))[:2]
    assert twice == columns_of(told([], twice))[:2]
    assert ("a.b.net",) == columns_of(told([], ("a.b.net",)))[:1]
