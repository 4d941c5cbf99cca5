"""The level of one account changed, and said what came of it: without typer, which a halt must not wait for."""

from typing import TYPE_CHECKING

from config.errors import Negative, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.latch import Level
    from runtime.operator.client import Report


def elsewhere(account: str, via: str | None) -> bool:
    """Say whether an account is commanded over the bus: because that is said, or because nothing of it is here."""
    if via is not None:
        return via == "mqtt"
    from config.meant import account_at  # noqa: PLC0415

    try:
        account_at(account)
    except UsageError:
        from config.remote import remote_place  # noqa: PLC0415 - a halt of an account that is here does not wait for it

        return remote_place(account).is_file()
    return False


def changed(
    account: str, level: "Level", reason: str, via: str | None = None, scope: str = "", *, as_json: bool,
    force: bool = False, foreign: bool = False,
) -> None:  # fmt: skip
    """Latch a level of one account and print what came of it; Negative where that is less than was asked for."""
    from tidegate.output import lines, say  # noqa: PLC0415
    from tidegate.reports import row, told  # noqa: PLC0415

    report = _changed(account, level, reason, via, scope, force=force, foreign=foreign)
    if as_json:
        lines([row(account, report)])
    else:
        say(told(report))
    if report.concerned == 0:
        raise Negative(f"latched, but no strategy of {account} is in {scope}: look at its name")
    if scope and report.concerned is None and report.path != "mqtt" and _was_in(account, scope) == 0:
        raise Negative(f"latched, but no strategy of {account} was in {scope} when it ran last: look at its name")
    if level == "flatten" and not report.confirmed:
        raise Negative(f"latched, but nobody has confirmed that the positions are closed: {report.note}")


def _was_in(account: str, scope: str) -> int | None:
    """Return how many strategies were in a scope when an account ran last; None where nobody knows."""
    from config.meant import account_at  # noqa: PLC0415 - only where no daemon has told
    from runtime.operator.ran import ran_in  # noqa: PLC0415

    return ran_in(account_at(account), scope)


def _changed(
    account: str, level: "Level", reason: str, via: str | None, scope: str, *, force: bool, foreign: bool
) -> "Report":
    if elsewhere(account, via):
        if foreign:
            raise UsageError("what is foreign is closed from the account's own machine only: leave --foreign out")
        from config.remote import load_remote  # noqa: PLC0415
        from runtime.bus.caller import change_remote  # noqa: PLC0415

        return change_remote(load_remote(account), level, reason, force=force, scope=scope)
    from config.meant import account_at  # noqa: PLC0415
    from runtime.operator.client import change_level  # noqa: PLC0415

    return change_level(
        account_at(account, scope), level, reason, force=force, foreign=foreign, scope=scope,
        elsewhere=None if foreign else _over_the_bus(account, level, reason, scope, force=force),
    )  # fmt: skip


def _over_the_bus(account: str, level: "Level", reason: str, scope: str, *, force: bool) -> "Callable[[], Report]":
    """Return the last way to an account that is here: over the bus, where it is set up under the account's name."""

    def change() -> "Report":
        from config.places import find  # noqa: PLC0415 - of nobody who need not go this way
        from config.remote import load_remote  # noqa: PLC0415
        from runtime.bus.caller import change_remote  # noqa: PLC0415

        place = find(account)
        name = place.config.account.name if place.config is not None else place.state.name
        return change_remote(load_remote(name), level, reason, force=force, scope=scope)

    return change
