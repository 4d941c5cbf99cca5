"""Fixtures of whole accounts: one model and one whole demo for the session, and as many small demos as a test wants."""

import fcntl
import os
import shutil

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from backtests.demo import demo_config
from backtests.training import train_from_config
from tests.demos import Demo, MakeDemo, toml


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path, make: Callable[[], object]) -> None:
    """Make something once, whichever worker comes first; the others wait for it."""
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.with_suffix(".made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            make()
            folder.with_suffix(".made").touch()


@pytest.fixture(scope="session")
def model(shared: Path) -> Path:
    """Return the store of the demo's regime model, trained once."""
    folder = shared / "e2e-model"
    once(folder, lambda: train_from_config(demo_config(folder)))
    return folder / "models" / "calm-or-storm"


@pytest.fixture
def make_demo(tmp_path: Path, model: Path) -> Iterator[MakeDemo]:
    """Make accounts in this test's folder; whatever of them still runs at the end is ended."""
    with ExitStack() as stack:

        def make(store: Path = model, *, bars: int | None = 200, **settings: Any) -> Demo:  # noqa: ANN401 - whatever the demo's configuration may say
            demo = Demo.set_up(tmp_path / "demo", toml(store, **settings), bars=bars)
            stack.callback(demo.close)
            return demo

        yield make


@pytest.fixture(scope="session")
def whole(shared: Path, model: Path) -> Demo:
    """Return the demo that was run undisturbed over all its bars, once; nothing of it runs any more: change nothing."""
    folder = shared / "e2e-whole"

    def make() -> None:
        demo = Demo.set_up(folder, toml(model), bars=None)
        demo.begin()
        try:
            demo.end()
        finally:
            demo.close()

    once(folder, make)
    return Demo(folder)
