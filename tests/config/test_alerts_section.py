"""The section of the people on call: addresses are secrets, routes name who is there, and it decides nothing."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import digest, parse
from config.new_account import account_text

PLAIN = account_text("one", kind="lookalike")
ALERTS = """
[alerts.owners.ann]
urls = { file = "ann.urls" }
[alerts.owners.desk]
urls = { env = "DESK_URLS" }
[alerts.routes]
page = ["ann", "desk"]
risk = ["desk"]
"""


def test_who_is_called_decides_nothing(tmp_path: Path) -> None:
    """The digest, by which runs are compared, is the same; files are meant from the folder of the TOML."""
    plain, alerts = parse(PLAIN, folder=tmp_path), parse(PLAIN + ALERTS, folder=tmp_path)

    assert digest(plain) == digest(alerts)
    assert alerts.alerts is not None
    assert str(tmp_path / "ann.urls") == alerts.alerts.owners["ann"].urls.file


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ('{ file = "ann.urls" }', '"tgram://123/456"', "alerts.owners.ann.urls: expected {env"),
        (
            '{ env = "DESK_URLS" }',
            '{ env = "mailto://me:pw@example.org" }',
            "the name of an environment",
        ),
        ('risk = ["desk"]', 'risk = ["bob"]', "alerts.routes.risk: expected names of `alerts.owners` .ann, desk., got"),
        ('page = ["ann", "desk"]', "page = []", "alerts.routes.page: expected at least one owner"),
        ("[alerts.routes]", "[alerts]\nquiet_s = 0\n[alerts.routes]", "alerts.quiet_s"),
    ],
)
def test_what_cannot_be_called_is_refused(was: str, now: str, problem: str, tmp_path: Path) -> None:
    """An address is never in the TOML, and nobody is routed to whom nobody knows."""
    with pytest.raises(ConfigError, match=problem) as refused:
        parse(PLAIN + ALERTS.replace(was, now), folder=tmp_path)

    assert "pw@" not in str(refused.value)
