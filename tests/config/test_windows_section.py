"""The windows of an account's TOML and its file of news: what they mean, and how they are refused."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import digest, load
from config.windows import News, hour_of_week, read_news
from runtime.assemble import windows_of
from tests.venues import HOUR, MONDAY

DEMO = Path("config/demo.toml").read_text(encoding="utf-8")
CSV = "time,currency,what\n2024-01-01T02:00Z,usd,a speech\n2024-01-01T02:00+01:00,,rates\n"


def account(folder: Path, more: str, news: str = CSV) -> Path:
    """Write the demo's account with more tables, and a file of news beside it."""
    (folder / "news.csv").write_text(news, encoding="utf-8")
    file = folder / "account.toml"
    file.write_text(f"{DEMO}\n{more}", encoding="utf-8")
    return file


def test_news_are_read_into_the_configuration(tmp_path: Path) -> None:
    """In the order of their times, in UTC, currencies in capitals."""
    config = load(account(tmp_path, '[windows.news]\nfile = "news.csv"\n'))

    assert (News(MONDAY + HOUR), News(MONDAY + 2 * HOUR, "USD")) == config.news


def test_what_a_file_of_news_says_is_in_the_digest_and_where_it_lies_is_not(tmp_path: Path) -> None:
    """Two folders with the same file are the same account; another announcement makes another one."""
    more = '[windows.news]\nfile = "news.csv"\n'
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    one, same = (digest(load(account(tmp_path / name, more))) for name in ("a", "b"))
    other = digest(load(account(tmp_path / "c", more, CSV.replace("02:00Z", "03:00Z"))))

    assert (one, True) == (same, one != other)


@pytest.mark.parametrize("more", ["", "[windows]\n", "[windows.rollover]\n", '[drawdown]\npreset = "static"\n'])
def test_every_account_has_a_digest(tmp_path: Path, more: str) -> None:
    """Whatever of these tables it has, or none."""
    assert 64 == len(digest(load(account(tmp_path, more))))


@pytest.mark.parametrize(
    ("more", "news", "problem"),
    [
        ('[windows.news]\nfile = "none.csv"\n', CSV, "windows.news.file: expected a file of news"),
        (
            '[windows.news]\nfile = "news.csv"\n',
            "when,currency\n",
            "line 1: expected a column time, got when",
        ),
        ('[windows.news]\nfile = "news.csv"\n', "", "line 1: expected a column time, got nothing"),
        (
            '[windows.news]\nfile = "news.csv"\n',
            "time,currency\n2024-01-01 12:00,USD\n",
            'line 2: expected a time like 2024-05-03T12:30Z, got "2024-01-01 12:00"',
        ),
        (
            '[windows.rollover]\nhours = "25:00-01:00"\n',
            CSV,
            "windows.rollover.hours: expected hours like",
        ),
        (
            '[windows.friday_close]\ncloses = "fri 21"\n',
            CSV,
            "windows.friday_close.closes: expected a weekday",
        ),
        (
            '[windows.friday_close]\nopens = "friday 21:00"\n',
            CSV,
            "windows.friday_close.opens: expected another hour than closes",
        ),
        ('[windows.lunch]\nhours = "12:00-13:00"\n', CSV, "windows.lunch: unknown key"),
        ("[drawdown]\n", CSV, "drawdown.preset: expected"),
        ('[drawdown]\npreset = "static"\nlocks = true\n', CSV, "drawdown.locks: expected false with a static floor"),
        ('[drawdown]\npreset = "static"\nzone = "Mars"\n', CSV, 'drawdown.zone: expected "UTC"'),
        ('[drawdown]\npreset = "static"\ndaily = 1.5\n', CSV, "drawdown.daily: expected"),
        ("[controls]\nmax_orders = 0\n", CSV, "controls.max_orders: expected"),
        ("[controls]\nmax_lots = 1.0\n", CSV, "controls.max_lots: unknown key"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_key(tmp_path: Path, more: str, news: str, problem: str) -> None:
    """In one sentence that says what was expected."""
    with pytest.raises(ConfigError) as refused:
        load(account(tmp_path, more, news))

    assert problem in str(refused.value)


def test_a_weekend_flat_rule_closes_on_friday(tmp_path: Path) -> None:
    """Unless the TOML names its own hours."""
    rule = '[drawdown]\npreset = "static"\nweekend_flat = true\n'
    usual = windows_of(load(account(tmp_path, rule)))
    own = windows_of(load(account(tmp_path, rule + '[windows.friday_close]\ncloses = "friday 20:00"\n')))

    assert usual is not None
    assert own is not None
    assert ("friday 21:00", "friday 20:00") == tuple(
        w.said.friday_close.closes for w in (usual, own) if w.said.friday_close is not None
    )


def test_without_windows_a_plan_has_none(tmp_path: Path) -> None:
    """An empty table names none either."""
    assert (None, None) == (windows_of(load(account(tmp_path, ""))), windows_of(load(account(tmp_path, "[windows]\n"))))


@pytest.mark.parametrize("text", ["", "friday", "friday 24:00", "Friday 21:00", "friday 21:00 "])
def test_an_hour_of_the_week_is_a_weekday_and_an_hour(text: str) -> None:
    """And nothing else."""
    assert hour_of_week(text) is None


def test_a_line_with_too_few_cells_is_no_end_of_the_world() -> None:
    """Its currency is empty."""
    assert ((News(MONDAY),), []) == read_news("time,currency\n2024-01-01T00:00Z\n")
