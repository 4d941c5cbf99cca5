"""Bringing a core back: from a journal's own words, without a terminal, and across a changed configuration.

A run's row holds all that its core was made of (configuration, model bundles, contracts), so an old core can be built
again as it was. When the configuration has changed since, money, orders and trades are carried over by the names of
strategies; features and regimes are learnt again from history.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from config.account import AccountConfig
from config.errors import ConfigError
from market.types import Symbol
from regimes.bundle import RegimeModel, from_texts, texts_of
from runtime.assemble import Models, core_of, costs_of, plan_of
from runtime.core.core import Core
from runtime.core.lifting import BY_PEOPLE
from runtime.core.plan import NoModel, Plan
from runtime.journal.entries import Snapshot
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.outcomes.books import Books
from runtime.recorder import decode_fact, rest_of

Pair = tuple[Core, Books]
Run = dict[str, Any]

_config_of = msgspec.json.Decoder(AccountConfig).decode
_bundles_of = msgspec.json.Decoder(dict[str, dict[str, str]]).decode
_symbols_of = msgspec.json.Decoder(dict[str, Symbol]).decode
_hashes_of = msgspec.json.Decoder(dict[str, str]).decode

_CARRIED = (
    "run", "at", "level", "generation", "balance", "known", "counting", "day", "day_equity", "day_size", "lost_day",
    "day_lost", "last_deal", "last_deal_at", "heard", "foreign", "foreign_orders", "foreign_margin", "quiet",
    "looked_at", "touched", "beyond", "surplus", "told", "tick_values", "early", "off", "written", "entries", "swaps",
    "marks", "ended_trades", "judged", "until", "leaving", "taken_back",
)  # fmt: skip
_KEPT = ("MISSING:", "BREAK", "CONTRACT", "LOSS_LIMIT", "SPEC_CHANGED", *sorted(BY_PEOPLE))
"""Holds that a changed configuration does not lift."""


NO_MODEL = "no model"
"""What stands in a run's row in place of the parts of a bundle, with the reason."""


def bundles_text(models: Models) -> str:
    """Return models as the text a run's row keeps."""
    return msgspec.json.encode({name: _parts(model) for name, model in models.items()}).decode()


def _parts(model: RegimeModel | NoModel) -> dict[str, str]:
    if isinstance(model, NoModel):
        return {NO_MODEL: model.why}
    return texts_of(model)


def _model(parts: dict[str, str], *, used: bool) -> RegimeModel | NoModel:
    if NO_MODEL in parts:
        return NoModel(parts[NO_MODEL])
    return from_texts(parts, used=used)


def hashes_of(models: Models) -> dict[str, str]:
    """Return by what models are told apart: fingerprints, or why there is none."""
    return {name: m.said if isinstance(m, NoModel) else m.fingerprint for name, m in models.items()}


def pair_of_run(run: dict[str, Any], *, used: bool = True) -> Pair:
    """Return a new-born core and its books, as they were at the start of a journaled run.

    ModelError where its models are to be `used` and this program computes them otherwise. So `used`, it bears the
    fingerprint of its configuration as it was journaled: a program that knows more keys would give it another.
    """
    config = _config_of(run["config"])
    bundles = _bundles_of(run["bundles"])
    models = {name: _model(parts, used=used) for name, parts in bundles.items()}
    symbols = _symbols_of(run["symbols"])
    plan = plan_of(config, models, symbols)
    return core_of(msgspec.structs.replace(plan, config=run["config_hash"]) if used else plan, costs_of(config))


class Runs(dict[int, Run]):
    """What each run of a journal was made of, by its number; JournalError where none says it."""

    def __init__(self, reader: JournalReader) -> None:
        """Read the table."""
        super().__init__({run["run"]: run for run in reader.runs()})

    def __missing__(self, run: int) -> Run:
        """Say what to do."""
        raise JournalError(
            f"no row of `runs` says what run {run} was made of: `tidegate journal rebuild --write` makes it again"
        )


