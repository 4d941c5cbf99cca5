"""What the Windows Python runs asks for no package that is not brought to it, which shows without any Wine."""

import importlib.metadata
import os
import re
import subprocess
import sys

from tests.winehouse import PACKAGES, ROOMS, ROOT

REFUSING = """
import sys
from importlib.abc import MetaPathFinder

class Refusing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} on Windows")

sys.meta_path.insert(0, Refusing())
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-c", {nowhere!r},
    "--rootdir", {root!r}, "--confcutdir", {root!r}, *{rooms!r}]))
"""


def needed(names: list[str]) -> set[str]:
    """Return the distributions among `names`, and whatever they need without extras, by normalised name."""
    found: set[str] = set()
    while names:
        name = re.split(r"[ ;<>=!~(\[]", names.pop())[0].lower().replace("_", "-")
        if name not in found:
            found.add(name)
            try:
                wanted = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            names += [one for one in wanted if "extra ==" not in one]
    return found


def test_the_rooms_of_windows_import_only_what_is_brought_there() -> None:
    """With every other package refused, pytest collects the tests that Wine is to run."""
    brought = needed(list(PACKAGES))
    tops = importlib.metadata.packages_distributions()
    absent = {top for top, of in tops.items() if not {one.lower().replace("_", "-") for one in of} & brought}
    absent -= {"market", "brokers", "regimes", "strategies", "config", "runtime", "backtests", "tidegate", "tests"}
    rooms = [one for files in ROOMS.values() for one in files]
    script = REFUSING.format(absent=absent, nowhere="/dev/null", root=str(ROOT), rooms=rooms)

    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # those of pytest here are not all there
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)

    assert "joserfc" in absent
    assert (done.returncode, "tests collected" in done.stdout) == (0, True), done.stdout[-2000:] + done.stderr[-2000:]
