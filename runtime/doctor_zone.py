"""What the doctor says of the server's clock: does the configured rule hold, and which others would."""

from brokers.mt5.zone import offset_seconds, to_server
from runtime.doctor_terminal import Visit
from runtime.zones import RULES, Verdict, ahead, judge, openings, weigh

_HOUR = 3_600_000
_NAMED = 4
"""Refuted rules that are worth naming: the nearest."""


def zone_of(rule: str, visit: Visit) -> str:
    """Return what speaks for a rule; ValueError where a live tick or the openings of weeks contradict it."""
    opens = openings([to_server(rule, time) for time in visit.history])
    mine = judge(rule, opens, currency=visit.currency)
    tick = None if visit.tick is None else ahead(to_server(rule, visit.tick), visit.wall)
    says = offset_seconds(rule, visit.wall) * 1000
    if tick is not None and tick != says:
        raise ValueError(
            f'a tick that came just now is {_hours(tick)} of UTC, account.zone = "{rule}" says {_hours(says)}, unless '
            f"this machine's clock is wrong: {proposal(opens, tick, visit)}"
        )
    if mine.refuted:
        raise ValueError(
            f'account.zone = "{rule}" is refuted by the week of {mine.day}, which would have opened {_off(mine)} than '
            f"17:00 in New York: {proposal(opens, tick, visit)}"
        )
    return "; ".join((_history(mine, visit), _tick(tick, visit), proposal(opens, tick, visit)))


def proposal(opens: list[int], tick: int | None, visit: Visit) -> str:
    """Return the rules that a tick and the openings of weeks leave, and those that a week refutes."""
    fit, refuted = weigh(opens, currency=visit.currency)
    left = [v.rule for v in fit] if opens else list(RULES) if tick is not None else []
    if tick is not None:
        left = [rule for rule in left if offset_seconds(rule, visit.wall) * 1000 == tick]
    if not opens and tick is None:
        return "nothing to propose a rule by"
    named = ", ".join(left) or "no rule that is known"
    against = "".join(f", {v.rule} is refuted by the week of {v.day}" for v in refuted[:_NAMED])
    return f"{named} {'fits' if len(left) < 2 else 'fit'}{against}"  # noqa: PLR2004 - one rule or several


def _history(mine: Verdict, visit: Visit) -> str:
    if not mine.of:
        return (
            f"{mine.rule} cannot be held against history: no weekend among {len(visit.history)} hours of {visit.symbol}"
        )
    what = "17:00 in New York" if visit.currency else "one hour of Sunday in New York (no currency: the offset is open)"
    return f"{mine.rule} brings {mine.weeks} of {mine.of} weeks of {visit.symbol} to {what}"


def _tick(tick: int | None, visit: Visit) -> str:
    if tick is not None:
        return f"a tick that came just now agrees ({_hours(tick)})"
    if visit.told.lockstep or visit.tick is not None:
        return "its time is recorded: no tick tells its clock"
    return "no tick came: the market is closed, ask again when it is open"


def _off(verdict: Verdict) -> str:
    return f"{abs(verdict.off_ms) / _HOUR:g} h {'later' if verdict.off_ms > 0 else 'earlier'}"


def _hours(ms: int) -> str:
    return f"{ms / _HOUR:+g} h"
