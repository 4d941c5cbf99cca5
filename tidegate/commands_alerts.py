"""Words about the people on call: alerts, and whether they reach anybody."""

from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Json

Words = Annotated[
    list[str], typer.Argument(metavar="[test] ACCOUNT", help="test: call everybody, to see whether he is reached.")
]

COLUMNS = ("id", "kind", "opened", "text", "called", "acked_by", "runbook")


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(alerts)


def alerts(words: Words, as_json: Json = False) -> None:
    """List the alerts of an account that are open.

    `tidegate ack ACCOUNT --alert ID` takes one. With test before the account, everybody in its [alerts] is called once;
    exit code 11 where somebody is not reached.
    """
    match words:
        case ["test", account]:
            _test(account, as_json=as_json)
        case [account]:
            _list(account, as_json=as_json)
        case _:
            raise UsageError("name one account: tidegate alerts ACCOUNT, or tidegate alerts test ACCOUNT")


def _list(account: str, *, as_json: bool) -> None:
    from config.meant import account_at  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.alerts.person import listed  # noqa: PLC0415
    from tidegate.output import say, show  # noqa: PLC0415

    found = listed(account_at(account))
    if found or as_json:
        show(found, COLUMNS, as_json=as_json)
    else:
        say("no alert is open")


def _test(account: str, *, as_json: bool) -> None:
    import msgspec  # noqa: PLC0415

    from config.places import configured  # noqa: PLC0415
    from config.secrets import variables_of  # noqa: PLC0415
    from runtime.alerts.person import tried  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    config, _ = configured(account)
    if config.alerts is None or not config.alerts.owners:
        raise UsageError(f"{account} names nobody to be called: give it [alerts.owners.NAME] and [alerts.routes]")
    found = tried(config.account.name, config.alerts, variables_of(config))
    show([msgspec.to_builtins(one) for one in found], ("who", "ok", "problem"), as_json=as_json)
    missed = [one.who for one in found if not one.ok]
    if missed:
        raise Negative(f"not reached: {', '.join(missed)}")
