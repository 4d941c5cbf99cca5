"""What came of a change of level, and who made the last one, as a sentence."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidegate.output import moment

if TYPE_CHECKING:
    from runtime.operator.client import Report


def told(report: "Report") -> str:
    """Return a report as a sentence, the first thing first: what the level is now."""
    parts = [f"{report.level} (generation {report.generation}, {report.path})"]
    if report.in_flight:
        parts.append(f"order {report.in_flight} was on its way already")
    if report.confirmed:
        parts.append("confirmed by the daemon")
    if report.about is not None:
        parts.append(_about(report.about, left=report.positions))
    parts += [f"{one.path} did not work: {one.why}" for one in report.tried if not one.ok]
    if report.note:
        parts.append(report.note)
    if report.resting or report.positions:
        parts.append(f"resting entries: {report.resting}, open positions: {report.positions}")
    return "; ".join(parts)


def row(account: str, report: "Report | None", problem: str = "") -> dict[str, Any]:
    """Return the same for programs; without a report, why there is none."""
    import msgspec  # noqa: PLC0415 - `--help` must not wait for it

    if report is None:
        return {"account": account, "ok": False, "problem": problem}
    return {"account": account, "ok": True, "problem": problem, **msgspec.to_builtins(report)}


def _about(many: int, *, left: int) -> str:
    """Return what a flatten was about, and whether it is done."""
    if not many:
        return "no position of ours was open"
    were = "1 position of ours was" if many == 1 else f"{many} positions of ours were"
    return f"{were} open: {f'{left} still open' if left else 'all closed'}"


def since(latched: Mapping[str, Any]) -> str:
    """Return what a latch tells: the level, when and by whom it was set, and why; else what to do about it.

    >>> since({"level": "halt", "at": 1072828801000, "who": "ann", "path": "direct", "why": "smoke"})
    'halt, 2003-12-31 00:00:01 UTC by ann (direct): smoke'
    """
    if not latched["who"]:
        return f"{latched['level']}: {latched['why']}"
    return f"{latched['level']}, {moment(latched['at'])} UTC by {latched['who']} ({latched['path']}): {latched['why']}"
