"""What came of a change of level, as a sentence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.operator.client import Report


def told(report: "Report") -> str:
    """Return a report as a sentence, the first thing first: what the level is now."""
    parts = [f"{report.level} (generation {report.generation}, {report.path})"]
    if report.in_flight:
        parts.append(f"order {report.in_flight} was on its way already")
    if report.confirmed:
        parts.append("confirmed by the daemon")
    if report.note:
        parts.append(report.note)
    if report.resting or report.positions:
        parts.append(f"resting entries: {report.resting}, open positions: {report.positions}")
    return "; ".join(parts)
