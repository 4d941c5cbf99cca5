"""The store of bundles: folders that never change, and aliases that move in one step."""

import os
import subprocess
import sys

from pathlib import Path

import pytest

from regimes.weights import ModelError
from runtime.bundles import promote, read_bundle, rollback, write_bundle
from tests.models import a_model

FIRST, SECOND, THIRD = a_model(1), a_model(2), a_model(3)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store with two bundles, the first of them champion."""
    for model in (FIRST, SECOND):
        write_bundle(tmp_path, model)
    promote(tmp_path, FIRST.fingerprint)
    return tmp_path


def test_bundle_is_found_under_its_fingerprint_and_its_alias(store: Path) -> None:
    """A model is read back from its folder and through the alias."""
    assert read_bundle(store / FIRST.fingerprint) == FIRST
    assert read_bundle(store / "champion") == FIRST


def test_writing_a_model_twice_changes_nothing(store: Path) -> None:
    """A model that is in the store already is left alone, and nothing half-written stays behind."""
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}

    assert write_bundle(store, FIRST) == store / FIRST.fingerprint
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before


def test_rollback_goes_back_one_bundle(store: Path) -> None:
    """Promote, then roll back: the alias points where it did before."""
    promote(store, SECOND.fingerprint)
    assert read_bundle(store / "champion") == SECOND

    assert rollback(store) == FIRST
    assert read_bundle(store / "champion") == FIRST
    with pytest.raises(ModelError, match="nothing to go back to"):
        rollback(store)


def test_promoting_the_champion_again_keeps_the_way_back(store: Path) -> None:
    """An alias told twice to point at the same bundle still remembers the one before."""
    promote(store, SECOND.fingerprint)
    promote(store, SECOND.fingerprint)

    assert rollback(store) == FIRST


def test_broken_bundle_is_not_promoted(store: Path) -> None:
    """A bundle that does not load leaves the alias where it was."""
    part = store / SECOND.fingerprint / "model.json"
    part.write_bytes(part.read_bytes()[:-2])

    with pytest.raises(ModelError, match=r"model\.json is not what the manifest says"):
        promote(store, SECOND.fingerprint)
    assert read_bundle(store / "champion") == FIRST


@pytest.mark.parametrize("other", [a_model(4, lineage="other"), a_model(5, states=3)])
def test_model_with_other_states_does_not_take_over_an_alias(store: Path, other: object) -> None:
    """Strategies name states by ordinal: another lineage, or another number of states, needs another alias."""
    stranger = write_bundle(store, other).name  # type: ignore[arg-type]

    with pytest.raises(ModelError, match="use another alias"):
        promote(store, stranger)
    assert promote(store, stranger, "other").fingerprint == stranger


def test_crash_while_writing_leaves_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle appears whole or not at all: a failure before the last step leaves neither folder nor draft."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_bundle(tmp_path, FIRST)
    monkeypatch.undo()

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_bundle_is_refused_with_advice(store: Path) -> None:
    """A path to nothing, to a folder that is no bundle, or to a spoilt alias says what to do."""
    (store / "spoilt").write_text("not a fingerprint\n")

    with pytest.raises(ModelError, match="train a model, or name"):
        read_bundle(store / "nothing")
    with pytest.raises(ModelError, match="is no bundle"):
        read_bundle(store)
    with pytest.raises(ModelError, match="delete it and promote"):
        read_bundle(store / "spoilt")


def test_daemon_side_loads_no_numpy() -> None:
    """Reading a bundle and filtering with it needs none of the training libraries."""
    heavy = "{'numpy', 'pandas', 'numba', 'sklearn', 'hmmlearn', 'scipy'}"
    code = f"import sys, runtime.bundles, regimes.gate; print({heavy} & set(sys.modules) or 'none')"

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    ).stdout

    assert printed.strip() == "none"
