"""What is done otherwise on Windows, run by a Windows Python under Wine: the tests of those rooms, as they stand."""

import sys

import pytest

from tests.winehouse import ROOMS, ROOT, Winehouse, windows


@pytest.mark.parametrize("what", ROOMS)
def test_what_windows_does_otherwise_stands_there_too(house: Winehouse, what: str) -> None:
    """The tests of these rooms pass under the Windows Python."""
    plain = ("-c", "Z:/dev/null")  # our settings ask for xdist
    here = ("--rootdir", windows(ROOT), "--confcutdir", windows(ROOT))
    options = ("-p", "no:cacheprovider", "--import-mode=importlib", *plain, *here)
    said = house.run("-m", "pytest", "-q", *options, *ROOMS[what])

    assert " passed" in said
    assert " failed" not in said


def test_the_windows_python_is_one(house: Winehouse) -> None:
    """The interpreter says it is Windows, and of our own minor version."""
    said = house.run("-c", "import sys; print(sys.platform, *sys.version_info[:2])")

    assert said.split()[-3:] == ["win32", "3", "11"]
    assert sys.platform != "win32"
