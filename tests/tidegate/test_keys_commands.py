"""tidegate keys as a user calls it: nothing of a private key is ever shown."""

import json

from pathlib import Path

import pytest

from tidegate.cli import run


def test_keys_are_made_listed_rotated_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each word tells programs whose key it is about, and whether that is trusted."""
    ring = str(tmp_path / "ring.json")

    def rows(*words: str) -> list[tuple[str, str, bool]]:
        assert 0 == run(["keys", *words, "--json"])
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        kids.extend(row["kid"] for row in found)
        return [(row["who"], row["role"], row["trusted"]) for row in found]

    kids: list[str] = []
    made = rows("new", "ann", "--role", "operator", "--ring", ring, "--key", str(tmp_path / "a"))
    rotated = rows("rotate", kids[0], "--ring", ring, "--key", str(tmp_path / "b"), "--days", "1")
    both = rows("list", ring)
    revoked = rows("revoke", kids[0][:12], "--ring", ring)
    left = rows("list", ring)

    ann = ("ann", "operator", True)
    assert ([ann], [ann], [ann, ann]) == (made, rotated, both)
    assert ([("ann", "operator", False)], [("ann", "operator", False), ann]) == (revoked, left)


def test_no_word_shows_a_private_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither people nor programs are told it, nor is it in the ring."""
    ring, key = tmp_path / "ring.json", tmp_path / "a.jwk"
    new = ["keys", "new", "ann", "--role", "risk", "--ring", str(ring), "--key", str(key)]
    codes = [run(new), run(new), run(["keys", "list", str(ring)]), run(["keys", "list", str(key)])]
    shown = capsys.readouterr()
    private = json.loads(key.read_text())["d"]

    assert [0, 2, 0, 3] == codes
    assert private not in shown.out + shown.err + ring.read_text()
