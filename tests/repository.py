"""What the repository says of itself, as rules over its text: each returns its complaints."""

import ast
import re
import tomllib

from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.",
    "deb." + "debian.org",
    "debian" + ".net",
    "/simple" + "/",
)
"""Where packages are downloaded; users sit behind mirrors of their own. (Put together, so as not to be found here.)"""

PLACES = re.compile(r"(?<![\w.~-])/(?:home|root|work|Users|mnt|opt/wheels)" + r"/[\w.]")
"""A folder that only one machine has."""

LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")

TOOLS = {"pip", "setuptools", "tidegate", "uv", "wheel"}
"""What an environment may hold beside the pins."""


def unpinned(installed: Iterable[Distribution], pins: Iterable[str]) -> list[str]:
    """Complain of installed distributions that no pin names at their exact version."""
    wanted: dict[str, set[str]] = {}
    for pin in map(Requirement, pins):
        if pin.marker is None or pin.marker.evaluate():
            wanted.setdefault(canonicalize_name(pin.name), set()).add(str(pin.specifier))
    found = {canonicalize_name(d.name): d.version for d in installed}
    return [
        f"{name} {version} is installed, the pin says {' '.join(wanted.get(name, {'nothing'}))}: run `nox -s pin`"
        for name, version in sorted(found.items())
        if name not in TOOLS and f"=={version}" not in wanted.get(name, set())
    ]


def download_hosts(files: Mapping[str, str]) -> list[str]:
    """Complain of files that name where packages come from."""
    return [f"{path} names {host}" for path, text in files.items() for host in HOSTS if host in text]


def machine_paths(files: Mapping[str, str]) -> list[str]:
    """Complain of files that name a folder of one machine."""
    return [f"{path} names {m.group()}" for path, text in files.items() for m in PLACES.finditer(text)]


def put_off(files: Mapping[str, str]) -> list[str]:
    """Complain of work that was left for later in a comment."""
    return [f"{path} puts off: {m.group()}" for path, text in files.items() for m in LATER.finditer(text)]


def bare_ignores(pyproject: str) -> list[str]:
    """Complain of a rule that is switched off without a reason beside it."""
    section = ""
    complaints = []
    for number, line in enumerate(pyproject.splitlines(), 1):
        section = line if line.startswith("[") else section
        code = re.match(r'\s+"[A-Z]+\d+",?(.*)', line)
        if section.startswith("[tool.ruff.lint") and code and not re.match(r"\s*# \w", code.group(1)):
            complaints.append(f"pyproject.toml:{number} gives no reason: {line.strip()}")
    return complaints


def ruff_ignores(pyproject: str) -> list[str]:
    """Return every rule that pyproject.toml switches off."""
    lint: dict[str, Any] = tomllib.loads(pyproject)["tool"]["ruff"]["lint"]
    return [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]


def untold_changes(changelog: str) -> list[str]:
    """Complain of a changelog that is not in the form of Keep a Changelog."""
    complaints = [] if changelog.startswith("# Changelog\n") else ["the first line is not '# Changelog'"]
    release = re.compile(r"## \[(?:Unreleased|\d+\.\d+\.\d+)\](?: - \d{4}-\d{2}-\d{2})?")
    kinds = {"### Added", "### Changed", "### Deprecated", "### Removed", "### Fixed", "### Security"}
    for line in changelog.splitlines():
        if line.startswith("## ") and not release.fullmatch(line):
            complaints.append(f"no release: {line}")
        if line.startswith("###") and line not in kinds:
            complaints.append(f"no kind of change: {line}")
    if "## [Unreleased]" not in changelog:
        complaints.append("there is no place for what comes next: ## [Unreleased]")
    return complaints


def silent_tests(path: str, tree: ast.Module) -> list[str]:
    """Complain of test functions whose docstring is not a full sentence."""
    return [
        f"{path}:{node.lineno} {node.name} does not say, in a sentence, what it shows"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not re.match(r"[A-Z\"'`0-9(].*[.!?]$", (ast.get_docstring(node) or "").split("\n\n")[0], re.DOTALL)
    ]
