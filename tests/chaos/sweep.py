"""The sweep: many stories, each judged by the oracle; by command over all cores, with a state file to go on from.

`python -m tests.chaos.sweep COUNT [--from SEED]` prints every seed that fails; `python -m tests.chaos.replay SEED`
tells one of them.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.chaos.judge import judge
from tests.chaos.play import play
from tests.chaos.points import Coverage
from tests.chaos.story import story_of
from tests.chaos.world import SOUND, Variant, World
from tests.resumed import ROOT, begun, commit_now, keep

STATE = ROOT / ".crash_sweep.json"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
CHUNK = 100
"""Seeds that a process takes at a time."""
SHOWN = 3
"""Complaints printed of a seed that fails."""


class Found(msgspec.Struct):
    """What a number of stories came to."""

    stories: int = 0
    deaths: int = 0
    failures: dict[int, list[str]] = {}
    coverage: Coverage = msgspec.field(default_factory=Coverage)

    def merge(self, other: "Found") -> None:
        """Add what another process found."""
        self.stories += other.stories
        self.deaths += other.deaths
        self.failures |= other.failures
        self.coverage.merge(other.coverage)


class State(msgspec.Struct, kw_only=True):
    """How far a sweep has come."""

    commit: str
    first: int
    after: int
    """The first seed that was not played yet."""
    seconds: float = 0.0
    found: Found = msgspec.field(default_factory=Found)


@contextmanager
def folder() -> Iterator[Path]:
    """Have a folder in memory, where there is one: the latch of a story is a real file."""
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=MEMORY if MEMORY.is_dir() else None) as made:
        yield Path(made)


def played(seed: int, where: Path, variant: Variant = SOUND, *, telling: bool = False) -> tuple[World, list[str]]:
    """Play one story and judge it."""
    world = World(story_of(seed), where, variant, telling=telling)
    play(world)
    return world, judge(world)


def sweep(seeds: Iterable[int], where: Path) -> Found:
    """Play stories one after the other."""
    found = Found()
    for seed in seeds:
        world, complaints = played(seed, where)
        found.stories += 1
        found.deaths += world.deaths
        found.coverage.add(world.struck, world.crashed)
        if complaints:
            found.failures[seed] = complaints
    return found


def _chunk(first: int, end: int) -> Found:
    with folder() as where:
        return sweep(range(first, end), where)


def _star(span: tuple[int, int]) -> Found:
    return _chunk(*span)


def begun_from(first: int, file: Path) -> State:
    """Return the state of a sweep that was begun with this commit and seed before, or a new one."""
    new = State(commit=commit_now(), first=first, after=first)
    found = begun(file, new)
    return found if found.first == first else new


def run(count: int, first: int, file: Path, processes: int) -> State:
    """Play `count` stories from a seed on, or what is left of them, over several processes."""
    state = begun_from(first, file)
    end = first + count
    spans = [(seed, min(seed + CHUNK, end)) for seed in range(state.after, end, CHUNK)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    began, before = time.monotonic(), state.seconds
    with multiprocessing.get_context("spawn").Pool(processes) as pool, Progress(*columns) as progress:
        bar = progress.add_task("stories", total=count, completed=state.after - first)
        for (_, after), found in zip(spans, pool.imap(_star, spans), strict=True):
            for seed, complaints in found.failures.items():
                progress.print(f"seed {seed} fails: {'; '.join(complaints[:SHOWN])}")
            state.found.merge(found)
            state.after, state.seconds = after, before + time.monotonic() - began
            keep(file, state)
            progress.update(bar, completed=after - first, description=f"stories, {len(state.found.failures)} failed")
    return state


def told(state: State) -> str:
    """Return what a sweep came to, as lines for people."""
    found = state.found
    unseen = found.coverage.unseen()
    lines = [
        f"{found.stories} stories from seed {state.first} at commit {state.commit}, {state.seconds:.0f} s",
        f"{found.deaths} crashes, {len(found.failures)} failures",
        f"{len(found.coverage.pairs)} pairs of point and fault were met, {len(unseen)} were not",
        *(f"never met: {pair}" for pair in unseen[:20]),
        *(f"replay: python -m tests.chaos.replay {seed}" for seed in list(found.failures)[:20]),
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Sweep by command; returns 1 where a story failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.sweep", description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--state", type=Path, default=STATE, help="the file to go on from")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(argv)
    state = run(given.count, given.first, given.state, given.processes)
    sys.stdout.write(told(state) + "\n")
    return 1 if state.found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
