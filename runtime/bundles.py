"""Model bundles on disk: content-addressed folders that never change, and aliases that point at one of them.

A store is a folder. Each bundle in it is a folder named by the model's fingerprint; each alias (`champion`) is a small
file whose first line names a bundle and whose further lines name those it pointed at before, newest first.
"""

import contextlib
import os
import re
import shutil
import tempfile

from collections.abc import Mapping, Sequence
from pathlib import Path

from regimes.bundle import RegimeModel, decode, encode, seal
from regimes.weights import ModelError

CHAMPION = "champion"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_HISTORY = 32  # lines an alias keeps


def write_bundle(folder: Path, model: RegimeModel) -> Path:
    """Store a model and return its folder, `folder/<fingerprint>`; a model that is there already is left alone.

    A crash leaves the whole bundle or none of it. Raises ModelError when another content stands under this fingerprint.
    """
    target = folder / seal(model).fingerprint
    if target.exists():
        read_bundle(target)
        return target
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    try:
        _write_parts(draft, encode(model))
        draft.rename(target)
    except OSError:
        if not target.exists():  # another process stored the same model a moment ago: that one is as good
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync(folder)
    return target


def read_bundle(path: Path, *, tolerance: float = 0.0) -> RegimeModel:
    """Return the model at a bundle's folder or behind an alias, verified in every hash and golden vector.

    `tolerance` is the one of `regimes.bundle.decode`. Raises ModelError.
    """
    folder = path.parent / _names(path)[0] if path.is_file() else path
    if not folder.is_dir():
        raise ModelError(f"model: nothing at {path}: train a model, or name the folder of a bundle or an alias")
    if not _FINGERPRINT.fullmatch(folder.name):
        raise ModelError(
            f"model: {folder} is no bundle: name <store>/<fingerprint>, or an alias like <store>/{CHAMPION}"
        )
    return decode({name: _read(folder / name) for name in _present(folder)}, folder.name, tolerance=tolerance)


def promote(folder: Path, fingerprint: str, alias: str = CHAMPION) -> RegimeModel:
    """Point an alias at a bundle, in one step, and return the bundle's model.

    Raises ModelError when the bundle does not load, or has other states than the model it replaces: strategies name
    their allowed states by ordinal.
    """
    model, before = promotable(folder, fingerprint, alias)
    if before[:1] != [fingerprint]:
        _point(folder / alias, [fingerprint, *before][:_HISTORY])
    return model


def promotable(folder: Path, fingerprint: str, alias: str) -> tuple[RegimeModel, list[str]]:
    """Return the model of a bundle that an alias may point at, and what it has pointed at so far, newest first.

    Raises ModelError as `promote` does.
    """
    model = read_bundle(folder / fingerprint)
    pointer = folder / alias
    before = _names(pointer) if pointer.exists() else []
    if before and before[0] != fingerprint:
        _check_kin(read_bundle(folder / before[0]), model, alias)
    return model, before


def rollback(folder: Path, alias: str = CHAMPION) -> RegimeModel:
    """Point an alias back at the bundle before this one, and return that one's model.

    Raises ModelError when there was none, or it does not load; the alias then stays as it is.
    """
    before = _names(folder / alias)[1:]
    if not before:
        raise ModelError(f"model: {alias} has pointed at one bundle only: there is nothing to go back to")
    model = read_bundle(folder / before[0])
    _point(folder / alias, before)
    return model


def _check_kin(old: RegimeModel, new: RegimeModel, alias: str) -> None:
    if (old.lineage, old.states) != (new.lineage, new.states):
        raise ModelError(
            f"model: {alias} is of lineage {old.lineage} with {old.states} states, {new.name} of {new.lineage} with "
            f"{new.states}: the allowed states would mean something else; use another alias"
        )


def _names(pointer: Path) -> list[str]:
    """Return the fingerprints in an alias, the current one first."""
    try:
        lines = pointer.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise ModelError(f"model: the alias {pointer} cannot be read ({error}): promote a bundle again") from error
    if not lines or not all(_FINGERPRINT.fullmatch(line) for line in lines):
        raise ModelError(f"model: the alias {pointer} names no bundle: delete it and promote a bundle again")
    return lines


def _point(pointer: Path, names: Sequence[str]) -> None:
    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=pointer.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write("".join(f"{name}\n" for name in names).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(pointer)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
    _sync(pointer.parent)


def _write_parts(folder: Path, parts: Mapping[str, bytes]) -> None:
    for name, part in parts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.write(part)
            file.flush()
            os.fsync(file.fileno())
    for inside in {(folder / name).parent for name in parts}:
        _sync(inside)


def _present(folder: Path) -> list[str]:
    """Return the paths of all files in a bundle's folder: a part too many is as wrong as one too few."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"model: {path} cannot be read ({error}): copy the bundle again") from error


def _sync(folder: Path) -> None:
    """Make names in a folder durable; Windows has no such call, and writes them through its journal."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
