"""The plain halt: one account, with its reason; it strikes first, loads no command line, and latches as any other."""

import json
import subprocess
import sys

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from runtime.operator import latch
from tests.latches import latched
from tidegate.app import called
from tidegate.cli import run
from tidegate.plain import blow, plain

WORDS = st.sampled_from([
    *("halt", "status", "demo", "--reason", "--reason=why", "--reason=", "--json", "--symbol", "--all", "--via"),
    *("halt", "demo", "--reason=why", "mqtt", "-x", "--", "", "smoke", " "),
])  # fmt: skip


@given(words=st.lists(WORDS, max_size=6))
def test_what_is_taken_for_plain_typer_takes_for_the_same(
    words: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No words strike that the command line would refuse, or would understand otherwise."""
    folder = latched(tmp_path_factory.mktemp("one") / "state", "run")
    meant = [str(folder) if word == "demo" else word for word in words]
    found = plain(meant)
    if found is None or found[0] != str(folder):
        return
    called(meant)
    now = latch.read(folder)

    assert ("halt", found[1]) == (now.level, now.command.why if now.command else "")


@pytest.mark.parametrize("named", ["folder", "journal", "toml", "broken"])
def test_a_blow_falls_however_the_account_is_named(tmp_path: Path, named: str) -> None:
    """By its state folder, journal or TOML; also by one whose rest is wrong."""
    folder = latched(tmp_path / "state", "run")
    (tmp_path / "toml.toml").write_text('[account]\nname = "one"\nstate = "state"\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_text('[account]\nstate = "state"\n[nonsense]\nx = 1\n', encoding="utf-8")
    names = {"folder": folder, "journal": folder / "journal.sqlite"}
    blow(str(names.get(named, tmp_path / f"{named}.toml")))

    assert "halt" == latch.read(folder).level
    assert latch.read(folder).command is None


def test_an_account_is_halted_though_its_toml_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that nobody knows keeps a daemon from starting, and nobody from halting the one that runs."""
    folder = latched(tmp_path / "state", "run")
    toml = tmp_path / "one.toml"
    toml.write_text('[account]\nstate = "state"\n[nonsense]\nx = 1\n', encoding="utf-8")
    code = run(["halt", str(toml), "--reason", "smoke", "--json"])

    assert (0, "halt") == (code, json.loads(capsys.readouterr().out)["level"])
    assert "smoke" == getattr(latch.read(folder).command, "why", "")


def test_a_plain_halt_loads_no_command_line(tmp_path: Path) -> None:
    """What parses all other words takes longer to load than a halt may take."""
    folder = latched(tmp_path / "state", "run")
    code = (
        f"import sys; sys.argv = ['tidegate', 'halt', {str(folder)!r}, '--reason', 'x']\n"
        "from tidegate.cli import main\n"
        "try:\n main()\nfinally:\n print(sorted({'typer', 'rich', 'config.account', 'asyncio'} & {*sys.modules}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout

    assert "[]" == shown.splitlines()[-1]
    assert "halt" == latch.read(folder).level


def test_the_blow_itself_loads_next_to_nothing() -> None:
    """Neither paths nor messages: only then does it fall within milliseconds of the process's start."""
    code = "import sys; before = {*sys.modules}; import tidegate.cli; print(sorted({*sys.modules} - before))"
    shown = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert not {"pathlib", "msgspec", "typing", "re", "json"} & {*json.loads(shown.replace("'", '"'))}
