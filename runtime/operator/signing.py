"""Signing what travels over a message broker, and telling who signed it: JWS by one algorithm, by pinned keys only."""

import base64

from typing import Any, Literal, Protocol, TypeVar

import msgspec

from joserfc import jwk, jws
from joserfc.errors import JoseError

from config.errors import ConfigError
from config.secrets import Secret
from market.undecoded import UNDECODED

ALGORITHM = "Ed25519"
"""The one algorithm, by its name since RFC 9864; `EdDSA`, which leaves open which curve is meant, is another one."""
LONGEST = 4096
"""Bytes; nothing that is signed here is as long."""

Role = Literal["viewer", "phone", "operator", "risk", "daemon"]
Fault = Literal[
    "form", "algorithm", "key", "signature", "account", "role", "expired", "clock", "late", "replay", "changed",
    "alone",
]  # fmt: skip
"""Why a command was refused, by one word; in the order in which it is looked for."""


class Refusal(msgspec.Struct, frozen=True):
    """Why nothing came of a command."""

    fault: Fault
    why: str

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.fault}: {self.why}"


class Pinned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A public key that is trusted, and whose it is: a JSON Web Key with members of ours."""

    kid: str
    """Its thumbprint (RFC 7638)."""
    x: str
    who: str
    role: Role
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    until: int = 0
    """Wall clock, UTC milliseconds, from which on it is trusted no more; 0: it is trusted for good."""

    def problem(self, now: int) -> str:
        """Return why it is not trusted now; empty where it is."""
        return f"the key of {self.who} was revoked" if 0 < self.until <= now else ""


class Signed(msgspec.Struct, frozen=True):
    """What was signed, and by whom."""

    payload: bytes
    key: Pinned


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a header may say: what it says of keys and places to find them is not listened to."""

    alg: str
    kid: str


class Signer:
    """A private key that signs, and never shows itself."""

    __slots__ = ("_key", "kid")

    def __init__(self, key: jwk.OKPKey) -> None:
        """Take the key."""
        self._key = key
        self.kid = key.thumbprint()

    def __repr__(self) -> str:
        """Return whose it is."""
        return f"Signer({self.kid})"

    def __reduce__(self) -> str:
        """Refuse to be copied or written."""
        raise TypeError("a private key is not copied or written")

    def sign(self, payload: bytes) -> bytes:
        """Return a payload with its signature: a compact JWS."""
        header = {"alg": ALGORITHM, "kid": self.kid}
        return jws.serialize_compact(header, payload, self._key, algorithms=[ALGORITHM]).encode()

    def pinned(self, who: str, role: Role) -> Pinned:
        """Return its public half, as others know it."""
        x = str(self._key.as_dict(private=False)["x"])
        return Pinned(kid=self.kid, x=x, who=who, role=role, kty="OKP", crv="Ed25519")

    def secret(self) -> Secret:
        """Return the private half, to be kept."""
        return Secret(msgspec.json.encode(self._key.as_dict(private=True)).decode())


def new_signer() -> Signer:
    """Make a key."""
    return Signer(jwk.OKPKey.generate_key("Ed25519"))


def signer_of(secret: Secret, name: str) -> Signer:
    """Return the signer whose private key was kept under a name; ConfigError where it is none."""
    try:
        said: Any = msgspec.json.decode(secret.reveal())
        key = jwk.OKPKey.import_key(said)
        if said.get("crv") == "Ed25519" and key.is_private:
            return Signer(key)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        pass  # what the library says of it may quote the key
    raise ConfigError(f"{name}: expected a private key that tidegate keys new has made")


def public_key(pinned: Pinned) -> jwk.OKPKey:
    """Return a pinned key as the library takes it; ValueError where it is none, or is named by another's thumbprint."""
    try:
        key = jwk.OKPKey.import_key({"kty": pinned.kty, "crv": pinned.crv, "x": pinned.x})
        thumbprint = key.thumbprint()
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError(f"the key of {pinned.who} is no Ed25519 key: {error}") from None
    if thumbprint != pinned.kid:
        raise ValueError(f"the key of {pinned.who} has the kid {pinned.kid}, expected its thumbprint {thumbprint}")
    return key


class OfAccount(Protocol):
    """What a daemon tells names its account."""

    @property
    def account(self) -> str:
        """Return its name."""
        ...


Told = TypeVar("Told", bound=OfAccount)


class Ring:
    """Pinned keys by their kid."""

    def __init__(self, keys: tuple[Pinned, ...]) -> None:
        """Take keys; ValueError where one is none."""
        self.keys = keys
        self._of = {key.kid: (key, public_key(key)) for key in keys}

    def daemons(self, account: str) -> list[str]:
        """Return the kids that an account's daemon may sign by."""
        return [key.kid for key in self.keys if key.role == "daemon" and key.who == account]

    def of_daemon(self, raw: bytes, account: str, now: int, longest: int = LONGEST) -> Signed | Refusal:
        """Return what the daemon of an account has signed, or why it is none of that."""
        signed = self.open(raw, now, longest)
        if isinstance(signed, Refusal) or (signed.key.role == "daemon" and signed.key.who == account):
            return signed
        return Refusal("role", f"signed by {signed.key.who}, who is not the daemon of {account}")

    def told_by(
        self, raw: bytes, account: str, now: int, kind: type[Told], what: str, longest: int = LONGEST
    ) -> Told | Refusal:
        """Return what the daemon of an account has told about it, a Struct of a kind, or why it is none.

        what: the kind in words. now, longest: as of `open`.
        """
        signed = self.of_daemon(raw, account, now, longest)
        if isinstance(signed, Refusal):
            return signed
        try:
            told = msgspec.json.decode(signed.payload, type=kind)
        except UNDECODED as error:
            return Refusal("form", f"{signed.key.who} signed what is no {what}: {error}")
        return told if told.account == account else Refusal("account", f"it is about {told.account[:64]}")

    def open(self, raw: bytes, now: int, longest: int = LONGEST) -> Signed | Refusal:
        """Return what was signed and by whom, or why nobody we know has signed it.

        now: wall clock, UTC milliseconds. longest: bytes.
        """
        header = _header(raw, longest)
        if isinstance(header, Refusal):
            return header
        if header.alg != ALGORITHM:
            return Refusal("algorithm", f"expected {ALGORITHM}, got {header.alg[:20]}")
        pinned, key = self._of.get(header.kid, (None, None))
        if pinned is None or key is None:
            return Refusal("key", "nobody we know has signed it")
        if problem := pinned.problem(now):
            return Refusal("key", problem)
        try:
            payload = jws.deserialize_compact(raw, key, algorithms=[ALGORITHM]).payload
        except (JoseError, ValueError):
            return Refusal("signature", f"it is not what {pinned.who} has signed")
        return Signed(payload, pinned)


def _header(raw: bytes, longest: int) -> _Header | Refusal:
    if len(raw) > longest:
        return Refusal("form", f"longer than {longest} bytes")
    parts = raw.split(b".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        return Refusal("form", "no signed text")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(parts[0] + b"=="), type=_Header)
    except (msgspec.MsgspecError, ValueError):
        return Refusal("form", "its header says no more and no less than alg and kid")
