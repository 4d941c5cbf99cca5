"""How a what-if is told: how many decisions come out otherwise, the first of them, by class, and the money."""

from typing import TYPE_CHECKING

from tidegate.output import moment, say, table

if TYPE_CHECKING:
    from backtests.whatif import Made, WhatIf


def tell(found: "WhatIf") -> None:
    """Print a comparison for people."""
    if not found.decisions:
        say(f"until {found.until}: nothing was decided, so there is nothing to compare")
        return
    if not found.on_day:
        say(f"on {found.until} itself nothing was decided: it is all of before")
    say(f"until {found.until}: {found.otherwise} of {found.decisions} decisions come out otherwise")
    if found.first is not None:
        f = found.first
        what = f"{f.field}: {f.was}, would be {f.would}" if f.field else f"{f.was}, would be {f.would}"
        say(f"first: {f.strategy} on {f.symbol}, bar of {moment(f.bar_time)}: {what}\n")
        rows = [{"from -> to": name, "decisions": count} for name, count in found.classes.items()]
        table(rows, ("from -> to", "decisions"))
    say("")
    table([_row("as it was", found.was), _row("as it might have been", found.would)], ("", "trades", "net", "R"))
    say(
        "\nBoth are played at the simulated venue, since the venue's answers are recorded for other orders. What stood "
        f"still in life (levels, holds: {found.halted} decisions were held) is in neither. `tidegate parity` tells how "
        "far this venue is from the real one."
    )


def _row(name: str, made: "Made") -> dict[str, str]:
    return {"": name, "trades": str(made.trades), "net": f"{made.net:+,.2f}", "R": f"{made.risks:+.2f}"}
