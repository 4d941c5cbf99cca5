"""Words about configurations: config check, config schema, new-account."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from config.errors import ConfigError
from tidegate.words import Config, Json

Kind = Annotated[Literal["metatrader5", "lookalike"], typer.Option("--terminal", help="What speaks for the broker.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What to call the account; NAME.toml is written.")]
Into = Annotated[Path, typer.Option("--folder", help="Where to write it.")]
Number = Annotated[int, typer.Option("--login", min=1, help="Login of the account at the broker.")]
Server = Annotated[str, typer.Option("--server", help="The broker's server.")]
User = Annotated[str, typer.Option("--user", help="Whose money it is.")]
Owner = Annotated[str, typer.Option("--owner", help="Who answers for the account.")]

config = typer.Typer(
    help="Check a configuration, or print its schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.add_typer(config, name="config")
    app.command("new-account")(new_account)


@config.command()
def check(path: Config, as_json: Json = False) -> None:
    """Name everything that is wrong with a configuration."""
    from config.load import digest, load  # noqa: PLC0415 - rooms are imported when they are entered
    from config.making import strategies_of  # noqa: PLC0415
    from config.places import state_folder  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    try:
        account = load(path)
        strategies_of(account)
    except ConfigError as error:
        if as_json:
            lines([{"ok": False, "file": str(path), "problems": error.problems}])
        for problem in error.problems[1:]:
            typer.echo(problem, err=True)
        raise ConfigError(error.problems[0]) from None
    about, names = account.account, [strategy.name for strategy in account.strategies]
    state = str(state_folder(account))
    if as_json:
        lines([{
            "ok": True, "file": str(path), "problems": (), "account": about.name, "mode": about.mode,
            "strategies": names, "state": state, "digest": digest(account),
        }])  # fmt: skip
        return
    say(f"{path.name}: good: account {about.name}, mode {about.mode}, strategies: {', '.join(names) or 'none'}, "
        f"state in {state}, digest {digest(account)[:12]}")  # fmt: skip


@config.command()
def schema() -> None:
    """Print the JSON schema of an account's TOML."""
    import msgspec  # noqa: PLC0415

    from config.schema import schema as schema_of  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    say(msgspec.json.format(msgspec.json.encode(schema_of()), indent=2).decode())


def new_account(
    name: Name,
    folder: Into = Path(),
    terminal: Kind = "metatrader5",
    login: Number = 1,
    server: Server = "Broker-Demo",
    user: User = "client",
    owner: Owner = "me",
) -> None:
    """Write the TOML of a new account.

    It is commented, observes only, and begins halted.
    """
    from config.new_account import account_text, write_account  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    file = folder / f"{name}.toml"
    write_account(file, account_text(name, kind=terminal, login=login, server=server, user=user, owner=owner))
    say(f"{file}: written; it observes and begins halted. Fill in your terminal and symbols, then: "
        f"tidegate config check {file}")  # fmt: skip
