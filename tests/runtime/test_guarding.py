"""A guardian of a folder: which accounts it takes, and that looking at what it knows keeps it from nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backtests.benchmarks.accounts import Fleet
from runtime import guarding
from runtime.fleet_folder import Entry, entry_of
from runtime.guarding import Folder


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return two good accounts."""
    made = Fleet(tmp_path, 2)
    made.write(bars=3, history=3)
    return made


@pytest.fixture
def folder(fleet: Fleet) -> Iterator[Folder]:
    """Return who guards them."""
    one = Folder(fleet.accounts)
    yield one
    for guarded in list(one.guardian.guarded):
        one.guardian.drop(guarded)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that were read."""
    names: list[str] = []

    def reads(file: Path) -> Entry:
        names.append(file.stem)
        return entry_of(file)

    monkeypatch.setattr(guarding, "entry_of", reads)
    return names


def halts(folder: Folder) -> dict[str, float]:
    """Return after how many seconds each account that is guarded is halted."""
    return {one.name: one.watch.halt_s for one, _, _ in folder.guardian.guarded.values()}


def test_what_is_known_is_not_read_again(folder: Folder, read: list[str]) -> None:
    """A folder of hundreds takes seconds to read, in which nobody is watched; a person may ask for it."""
    folder.look()
    folder.look()
    first = list(read)
    folder.look_again()
    folder.look()

    assert (["a000", "a001"], ["a000", "a001"] * 2) == (first, read)


def test_a_file_that_was_changed_is_obeyed(folder: Folder, fleet: Fleet, read: list[str]) -> None:
    """With its new settings, and without the others being read."""
    folder.look()
    file = fleet.accounts / "a001.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[guardian]\nhalt_s = 7.0\n", encoding="utf-8")
    folder.look()

    assert ["a000", "a001", "a001"] == read
    assert [1.0, 7.0] == sorted(halts(folder).values())


def test_what_could_not_be_taken_is_tried_again(folder: Folder, fleet: Fleet) -> None:
    """A file that is wrong, and an account that another guardian has until it ends."""
    other, file = Folder(fleet.accounts), fleet.accounts / "a001.toml"
    good = file.read_text(encoding="utf-8")
    file.write_text("[account", encoding="utf-8")
    other.look()
    folder.look()
    before = len(halts(folder))
    file.write_text(good, encoding="utf-8")
    for guarded in list(other.guardian.guarded):
        other.guardian.drop(guarded)
    folder.look()

    assert (0, 2) == (before, len(halts(folder)))
