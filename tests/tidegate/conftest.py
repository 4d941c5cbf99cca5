"""Fixtures of commands: a folder of the test's own to stand in, and the demo's account."""

from pathlib import Path

import pytest

from backtests.demo import demo_config


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep caches in the test's own folder, and stand there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demo's TOML in a folder that may be written, its model trained by the first who needs it."""
    folder = tmp_path_factory.mktemp("account")
    demo_config(folder)
    return folder / "demo.toml"
