"""A sweep on a real Ray cluster of this machine: what it tells is what a local one tells, whoever dies meanwhile."""

import json
import subprocess
import sys

from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from backtests.demo import demo_config

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed")

MORTAL = '''
import os
import signal

from pathlib import Path
from typing import ClassVar

from msgspec import Struct


class Mortal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ends its process with some parameter, and with another the first time alone."""

    name: ClassVar[str] = "mortal"
    version: ClassVar[int] = 1
    n: int
    mark: str

    def features(self):
        return {}

    def init(self):
        return {}

    def decide(self, state, view):
        if self.n == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.n == 3 and not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return None, float(self.n)
'''
LANE = """
    [[strategies]]
    name = "mortal"
    use = "mortal_for_sweeps:Mortal"
    symbol = "SP500"
    timeframe = "D1"
    risk = 0.001
    params = {{ n = 1, mark = "{mark}" }}
"""


def sweep(account: Path, on: str) -> tuple[int, str, str]:
    """Call the command in a process of its own: Ray changes the one that it is loaded into."""
    words = ["sweep", str(account), "--grid", "strategies.mortal.params.n=1..6", "--bars", "30", "--processes", "2"]
    command = [sys.executable, "-m", "tidegate.cli", *words, "--on", on, "--out", f"{on[:3]}.jsonl", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=account.parent, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """Return the file of an account whose strategy ends processes."""
    demo_config(tmp_path)
    (tmp_path / "mortal_for_sweeps.py").write_text(MORTAL, encoding="utf-8")
    text = (tmp_path / "demo.toml").read_text(encoding="utf-8")
    lane = dedent(LANE.format(mark=(tmp_path / "mark").as_posix()))
    file = tmp_path / "mortal.toml"
    file.write_text(text[: text.index("[regimes.")] + lane + text[text.index("[feed]") :], encoding="utf-8")
    return file


def test_a_cluster_tells_what_this_machine_does_and_plays_again_what_was_lost(account: Path) -> None:
    """One point kills each actor that plays it, another its first: no other is lost, and none is told twice."""
    mark, found = account.parent / "mark", {}
    for on in ("local", "ray"):
        mark.unlink(missing_ok=True)
        code, out, err = sweep(account, on)
        assert (0, True) == (code, mark.exists()), err
        found[on] = json.loads(out)

    local, ray = (sorted((account.parent / f"{on[:3]}.jsonl").read_text(encoding="utf-8").splitlines()) for on in found)
    assert local == ray
    assert (5, 1) == (found["ray"]["done"], found["ray"]["refused"])
    assert ["the process that played it died"] == found["ray"]["refusals"]


def test_a_cluster_that_does_not_answer_is_said_so(account: Path) -> None:
    """Nobody listens there, or what it takes to ask is not installed: in one line, and nothing is played."""
    code, _, err = sweep(account, "ray://localhost:1")

    assert 2 == code
    assert "error: --on ray://localhost:1: no cluster answers there: " in err.splitlines()[-1]
