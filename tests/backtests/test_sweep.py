"""A sweep: the same whoever plays which point when, kept as it comes, gone on with, unharmed by a bad point."""

import json

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from msgspec.structs import replace

from backtests.backtest import Engine, run_backtest
from backtests.grid import axes_of, points_of, turned
from backtests.model_place import ready_models
from backtests.recorded import tapes_of
from backtests.screen import Watch
from backtests.sweep_file import head_of
from backtests.swept import Asked, Swept, swept
from backtests.tried import Tried, changes_of, tried
from config.account import AccountConfig
from config.errors import DataError, UsageError
from market.types import DAY_MS
from tests.engines import difference
from tests.records import demo_account

GRID = ("strategies.trend.params.fast=10,60", "strategies.trend.params.slow=50,100")
DEADLY = '''
import os

from typing import ClassVar

from msgspec import Struct


class Deadly(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ends its process on some parameter, and breaks on another."""

    name: ClassVar[str] = "deadly"
    version: ClassVar[int] = 1
    n: int

    def features(self):
        return {}

    def init(self):
        return {}

    def decide(self, state, view):
        print("what a strategy prints is no result")
        if self.n == 2:
            os._exit(3)
        if self.n == 3:
            return None, 1.0 / 0.0
        return None, 0.0
'''


class Watching(Watch):
    """Hears how far it has come, and may be told to interrupt."""

    def __init__(self, heard: Callable[[int], None] = lambda _done: None) -> None:
        """Call `heard` with every number of points done."""
        super().__init__()
        self.heard = heard

    def progress(self, done: int, total: int) -> None:  # noqa: ARG002 - the face of the real one
        """Tell how far it is."""
        self.heard(done)


def swept_into(
    file: Path,
    grid: tuple[str, ...] = GRID,
    *,
    processes: int = 1,
    bars: int = 60,
    config: AccountConfig | None = None,
    watch: Watch | None = None,
) -> Swept:
    """Sweep the demo's account over its first bars."""
    asked = Asked(grid=grid, processes=processes, bars=bars)
    return swept(config or demo_account()[0], asked, file, None, watch or Watch())


def beside(folder: Path, use: str, **params: int) -> AccountConfig:
    """Return the demo's account with a strategy alone, whose code stands in a folder."""
    config, _ = demo_account()
    lane = replace(config.strategies[0], use=use, params=dict(params), gate=None)
    return replace(config, strategies=(lane,), regimes={}, folder=str(folder))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a sweep that one process has played."""
    file = tmp_path_factory.mktemp("sweep") / "one.jsonl"
    swept_into(file)
    return file


def lines_of(file: Path) -> list[str]:
    """Return the lines of a sweep's file, the points in some order."""
    first, *rest = file.read_text(encoding="utf-8").splitlines()
    return [first, *sorted(rest)]


def test_the_number_of_processes_changes_nothing(whole: Path, tmp_path: Path) -> None:
    """Two side by side tell the same points as one, and as a backtest in this process."""
    config, model = demo_account()
    keys = tuple(axis.key for axis in axes_of(GRID))

    swept_into(tmp_path / "two.jsonl", processes=2)

    alone = tried(turned(config, keys, (10, 50)), (10, 50), models={"calm-or-storm": model}, bars=60)
    assert lines_of(whole) == lines_of(tmp_path / "two.jsonl")
    assert alone in [row for row in _rows(whole) if not row.refused]


