"""The page of controls names tests that there are, and leaves no article out."""

import re

from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "docs" / name for name in ("controls.md", "risk.md", "guarantees.md")]
FILES = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
NAMES = {name for path in FILES.values() for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}


def lost(text: str) -> set[str]:
    """Return the tests that a text names and that are not there, files and functions alike."""
    return {name for name in re.findall(r"`(test_\w+(?:\.py)?)`", text) if name not in FILES and name not in NAMES}


def test_every_test_that_a_page_of_promises_names_is_there() -> None:
    """A control without its test is a promise that nobody keeps."""
    assert set() == set().union(*(lost(page.read_text(encoding="utf-8")) for page in PAGES))


def test_a_test_that_is_not_there_is_found() -> None:
    """A planted name of a file and one of a function."""
    assert {"test_nowhere.py", "test_nothing_at_all"} == lost(
        "`test_nowhere.py`, `test_nothing_at_all`, `test_risk.py`"
    )


def test_every_article_of_the_chapter_has_its_row() -> None:
    """Articles 5 to 18, each with what it asks for, what is there, and what was read of it."""
    text = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)[^|]*\| (text|part|title) \|", text, re.MULTILINE)

    assert list(range(5, 19)) == sorted({int(article) for article, _ in rows})
