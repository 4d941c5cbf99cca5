"""Key files: private ones are their owner's alone and never written over; the ring holds public halves only."""

import stat
import sys

from pathlib import Path

import msgspec
import pytest

from config.errors import ConfigError, UsageError
from runtime.operator.keyfiles import new_key, read_ring, read_signer, revoke_key, rotate_key
from runtime.operator.signing import Signed
from tests.signers import NOW


def test_a_new_key_signs_what_the_ring_opens(tmp_path: Path) -> None:
    """The private half lies in a file that nobody else may read."""
    ring, file = tmp_path / "ring.json", tmp_path / "keys" / "ann.jwk"
    pinned = new_key("ann", "operator", ring, file)
    raw = read_signer(file).sign(b"text")

    assert Signed(b"text", pinned) == read_ring(ring).open(raw, NOW)
    if sys.platform != "win32":
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_the_ring_holds_no_private_key(tmp_path: Path) -> None:
    """It is brought to every machine; one with a private half in it is refused, and whose it is is said."""
    ring, file = tmp_path / "ring.json", tmp_path / "ann.jwk"
    new_key("ann", "operator", ring, file)
    private = msgspec.json.decode(file.read_bytes())["d"]
    text = ring.read_text()
    ring.write_text(text.replace('"who": "ann"', f'"d": "{private}", "who": "ann"'))

    assert private not in text
    with pytest.raises(ConfigError, match="the private key of ann") as refusal:
        read_ring(ring)
    assert private not in str(refusal.value)


def test_no_key_is_written_over(tmp_path: Path) -> None:
    """Whoever lost one to a slip could halt nothing; the ring is left as it was, too."""
    ring, file = tmp_path / "ring.json", tmp_path / "ann.jwk"
    pinned = new_key("ann", "operator", ring, file)
    before = file.read_bytes()

    with pytest.raises(UsageError, match="is there already"):
        new_key("ben", "risk", ring, file)
    assert (before, (pinned,)) == (file.read_bytes(), read_ring(ring).keys)


def test_a_rotated_key_is_trusted_beside_the_new_one_for_a_while(tmp_path: Path) -> None:
    """Machines that have the old ring know the old one, those that have the new ring both."""
    ring = tmp_path / "ring.json"
    old = new_key("ann", "risk", ring, tmp_path / "a.jwk")
    new = rotate_key(old.kid, ring, tmp_path / "b.jwk", NOW)
    raws = [read_signer(tmp_path / name).sign(b"") for name in ("a.jwk", "b.jwk")]
    kept = read_ring(ring)

    assert ("ann", "risk") == (new.who, new.role)
    assert [True, True] == [isinstance(kept.open(raw, NOW - 1), Signed) for raw in raws]
    assert [False, True] == [isinstance(kept.open(raw, NOW), Signed) for raw in raws]


def test_a_key_is_revoked_by_the_beginning_of_its_name_once(tmp_path: Path) -> None:
    """It stays in the ring, so that its commands are refused by the owner's name; nobody revokes it later again."""
    ring = tmp_path / "ring.json"
    kid = new_key("ann", "risk", ring, tmp_path / "a.jwk").kid
    revoked = revoke_key(kid[:10], ring, NOW)

    assert NOW == revoked.until
    with pytest.raises(UsageError, match="was revoked already"):
        revoke_key(kid, ring, NOW + 1)
    with pytest.raises(UsageError, match="no keys whose kid begins"):
        revoke_key("nobody", ring, NOW)


@pytest.mark.parametrize(
    "text", ["", "{}x", '{"keys": 3}', '{"keys": [{"kty": "RSA", "kid": "a", "x": "b", "who": "c", "role": "risk"}]}']
)
def test_what_is_no_ring_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    """A daemon that knew nobody would hear nobody."""
    ring = tmp_path / "ring.json"
    ring.write_text(text)

    with pytest.raises(ConfigError, match=r"ring\.json: no ring of keys"):
        read_ring(ring)


@pytest.mark.parametrize(
    "text", ["", "x", "[]", '{"kty": "OKP"}', '{"kty":"OKP","crv":"Ed25519","d":"SECRET","x":"y"}']
)
def test_what_is_no_private_key_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    """A key with a letter missing is a secret still."""
    file = tmp_path / "ann.jwk"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(ConfigError) as refusal:
        read_signer(file)
    assert "SECRET" not in str(refusal.value)


def test_a_public_key_does_not_sign(tmp_path: Path) -> None:
    """Neither half stands for the other."""
    pinned = new_key("ann", "risk", tmp_path / "ring.json", tmp_path / "a.jwk")
    public = tmp_path / "public.jwk"
    public.write_text(f'{{"kty":"OKP","crv":"Ed25519","x":"{pinned.x}"}}')
    public.chmod(0o600)

    with pytest.raises(ConfigError, match="expected a private key"):
        read_signer(public)


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing there; the folder's access list does")
def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """It is no secret any more."""
    file = tmp_path / "a.jwk"
    new_key("ann", "risk", tmp_path / "ring.json", file)
    file.chmod(0o644)

    with pytest.raises(ConfigError, match="open to others"):
        read_signer(file)