def _rows(file: Path) -> list[Tried]:
    return [msgspec.json.decode(line, type=Tried) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def test_a_point_that_cannot_be_meant_is_kept_with_its_reason(whole: Path) -> None:
    """It is no trial."""
    found = swept_into(whole).found

    assert (4, 3, 1) == (found.points, found.done, found.refused)
    assert "fast (60) must be less than slow (50)" in found.refusals[0]
    assert found.sentences[-2].startswith("Of 1 point nothing came: ")


def test_a_sweep_that_is_done_plays_nothing_again(whole: Path) -> None:
    """Its file stays as it is; more values of a key are added to it, and count."""
    before, heard = whole.read_bytes(), list[int]()

    swept_into(whole, watch=Watching(heard.append))

    assert before == whole.read_bytes()
    assert [4] == heard


def test_more_values_go_into_the_same_file(whole: Path, tmp_path: Path) -> None:
    """Those that are there are not played again, and all of them are trials."""
    file = tmp_path / "more.jsonl"
    file.write_bytes(whole.read_bytes())
    heard: list[int] = []

    found = swept_into(file, ("strategies.trend.params.fast=10,20", GRID[1]), watch=Watching(heard.append)).found

    assert [2, 3, 4] == heard
    assert (4, 5) == (found.points, found.done)


def test_an_interrupted_sweep_keeps_what_is_done_and_goes_on(whole: Path, tmp_path: Path) -> None:
    """After two points somebody presses Ctrl-C: these are judged, and the rest is played by the next sweep."""

    def interrupt(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    file = tmp_path / "cut.jsonl"
    cut = swept_into(file, watch=Watching(interrupt), processes=2)
    heard: list[int] = []

    after = swept_into(file, watch=Watching(heard.append))

    assert (True, 2) == (cut.interrupted, cut.found.done + cut.found.refused)
    assert [2, 3, 4] == heard
    assert not after.interrupted
    assert lines_of(whole) == lines_of(file)


def test_a_torn_line_is_played_again(whole: Path, tmp_path: Path) -> None:
    """A machine that lost power in the middle of a line has lost that point."""
    file = tmp_path / "torn.jsonl"
    file.write_bytes(whole.read_bytes()[:-40])

    swept_into(file)

    assert lines_of(whole) == lines_of(file)


def test_the_file_of_another_sweep_is_refused(whole: Path, tmp_path: Path) -> None:
    """Other days, other keys, another account, or no sweep at all: and it stays as it is."""
    other, before = tmp_path / "notes.txt", whole.read_bytes()
    other.write_text("my notes", encoding="utf-8")
    config, _ = demo_account()
    dearer = turned(config, ("symbols.SP500.costs.spread",), (60.0,))

    for file, grid, bars, account in [
        (whole, GRID, 61, config),
        (whole, GRID[:1], 60, config),
        (whole, GRID, 60, dearer),
        (other, GRID, 60, config),
    ]:
        with pytest.raises(UsageError, match="holds another sweep"):
            swept_into(file, grid, bars=bars, config=account)

    assert (before, "my notes") == (whole.read_bytes(), other.read_text(encoding="utf-8"))


@pytest.mark.parametrize("line", [json.dumps({"values": 3}).encode(), b'{"values": [], "refused": "\xff"}'])
def test_a_line_that_is_no_point_is_refused(whole: Path, tmp_path: Path, line: bytes) -> None:
    """Somebody has edited the file."""
    file = tmp_path / "edited.jsonl"
    file.write_bytes(whole.read_bytes() + line + b"\n")

    with pytest.raises(DataError, match="no point of a sweep"):
        swept_into(file)


def test_a_point_that_kills_its_process_is_refused_and_the_others_are_played(tmp_path: Path) -> None:
    """It is tried twice, each time in a new process; one that breaks is refused, too; what is printed harms nothing."""
    (tmp_path / "deadly_for_sweeps.py").write_text(DEADLY, encoding="utf-8")
    account = beside(tmp_path, "deadly_for_sweeps:Deadly", n=1)

    found = swept_into(tmp_path / "deadly.jsonl", ("strategies.trend.params.n=1,2,3,4",), config=account).found

    assert (2, 2) == (found.done, found.refused)
    assert ["ZeroDivisionError: float division by zero", "the process that played it died"] == found.refusals
    assert "No point has traded at all." == found.sentences[0]


def test_a_strategy_that_was_edited_makes_another_sweep(tmp_path: Path) -> None:
    """Points of two versions of a file do not belong together, of a function's neither."""
    (tmp_path / "edited_for_sweeps.py").write_text("def f(w, n=1):\n    return None, 0.0\n", encoding="utf-8")
    account = beside(tmp_path, "edited_for_sweeps:f", window=5, n=1)

    before = head_of(account, (), tapes_of(account), {}, (None, None, None))
    (tmp_path / "edited_for_sweeps.py").write_text("def f(w, n=2):\n    return None, 0.0\n", encoding="utf-8")

    assert before != head_of(account, (), tapes_of(account), {}, (None, None, None))


def test_keys_are_looked_at_before_anything_is_played(tmp_path: Path) -> None:
    """No file is begun for a sweep that cannot be."""
    with pytest.raises(UsageError, match="no such key"):
        swept_into(tmp_path / "no.jsonl", ("strategies.trend.rsk=1",))

    assert [] == list(tmp_path.iterdir())


def test_points_are_of_the_same_days() -> None:
    """So that halves of the time mean the same for all of them."""
    config, _ = demo_account()
    models = ready_models(config, lambda _text: None)
    axes = axes_of(["strategies.reversion.params.n=5,40"])

    rows = [tried(turned(config, (axes[0].key,), values), values, models=models, bars=80) for values in points_of(axes)]

    assert [78, 78] == [row.days for row in rows]  # the last two bars are told in one day, when the data end
    assert [78, 78] == [sum(part.count for part in row.sums) for row in rows]


def test_an_account_that_lost_everything_changes_no_more() -> None:
    """The day it was lost is −1, those after it are 0."""
    days = np.arange(5) * DAY_MS

    changes, _ = changes_of(days, np.array([100.0, 50.0, -10.0, 20.0, 20.0]))

    assert [-0.5, -1.0, 0.0, 0.0] == changes.tolist()
    assert [] == changes_of(days[:0], np.empty(0))[0].tolist()


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_a_backtest_without_its_decisions_is_otherwise_the_same(engine: Engine) -> None:
    """Thousands of points are played, and of none are its decisions looked at."""
    config, _ = demo_account()
    lane = replace(config.strategies[0], gate=None)
    account = replace(config, strategies=(lane,), regimes={})

    whole, _ = run_backtest(account, bars=200, shadows=False, engine=engine)
    bare, _ = run_backtest(account, bars=200, shadows=False, engine=engine, decided=False)

    assert 200 == len(whole.decisions)
    assert not difference(replace(whole, decisions=[]), bare)
    assert (whole.played, whole.why) == (bare.played, bare.why)
