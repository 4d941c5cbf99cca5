"""Secrets come from where they are kept, and are never shown."""

import copy
import pickle
import sys

from pathlib import Path

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.load import parse
from config.new_account import demo_text
from config.secrets import Secret, SecretRef, read_secret

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")


def kept(folder: Path, text: str = "hunter2\n", mode: int = 0o600) -> SecretRef:
    """Return a reference to a file with a text and a mode."""
    file = folder / "secret"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return SecretRef(file=str(file))


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable's value is taken as it is."""
    monkeypatch.setenv("DEMO_PASSWORD", "hunter2")

    assert "hunter2" == read_secret(SecretRef(env="DEMO_PASSWORD")).reveal()


@pytest.mark.parametrize("text", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path, text: str) -> None:
    """The line end an editor adds is not part of the secret."""
    assert "hunter2" == read_secret(kept(tmp_path, text)).reveal()


@POSIX
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever else could read or write it, the refusal says how to close it."""
    with pytest.raises(ConfigError, match=r"open to others \(mode .*\): chmod 600"):
        read_secret(kept(tmp_path, mode=mode))


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_is_read(tmp_path: Path, mode: int) -> None:
    """Read-only is as good as 0600."""
    assert "hunter2" == read_secret(kept(tmp_path, mode=mode)).reveal()


def test_a_secret_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset, absent, empty or not text: each says what to do."""
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    binary = kept(tmp_path)
    Path(binary.file).write_bytes(b"\xff\xfe")
    told = [
        (SecretRef(env="DEMO_PASSWORD"), "is not set"),
        (SecretRef(file=str(tmp_path / "absent")), "cannot be read"),
        (binary, "not UTF-8"),
        (SecretRef(), "either"),
        (SecretRef(env="A", file="b"), "either"),
    ]

    for ref, expected in told:
        with pytest.raises(ConfigError, match=expected):
            read_secret(ref)
    with pytest.raises(ConfigError, match="is empty"):
        read_secret(kept(tmp_path, "\n"))


def shown(secret: Secret) -> str:
    """Return a secret in every way a person or a log would meet it."""
    kept = {"password": secret}
    return f"{secret} {secret!r} {secret!s:>20} {[secret]} {kept}"


@given(value=st.text())
def test_a_secret_never_shows_itself(value: str) -> None:
    """Neither printing nor formatting nor a container's repr tells one secret from another."""
    assert shown(Secret("hunter2")) == shown(Secret(value))


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, msgspec.json.encode, msgspec.msgpack.encode])
def test_a_secret_is_never_written(write: object) -> None:
    """What would put it on a disk or a wire refuses to."""
    with pytest.raises(TypeError):
        write(Secret("hunter2"))  # type: ignore[operator]


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        'password = ["hunter2"]',
        'passwrod = "hunter2"',
        'password = { env = "hunter2!" }',
        'password = { value = "hunter2" }',
        'password = { env = "DEMO", file = "hunter2" }',
        'password = { env = ["hunter2"] }',
        'password = "hunter2',
    ],
)
def test_a_password_in_the_toml_is_refused_and_not_repeated(line: str) -> None:
    """The refusal goes to screens and logs: it must not carry what should never have been written."""
    text = demo_text().replace('kind = "lookalike"', f'kind = "lookalike"\n{line}\n#')

    with pytest.raises(ConfigError) as refusal:
        parse(text, folder=Path("/accounts"))

    assert "hunter2" not in " ".join((str(refusal.value), *refusal.value.problems))
