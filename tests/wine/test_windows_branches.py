"""What is done otherwise on Windows, run by a Windows Python under Wine: the tests of those rooms, as they stand."""

import sys

import pytest

from tests.winehouse import ROOT, Winehouse, windows

LATCH = ("tests/runtime/test_latch.py", "tests/runtime/test_latch_writers.py", "tests/runtime/test_switch.py")
GATE = ("tests/brokers/test_gateway.py", "tests/brokers/test_worker.py", "tests/brokers/test_worker_sending.py")
ROOMS = {
    "locks, jobs, ears and signals": ("tests/platforms", "tests/runtime/test_loopback.py"),
    "the halt latch": (
        "tests/runtime/test_latch.py",
        "tests/runtime/test_latch_writers.py",
        "tests/runtime/test_switch.py",
    ),
    "the gateway": (
        "tests/brokers/test_gateway.py",
        "tests/brokers/test_worker.py",
        "tests/brokers/test_worker_sending.py",
    ),
    "the trade server": ("tests/brokers/test_lookalike_trading.py", "tests/brokers/test_lookalike_structs.py"),
}


@pytest.mark.parametrize("what", ROOMS)
def test_what_windows_does_otherwise_stands_there_too(house: Winehouse, what: str) -> None:
    """The tests of these rooms pass under the Windows Python."""
    here = (
        "--rootdir",
        windows(ROOT),
        "--confcutdir",
        windows(ROOT),
        "-c",
        "Z:/dev/null",
    )  # our settings ask for xdist
    options = ("-p", "no:cacheprovider", "--import-mode=importlib", *here)
    said = house.run("-m", "pytest", "-q", *options, *ROOMS[what])

    assert " passed" in said
    assert " failed" not in said


def test_the_windows_python_is_one(house: Winehouse) -> None:
    """The interpreter says it is Windows, and of our own minor version."""
    said = house.run("-c", "import sys; print(sys.platform, *sys.version_info[:2])")

    assert said.split()[-3:] == ["win32", "3", "11"]
    assert sys.platform != "win32"
