"""Words about regime models, under one roof: `tidegate regimes …`."""

import typer

from tidegate import commands_regimes_judge, commands_regimes_look, commands_regimes_refit

regimes = typer.Typer(
    help="Train regime models, look at them, judge them on bars.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.add_typer(regimes, name="regimes")


for room in (commands_regimes_look, commands_regimes_judge, commands_regimes_refit):
    room.add(regimes)
