"""What the client of the troubled account is told of its three months: payments, a fee, a stop-out, all to the cent."""

import pytest

from backtests.client_content import page_of
from backtests.client_page import client_html
from market.money import cents
from runtime.clients.month import ClientMonth
from tests.lives import told
from tests.record_journal import DATA, unpacked


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> list[ClientMonth]:
    """Return January, February and March."""
    journal = unpacked(DATA / "troubled.sqlite.gz", tmp_path_factory.mktemp("client"))
    return [told(journal, f"2004-{month:02}") for month in (1, 2, 3)]


def test_each_month_goes_on_where_the_one_before_ended(months: list[ClientMonth]) -> None:
    """No month is a cent off, whatever was done by hand, lent, charged, paid or stopped out."""
    ends = [month.ended.worth for month in months]

    assert [0.0, 0.0, 0.0] == [month.off for month in months]
    assert [100_000.0, *ends[:-1]] == [month.began.worth for month in months]
    for m in months:
        assert cents(m.began.worth + m.paid_in + m.taken_out + m.made) == m.ended.worth
        assert m.made == cents(m.traded + m.opened + m.mended + m.costs.sum)


def test_a_fee_is_owed_for_the_month_with_a_new_high_alone(months: list[ClientMonth]) -> None:
    """Neither deposit nor withdrawal is charged, nor is what makes January's loss good."""
    reckoned = [[(fee.gain, fee.fee) for fee in month.due] for month in months[:2]]
    running = months[2].running

    high = max(0.0, cents(months[1].ended.worth - 25_000.0 - 100_000.0))
    assert [[(0.0, 0.0)], [(high, cents(0.2 * high))]] == reckoned
    assert running is not None
    assert 0.0 == running.fee


def test_the_ugly_month_is_told_in_words_that_a_client_knows(months: list[ClientMonth]) -> None:
    """Up to when it is told, what was taken out, how trades were left; no number parts from its sign of percent."""
    html = client_html(page_of(months[2]))

    for words in (
        "The month is told up to the end of 30 March 2004", "took out 124,479.54",
        "4 Mar (by hand)", "11 Mar (stop-out)",
        "the return is −46.00\N{NO-BREAK SPACE}%", 'class="keys four"', "fee so far, reckoned each month",
    ):  # fmt: skip
        assert words in html
    assert "stop_out" not in html
