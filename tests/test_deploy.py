"""The systemd units: systemd understands them, and they agree with what supervisor and daemon do."""

import configparser
import shutil
import subprocess

from pathlib import Path

import pytest

from runtime.fleet import STOP_S
from runtime.fleet_life import ENDS
from tidegate.app import app

DEPLOY = Path(__file__).parents[1] / "deploy"
UP, ONE, GUARD = (DEPLOY / f"tidegate{name}.service" for name in ("-up", "@", "-guard"))
PROGRAM = "/opt/tidegate/bin/tidegate"
ANALYZE = shutil.which("systemd-analyze") or ""
UNITS = pytest.mark.parametrize("unit", [UP, ONE, GUARD], ids=lambda unit: unit.name)


def read(unit: Path) -> dict[str, dict[str, str]]:
    """Return a unit's sections."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign] # systemd's keys have capitals, and it wants this
    parser.read_string(unit.read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}


def seconds(unit: Path, key: str) -> int:
    """Return a number of a unit's service."""
    return int(read(unit)["Service"][key])


def verified(folder: Path, unit: Path, text: str) -> str:
    """Return what systemd says to a unit, in the place of whose program one stands that is surely there."""
    here = folder / unit.name.replace("@", "@one")
    here.write_text(text.replace(PROGRAM, "/bin/true"), encoding="utf-8")
    done = subprocess.run([ANALYZE, "verify", str(here)], capture_output=True, text=True, check=False)
    return "\n".join(line for line in done.stderr.splitlines() if here.name in line)


@UNITS
def test_a_unit_has_its_three_sections_and_no_key_twice(unit: Path) -> None:
    """What a parser that knows nothing of systemd can tell."""
    assert ["Unit", "Service", "Install"] == list(read(unit))


@pytest.mark.skipif(not ANALYZE, reason="no systemd here")
@UNITS
def test_systemd_understands_a_unit(tmp_path: Path, unit: Path) -> None:
    """Not one word of complaint; and it would complain of a key that it does not know."""
    text = unit.read_text(encoding="utf-8")

    assert "" == verified(tmp_path, unit, text)
    assert "'KilMode'" in verified(tmp_path, unit, text.replace("KillMode=", "KilMode="))


@UNITS
def test_a_unit_calls_a_word_of_the_command_line(unit: Path) -> None:
    """The program's own word, with the folder or file that the README names."""
    program, word, *places = read(unit)["Service"]["ExecStart"].split()
    words = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}

    assert PROGRAM == program
    assert word in words
    assert places[-1].startswith("/etc/tidegate/accounts")


def test_what_the_supervisor_would_not_start_again_systemd_does_not_either() -> None:
    """A refusal is for a person; a crash and a full disk are not."""
    refused = sorted(code for code, end in ENDS.items() if end == "refused")

    assert refused == sorted(map(int, read(ONE)["Service"]["RestartPreventExitStatus"].split()))


def test_the_supervisor_has_time_to_end_its_daemons() -> None:
    """It gives each its seconds, kills the last, and only then would systemd kill the supervisor."""
    assert seconds(UP, "TimeoutStopSec") >= 2 * STOP_S


def test_daemons_outlive_their_supervisor() -> None:
    """As decided: systemd ends the supervisor alone, and the daemon of a unit of its own with its worker."""
    assert ("process", "mixed") == (read(UP)["Service"]["KillMode"], read(ONE)["Service"]["KillMode"])
