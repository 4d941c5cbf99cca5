"""Points that Optuna proposes: the same whoever plays them and when, learnt from, and gone on with."""

import random

from collections.abc import Callable
from pathlib import Path

import pytest

from backtests.grid import Axis, Values
from backtests.screen import Watch
from backtests.sweep_file import key_of
from backtests.sweep_optuna import Proposed
from backtests.swept import Asked, swept
from config.errors import UsageError
from tests.records import demo_account

pytest.importorskip("optuna", reason="the extra `optuna` is not installed")

AXES = (Axis("a.fast", tuple(range(30))), Axis("b.mode", ("calm", "wild", "mad")))


def hill(values: Values) -> float | None:
    """Return a score that is highest at 21 and calm; the mad are refused."""
    fast, mode = values
    return None if mode == "mad" else -abs(fast - 21.0) - 10.0 * (mode == "wild")


def searched(proposals: int, order: Callable[[list[Values]], Values], known: dict[str, float | None]) -> list[Values]:
    """Return all points that are played where several are at play, of which `order` says which one is done next."""
    points, playing, played = Proposed(AXES, proposals, 1, known), list[Values](), list[Values]()
    while True:
        while (values := points.next()) is not None:
            playing.append(values)
            played.append(values)
        if not playing:
            break
        done = order(playing)
        playing.remove(done)
        known[key_of(done)] = hill(done)
        points.heard(done)
    assert proposals == points.done == len(points)
    return played


def first(playing: list[Values]) -> Values:
    """Return the point that began first."""
    return playing[0]


def test_the_order_in_which_points_are_done_changes_nothing() -> None:
    """The oldest first, the newest first, or by dice; no point is played twice."""
    dice = random.Random(1)

    found = [searched(40, order, {}) for order in (first, lambda playing: playing[-1], dice.choice)]

    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) == len(found[0])


def test_it_looks_where_it_was_good() -> None:
    """The last points are nearer to the top than the first, and the refused are left alone."""
    played = searched(60, first, {})

    early, late = played[:10], played[-10:]
    assert sum(mode == "mad" for _, mode in late) <= sum(mode == "mad" for _, mode in early)
    assert sum(abs(fast - 21) for fast, _ in late) < sum(abs(fast - 21) for fast, _ in early)


def test_a_search_goes_on_from_what_is_known() -> None:
    """Cut off after some points, it plays the rest of them, as if nothing had happened."""
    known: dict[str, float | None] = {}
    whole = searched(30, first, dict(known))
    known = {key_of(values): hill(values) for values in whole[:12]}

    rest = searched(30, first, known)

    assert whole[12:] == rest


def test_a_search_is_swept_as_a_grid_is(tmp_path: Path) -> None:
    """Its points are trials; asked again, it proposes the same ones, and nothing is played."""
    config, _ = demo_account()
    asked = Asked(
        grid=["strategies.trend.params.fast=5..60", "strategies.trend.params.slow=50,100"], method="optuna",
        points=12, processes=2, bars=30,
    )  # fmt: skip

    found, again = (swept(config, asked, tmp_path / "points.jsonl", None, Watch()).found for _ in range(2))

    lines = (tmp_path / "points.jsonl").read_text(encoding="utf-8").splitlines()
    assert found == again
    assert ("optuna", 12, len(lines) - 1) == (found.method, found.points, found.done + found.refused)
    assert any("crowd where earlier ones were good" in sentence for sentence in found.sentences)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "optuna"}, "needs --points"),
        ({"points": 3}, "plays every point"),
        ({"on": "somewhere"}, "expected local, ray or ray://host:port"),
        ({"on": "ray://"}, "expected local, ray or ray://host:port"),
    ],
)
def test_what_does_not_go_together_is_refused(asked: dict[str, object], said: str) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match=said):
        Asked(grid=["a=1"], **asked)  # type: ignore[arg-type]
