"""What words load that read a journal: no more than they use, since loading is most of what a short answer takes."""

import subprocess
import sys

from pathlib import Path

import pytest

from tests.attributed import a_journal, decision_row, outcome_row, run_row

HEAVY = frozenset(
    {"pandas", "scipy", "pyarrow", "numba", "alembic", "psycopg", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql",
     "config.account", "config.load", "runtime.core.core", "runtime.core.plan"}
)  # fmt: skip
CODE = """
import sys
from tidegate.cli import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "besides"),
    [
        (["decisions"], {"numpy"}),
        (["outcomes"], {"numpy"}),
        (["outcomes", "--by", "strategy"], set()),
        (["foretold"], set()),
    ],
    ids=" ".join,
)
def test_a_word_about_a_journal_loads_what_it_uses(tmp_path: Path, words: list[str], besides: set[str]) -> None:
    """A state folder is read without what a TOML may hold, what decides, and the dialect of a server."""
    journal = a_journal(tmp_path, run_row(), decision_row(0, "traded"), *(outcome_row(n) for n in range(60)))
    asked = [words[0], str(journal), *words[1:]]

    done = subprocess.run([sys.executable, "-c", CODE, *asked], capture_output=True, text=True, check=True)

    assert set() == (HEAVY | besides) & set(done.stderr.split())
