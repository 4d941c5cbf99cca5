"""The text that starts a strategy of one's own."""

import importlib
import subprocess
import sys

from pathlib import Path

import pytest

from strategies.contract import check
from strategies.protocol import StrategyError
from strategies.registry import resolve
from strategies.template import LONGEST, source_of

ROOT = Path(__file__).parents[2]


def test_the_template_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user starts from is importable by its dotted path and gives the right answer to every question."""
    (tmp_path / "night_owl.py").write_text(source_of("night_owl"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    strategy = resolve("night_owl:NightOwl", {"pause": 2})
    monkeypatch.delitem(sys.modules, "night_owl")

    assert "night_owl" == strategy.name
    assert [] == [finding for finding in check(strategy) if not finding.ok]


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
@pytest.mark.parametrize("name", ["a", "a" * LONGEST])
def test_the_template_is_clean(command: tuple[str, ...], name: str) -> None:
    """The linter and the formatter have nothing to say about it, by this repository's own rules."""
    ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(ROOT / "strategies" / f"{name}.py"), "-"]
    said = subprocess.run(ruff, input=source_of(name), capture_output=True, text=True, cwd=ROOT, check=False)

    assert (0, "") == (said.returncode, said.stderr), said.stdout


@pytest.mark.parametrize("name", ["trend", "class", "NightOwl", "night-owl", "7up", "", "a" * (LONGEST + 1)])
def test_a_name_that_cannot_be_a_module_is_refused(name: str) -> None:
    """Names of built-in strategies, keywords and names that are no small identifiers start nothing."""
    with pytest.raises(StrategyError):
        source_of(name)
