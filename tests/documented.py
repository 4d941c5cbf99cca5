"""What the documentation promises to programs."""

import re

from pathlib import Path

ROOT = Path(__file__).parents[1]


def documented(command: str) -> set[str]:
    """Return the keys of a command's row in the documentation."""
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE))
    (row,) = [keys for commands, keys in rows.items() if f"`{command}`" in commands]
    return set(re.findall(r"`(\w+)`", row))
