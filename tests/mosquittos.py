"""The Mosquitto of tests, which are skipped where there is none."""

from pathlib import Path

import pytest

from backtests.benchmarks import mosquitto


class Mosquitto(mosquitto.Mosquitto):
    """A broker on a free port of this machine."""

    def __init__(self, folder: Path, conf: str = "allow_anonymous true\n") -> None:
        """Start it, where there is one."""
        if not mosquitto.PROGRAM:
            pytest.skip(mosquitto.ABSENT)
        super().__init__(folder, conf)
