"""The Mosquitto of tests, which are skipped where there is none."""

import shutil
import subprocess

from contextlib import ExitStack
from pathlib import Path

import pytest

from backtests.benchmarks import mosquitto
from tests.listeners import ACCOUNT

PASSWORDS = "mosquitto_passwd"


class Mosquitto(mosquitto.Mosquitto):
    """A broker on a free port of this machine."""

    def __init__(self, folder: Path, conf: str = "allow_anonymous true\n") -> None:
        """Start it, where there is one."""
        if not mosquitto.PROGRAM:
            pytest.skip(mosquitto.ABSENT)
        super().__init__(folder, conf)


def guarded(folder: Path, stack: ExitStack, conf: str = "") -> Mosquitto:
    """Return a broker with the rules that are shipped, of the users `demo` (the daemon), `risk` and `viewer`."""
    if shutil.which(PASSWORDS) is None:
        pytest.skip(f"no {PASSWORDS} here: apt-get install mosquitto")
    folder.mkdir()
    for user in ("demo", "risk", "stranger"):
        flag = ["-b"] if (folder / "users").exists() else ["-c", "-b"]
        subprocess.run([PASSWORDS, *flag, str(folder / "users"), user, f"{user}-secret"], check=True)
        (folder / f"{user}.password").write_text(f"{user}-secret")
        (folder / f"{user}.password").chmod(0o600)
    shipped = Path(__file__).parents[1] / "deploy" / "mosquitto" / "acl"
    rules = shipped.read_text().replace("ACCOUNT", ACCOUNT).replace("PERSON", "risk")
    (folder / "acl").write_text(rules)
    broker = Mosquitto(folder, f"allow_anonymous false\npassword_file {folder}/users\nacl_file {folder}/acl\n{conf}")
    stack.callback(broker.kill)
    return broker
