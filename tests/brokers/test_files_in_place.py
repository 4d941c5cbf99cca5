"""Files that two processes share."""

from pathlib import Path

import pytest

from brokers.mt5.inplace import content


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_a_file_is_read_whole_however_long_it_is(tmp_path: Path, size: int) -> None:
    """What is read in pieces is what was written."""
    path = tmp_path / "latch.json"
    path.write_bytes(bytes(number % 251 for number in range(size)))

    assert path.read_bytes() == content(str(path))


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    """Nothing is remembered of a file: what replaced it is read next."""
    path = tmp_path / "latch.json"
    path.write_bytes(b"run")
    found = [content(str(path))]
    (tmp_path / "draft").write_bytes(b"halt")
    (tmp_path / "draft").replace(path)
    found.append(content(str(path)))
    path.unlink()
    found.append(content(str(path)))

    assert [b"run", b"halt", None] == found


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    """A folder in a file's place, or no folder at all, is no content; it is not an empty one either."""
    found = [content(str(tmp_path)), content(f"{tmp_path}/nowhere/latch.json")]

    assert [None, None] == found
