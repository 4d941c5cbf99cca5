"""From an event to the mail that a person reads: through the router, apprise and a mail server with a password."""

import contextlib
import shutil

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from backtests.benchmarks.mosquitto import certified
from runtime.alerts.person import take
from runtime.core.kinds import Alarm
from tests.alarms import BREAK
from tests.nights import Night
from tests.post_office import PostOffice
from tests.stand_ins import until

pytest.importorskip("aiosmtpd")
pytest.importorskip("apprise")

WORD = "hunter2"
LOST = Alarm("daily_loss", "LOSS_LIMIT", "71.00% of what may be lost today are lost")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    """Return a mail server."""
    office = PostOffice(tmp_path / "mails", "tidegate", WORD)
    yield office
    office.close()


def night(folder: Path, office: PostOffice, escalate_s: float = 600.0, word: str = WORD) -> Night:
    """Return a night on which ann, by that word, and ben are called by mail."""
    to = "{}@127.0.0.1:{}/?smtp=127.0.0.1&mode=insecure&from=tidegate@example.org&to={}@example.org"
    urls = {
        who: f"mailto://tidegate:{to.format(shown, office.port, who)}" for who, shown in (("ann", word), ("ben", WORD))
    }
    return Night(folder, escalate_s=escalate_s, **urls)


def read(office: PostOffice) -> list[tuple[str, str]]:
    """Return to whom each mail went, and its subject."""
    return [(to[0], str(mail["Subject"])) for to, mail in office.mails()]


def parted(office: PostOffice) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the mails that call, in their order, and those that say that it is over."""
    told = read(office)
    return [one for one in told if ": over: " not in one[1]], [one for one in told if ": over: " in one[1]]


def text(mail: EmailMessage) -> str:
    """Return what a person reads, whichever part of it he is shown."""
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join(parts)


def test_an_alert_is_a_mail_with_all_that_is_to_be_done(tmp_path: Path, office: PostOffice) -> None:
    """To the first owner once, however often it is told; with severity, owners, page and the words that take it."""
    one = night(tmp_path, office)
    router = one.router()
    for share in (71, 72, 73):
        router.look((Alarm("daily_loss", "LOSS_LIMIT", f"{share}.00% of what may be lost today are lost"),), {})
    until(office.mails)
    router.look((LOST, BREAK), {})
    until(lambda: len(office.mails()) == 2)
    (to, mail), (_, other) = office.mails()
    one.close()
    body = text(mail)

    assert (["ann@example.org"], "acct: loss of the day near its limit") == (to, mail["Subject"])
    assert "acct: unexplained break" == other["Subject"]
    assert [] == [
        words
        for words in (
            "of what may be lost today are lost",
            "Severity: page. Owner: risk; called: ann, then ben, 600 s apart",
            "docs/runbooks/daily_loss.md",
            "tidegate ack acct --alert 1",
        )
        if words not in body
    ]


def test_a_mail_that_nobody_answers_is_followed_by_one_to_the_next(tmp_path: Path, office: PostOffice) -> None:
    """Until a person takes it; that it is over is told to both."""
    one = night(tmp_path, office, escalate_s=1.0)
    router = one.router()
    router.look((BREAK,), {})
    until(lambda: any(to == "ben@example.org" for to, _ in read(office)))
    take(one.state, 1, "ben", "mine")
    router.look((), {})
    until(lambda: len(parted(office)[1]) == 2)
    one.close()
    calls, overs = parted(office)
    first = {who: min(title for to, title in calls if to == f"{who}@example.org") for who in ("ann", "ben")}

    assert {"ann": "acct: unexplained break", "ben": "acct: unexplained break, call 2"} == first, "others call again"
    assert ["ann@example.org", "ben@example.org"] == sorted(to for to, _ in overs)


def test_a_mail_that_the_server_refuses_goes_to_the_next_at_once(tmp_path: Path, office: PostOffice) -> None:
    """And what is said of it names neither the password nor the address."""
    one = night(tmp_path, office, word="wr0ng-Word")
    one.router().look((BREAK,), {})
    until(office.mails)
    until(lambda: "failed" in one.history())
    one.close()
    said = "".join(path.read_text() for path in one.state.iterdir() if path.is_file())

    assert [("ben@example.org", "acct: unexplained break, call 2")] == read(office)
    assert "not reached by mailto" in said
    assert "wr0ng" not in said


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
@pytest.mark.parametrize("trusted", [True, False])
def test_a_mail_goes_over_starttls_to_a_server_that_is_known_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    """The password is not said to another: then the next is called."""
    (tmp_path / "certificates").mkdir()
    certified(tmp_path / "certificates")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificates" / "ca.crt"))
    with contextlib.closing(PostOffice(tmp_path / "mails", "tidegate", WORD, str(tmp_path / "certificates"))) as office:
        query = "smtp=localhost&mode=starttls&from=tidegate@example.org&to=ann@example.org"
        one = Night(tmp_path, ann=f"mailtos://tidegate:{WORD}@localhost:{office.port}/?{query}")
        one.router().look((BREAK,), {})
        until(lambda: office.mails() or one.heard("ben"))
        one.close()

    assert ([("ann@example.org", "acct: unexplained break")] if trusted else []) == read(office)
    assert ([] if trusted else ["acct: unexplained break, call 2"]) == one.heard("ben")
