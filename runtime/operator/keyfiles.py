"""Where keys are kept: private ones each in a file of its owner's, public ones in the ring that all of us share."""

import os

from pathlib import Path

import msgspec

from brokers.mt5.inplace import put
from config.errors import ConfigError, UsageError
from config.secrets import SecretRef, read_secret
from runtime.operator.signing import Pinned, Ring, Role, Signer, new_signer, signer_of

PRIVATE = 0o600


class RingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ring as it is written: a JSON Web Key Set."""

    keys: tuple[Pinned, ...] = ()


def read_ring(path: Path) -> Ring:
    """Return the keys of a file; ConfigError where it is no ring of public keys."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: expected the ring of keys that tidegate keys writes") from None
    try:
        kept = msgspec.json.decode(raw, type=RingFile)
        _public_only(raw)
        return Ring(kept.keys)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(f"{path}: no ring of keys: {error}") from None


def _public_only(raw: bytes) -> None:
    """Refuse a ring with the private half of a key in it: it is handed round."""
    said = msgspec.json.decode(raw)
    for key in said["keys"]:
        if "d" in key:
            raise ValueError(f"it holds the private key of {key['who']}: take that out, and revoke it")


def new_key(who: str, role: Role, ring: Path, key: Path) -> Pinned:
    """Make a key: the private half into a file of its own, the public half into the ring, which is made if need be."""
    known = read_ring(ring).keys if ring.exists() else ()
    signer = new_signer()
    pinned = signer.pinned(who, role)
    _write_private(key, signer)
    _write_ring(ring, (*known, pinned))
    return pinned


def rotate_key(kid: str, ring: Path, key: Path, until: int) -> Pinned:
    """Make another key for whom a key belongs to; the old one is trusted until a moment, UTC milliseconds."""
    old = _meant(kid, ring, until)
    new = new_key(old.who, old.role, ring, key)
    revoke_key(old.kid, ring, until)
    return new


def revoke_key(kid: str, ring: Path, until: int) -> Pinned:
    """Have a key trusted no more from a moment on, UTC milliseconds; it stays in the ring, so that it is known why."""
    old = _meant(kid, ring, until)
    changed = msgspec.structs.replace(old, until=until)
    _write_ring(ring, tuple(changed if key == old else key for key in read_ring(ring).keys))
    return changed


def _meant(kid: str, ring: Path, until: int) -> Pinned:
    """Return the key that a kid, or the beginning of one, names; one that is revoked is not revoked later again."""
    found = [key for key in read_ring(ring).keys if key.kid.startswith(kid)]
    if len(found) != 1:
        raise UsageError(f"{ring} has {len(found) or 'no'} keys whose kid begins with {kid!r}: see tidegate keys list")
    if 0 < found[0].until <= until:
        raise UsageError(f"{found[0].problem(until)} already")
    return found[0]


def read_signer(path: Path) -> Signer:
    """Return the signer whose private key is kept in a file; ConfigError where it is none, or open to others."""
    return signer_of(read_secret(SecretRef(file=str(path))), str(path))


def _write_private(path: Path, signer: Signer) -> None:
    """Write a private key where no file is yet: nobody's key is written over, and nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise UsageError(f"{path} is there already: name another file for the new key") from None
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(signer.secret().reveal() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _write_ring(path: Path, keys: tuple[Pinned, ...]) -> None:
    """Replace a ring as a whole: a daemon that reads it meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = msgspec.json.format(msgspec.json.encode(RingFile(keys)), indent=1) + b"\n"
    put(path.with_name(f"{path.name}.new"), path, raw)
