"""A whole daemon that journals on PostgreSQL: where the server is killed while it trades, nothing unwritten is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demos import Demo, toml
from tests.oracle import complaints, table
from tests.postgres import Postgres

BARS = 200
ASKED = {
    "outcomes": "shadow",
    "foretold": "mean R",
    "money": "unexplained",
    "decisions": "in_position",
    "replay": "the same to the last bit",
    "journal verify": "whole: ",
    "journal rebuild": "the same, from ",
    "why": "it was sent",
}
"""Commands, and what stands in what they say of this account."""


class OnServer(Demo):
    """An account that journals on a server; what tests read of it is a backup."""

    copies = 0

    @property
    def journal(self) -> Path:
        """A copy of the journal as it stands, in a folder of its own."""
        self.copies += 1
        copy = self.state.with_name(f"copy{self.copies}") / "journal.sqlite"
        copy.parent.mkdir()
        self.tidegate("journal backup", str(copy))
        return copy


@pytest.fixture
def server() -> Iterator[Postgres]:
    """Return a server that the test may kill."""
    found = Postgres()
    yield found
    found.close()


@pytest.fixture
def demo(tmp_path: Path, model: Path, server: Postgres) -> Iterator[OnServer]:
    """Return an account that journals there."""
    folder = tmp_path / "demo"
    secret = tmp_path / "journal.url"
    secret.write_text(server.url(), encoding="utf-8")
    secret.chmod(0o600)
    demo = OnServer.set_up(folder, f'{toml(model)}\n[journal]\nurl = {{ file = "{secret}" }}\n', bars=BARS)
    yield demo
    demo.close()


def test_a_killed_server_stops_the_daemon_which_goes_on_when_it_is_back(demo: OnServer, server: Postgres) -> None:
    """It ends as for a full disk, all it has sent is in the journal, and later nothing is sent twice or left out."""
    demo.begin()
    demo.until_bar(80)
    server.kill()
    said = demo.end(10)
    sent = demo.requests()
    server.start()
    left = demo.journal

    known = {row["magic"] for row in table(left, "orders")}
    assert "the server does not answer any more: nothing was sent that it has not" in said
    assert [] == [request for request in sent if request[1] not in known]

    demo.start()
    demo.end()
    journal = demo.journal
    assert [] == complaints(demo.ledger, journal)
    due = [(d.bar_time, d.strategy) for d in demo.backtest().decisions]
    assert sorted(due) == sorted((row["bar_time"], row["strategy"]) for row in table(journal, "decisions"))


def test_every_command_answers_of_a_journal_on_a_server(demo: OnServer) -> None:
    """What is asked of an account is told, played again and proven, whichever database has its journal."""
    demo.begin()
    demo.end()
    traded = next(row["id"] for row in table(demo.journal, "decisions") if row["class"] == "traded")

    told = {word: demo.tidegate(word, *([traded] if word == "why" else [])) for word in ASKED}

    assert [] == [word for word, said in ASKED.items() if said not in told[word]]
