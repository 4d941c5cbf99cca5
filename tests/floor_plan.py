"""The floor plan as rules over syntax trees: each rule takes all modules of a tree and returns its complaints."""

import ast
import graphlib

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FLOORS = {
    "market": 1,
    "brokers": 2,
    "regimes": 2,  # brokers and regimes do not see each other
    "strategies": 4,
    "config": 5,
    "runtime": 6,
    "backtests": 7,
    "tidegate": 8,
    "tests": 9,
}
"""A room imports itself and the floors below; nobody imports tidegate but itself, nobody the tests."""

DEEP = "brokers/mt5/lookalike"
"""The one folder that may lie two below its room."""

LONGEST_FILE = 300

PURE = (
    "market/",
    "brokers/*.py",
    "brokers/mt5/contracts.py",
    "brokers/mt5/frames.py",
    "brokers/mt5/link.py",
    "brokers/mt5/retcodes.py",
    "brokers/mt5/translator.py",
    "regimes/",
    "strategies/",
    "runtime/core/",
    "runtime/clients/bookings.py",
    "runtime/clients/high_water.py",
    "runtime/clients/months.py",
    "runtime/clients/returns.py",
    "runtime/operator/judge.py",
    "runtime/operator/signing.py",
    "backtests/engine/",
    "backtests/engine*.py",
)
WORLDLY = (
    "market/bartext.py",
    "market/barfile*.py",
    "market/tickfile.py",
    "market/dataset*.py",
    "market/sp500.py",
    "regimes/fit*.py",
    "regimes/calibrate*.py",
)
"""What reads files in a pure room."""

WORLD = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "select", "selectors", "signal", "subprocess"),
    *("time", "random", "secrets", "uuid", "threading", "zoneinfo", "platform", "getpass", "sys"),
    *("os", "pathlib", "io", "glob", "shutil", "tempfile", "mmap", "fcntl", "ctypes", "gzip", "zipfile"),
    *("logging", "structlog", "warnings", "http", "socket", "ssl", "urllib"),
    *("sqlite3", "sqlalchemy", "aiomqtt", "MetaTrader5", "pickle"),
}
WORLD_CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
CLOCK_CALLS = {"now", "utcnow", "today", "fromtimestamp"}
"""Readers of the clock, or of the machine's zone, on datetime and date."""

DAEMON_SIDE = ("market/", "brokers/", "regimes/", "strategies/", "config/", "runtime/")
OFFLINE = (
    *("brokers/mt5/worker.py", "brokers/mt5/process.py", "brokers/mt5/lookalike/"),
    *("market/kernel_parts.py", "regimes/fit*.py", "regimes/calibrate*.py", "regimes/labels.py"),
)
"""What a daemon never imports: the worker is a process of its own, compiling and fitting are the offline half's."""
HEAVY = {
    *("numpy", "pandas", "numba", "sklearn", "scipy", "hmmlearn", "jumpmodels", "matplotlib", "pyarrow", "plotly"),
    *("arch", "talib", "llvmlite", "skops", "onnxruntime", "lightgbm"),
}

SHELL = (
    "runtime/daemon.py",
    "runtime/inbox.py",  # waits for other threads
    "runtime/*session*.py",
    "runtime/taker.py",  # waits for the journal, then for the desk
    "runtime/desks.py",  # the session and the paper venue, behind one face
    "runtime/lease.py",  # renews it beside the daemon's consumer
    "runtime/linker.py",  # the link's life around the session
    "runtime/warmup.py",  # history, before the first round of the daemon
    "runtime/first.py",  # the first look at a venue, before the loop of the daemon
    "runtime/doctor_terminal.py",  # the same look, for a person
    "runtime/doctor_bus.py",  # one look at the message broker, for a person
    "runtime/flattener.py",  # a daemon's last work, without the daemon
    "runtime/bus/",  # a loop of its own, in a thread of its own
    "runtime/journal/ticket.py",  # waiting for the writer's thread
    "brokers/mt5/session.py",
    "brokers/mt5/line.py",  # begins and ends a worker, and carries its frames
    "backtests/benchmarks/",  # what they measure awaits
    "tidegate/",
    "tests/",
)
"""Where `async` may be written."""


class Import(NamedTuple):
    """One name that a module imports."""

    line: int
    target: str
    """Dotted, as far as it is written."""
    level: int
    """Dots before a relative import."""
    at_load: bool
    """It happens when the module is imported: not in a function, not for the type checker only."""


class Module(NamedTuple):
    """One file of the tree."""

    path: str
    """Relative to the root, with slashes."""
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The top-level package it lies in."""
        return self.path.split("/")[0]

    def within(self, places: Sequence[str]) -> bool:
        """Tell whether it lies in one of the places: folders, ending in a slash, or patterns of one folder's files."""
        path = PurePosixPath("/", self.path)
        return any(self.path.startswith(p) if p.endswith("/") else path.match(f"/{p}") for p in places)


