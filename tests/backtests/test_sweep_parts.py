"""A sweep kept as Parquet: parts that can be read at any time, and the same points as in a file of lines."""

from operator import attrgetter
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from backtests.screen import Watch
from backtests.sweep_file import Head, SweepFile, key_of
from backtests.sweep_parts import SweepParts
from backtests.swept import Asked, swept
from backtests.tried import Tried
from config.errors import DataError, UsageError
from tests.records import demo_account

HEAD = Head(keys=("a.fast", "b.mode"), config="c", code="k", bars="b", models=())


values_of = attrgetter("values")


def point(fast: float, mode: str = "calm", refused: str = "") -> bytes:
    """Return a line of a point."""
    return msgspec.json.encode(Tried(values=(fast, mode), trades=int(fast), net=0.1 * fast, refused=refused))


def test_parts_are_read_by_anybody_while_a_sweep_goes_on(tmp_path: Path) -> None:
    """A column a key, numbers as numbers; what was closed is gone on with, in a part of its own."""
    folder = tmp_path / "points.parquet"
    with SweepParts(folder, HEAD) as kept:
        kept.add(point(20))
        kept.add(point(7.5, refused="no"))
        before = kept.rows()
        seen = pd.read_parquet(folder)
    with SweepParts(folder, HEAD) as kept:
        known = dict(kept.scores)
        kept.add(point(1))

        after = kept.rows()

    assert [7.5, 20] == [values[0] for values in map(values_of, before)]
    assert [20.0, 7.5] == seen["a.fast"].tolist()
    assert {'"calm"'} == set(seen["b.mode"])
    assert {key_of((20, "calm")): 0.0, key_of((7.5, "calm")): None} == known
    assert [1, 7.5, 20] == [values[0] for values in map(values_of, after)]
    assert ["000001.parquet", "000002.parquet"] == sorted(path.name for path in folder.iterdir())
    assert 3 == len(pd.read_parquet(folder))


def test_a_sweep_into_parts_has_the_points_of_one_into_lines(tmp_path: Path) -> None:
    """To the last digit, however they are kept."""
    asked = Asked(grid=["strategies.trend.params.fast=10,60", "strategies.trend.params.slow=50,100"], bars=40)
    config, _ = demo_account()
    for name in ("points.jsonl", "points.parquet"):
        swept(config, asked, tmp_path / name, None, Watch())

    line, _ = (tmp_path / "points.jsonl").read_bytes().split(b"\n", 1)
    head = msgspec.json.decode(line, type=Head)
    with SweepFile(tmp_path / "points.jsonl", head) as lines, SweepParts(tmp_path / "points.parquet", head) as parts:
        assert lines.rows() == parts.rows()
        assert lines.scores == parts.scores


def test_the_folder_of_another_sweep_is_refused(tmp_path: Path) -> None:
    """Or of none, or a file: and it stays as it is."""
    folder = tmp_path / "points.parquet"
    with SweepParts(folder, HEAD) as kept:
        kept.add(point(1))
    (tmp_path / "file.parquet").write_bytes(b"mine")
    (tmp_path / "other.parquet").mkdir()
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet" / "x.parquet")

    for path, head in [
        (folder, msgspec.structs.replace(HEAD, bars="others")), (tmp_path / "file.parquet", HEAD),
        (tmp_path / "other.parquet", HEAD),
    ]:  # fmt: skip
        with pytest.raises(UsageError, match="holds another sweep"), SweepParts(path, head):
            pass

    assert b"mine" == (tmp_path / "file.parquet").read_bytes()


def test_a_part_that_was_edited_is_refused(tmp_path: Path) -> None:
    """Its line is no point."""
    with SweepParts(tmp_path / "points.parquet", HEAD) as kept:
        kept.add(point(1))
        kept._write()
        kept.fresh = [(kept.rows()[0], b'{"values": 3}')]

    with pytest.raises(DataError, match="no point of a sweep"), SweepParts(tmp_path / "points.parquet", HEAD):
        pass
