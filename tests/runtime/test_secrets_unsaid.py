"""Whatever a secret is made of, no part of it is in what is said: errors, log lines, and what is printed."""

import io
import itertools
import json
import os

from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest
import structlog

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brokers.mt5.frames import Connect
from brokers.mt5.line import Terms
from config.errors import ConfigError
from config.journal import JournalServer, server_of
from config.load import parse
from config.new_account import demo_text
from config.secrets import Secret, SecretRef, read_secret
from runtime.alerts.mouth import Call, spoken
from runtime.bus.port import Broker
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.operator.signing import new_signer, signer_of
from runtime.start import log_to
from tests.orders import LIMITS

PIECES = ("qzxj", "jxqz", "zzqx")
BETWEEN = (
    "@",
    ":",
    "/",
    "?",
    "#",
    "[",
    "]",
    "%",
    "%zz",
    " ",
    "\t",
    "\\",
    '"',
    "'",
    "{",
    "}",
    "$",
    "://",
    "=",
    "&",
    "é",
    "",
)
NAME = "TIDEGATE_TEST_UNSAID"


@st.composite
def secrets(draw: st.DrawFn) -> str:
    """Draw a secret: pieces that stand nowhere else, between them all at which an address may end."""
    pieces = draw(st.permutations(PIECES))
    between = draw(st.lists(st.sampled_from(BETWEEN), min_size=2, max_size=2))
    return "".join(piece + mark for piece, mark in itertools.zip_longest(pieces, between, fillvalue=""))


def heard(say: Callable[[], object]) -> str:
    """Return all that is said of something, or of the error it ends in: printed, shown, formatted and logged."""
    try:
        what = say()
    except (ConfigError, JournalError) as error:
        what = error
    stream = io.StringIO()
    log_to(stream, lambda: 0)
    try:
        structlog.get_logger().error("said", what=what, all=[what], words=str(what))
    finally:
        structlog.reset_defaults()
    told = [repr(what), f"{what}", stream.getvalue()]
    told += [repr(what.__cause__)] if isinstance(what, BaseException) else []
    told += what.problems if isinstance(what, ConfigError) else []
    return "\n".join(told)


def of(holder: object) -> object:
    """Return what holds a secret."""
    return holder


def unsaid(say: Callable[[], object]) -> bool:
    """Say whether no part of a secret is in what is said."""
    told = heard(say)
    return bool(told) and not any(piece in told for piece in PIECES)


def opened(where: JournalServer, *, write: bool) -> object:
    """Open a journal on a server that is not there."""
    with JournalWriter(where) if write else JournalReader(where):
        return "open"


def server(url: str) -> JournalServer:
    """Return the journal's server by a URL that stands in the environment."""
    with patch.dict(os.environ, {NAME: url}):
        return server_of(SecretRef(env=NAME), "acct")


@given(secret=secrets())
def test_what_holds_a_secret_does_not_show_it(secret: str) -> None:
    """Terms and frames of a terminal, a message broker, a call to a person, a key."""
    terms = Terms(
        kind="mt5", path="there", login=1, password=secret, server="s", zone="UTC", symbols={}, limits=LIMITS, latch=""
    )
    frame = Connect(
        path="there", login=1, password=secret, server="s", zone="UTC", symbols={}, limits=LIMITS, latch="",
        timeout_ms=1,
    )  # fmt: skip
    broker, call = Broker(host="h", port=1, password=Secret(secret)), Call(1, (f"json://ann:{secret}@h",), "t", "body")
    key = new_signer()
    holders: list[object] = [Secret(secret), terms, frame, broker, call]

    assert [True] * 5 == [unsaid(partial(of, holder)) for holder in holders]
    assert json.loads(key.secret().reveal())["d"] not in heard(lambda: key)
    assert unsaid(lambda: signer_of(Secret(secret), "key.jwk"))
    assert unsaid(lambda: signer_of(Secret(json.dumps({"kty": "OKP", "crv": "Ed25519", "d": secret})), "key.jwk"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=secrets(), raw=st.booleans())
def test_a_file_that_is_no_secret_is_refused_without_what_stands_in_it(tmp_path: Path, secret: str, raw: bool) -> None:  # noqa: FBT001
    """Open to others, or no text."""
    file = tmp_path / "secret"
    file.write_bytes(secret.encode() + (b"\xff" if raw else b""))
    file.chmod(0o600 if raw else 0o644)

    assert unsaid(lambda: read_secret(SecretRef(file=str(file))))


@settings(max_examples=20)
@pytest.mark.parametrize("section", ["terminal", "bus", "alerts.owners.ann", "journal"])
@given(secret=secrets(), form=st.sampled_from(["{}", "{{ env = {} }}", "[{}]"]))
def test_a_secret_in_the_toml_itself_is_refused_without_it(section: str, secret: str, form: str) -> None:
    """Written in the place of where it is kept."""
    key = {"alerts.owners.ann": "urls", "journal": "url"}.get(section, "password")
    line = f"{key} = {form.format(json.dumps(f'{secret} ', ensure_ascii=False))}\n"
    line += 'host = "h"\nkey = "k"\noperators = "o"\n' if section == "bus" else ""
    text = demo_text()
    text = (
        text.replace("[terminal]\n", f"[terminal]\n{line}", 1)
        if section == "terminal"
        else f"{text}\n[{section}]\n{line}"
    )
    told = heard(lambda: parse(text, folder=Path()))

    assert f"{section}.{key}" in told
    assert not any(piece in told for piece in PIECES)


@pytest.mark.parametrize("write", [True, False])
@settings(max_examples=60, deadline=None)
@given(secret=secrets())
@example(secret="qzxj@jxqz")
@example(secret="qzxj/jxqz")
@example(secret="12/qzxj")
@example(secret="12?qzxj")
def test_a_journal_that_cannot_be_reached_is_told_without_its_password(write: bool, secret: str) -> None:  # noqa: FBT001
    """As it is, though some of its letters have to be written otherwise in a URL."""
    url = f"postgresql://keeper:{secret}@127.0.0.1:1/books"

    assert unsaid(lambda: server(url))
    assert unsaid(lambda: opened(server(url), write=write))


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise imports it
@settings(max_examples=30, deadline=None)
@given(secret=secrets())
@example(secret="qzxj jxqz")
@example(secret="q qzxj://jxqz")
def test_who_is_not_reached_is_told_without_his_address(secret: str) -> None:
    """Also where it is none: a password with a space in it is read as two addresses."""
    for form in ("{}", "json://ann:{}@127.0.0.1:1", "nothing://{}", "sink:/dev/null/{}"):
        answer = spoken(Call(1, tuple(form.format(secret).split()), "title", "body"))

        assert answer.problem
        assert not any(piece in msgspec.json.encode(answer).decode() for piece in PIECES)
