"""The section of the bus: nothing goes in the clear, paths are meant from the TOML, and it decides nothing."""

from pathlib import Path

import pytest

from config.errors import ConfigError, UsageError
from config.load import digest, parse
from config.new_account import account_text
from config.remote import load_remote

PLAIN = account_text("one", kind="lookalike")
BUS = '\n[bus]\nhost = "mqtt.example.org"\nkey = "d.jwk"\noperators = "ring.json"\nca = "ca.crt"\n'


def test_an_account_without_the_section_has_no_bus(tmp_path: Path) -> None:
    """And one with it decides nothing otherwise: its digest, by which runs are compared, is the same."""
    plain, bus = parse(PLAIN, folder=tmp_path), parse(PLAIN + BUS, folder=tmp_path)

    assert plain.bus is None
    assert bus.bus is not None
    assert digest(plain) == digest(bus)


def test_files_of_the_section_are_meant_from_the_folder_of_the_toml(tmp_path: Path) -> None:
    """Like every path of an account."""
    bus = parse(PLAIN + BUS + 'password = { file = "secret" }\n', folder=tmp_path).bus

    assert bus is not None
    assert bus.password is not None
    assert [str(tmp_path / name) for name in ("d.jwk", "ring.json", "ca.crt", "secret")] == [
        bus.key, bus.operators, bus.ca, bus.password.file,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("tls = false", "bus.tls: expected true"),
        ("silent_s = 0.5", "bus.silent_s"),
        ("port = 0", "bus.port"),
        ("password = {}", "bus.password: expected"),
        ("topic = 1", "bus.topic"),
    ],
)
def test_what_the_section_may_not_say_is_refused_by_its_key(tmp_path: Path, line: str, problem: str) -> None:
    """In the clear only to this machine, and never silent for less than a second."""
    with pytest.raises(ConfigError) as refusal:
        parse(f"{PLAIN}{BUS}{line}\n", folder=tmp_path)
    assert problem in str(refusal.value)


# --- the side of people elsewhere ------------------------------------------------------------------------------------


def test_files_of_a_remote_account_are_meant_from_the_folder_of_its_toml(tmp_path: Path) -> None:
    """As in an account's own TOML: a home that nobody has stands as it was written, and is missed when it is read."""
    said = tmp_path / "far.toml"
    said.write_text(
        '[remote]\naccount = "far"\nhost = "localhost"\nkey = "a.jwk"\noperators = "~no-one-at-all/ring.json"\n'
        'password = { file = "../secret" }\n'
    )
    remote = load_remote(str(said))

    assert remote.password is not None
    assert [tmp_path / "a.jwk", tmp_path / "~no-one-at-all" / "ring.json", tmp_path.parent / "secret"] == [
        Path(file) for file in (remote.key, remote.operators, remote.password.file)
    ]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"remote = " + b"[" * 5_000, "far.toml: not TOML"),
        (b"#" * 1_000_001, "far.toml: larger than 1000000 bytes"),
        (b"# \xff", "far.toml: not UTF-8 text"),
        (b"remote = 1", "far.toml: remote: expected"),
    ],
    ids=["nested", "large", "encoding", "shape"],
)
def test_a_remote_account_s_toml_that_is_none_is_refused_as_an_account_s_is(
    tmp_path: Path, raw: bytes, problem: str
) -> None:
    """In one line that names the file."""
    file = tmp_path / "far.toml"
    file.write_bytes(raw)

    with pytest.raises(ConfigError, match=problem):
        load_remote(str(file))


def test_an_account_s_own_toml_is_no_remote_and_says_what_is(tmp_path: Path) -> None:
    """Who writes `halt account.toml --via mqtt` is told what to give instead."""
    file = tmp_path / "far.toml"
    file.write_text('[account]\nname = "far"\n')

    with pytest.raises(UsageError, match=r"far.toml is the TOML of an account .* leave --via out, or name a TOML with"):
        load_remote(str(file))
