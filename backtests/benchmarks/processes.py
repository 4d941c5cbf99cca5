"""What processes cost, as Linux tells it: memory that is theirs alone, processor time, descriptors and threads."""

import os

from pathlib import Path

import msgspec

TICKS_S = os.sysconf("SC_CLK_TCK")
PRIVATE = ("Private_Clean", "Private_Dirty", "Private_Hugetlb")
WRITTEN = ("Anonymous", "Private_Hugetlb", "Swap")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one process takes just now."""

    private_mib: float
    """What would be free without it: pages that no other process shares. It changes with what else runs."""
    written_mib: float
    """Pages that stand for no file, swapped out or not: its own doing, whoever has the same libraries in use."""
    resident_mib: float
    """All its pages, shared ones counted whole."""
    cpu_s: float
    """Processor time since it began."""
    descriptors: int
    threads: int


def cost(pid: int) -> Cost:
    """Return what a process takes; OSError where it is gone."""
    rollup = fields(Path(f"/proc/{pid}/smaps_rollup"))
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return Cost(
        private_mib=sum(rollup.get(name, 0) for name in PRIVATE) / 1024,
        written_mib=sum(rollup.get(name, 0) for name in WRITTEN) / 1024,
        resident_mib=rollup["Rss"] / 1024,
        cpu_s=(int(stat[11]) + int(stat[12])) / TICKS_S,
        descriptors=len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 - of a folder that changes while it is read
        threads=int(stat[17]),
    )


def fields(path: Path) -> dict[str, int]:
    """Return the lines `Name: 123 kB` of a file of the kernel's."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(":")
        value = rest.split()
        if len(value) == 2 and value[1] == "kB":
            found[name] = int(value[0])
    return found
