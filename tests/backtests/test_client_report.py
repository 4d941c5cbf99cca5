"""What a client reads: his numbers in plain words, on a page that opens anywhere and on paper, in whatever letters."""

import io
import re

from html.parser import HTMLParser
from pathlib import Path

import pypdf
import pytest

from backtests.client_content import added_up, page_of
from backtests.client_letters import Letters, letters_for, machine_font, written_latin
from backtests.client_page import client_html
from backtests.client_pdf import client_pdf
from backtests.client_picture import MOST, picture_of, svg, thinned
from backtests.client_said import warnings_of
from market.types import Position
from runtime.clients.returns import Worth
from tests.lives import DAY, Life, journaled, told
from tests.venues import HOUR, MONDAY

SHORT = Position(ticket=500, at=MONDAY + 29 * DAY, symbol="XAUUSD", side=-1, volume=0.5, price=101.25, swap=-2.1)


def a_life() -> Life:
    """Return a January of a deposit, two trades, a charge, and one trade that is open at its end."""
    life = Life()
    life.trade(MONDAY + 2 * DAY, MONDAY + 3 * DAY, 300.0, commission=-7.0, swap=-1.5)
    life.pays(MONDAY + 9 * DAY, 5000.0)
    life.trade(MONDAY + 14 * DAY, MONDAY + 15 * DAY, -120.0, commission=-7.0)
    life.pays(MONDAY + 20 * DAY, -12.5, "charge")
    life.deal(
        MONDAY + 29 * DAY, position=500, symbol="XAUUSD", entry="in", side=-1, volume=0.5, price=101.25, commission=-3.5
    )
    for hour in (-3, -1, 2):
        life.look(MONDAY + 31 * DAY + hour * HOUR, SHORT, floating=-85.6)
    return life


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of that account, with a fee agreed."""
    return journaled(tmp_path, a_life().facts, fee=0.2, crystallise="month")


class Words(HTMLParser):
    """The words of a page."""

    def __init__(self, html: str) -> None:
        """Read it."""
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.found.append(data)


def test_the_page_says_what_the_month_was(journal: Path) -> None:
    """Both ends, what was paid, what trading made, the worst day, the fee, and what is open; nothing is loaded."""
    html = client_html(page_of(told(journal, "2024-01")))
    words = " ".join(Words(html).found)

    for said in (
        "In January 2024 your account went from 10,000.00 to 15,062.90 USD.", "You paid in 5,000.00.",
        "Trading made 62.90 after all costs", "The worst day was 16 January 2024: −127.00",
        "Owed at the end of 31 January 2024: 12.58 USD.", "sold 0.5 XAUUSD", "Trades by hand or by others: 3 trades",
    ):  # fmt: skip
        assert said in words
    assert not re.findall(r"(?:src|href)=", html)
    assert "<script" not in html


def test_the_lines_between_make_the_last_of_the_first(journal: Path) -> None:
    """As they stand on paper, rounded as they are."""
    rows = added_up(told(journal, "2024-01")).rows
    numbers = [round(100 * float(cell.replace(",", "").replace("−", "-"))) for _, cell in rows]

    assert numbers[-1] == sum(numbers[:-1])


def test_what_comes_in_from_outside_is_text(tmp_path: Path) -> None:
    """A name that is HTML stays a name."""
    life = a_life()
    path = journaled(tmp_path, life.facts, name="<script>alert(1)</script>")

    assert "<script" not in client_html(page_of(told(path, "2024-01")))


def test_a_month_that_does_not_add_up_says_so_first(tmp_path: Path) -> None:
    """Before any number, and the difference stands among the lines."""
    life = Life()
    life.look(MONDAY + DAY)
    life.balance += 5.0
    life.look(MONDAY + 40 * DAY - HOUR)
    month = told(journaled(tmp_path, life.facts), "2024-02")
    first = told(tmp_path / "journal.sqlite", "2024-01")

    assert 5.0 == month.off
    assert "do not add up" in page_of(month).first[1].blocks[0][0]
    assert ("not explained: see the note above", "+5.00") in added_up(month).rows
    assert [] == warnings_of(first)


def test_money_paid_in_is_marked_in_the_picture(journal: Path) -> None:
    """On its day, with how much it was; the line is drawn within its frame."""
    picture = picture_of(told(journal, "2024-01"))

    assert picture is not None
    assert ["+5,000"] == [mark.text for mark in picture.flows]
    assert all(0.0 <= x <= 1060.0 and 0.0 <= y <= 240.0 for x, y in picture.line)
    assert "+5,000" in svg(picture)


def test_a_line_of_many_points_keeps_its_lows() -> None:
    """A month of looks, one a minute, is thinned, and its deepest moment stays."""
    points = [Worth(n, 100.0 - (n == 17_171)) for n in range(43_200)]
    few = thinned(points)

    assert len(few) <= MOST + 3
    assert {(0, 100.0), (17_171, 99.0), (43_199, 100.0)} <= {(p.at, p.money) for p in few}


# --- on paper ---------------------------------------------------------------------------------------------------------


def text_of(pdf: bytes) -> str:
    """Return the words of a PDF."""
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_paper_says_what_the_page_says(journal: Path) -> None:
    """The same words and numbers, but for minus signs, which its fonts lack."""
    report = page_of(told(journal, "2024-01"))
    text = " ".join(text_of(client_pdf(report)).split())

    assert "your account went from 10,000.00 to 15,062.90 USD." in text
    assert "The worst day was 16 January 2024: -127.00" in text
    assert "Owed at the end of 31 January 2024: 12.58 USD." in text


@pytest.mark.parametrize("name", ["Ann Müller", "Жанна Łukasz", "Ελένη", "李小龍", "\U0001f600"])
def test_a_name_in_any_letters_makes_a_paper(name: str, tmp_path: Path) -> None:
    """With a font of this machine, and without one: what is lacking then is said."""
    report = page_of(told(journaled(tmp_path, a_life().facts, name=name), "2024-01"))
    with_font, without = client_pdf(report), client_pdf(report, written_latin())

    assert with_font.startswith(b"%PDF")
    assert "written with Latin ones" in " ".join(text_of(without).split())


def test_a_font_of_this_machine_writes_what_it_can() -> None:
    """Where there is one; a name of western Europe needs none."""
    if machine_font() is None:
        pytest.skip("no font of many letters here")

    assert Letters("Helvetica") == letters_for("Ann Müller − 1")
    assert "letters" == letters_for("Жанна").family
