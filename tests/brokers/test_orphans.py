"""Workers of dead daemons: written down, waited for, and ended if they are provably ours; never a stranger."""

import asyncio
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from brokers.mt5 import orphans
from brokers.mt5.line import dialled_back, swept
from brokers.mt5.orphans import RECORD, Begun, end, orphan_of, remember, seen

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Have a process that does nothing for a minute."""
    with subprocess.Popen(SLEEPER) as process:
        yield process
        process.kill()


def written(folder: Path, **changes: object) -> None:
    """Change what is written down."""
    record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Begun)
    (folder / RECORD).write_bytes(msgspec.json.encode(msgspec.structs.replace(record, **changes)))


def test_a_worker_written_down_is_an_orphan_while_it_lives(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    """Known by its number; gone when it is dead, even before anybody has waited for it."""
    remember(tmp_path, sleeper.pid)
    alive = orphan_of(tmp_path)
    sleeper.kill()
    sleeper.wait()

    assert (sleeper.pid, 0) == (alive, orphan_of(tmp_path))


def test_an_orphan_is_waited_for_and_then_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    """It may be on its way out; one that stays is killed."""
    remember(tmp_path, sleeper.pid)
    asyncio.run(swept(tmp_path, 0.1))

    assert -9 == sleeper.wait(5)


@pytest.mark.parametrize(
    "changes", [{"started": 1}, {"boot": "another"}, {"command": ("python", "-m", "brokers.mt5.process")}]
)
def test_a_stranger_that_has_the_number_now_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], changes: dict[str, object]
) -> None:
    """Numbers are used again: moment, boot and command must be the same as well."""
    remember(tmp_path, sleeper.pid)
    written(tmp_path, **changes)
    asyncio.run(swept(tmp_path, 0.1))
    end(tmp_path)

    assert (0, None) == (orphan_of(tmp_path), sleeper.poll())


@pytest.mark.parametrize("content", [None, b"", b"[1, 2]", b'{"pid": "x"}'])
def test_a_record_that_says_nothing_ends_nobody(tmp_path: Path, content: bytes | None) -> None:
    """None written, cut off, or somebody's else."""
    if content is not None:
        (tmp_path / RECORD).write_bytes(content)

    assert 0 == orphan_of(tmp_path)


def test_nobody_is_known_of_a_process_that_never_was() -> None:
    """A number that is not in use."""
    assert seen(2**22 + 1) is None


def test_a_worker_is_written_down_when_it_is_begun(tmp_path: Path) -> None:
    """Before it has dialled back: a daemon that dies in that moment leaves it findable."""
    found: list[int] = []
    program = [sys.executable, "-c", "import sys; sys.stdin.read()"]

    async def begins() -> None:
        call = asyncio.ensure_future(dialled_back(program, 5.0, tmp_path))
        for _ in range(500):
            await asyncio.sleep(0.01)
            if orphans.orphan_of(tmp_path):
                break
        found.append(orphan_of(tmp_path))
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(begins())

    assert found[0] > 0
    assert 0 == orphan_of(tmp_path)
