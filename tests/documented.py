"""What the documentation promises to programs, and what they get."""

import json
import re

from pathlib import Path
from typing import Any

import pytest

from tidegate.cli import run

ROOT = Path(__file__).parents[1]


def documented(command: str) -> set[str]:
    """Return the keys of a command's row in the documentation."""
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE))
    (row,) = [keys for commands, keys in rows.items() if f"`{command}`" in commands]
    return set(re.findall(r"`(\w+)`", row))


def answered(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Run a command with --json, which has to end with this code; return the objects on stdout."""
    assert code == run([*words, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
