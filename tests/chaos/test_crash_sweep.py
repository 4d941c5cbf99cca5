"""The crash sweep: stories over the real house of every crash with every fault, in which nothing is doubled or lost."""

import os
import subprocess
import sys

from pathlib import Path

import pytest

from brokers.mt5.lookalike.client import LINE, dialled
from tests.chaos.planted import ABOUT, PLANTED
from tests.chaos.points import FAULTS, POINTS, VICTIMS, Coverage, Point
from tests.chaos.story import story_of
from tests.chaos.sweep import Found, folder, played, sweep

ROW = len(POINTS) * len(FAULTS)
"""Seeds after which it is the same pair's turn again."""
TRIES = 30
PLANTED_WITHIN = 500


@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_doubled_or_lost_whoever_dies_wherever(point: Point) -> None:
    """Stories are told of this point with each fault until the two have met: books and journal agree after every one.

    And trading has come back. Some 1,300 stories for all points; `nox -s crash_sweep` tells as many as one likes.
    """
    found = Found()
    with folder() as where:
        for turn, fault in enumerate(FAULTS):
            first = turn * len(POINTS) + POINTS.index(point)
            for seed in range(first, first + TRIES * ROW, ROW):
                found.merge(sweep([seed], where))
                if f"{point} | {fault}" in found.coverage.pairs:
                    break

    assert {} == found.failures
    assert [] == [pair for pair in found.coverage.unseen() if pair.startswith(f"{point} | ")]
    assert set(FAULTS[1:]) == set(found.coverage.faults)
    assert {f"{point} | {victim}" for victim in VICTIMS} <= set(found.coverage.crashes)


def test_a_pair_that_was_not_met_is_named() -> None:
    """The table of coverage knows what it has not seen."""
    coverage = Coverage()
    coverage.add({"silent"}, {("intent: appended", "daemon")})

    assert "intent: appended | silent" not in coverage.unseen()
    assert "intent: appended | requote" in coverage.unseen()


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    """Each wrong class is seen by the oracle within few seeds, for the reason it is wrong."""
    variant, words = PLANTED[name]
    first = len(POINTS) * FAULTS.index(ABOUT.get(words[0], "none"))
    with folder() as where:
        found = next((s for s in range(first, first + PLANTED_WITHIN) if any(
            line.startswith(words) for line in played(s, where, variant)[1]
        )), None)  # fmt: skip

    assert found is not None


def test_a_world_leaves_the_package_as_it_was() -> None:
    """Whoever uses the look-alike in this process afterwards reaches a real server by its own line."""
    with folder() as where:
        played(0, where)

    assert (dialled, None) == (LINE.dial, LINE.socket)


def test_a_seed_draws_the_same_story_every_time() -> None:
    """All that chance decides comes from the seed."""
    assert story_of(7) == story_of(7)
    assert story_of(7) != story_of(8)


def test_some_stories_are_of_netting_accounts() -> None:
    """There the server keeps one position a symbol, and no two strategies share one."""
    netting = [story for story in map(story_of, range(200)) if story.netting]
    with folder() as where:
        worlds = [played(story.seed, where)[0] for story in netting[:3]]

    assert 20 < len(netting) < 80
    assert [] == [story.seed for story in netting if len(story.lanes) > len(story.symbols)]
    assert [False] * 3 == [world.broker.venue.account().hedging for world in worlds]


@pytest.mark.parametrize("seed", [3, 64])
def test_a_seed_is_told_alike_in_every_process(seed: int) -> None:
    """A failing seed can be replayed alone, line for line, whatever the hash seed and wherever it ran before."""
    root = Path(__file__).parents[2]
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.chaos.replay", str(seed)], cwd=root, capture_output=True, text=True,
            env=dict(os.environ, PYTHONHASHSEED=hashes), check=True,
        ).stdout
        for hashes in ("1", "2")
    ]  # fmt: skip

    assert told[0] == told[1]
    assert "the oracle has no complaint" in told[0]