def modules_of(root: Path) -> list[Module]:
    """Return every Python file of every room, in order of path."""
    files = sorted(file for room in FLOORS for file in (root / room).rglob("*.py"))
    return [Module(file.relative_to(root).as_posix(), ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def imports_of(module: Module) -> Iterator[Import]:
    """Yield every import of a module, nested ones too."""
    yield from _imports(module.tree, at_load=True)


def _imports(node: ast.AST, *, at_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(child.lineno, alias.name, 0, at_load)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(child.lineno, f"{child.module or ''}.{alias.name}".strip("."), child.level, at_load)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(child, at_load=False)
        else:
            lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, at_load=at_load and not lazy)


def upward_imports(modules: Sequence[Module]) -> list[str]:
    """Complain of imports of a room that is not below."""
    return [
        f"{m.path}:{i.line} imports {i.target}: {m.room} does not see {i.target.split('.')[0]}"
        for m in modules
        for i in imports_of(m)
        for room in (i.target.split(".")[0],)
        if room != m.room and FLOORS.get(room, 0) >= FLOORS[m.room]
    ]


def relative_imports(modules: Sequence[Module]) -> list[str]:
    """Complain of imports that begin with a dot."""
    return [f"{m.path}:{i.line} imports relatively" for m in modules for i in imports_of(m) if i.level]


def faces(modules: Sequence[Module]) -> list[str]:
    """Complain of an `__init__.py` that holds more, or less, than its sentence."""
    return [
        f"{m.path} holds more or less than a docstring"
        for m in modules
        if m.path.endswith("/__init__.py") and m.path != f"{DEEP}/__init__.py"
        if len(m.tree.body) != 1 or not ast.get_docstring(m.tree)
    ]


def deep_folders(modules: Sequence[Module]) -> list[str]:
    """Complain of folders more than one below their room."""
    return [
        f"{m.path} lies too deep"
        for m in modules
        if m.path.count("/") > 2 and not (m.path.count("/") == DEEP.count("/") + 1 and m.path.startswith(f"{DEEP}/"))
    ]


def worldly_rooms(modules: Sequence[Module]) -> list[str]:
    """Complain of the world in a pure room: a clock, a die, a file, a log, a socket, an await."""
    pure = [m for m in modules if m.within(PURE) and not m.within(WORLDLY)]
    imported = [
        f"{m.path}:{i.line} imports {i.target} into a pure room"
        for m in pure
        for i in imports_of(m)
        if i.target.split(".")[0] in WORLD
    ]
    called = [
        f"{m.path}:{node.lineno} calls {name} in a pure room"
        for m in pure
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Call) and (name := _worldly_call(node))
    ]
    return imported + called


def _worldly_call(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name) and function.id in WORLD_CALLS:
        return function.id
    if isinstance(function, ast.Attribute) and function.attr in CLOCK_CALLS:
        owner = ast.unparse(function.value)
        zoned = function.attr == "fromtimestamp" and len(call.args) + len(call.keywords) > 1
        return f"{owner}.{function.attr}" if owner.split(".")[-1] in {"datetime", "date"} and not zoned else ""
    return ""


def heavy_imports(modules: Sequence[Module]) -> list[str]:
    """Complain of what a daemon would load: numpy and its like, named by a module or by one that it imports."""
    known = {m.name for m in modules}
    loads = {m.name: [(i, resolved(i.target, known)) for i in imports_of(m) if i.at_load] for m in modules}
    heavy: set[str] = set()
    while True:
        found = {
            name
            for name, targets in loads.items()
            if any(i.target.split(".")[0] in HEAVY or module in heavy for i, module in targets)
        }
        if found == heavy:
            break
        heavy = found
    return [
        f"{m.path}:{i.line} loads {i.target} with the daemon"
        for m in modules
        if m.within(DAEMON_SIDE) and not m.within(OFFLINE)
        for i, module in loads[m.name]
        if i.target.split(".")[0] in HEAVY or module in heavy
    ]


def resolved(target: str, known: set[str]) -> str:
    """Return the longest beginning of a dotted target that is a module of the tree, or nothing."""
    while target and target not in known:
        target = target.rpartition(".")[0]
    return target


def circles(modules: Sequence[Module]) -> list[str]:
    """Complain of modules that import each other, also lazily or for types only."""
    known = {m.name for m in modules}
    graph = {m.name: {resolved(i.target, known) for i in imports_of(m)} - {"", m.name} for m in modules}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [f"circle: {' <- '.join(error.args[1])}"]
    return []


def stray_async(modules: Sequence[Module]) -> list[str]:
    """Complain of coroutines outside the shell."""
    kinds = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    return [
        f"{m.path}:{node.lineno} awaits outside the shell"
        for m in modules
        if not m.within(SHELL)
        for node in ast.walk(m.tree)
        if isinstance(node, kinds)
    ]


def long_files(modules: Sequence[Module]) -> list[str]:
    """Complain of a file of the rooms that nobody can see whole."""
    return [
        f"{m.path} has {last} lines: which two things is it?"
        for m in modules
        if m.room != "tests"
        for last in (max((node.end_lineno or 0 for node in m.tree.body), default=0),)
        if last > LONGEST_FILE
    ]


RULES = (
    upward_imports,
    relative_imports,
    faces,
    deep_folders,
    worldly_rooms,
    heavy_imports,
    circles,
    stray_async,
    long_files,
)
