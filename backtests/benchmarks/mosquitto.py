"""A real Mosquitto in a process of its own, which can be frozen, killed and started again over what it has kept."""

import os
import shutil
import signal
import socket
import subprocess
import time

from pathlib import Path

PROGRAM = shutil.which("mosquitto") or next((p for p in ("/usr/sbin/mosquitto",) if os.access(p, os.X_OK)), "")
ABSENT = "no Mosquitto here: apt-get install mosquitto"
PATIENCE_S = 5.0
RECIPE = Path(__file__).parents[2] / "deploy" / "mosquitto" / "certificates.sh"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def certified(folder: Path) -> str:
    """Make an authority and a broker's certificate, by the recipe; return the lines that have a broker use it."""
    subprocess.run(["/bin/sh", str(RECIPE), str(folder), "localhost"], check=True, capture_output=True)
    return f"cafile {folder}/ca.crt\ncertfile {folder}/server.crt\nkeyfile {folder}/server.key\n"


class Mosquitto:
    """A broker on a free port of this machine."""

    def __init__(self, folder: Path, conf: str = "allow_anonymous true\n") -> None:
        """Write its configuration and start it; RuntimeError where there is none, or it ends at once."""
        if not PROGRAM:
            raise RuntimeError(ABSENT)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        user = "user root\n" if os.getuid() == 0 else ""  # or it would read nothing of ours
        text = (
            f"{user}listener {self.port} 127.0.0.1\n{conf}set_tcp_nodelay true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_on_changes false\nautosave_interval 5\n"
        )
        (folder / "mosquitto.conf").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start, and wait until it takes calls."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.kill()
        raise RuntimeError((self.folder / "log").read_text())

    def signal(self, number: int) -> None:
        """Send a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    def freeze(self) -> None:
        """Let it stand still, as a network that swallows everything."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def end(self) -> None:
        """End it as a system does that shuts down: it writes what it knows."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        """End it at once; what it has written stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
