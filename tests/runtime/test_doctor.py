"""The doctor: looks at everything an account needs, says what to mend, and changes nothing."""

import shutil

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from brokers.word import LATCH_FILE
from config.account import AccountConfig
from config.bus import BusSection
from config.folders import JOURNAL_FILE
from config.load import load
from runtime import doctor
from runtime.bundles import promote, write_bundle
from runtime.doctor import Finding, examine
from runtime.operator import client, latch
from tests.journals import edit, journal
from tests.latches import command, latched
from tests.models import a_model
from tests.trade_server import serving, set_up

WORDS = {
    "7001": "7", 'path = "terminal"': 'path = "terminal"\npassword = { env = "TIDEGATE_TEST_WORD" }', "SP500": "GOLD",
    "contract_size = 1.0": "contract_size = 100.0", '"sp500"': '"gold"', 'source = "gold"': 'file = "gold.csv"',
    '"D1"': '"H1"',
}  # fmt: skip


def account(folder: Path, **words: str) -> AccountConfig:
    """Return the demo's account, on the trade server of the tests; words of its configuration may be others."""
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    for old, new in {**WORDS, **words}.items():
        text = text.replace(old, new)
    (folder / "account.toml").write_text(text, encoding="utf-8")
    return load(folder / "account.toml")


@pytest.fixture
def healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AccountConfig]:
    """Return an account that lacks nothing; its server runs."""
    monkeypatch.setenv("TIDEGATE_TEST_WORD", "open")
    config = account(tmp_path)
    store = Path(config.regimes["calm-or-storm"].model)
    promote(store, write_bundle(store, a_model()).name)
    latched(tmp_path / "state", "halt")
    with serving(set_up(tmp_path / "terminal")):
        yield config


def seen(config: AccountConfig, state: Path) -> dict[str, Finding]:
    """Return the findings by what was looked at."""
    return {finding.what: finding for finding in examine(config, state)}


def test_a_healthy_account_has_nothing_to_mend(healthy: AccountConfig, tmp_path: Path) -> None:
    """Disk, latch, journal, models and terminal are looked at, and nothing in the account's folder has changed."""
    state = tmp_path / "state"
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    found = seen(healthy, state)

    assert [*("disk", "latch", "journal", "models", "terminal", "feeds", "calendar", "zone", "contracts")] == list(
        found
    )
    assert [] == [finding for finding in found.values() if not finding.ok]
    assert "7 on Lookalike-Demo: demo" in found["terminal"].detail
    assert "halt by tester" in found["latch"].detail
    assert "no calendar" in found["calendar"].detail
    assert "no weekend among 4 hours of GOLD; its time is recorded" in found["zone"].detail
    assert "GOLD: market execution, fillings ioc, lots from 0.01" in found["contracts"].detail
    assert before == {path.name: path.read_bytes() for path in state.iterdir()}


def test_a_damaged_latch_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads as halt all the same; but somebody has to know that its reason is lost, and how it is mended."""
    monkeypatch.setenv("TIDEGATE_TEST_WORD", "open")
    (latched(tmp_path / "state", "run") / LATCH_FILE).write_text("junk", encoding="utf-8")

    assert "halt: its copies are damaged" in seen(account(tmp_path), tmp_path / "state")["latch"].detail


def test_everything_missing_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, no model, no latch: each is a finding of its own, and none of them raises."""
    monkeypatch.setenv("TIDEGATE_TEST_WORD", "open")
    found = seen(account(tmp_path), tmp_path / "state")

    assert {"models", "terminal"} == {what for what, finding in found.items() if not finding.ok}
    assert "begins halted" in found["latch"].detail
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("word", "finding"),
    [("wrong", "Authorization failed"), (None, "TIDEGATE_TEST_WORD")],
)
def test_a_wrong_or_missing_password_is_told_without_telling_it(
    healthy: AccountConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str | None, finding: str
) -> None:
    """The terminal's own word, or the variable's name; never the secret."""
    monkeypatch.delenv("TIDEGATE_TEST_WORD")
    if word:
        monkeypatch.setenv("TIDEGATE_TEST_WORD", word)
    found = seen(healthy, tmp_path / "state")["terminal"]

    assert not found.ok
    assert finding in found.detail
    assert "wrong" not in found.detail


@pytest.mark.usefixtures("healthy")
def test_a_contract_that_differs_is_told(tmp_path: Path) -> None:
    """Sizes would be wrong by that factor: which field, ours and theirs."""
    found = seen(account(tmp_path, **{"contract_size = 1.0": "contract_size = 10.0"}), tmp_path / "state")["contracts"]

    assert not found.ok
    assert "spec.contract_size is 10.0, the terminal says 100.0" in found.detail


def test_a_journal_that_was_changed_is_told(healthy: AccountConfig, tmp_path: Path) -> None:
    """The first row at fault is named."""
    written = journal(tmp_path, 9)
    edit(written, "UPDATE log SET fact = ? WHERE seq = 5", b"other")
    shutil.move(written, tmp_path / "state" / JOURNAL_FILE)
    found = seen(healthy, tmp_path / "state")["journal"]

    assert not found.ok
    assert "row 5" in found.detail


def test_a_full_disk_is_told(healthy: AccountConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that cannot grow stops everything: better to know before."""
    monkeypatch.setattr(doctor, "LEAST_FREE", 2**62)
    found = seen(healthy, tmp_path / "state")["disk"]

    assert not found.ok
    assert "the journal needs at least" in found.detail


RUNS = {"running": True, "pid": 5, "link": "up"}


@pytest.mark.parametrize(("told", "detail"), [(RUNS, "a daemon runs (pid 5)"), ({"stuck": True}, "does not answer")])
def test_a_terminal_in_use_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, object], detail: str
) -> None:
    """Where a daemon runs, or hangs, nobody else logs in; that it hangs is something to mend."""
    monkeypatch.setattr(doctor, "status", lambda _: told)
    monkeypatch.setattr(doctor, "visit", None)
    found = seen(account(tmp_path), tmp_path / "state")["terminal"]

    assert ("stuck" not in told) == found.ok
    assert detail in found.detail


def test_looking_does_not_take_the_gate(healthy: AccountConfig, tmp_path: Path) -> None:
    """A halt is not lifted, no lock is left, and a daemon can begin at once."""
    latch.tighten(tmp_path / "state", command("flatten"))
    seen(healthy, tmp_path / "state")

    assert "flatten" == latch.read(tmp_path / "state").level
    assert not (tmp_path / "state" / "worker.lock").exists()
    assert "halt" == client.status(tmp_path / "nowhere")["level"]


def test_a_bus_is_looked_at_where_one_is_configured(healthy: AccountConfig, tmp_path: Path) -> None:
    """Keys and broker are findings like any other; what lacks is said."""
    bus = BusSection(host="127.0.0.1", port=1, tls=False, key=str(tmp_path / "no.jwk"), operators="ring.json")
    found = seen(msgspec.structs.replace(healthy, bus=bus), tmp_path / "state")

    assert [False, False] == [found[what].ok for what in ("keys", "bus")]
    assert ("no.jwk cannot be read" in found["keys"].detail, "refused" in found["bus"].detail) == (True, True)
