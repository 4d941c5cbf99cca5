"""What came of a change of level, and who made the last one, as a sentence."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidegate.output import moment

if TYPE_CHECKING:
    from runtime.operator.client import Report
    from runtime.operator.left import End, Left


def told(report: "Report") -> str:
    """Return a report as a sentence, the first thing first: what the level is now."""
    about = f" {report.scope}" if report.scope else ""
    parts = [f"{report.level}{about} (generation {report.generation}, {report.path})"]
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
    if report.ends:
        parts.append("; ".join(map(end_said, report.ends)))
    if report.left:
        parts.append(f"left: {', '.join(map(left_said, report.left))}")
    return "; ".join(parts)


def end_said(one: "End") -> str:
    """Return what a flatten has made of a position, as people read it.

    >>> from runtime.operator.left import End
    >>> end_said(
    ...     End(
    ...         position=7,
    ...         ticket=7,
    ...         strategy="x",
    ...         symbol="GOLD",
    ...         side=1,
    ...         lots=1.0,
    ...         state="closed",
    ...         price=2001.5,
    ...         deal=9,
    ...     )
    ... )
    'position 7 of x closed at 2001.5 (deal 9)'
    """
    whose = f"position {one.ticket} of {one.strategy}" if not one.foreign else f"foreign position {one.ticket}"
    what = f"{whose} {one.state}"
    if one.state == "closed":
        return f"{what} at {one.price:g} (deal {one.deal})"
    until = f" until {moment(one.until)} UTC" if one.until else ""
    return f"{what}{until}{f': {one.why}' if one.why else ''}"


def left_said(one: "Left") -> str:
    """Return what is left of ours, as people read it.

    >>> from runtime.operator.left import Left
    >>> left_said(Left(kind="position", ticket=7, symbol="GOLD", side=-1, lots=0.5, strategy="trend"))
    'position 7 of trend: -0.5 GOLD'
    """
    state = f" ({one.state})" if one.state else ""
    return f"{one.kind} {one.ticket} of {one.strategy}: {one.side * one.lots:+g} {one.symbol}{state}"


def for_people(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status as people read it: what is latched, held and left, in words; names for programs left out.

    >>> held = [{"hold": "LINK", "why": "gone", "since": 1072828801000, "lifts": "the terminal, once it answers"}]
    >>> for_people({"holds": {"LINK": "gone"}, "held": held, "scoped": {}})
    {'held': ['LINK (gone) since 2003-12-31 00:00:01, lifted by the terminal, once it answers']}
    """
    import msgspec  # noqa: PLC0415

    from runtime.operator.left import Left  # noqa: PLC0415

    unsaid = {"scopes", "scoped", "flatten", *(("holds",) if "held" in status else ())}
    told = {name: value for name, value in status.items() if name not in unsaid}
    if "latched" in status:
        latched = status["latched"]
        told["latched"] = "; ".join([since(latched), *(since(one) for one in latched["scopes"])])
    if "held" in status:
        told["held"] = [_held(hold) for hold in status["held"]]
    if "left" in status:
        told["left"] = [left_said(msgspec.convert(one, Left)) for one in status["left"]]
    return told


def tight(latched: Mapping[str, Any]) -> list[str]:
    """Return what a latch tells of all that does not run, the account first."""
    return [since(one) for one in (latched, *latched["scopes"]) if one["level"] != "run"]


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


def _held(hold: Mapping[str, Any]) -> str:
    when = f" since {moment(hold['since'])}" if hold["since"] else ""
    return f"{hold['hold']} ({hold['why']}){when}, lifted by {hold['lifts'] or 'what laid it'}"


def since(latched: Mapping[str, Any]) -> str:
    """Return what a latch tells: the level, when and by whom it was set, and why; else what to do about it.

    >>> since({"level": "halt", "at": 1072828801000, "who": "ann", "path": "direct", "why": "smoke"})
    'halt, 2003-12-31 00:00:01 UTC by ann (direct): smoke'
    """
    about = f"{latched['scope']} at " if latched.get("scope") else ""
    if not latched["who"]:
        return f"{latched['level']}: {latched['why']}"
    by = f"{moment(latched['at'])} UTC by {latched['who']} ({latched['path']})"
    return f"{about}{latched['level']}, {by}: {latched['why']}"
