"""Words that look at regime models and judge nothing: regimes show."""

from pathlib import Path
from typing import Annotated

import typer

from tidegate.words import Config, Json, RegimeName

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Draw it over the bars: one HTML file.")]


def add(group: typer.Typer) -> None:
    """Add the words to the group."""
    group.command()(show)


def show(config: Config, name: RegimeName = None, html: Html = None, as_json: Json = False) -> None:
    """Show a regime model: its states, descent and training.

    With --html, a page that opens without a network: the price shaded by the filtered regime, the posterior, how
    surprising each bar was, and how long each stay lasted, over all recorded bars of the regime.
    """
    from backtests.regime_asked import asked  # noqa: PLC0415 - rooms are imported when they are entered
    from backtests.regime_facts import STATES, facts_of, plain, state_rows  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import facts, lines, say, table  # noqa: PLC0415

    chosen = asked(account_of(config), name)
    model = chosen.model()
    page = None
    if html is not None:
        from backtests.regime_page import write_regime_page  # noqa: PLC0415
        from backtests.screen import Watch  # noqa: PLC0415

        with Watch() as watch:
            watch.stage("reading bars")
            page = write_regime_page(html, model, chosen.bars(), watch.progress)
    if as_json:
        lines([{**plain(model), "regime": chosen.name, "page": str(page or "")}])
        return
    facts({"regime": chosen.name, **facts_of(model)}, as_json=False)
    say("")
    table([dict(zip(STATES, row, strict=True)) for row in state_rows(model.profiles)], STATES)
    say("\nStates are ordered by volatility, 0 the calmest; calm is not the same as good.")
    if page is not None:
        say(f"page: {page}")
