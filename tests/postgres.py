"""The PostgreSQL of tests: a server of this machine in a folder of its own, over a Unix socket, with fsync on."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time

from pathlib import Path

import pytest

ABSENT = "no PostgreSQL here: install postgresql"
SOON = "recovery_init_sync_method=syncfs"
"""All files are synced at once when it rises after a fall, not one by one."""
NAMES = itertools.count(1)


def program(name: str) -> str:
    """Return a program of the server, skipping the test where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    if found is None:
        pytest.skip(ABSENT)
    return found


def as_somebody() -> list[str]:
    """Return what goes before a command that root may not run."""
    if os.name != "posix" or os.geteuid() != 0:
        return []
    return [program("setpriv"), "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


class Postgres:
    """A server that is started, killed and started again over the same files."""

    def __init__(self, *options: str) -> None:
        """Make an empty cluster and start its server, with `options` as `name=value`."""
        initdb = program("initdb")
        # A socket's path has 107 bytes at most, and pytest's folders are long.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.options = options
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        made = [
            *as_somebody(),
            initdb,
            "-D",
            str(self.data),
            "-U",
            "tidegate",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(made, check=True, capture_output=True, cwd=self.folder)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        socket = (
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "shared_buffers=32MB",
            SOON,
            *self.options,
        )
        words = [word for option in socket for word in ("-c", option)]
        command = [*as_somebody(), program("postgres"), "-D", str(self.data), *words]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        asked = [program("pg_isready"), "-q", "-U", "tidegate", "-h", str(self.folder)]
        until = time.monotonic() + 60
        while subprocess.run(asked, check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server and all its processes as a power cut would."""
        main = self.process.pid
        os.kill(main, signal.SIGSTOP)  # it begins no other meanwhile
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
        for pid in (main, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        while any(Path(f"/proc/{pid}/stat").exists() for pid in children):
            time.sleep(0.01)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of it."""
        return f"postgresql://tidegate@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        import psycopg  # noqa: PLC0415 - where there is a server only

        name = f"t{os.getpid()}_{next(NAMES)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def close(self) -> None:
        """Stop the server and remove its files."""
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)
