"""The points of a sweep: read from words, drawn by dice, and put into an account, or refused by what is wrong."""

from importlib import resources
from pathlib import Path

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from backtests.grid import Axis, axes_of, points_of, turned
from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from config.load import parse
from config.new_account import account_text
from tests.records import demo_account

FAST, SLOW = "strategies.trend.params.fast", "strategies.trend.params.slow"


def test_axes_are_read_as_toml() -> None:
    """Numbers, texts, switches and lists, as the account's own file says them."""
    found = axes_of([f"{FAST}=10,20", 'a.mode="enforce","off"', "b.c = true", "d.allow=[0],[0,1]"])

    assert (
        Axis(FAST, (10, 20)), Axis("a.mode", ("enforce", "off")), Axis("b.c", (True,)), Axis("d.allow", ([0], [0, 1])),
    ) == found  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["fast"], "expected KEY=VALUE,VALUE"),
        (["fast="], "expected KEY=VALUE,VALUE"),
        (["fast=ten"], "expected KEY=VALUE,VALUE"),
        (["fast=10,10"], "names a value twice"),
        (["fast=10", "fast=20"], "each key is named once"),
    ],
)
def test_axes_that_cannot_be_read_are_refused(texts: list[str], said: str) -> None:
    """Each with what was expected."""
    with pytest.raises(UsageError, match=said):
        axes_of(texts)


def test_a_grid_has_every_combination() -> None:
    """The last key turns fastest."""
    assert [(1, "a"), (1, "b"), (2, "a"), (2, "b")] == points_of([Axis("x", (1, 2)), Axis("y", ("a", "b"))])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 300), st.integers(0, 5))
def test_dice_draw_points_of_the_grid_without_repetition(sizes: list[int], count: int, seed: int) -> None:
    """In the grid's order, the same for the same seed; the whole grid where as many are asked for."""
    axes = [Axis(str(place), tuple(range(size))) for place, size in enumerate(sizes)]
    grid = points_of(axes)

    drawn = points_of(axes, count, seed)

    assert drawn == points_of(axes, count, seed)
    assert min(count, len(grid)) == len(set(drawn))
    assert [point for point in grid if point in drawn] == drawn


def test_a_huge_grid_is_drawn_from_without_being_made() -> None:
    """Ten billion points: five of them."""
    axes = [Axis(str(place), tuple(range(10))) for place in range(10)]

    assert 5 == len(points_of(axes, 5))


def test_an_account_is_turned_in_the_keys_named_alone() -> None:
    """Parameters, risk, gates, limits and costs; strategies by their names."""
    config, _ = demo_account()
    keys = (FAST, "strategies.reversion.risk", "strategies.trend.gate.enter", "limits.max_positions")

    found = turned(config, (*keys, "symbols.SP500.costs.spread"), (12, 0.02, 0.7, 3, 80))

    trend, reversion = found.strategies
    assert trend.gate is not None
    assert (12, 50, 0.01, 0.7) == (trend.params["fast"], trend.params["slow"], trend.risk, trend.gate.enter)
    assert (0.02, 20, 3, 80.0) == (
        reversion.risk, reversion.params["n"], found.limits.max_positions, found.symbols["SP500"].costs.spread,
    )  # fmt: skip
    assert config == turned(found, (*keys, "symbols.SP500.costs.spread"), (20, 0.01, 0.6, 4, 50))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("strategies.other.params.n", "no 'other' there; there is trend, reversion"),
        ("strategies.trend.rsk", "no such key"),
        ("strategies.trend", "a sweep turns"),
        ("strategies.trend.timeframe", "a sweep turns"),
        ("regimes.calm-or-storm.states", "a sweep turns"),
        ("account.balance", "a sweep turns"),
        ("symbols.SP500.costs.spread.more", "no such key"),
    ],
)
def test_keys_that_cannot_be_turned_are_refused(key: str, said: str) -> None:
    """Unknown ones, and those that would change models, bars or strategies."""
    with pytest.raises(UsageError, match=said):
        turned(demo_account()[0], (key,), (1,))


@pytest.mark.parametrize("values", [(60, 50), (20, "many"), (0, 50)])
def test_values_that_cannot_be_meant_are_refused_for_the_point(values: tuple[object, ...]) -> None:
    """A fast average slower than the slow one, a text for a number: the account's own reasons, and where."""
    with pytest.raises(ConfigError, match=f"{FAST} = {values[0]}, {SLOW} = {values[1]}: "):
        turned(demo_account()[0], (FAST, SLOW), values)


def test_an_account_with_a_calendar_is_turned_and_sent_as_it_is(tmp_path: Path) -> None:
    """Days of its calendar are numbers by number; the processes of a sweep are told the same account, to the last."""
    example = resources.files("config").joinpath("calendars", "fx-example.toml").read_text(encoding="utf-8")
    (tmp_path / "hours.toml").write_text(example, encoding="utf-8")
    text = account_text("client", kind="lookalike", login=7)
    text = text.replace('zone = "UTC" ', 'calendar = "hours.toml"\nzone = "New York close" ')
    config = parse(text, folder=tmp_path)

    found = turned(config, ("limits.max_positions",), (config.limits.max_positions,))

    assert config.calendars is not None
    assert config == found
    assert config == msgspec.json.decode(msgspec.json.encode(config), type=AccountConfig)
