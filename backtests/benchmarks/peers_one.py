"""One engine on one job, in a process and an environment of its own: prints what it took and what came of it, as JSON.

Called by `peers.py` with the engine's name, the job, the file of the bars, and when it was begun (monotonic s).
"""

import importlib
import json
import sys
import time

from collections.abc import Callable
from pathlib import Path

from backtests.benchmarks.peers_engines import ENGINES
from backtests.benchmarks.peers_work import Found, Work

COMPILER = "llvmlite"
AGAIN, AGAIN_S = 3, 0.5
"""How often a run is made again that is shorter than this, or that compiled: that is no work of the engine."""


def ready(name: str, job: str, file: Path) -> Work:
    """Return a run of an engine, ready to be timed."""
    engine = ENGINES[name]
    module, function = engine.home.split(":")
    make: Callable[..., Work] = getattr(importlib.import_module(f"backtests.benchmarks.{module}"), function)
    return make(job, file, **dict(engine.options))


def timed(work: Work) -> tuple[float, Found]:
    """Return the lesser of wall and processor seconds of a run, and what came of it."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return min(time.perf_counter() - wall, time.process_time() - cpu), found


def peak_mib() -> float:
    """Return the most memory this process has had; its parent's is not counted, as `getrusage` may."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Run, and run again what is short."""
    name, job, file, began = sys.argv[1:]
    work = ready(name, job, Path(file))
    first, found = timed(work)
    told = {"whole": time.monotonic() - float(began), "cpu": time.process_time(), "peak": peak_mib()}
    runs = [] if first < AGAIN_S or COMPILER in sys.modules else [first]
    while len(runs) < AGAIN and max(runs, default=0.0) < AGAIN_S:
        runs.append(timed(work)[0])
    print(json.dumps({**told, "first": first, "runs": runs, **found._asdict()}))


if __name__ == "__main__" and len(sys.argv) > 1:
    main()
