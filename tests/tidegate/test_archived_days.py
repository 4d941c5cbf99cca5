"""Any run, any day, any account: what was archived is replayed and explained as before, wherever its segment lies."""

import datetime
import json

from pathlib import Path
from typing import Any

import pytest

from backtests.archived import FOLDER, joined
from config.journal import JournalSection, Where, remember, server_of
from config.secrets import SecretRef
from market.types import DAY_MS
from tests.documented import answered
from tests.journals import ask
from tests.relived import relived
from tidegate.cli import run

URL = "TIDEGATE_TEST_JOURNAL"


class Life:
    """An account that has lived, and what is asked about it."""

    def __init__(self, state: Path, place: Where) -> None:
        """Know which decisions and days there are."""
        self.state, self.place = state, place
        self.decisions = [row[0] for row in ask(place, "SELECT decision FROM orders ORDER BY instruction LIMIT 4")]
        days = ask(place, "SELECT DISTINCT at / 86400000 FROM decisions ORDER BY 1")
        self.days = [str(_date(day)) for (day,) in days]

    def questions(self) -> list[list[str]]:
        """Return commands about old rows, without the account."""
        asked = [["replay"], ["replay", "--day", self.days[1]], ["money"], ["parity", "--day", self.days[2]]]
        return asked + [["why", one, *more] for one in self.decisions for more in ([], ["--replay"])]

    def told(self, capsys: pytest.CaptureFixture[str], *more: str) -> list[Any]:
        """Return what they answer, wherever the account lies now."""
        found: list[Any] = []
        for word, *rest in self.questions():
            capsys.readouterr()
            code = run([word, str(self.state), *rest, *more, "--json"])
            found.append((code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]))
        return found


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


@pytest.fixture(params=[("demo", "sqlite"), ("netting", "postgresql")], ids="-".join)
def life(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Return the life of a recorded journal, on a database."""
    name, database = request.param
    state = tmp_path / "state"
    place: Where = state / "journal.sqlite"
    state.mkdir()
    if database == "postgresql":
        monkeypatch.setenv(URL, request.getfixturevalue("database"))
        section = JournalSection(url=SecretRef(env=URL), schema=tmp_path.name)
        remember(state, section, "recorded")
        place = server_of(section.url, section.schema)
    relived(name, tmp_path, place)
    return Life(state, place)


def test_an_archived_day_is_told_as_before(life: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All but the last day go, then the account is moved: replay, why, money and parity say the same, bit for bit.

    Beside a journal in a file its segments are found without a word.
    """
    before = life.told(capsys)
    (made,) = answered(["journal", "archive", str(life.state), "--before", life.days[-1]], 0, capsys)
    first = ask(life.place, "SELECT min(seq) FROM log")
    after = life.told(capsys)
    life.state = life.state.rename(tmp_path / "elsewhere")
    named = [] if isinstance(life.place, Path) else ["--segments", str(life.state / FOLDER)]
    moved = life.told(capsys, *named)

    assert {0} == {code for code, _ in before}
    assert before == after == moved
    assert [(made["last"] + 1,)] == first
    assert life.days[-2] == str(_date(made_at(life, tmp_path)))


def made_at(life: Life, tmp_path: Path) -> int:
    """Return the day of the last row that was archived, by its clock."""
    place = life.place if not isinstance(life.place, Path) else tmp_path / "elsewhere" / "journal.sqlite"
    with joined(place, tmp_path / "elsewhere" / FOLDER) as reader:
        (first,) = ask(place, "SELECT min(seq) FROM log")[0]
        return next(reader.rows(first - 1)).wall // DAY_MS
