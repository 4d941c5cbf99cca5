"""Words that train regime models again and put them into use: regimes fit, refit, activate."""

from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative
from tidegate.words import Config, Json

if TYPE_CHECKING:
    from backtests.candidates import Activated, Staged

Early = Annotated[bool, typer.Option("--now", help="Whatever the schedule says.")]
Activate = Annotated[bool, typer.Option("--activate", help="Put the candidate into use, too.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the journals of running daemons; one is made up else.")]
All = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One regime of the account; else all of them.")]
Regime = Annotated[str, typer.Argument(metavar="NAME", help="A regime of the account.")]
Fingerprint = Annotated[
    str, typer.Argument(metavar="[FINGERPRINT]", help="A stored model, by the beginning; else the candidate.")
]
NOBODY = {"daemons": [], "looked_in": "", "unread": []}
"""Told of an activation that was none."""


def add(group: typer.Typer) -> None:
    """Add the words to the group."""
    for word in (fit, refit, activate):
        group.command()(word)


def fit(config: Config, name: All = None, as_json: Json = False) -> None:
    """Train regime models on recorded bars, from nothing; the same as `tidegate train`."""
    from tidegate.commands_run import train  # noqa: PLC0415 - rooms are imported when they are entered

    train(config, name, as_json=as_json)


def refit(
    config: Config, name: All = None, early: Early = False, use: Activate = False, reason: Why = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Train regime models again that are due, and stage what may follow.

    Nothing is put into use without --activate, or activate = "auto" in the regime's refit. A model whose states would
    mean something else is turned away: the one in use stays, with exit code 11.
    """
    import msgspec  # noqa: PLC0415

    from backtests.candidates import activate as put  # noqa: PLC0415
    from backtests.candidates import stage  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from backtests.training import trained_here  # noqa: PLC0415
    from runtime.clock import Clock  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    account = account_of(config)
    kept, refused = [], []
    for regime in trained_here(account, name):
        with Watch() as watch:
            watch.stage(f"training {regime}")
            found = stage(account, regime, Clock().wall_ms(), early=early, progress=watch.progress)
        plan = account.regimes[regime].refit
        wanted = found.outcome == "staged" and (use or (plan is not None and plan.activate == "auto"))
        done = put(config, account, regime, found.candidate, reason or _why(found)) if wanted else None
        if as_json:
            used = done is not None and done.active == found.candidate
            told = {key: msgspec.to_builtins(getattr(done, key)) for key in NOBODY} if done else NOBODY
            lines([{**msgspec.to_builtins(found), "activated": used, **told}])
        else:
            _tell(found, done)
        kept += [regime] if found.outcome == "kept" else []
        refused += _refusals(done)
    if refused:
        raise Negative("; ".join(refused))
    if kept:
        raise Negative(f"the model in use stays: {', '.join(kept)}: the reason is said above")


def activate(
    config: Config, name: Regime, fingerprint: Fingerprint = "", reason: Why = "", as_json: Json = False
) -> None:
    """Put a stored regime model into use; an older one is put back the same way.

    A running daemon judges by it from its next closed bar on, also those of other accounts in the same folder that read
    by it; where none runs it is taken at the next start. One of another lineage is refused, and one
    that the next start would refuse. Exit code 11 where a daemon, or the next start of a neighbour, refuses.
    """
    import msgspec  # noqa: PLC0415

    from backtests.candidates import activate as put  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    done = put(config, account_of(config), name, fingerprint, reason)
    if as_json:
        lines([msgspec.to_builtins(done)])
    else:
        _tell_use(done)
    if refused := _refusals(done):
        raise Negative("; ".join(refused))


def _why(found: "Staged") -> str:
    """Return the reason that is journaled for a refit where nobody gave one."""
    return f"refitted, its states overlap by {found.overlap:.0%}"


def _refusals(done: "Activated | None") -> list[str]:
    return [f"refused by {one.account}: {one.text}" for one in done.daemons if one.outcome == "refused"] if done else []


def _tell(found: "Staged", done: "Activated | None") -> None:
    """Tell people what came of a refit."""
    from backtests.regime_facts import STATES, change_rows  # noqa: PLC0415
    from tidegate.output import moment, say, table  # noqa: PLC0415

    due = f", next due {moment(found.due)}" if found.due else ""
    if found.outcome != "staged":
        said = "is not due" if found.outcome == "not due" else "stays"
        say(f"{found.regime}: the model in use, {found.active[:12]}, {said}: {found.reason}{due}")
        return
    fate = "staged" if done else "staged; put it into use with --activate"
    say(f"{found.regime}: {found.candidate[:12]} after {found.active[:12]}, {fate}")
    each = ", ".join(f"{share:.0%}" for share in found.each)
    near = f"; another meaning would have been likelier by {found.cost:.2g} nats a bar" if found.cost > 0.0 else ""
    say(f"states overlap by {found.overlap:.0%} on average; each: {each}{near}\n")
    table([dict(zip(STATES, row, strict=True)) for row in change_rows(found.profiles)], STATES)
    for gate in found.gates:
        void = f"; nothing to go by on {gate.unknown_before}, would have been on {gate.unknown_after}"
        say(
            f"gate of {gate.strategy}: open on {gate.open_before} of {gate.bars} bars, would have been on "
            f"{gate.open_after}; it differs on {gate.differs} ({gate.share:.1%})"
            + (void if gate.unknown_before or gate.unknown_after else "")
        )
    if done:
        _tell_use(done)


def _tell_use(done: "Activated") -> None:
    """Tell people which model is in use, and since when at whom; what was refused is told as such."""
    from tidegate.output import say  # noqa: PLC0415

    if done.daemons[0].outcome != "refused":
        say(f"{done.regime}: {done.active[:12]} is in use, before it was {done.before[:12]}")
    for one in done.daemons:
        if one.outcome != "refused":
            say(f"{one.account}: {one.text}")
    if done.looked_in:
        for problem in done.unread:
            typer.echo(f"tidegate: warning: {problem}: nobody knows whether it reads by this model", err=True)
        say(f"others that read by it were looked for in {done.looked_in}: activate it for accounts elsewhere, too")
