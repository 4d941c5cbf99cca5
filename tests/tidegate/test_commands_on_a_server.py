"""The words that read a journal say of one on a server what they say of a file: every row is the same."""

import shutil

from collections.abc import Iterator
from pathlib import Path

import pytest

from backtests.attribution_groups import BYS
from config.journal import JournalSection, remember, server_of
from config.secrets import SecretRef
from tests.documented import answered
from tests.journaled import REVERSION, a_config, traded
from tests.journals import ask

URL = "TIDEGATE_TEST_JOURNAL"
TABLES = ("decisions", "orders", "deals", "outcomes", "ledger")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[tuple[Path, Path]]:
    """Return two state folders of one life: its journal is a file in the first, on a server in the second."""
    here, there = tmp_path_factory.mktemp("file"), tmp_path_factory.mktemp("server")
    config = a_config(here, REVERSION)
    section = JournalSection(url=SecretRef(env=URL), schema="commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, database)
        remember(there, section, config.account.name)
        for place in (here / "journal.sqlite", server_of(section.url, section.schema)):
            traded(place, config)
        yield here, there


def closed(folder: Path) -> tuple[str, int, int]:
    """Return decision, first order and first deal of the first trade that came to its end."""
    (found,) = ask(
        folder / "journal.sqlite",
        "SELECT o.decision, r.instruction, d.ticket FROM outcomes AS o JOIN orders AS r ON r.decision = o.decision "
        "JOIN deals AS d ON d.decision = o.decision WHERE o.book = 'live' ORDER BY o.closed, r.instruction, d.ticket "
        "LIMIT 1",
    )
    return tuple(found)


def told(both: tuple[Path, Path], capsys: pytest.CaptureFixture[str], *words: str) -> list[list[dict[str, object]]]:
    """Return what a word says of each, the account's place being where `ACCOUNT` stands."""
    return [answered([str(f) if w == "ACCOUNT" else w for w in words], 0, capsys) for f in both]


@pytest.mark.parametrize("by", BYS)
def test_attributions_are_the_same(both: tuple[Path, Path], by: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Group by group, with costs, values and signals."""
    here, there = told(both, capsys, "outcomes", "ACCOUNT", "--by", by)

    assert here == there != []


@pytest.mark.parametrize("words", ["outcomes ACCOUNT", "decisions ACCOUNT", "orders ACCOUNT", "foretold ACCOUNT",
                                   "money ACCOUNT", "replay ACCOUNT"])  # fmt: skip
def test_other_words_are_the_same(both: tuple[Path, Path], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, what was foretold, every cent of the balance, and that it comes out the same again."""
    here, there = told(both, capsys, *words.split())

    assert here == there != []


@pytest.mark.parametrize("what", ["{0}", "order:{1}", "deal:{2}"])
def test_why_is_the_same(both: tuple[Path, Path], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From its bar to its money, and recomputed."""
    here, there = told(both, capsys, "why", "ACCOUNT", what.format(*closed(both[0])), "--replay")

    assert here == there != []
    assert [True] == [whole["replay"]["ok"] for whole in there]  # type: ignore[index] # an object of JSON


def test_a_changed_account_is_played_from_either(both: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The bars it was told are the same."""
    file = shutil.copy(both[0] / "account.toml", both[0] / "changed.toml")
    text = Path(file).read_text(encoding="utf-8").replace("entry = 1.2", "entry = 2.0")
    Path(file).write_text(text, encoding="utf-8")
    here, there = told(both, capsys, "replay", "ACCOUNT", "--with", str(file), "--day", "2024-01-05")

    assert here == there
    assert here[0]["otherwise"] != 0


def test_exports_are_the_same(both: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row by row, in files of their own."""
    pytest.importorskip("duckdb")
    parquet = pytest.importorskip("pyarrow.parquet")
    found = []
    for number, folder in enumerate(both):
        answered(["journal", "export", str(folder), str(tmp_path / str(number))], 0, capsys)
        found.append({t: parquet.read_table(tmp_path / str(number) / f"{t}.parquet").to_pylist() for t in TABLES})

    assert repr(found[0]) == repr(found[1])  # so that NaN is NaN
    assert all(found[0][table] for table in ("decisions", "orders", "deals", "outcomes"))
