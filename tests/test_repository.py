"""The repository is what it says: pinned, movable to any machine, finished, and explained."""

import ast
import subprocess
import tomllib

from collections import Counter
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from noxfile import pinned
from tests.repository import (
    HOSTS,
    bare_ignores,
    download_hosts,
    machine_paths,
    put_off,
    ruff_ignores,
    silent_tests,
    unpinned,
    untold_changes,
)

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """Return the text of every file that git keeps, or would."""
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no checkout: git lists no files here")
    files = [ROOT / name for name in done.stdout.split("\0") if name]
    return {
        f.relative_to(ROOT).as_posix(): f.read_text(encoding="utf-8", errors="ignore") for f in files if f.is_file()
    }


class Installed(Distribution):
    """A distribution that says what it is told to say."""

    def __init__(self, text: str) -> None:
        """Take the text of its METADATA."""
        self.text = text

    def read_text(self, filename: str) -> str | None:
        """Return the text for METADATA."""
        return self.text if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        """Refuse: it has no files."""
        raise NotImplementedError(path)


def test_what_is_installed_is_what_is_pinned() -> None:
    """Every distribution of this environment stands in pyproject.toml at its exact version."""
    pins = tomllib.loads(PYPROJECT)["tool"]["uv"]["constraint-dependencies"]

    complaints = "\n".join(unpinned(distributions(), pins))

    assert "" == complaints


@pytest.mark.parametrize("pins", [[], ["Some.Thing==1.1"], ["some-thing==1.0; python_version < '3'"]])
def test_an_unpinned_distribution_is_reported(pins: list[str]) -> None:
    """A distribution that no valid pin names at its version is refused."""
    complaints = unpinned([Installed("Metadata-Version: 2.1\nName: some_thing\nVersion: 1.0\n")], pins)

    assert 1 == len(complaints)


def test_a_pinned_distribution_is_no_complaint() -> None:
    """Names are compared as packaging compares them, and pins of other Pythons are left out."""
    pins = ["Some.Thing==1.0; python_version >= '3'", "some-thing==0.9; python_version < '3'"]

    complaints = unpinned([Installed("Metadata-Version: 2.1\nName: some_thing\nVersion: 1.0\n")], pins)

    assert [] == complaints


def test_pins_are_written_between_their_marks() -> None:
    """Writing the pins replaces what stood between the marks, skips what is no version, and touches nothing else."""
    text = 'a = 1\n  # <pins>\n  "old==1",\n  # </pins>\nb = 2\n'

    written = pinned(text, ["-e .", "new==2 ; sys_platform == 'win32'"])

    assert "a = 1\n  # <pins>\n  \"new==2 ; sys_platform == 'win32'\",\n  # </pins>\nb = 2\n" == written


def test_no_file_names_a_download_host(tracked: dict[str, str]) -> None:
    """Nothing in the repository says where packages are downloaded."""
    complaints = "\n".join(download_hosts(tracked))

    assert "" == complaints


@pytest.mark.parametrize("host", HOSTS)
def test_a_download_host_is_reported(host: str) -> None:
    """A file that names one is refused."""
    complaints = download_hosts({"a.md": f"see https://{host} for more"})

    assert [f"a.md names {host}"] == complaints


def test_no_file_names_a_folder_of_one_machine(tracked: dict[str, str]) -> None:
    """Nothing in the repository depends on where somebody's checkout lies."""
    complaints = "\n".join(machine_paths(tracked))

    assert "" == complaints


@pytest.mark.parametrize("folder", ["home", "root", "work", "Users"])
def test_a_folder_of_one_machine_is_reported(folder: str) -> None:
    """A path under somebody's home, or a workplace, is refused."""
    complaints = machine_paths(
        {"a.md": f"cd /{folder}/anne/tidegate", "b.md": f"a/{folder}/b, ../{folder}/c, /{folder}er/d"}
    )

    assert [f"a.md names /{folder}/a"] == complaints


def test_nothing_is_put_off(tracked: dict[str, str]) -> None:
    """No comment leaves work for later."""
    complaints = "\n".join(put_off(tracked))

    assert "" == complaints


def test_work_put_off_is_reported() -> None:
    """A comment that leaves work for later is refused, words that contain it are not."""
    mark = "TO" + "DO"

    complaints = put_off({"a.py": f"# {mark}: later", "b.py": f"{mark}S_SEEN = 1"})

    assert [f"a.py puts off: {mark}"] == complaints


def test_every_ignore_has_its_reason() -> None:
    """Each rule that ruff does not apply says why, on its own line."""
    complaints = "\n".join(bare_ignores(PYPROJECT))

    assert "" == complaints
    assert len(ruff_ignores(PYPROJECT)) == sum(
        PYPROJECT.count(f'\n  "{code}", # ') for code in {*ruff_ignores(PYPROJECT)}
    )


def test_an_ignore_without_a_reason_is_reported() -> None:
    """A rule switched off in silence is refused."""
    complaints = bare_ignores('[tool.ruff.lint]\nignore = [\n  "D105", # said elsewhere\n  "S603",\n]\n')

    assert ['pyproject.toml:4 gives no reason: "S603",'] == complaints


def test_the_changelog_keeps_its_form() -> None:
    """The changelog can be read by whoever knows Keep a Changelog."""
    complaints = untold_changes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))

    assert [] == complaints


@pytest.mark.parametrize(
    "text",
    [
        "# History\n\n## [Unreleased]\n",
        "# Changelog\n\n## [Unreleased]\n\n## 0.1.0\n",
        "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - May 2026\n",
        "# Changelog\n\n## [Unreleased]\n\n### New\n",
        "# Changelog\n\n## [0.1.0] - 2026-05-01\n",
    ],
)
def test_a_changelog_of_another_form_is_reported(text: str) -> None:
    """Another title, release line or kind of change is refused, and so is a missing place for what comes next."""
    complaints = untold_changes(text)

    assert 1 == len(complaints)


def test_every_test_says_what_it_shows() -> None:
    """Every test function's docstring is a full sentence."""
    trees = {f: ast.parse(f.read_text(encoding="utf-8")) for f in sorted((ROOT / "tests").rglob("test_*.py"))}

    complaints = "\n".join(c for f, tree in trees.items() for c in silent_tests(f.relative_to(ROOT).as_posix(), tree))

    assert "" == complaints


@pytest.mark.parametrize("docstring", ["", '    """works"""\n', '    """It works"""\n', '    """it works."""\n'])
def test_a_silent_test_is_reported(docstring: str) -> None:
    """A test without a docstring, or with less than a sentence, is refused."""
    tree = ast.parse(f"def test_a():\n{docstring}    assert 1\n")

    complaints = silent_tests("tests/test_a.py", tree)

    assert ["tests/test_a.py:1 test_a does not say, in a sentence, what it shows"] == complaints


def test_names_of_test_files_are_unique() -> None:
    """No two test files share a name, wherever they lie; pytest itself asks for conftest.py in each folder."""
    names = Counter(f.name for f in (ROOT / "tests").rglob("*.py") if f.name != "conftest.py")

    assert [] == [name for name, count in names.items() if count > 1]