def revive(reader: JournalReader, new: Pair) -> Pair:
    """Return core and books as the journal left them, ready for a new run under the configuration `new` is made of.

    Nothing leaves that is decided by the models its runs began with: a program or a processor that computes them
    otherwise must keep nobody from what is open.
    """
    runs = Runs(reader)
    pair, first = _wake(reader, runs)
    for row in reader.rows(first):
        if row.kind == "RunOpened":
            pair = next_pair(pair, runs[row.run], used=False)
        if row.fact and pair is not None:
            fact = decode_fact(row.fact)
            pair[1].observe(fact, pair[0].handle(fact))
    if pair is None:
        return new
    if made_of(pair[0].plan) != made_of(new[0].plan):
        return carry(pair, new)
    new[0].restore(pair[0].snapshot())
    new[1].restore(pair[1].snapshot())
    return new


def _wake(reader: JournalReader, runs: Mapping[int, Run]) -> tuple[Pair | None, int]:
    """Return core and books as the last snapshot has them, and the first row after it; nobody where there is none."""
    return _woken(reader.last_snapshot(), runs, used=False)


def woken_before(reader: JournalReader, runs: Mapping[int, Run], seq: int) -> tuple[Pair | None, int]:
    """Return the same of the last snapshot that was taken before row `seq`."""
    return _woken(reader.snapshot_before(seq), runs, used=True)


def _woken(snapshot: Snapshot | None, runs: Mapping[int, Run], *, used: bool) -> tuple[Pair | None, int]:
    if snapshot is None:
        return None, 1
    core, books = pair_of_run(runs[snapshot.run], used=used)
    rest = rest_of(snapshot.state)
    core.restore(rest.core)
    books.restore(rest.books)
    return (core, books), snapshot.seq + 1


def next_pair(pair: Pair | None, run: dict[str, Any], *, used: bool = True) -> Pair:
    """Return core and books with which a journaled run began: those before it, or carried over if the make changed."""
    if pair is None:
        return pair_of_run(run, used=used)
    models = _hashes_of(run["model_hashes"])
    return pair if made_of(pair[0].plan) == (run["config_hash"], models) else carry(pair, pair_of_run(run, used=used))


def made_of(plan: Plan) -> tuple[str, dict[str, str]]:
    """Return what decides whether two cores are of one make: configuration and models."""
    return plan.config, hashes_of({regime.name: regime.model for regime in plan.regimes})


def carry(old: Pair, new: Pair) -> Pair:
    """Take money, orders and trades over into a core of another configuration; ConfigError where one has no home."""
    before, after = old[0], new[0]
    numbers = {}
    for lane in before.lanes:
        home = next((x for x in after.lanes if (x.name, x.plan.symbol) == (lane.name, lane.plan.symbol)), None)
        if home is not None:
            numbers[lane.number] = home.number
            home.trade, home.order = lane.trade, lane.order
            lived = before.feeds[lane.plan.symbol, lane.plan.timeframe].last_time
            if home.trade is not None:
                home.trade.lived = max(home.trade.lived, lived)
            if home.plan.strategy == lane.plan.strategy:
                home.runner.restore(lane.runner.snapshot())
                home.lived = max(lane.lived, lived)
        elif lane.trade is not None or lane.order:
            where = f"{lane.name} on {lane.plan.symbol}"
            raise ConfigError(f"strategies: {where} still holds a position or an order: keep it until it is closed")
    _move_ledger(before, after, numbers)
    new[1].live, new[1].tally = old[1].live, old[1].tally
    return new


def _move_ledger(before: Core, after: Core, numbers: dict[int, int]) -> None:
    old, ledger = before.ledger, after.ledger
    for field in _CARRIED:
        setattr(ledger, field, getattr(old, field))
    ledger.quotes.update({symbol: quote for symbol, quote in old.quotes.items() if symbol in after.plan.symbols})
    ledger.holds.update({hold: why for hold, why in old.holds.items() if hold.startswith(_KEPT)})
    for ident, order in old.orders.items():
        if order.strategy in numbers:
            order.strategy = numbers[order.strategy]
            ledger.orders[ident] = order
    ledger.magics.update({m: i for m, i in old.magics.items() if i in ledger.orders})
    for lane in after.lanes:
        if lane.trade is not None:
            lane.trade.strategy = lane.number
    _move_contracts(before, after)


def _move_contracts(before: Core, after: Core) -> None:
    """Carry over what a person took instead of a configured contract, unless the configuration has changed there."""
    for name, symbol in before.ledger.acknowledged.items():
        if after.plan.symbols.get(name) == before.plan.symbols.get(name):
            after.ledger.acknowledged[name] = symbol
        else:
            after.ledger.tick_values.pop(name, None)
    after.decider.renew()
