"""From a configuration to a core: models read, strategies resolved, one frozen `Plan`, the same for every drive."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from brokers.book import unconverted
from brokers.costs import Costs
from brokers.hours import Hours
from brokers.made import said_of
from config.account import AccountConfig
from config.errors import ConfigError
from config.load import digest
from config.making import strategies_of
from config.regime import RegimeSection
from config.strategy import StrategySection
from config.windows import FridaySection, WindowsSection
from market.calendar import with_nights
from market.types import Symbol
from regimes.bundle import RegimeModel
from regimes.ensemble import penalty_of
from regimes.gate import GateParams
from regimes.learnt import Member
from regimes.weights import ModelError
from runtime.bundles import CHAMPION, read_bundle
from runtime.core.core import Core
from runtime.core.plan import NoModel, Plan, RegimePlan, StrategyPlan, novelty_by
from runtime.core.windows import Windows
from runtime.outcomes.books import Books
from strategies.protocol import Strategy

REOPEN = 3.0
"""So many times the widest spread of an entry is the widest at which a queued position is closed."""

Models = Mapping[str, RegimeModel | NoModel]
"""Of each regime its model, or why it has none."""


def models_of(config: AccountConfig) -> dict[str, RegimeModel]:
    """Read every regime model the account names; ModelError says which cannot be used."""
    return {name: fitting(name, regime, _read(regime)) for name, regime in config.regimes.items()}


def found_models(config: AccountConfig) -> dict[str, RegimeModel | NoModel]:
    """Read every regime model that can be read; ModelError only where one is another than the one configured.

    What is missing or damaged may be so because of a disk, and must keep nobody from managing what is open; a
    configuration that means another model is for its author to mend, before anything is begun with it.
    """
    found: dict[str, RegimeModel | NoModel] = {}
    for name, regime in config.regimes.items():
        try:
            model = _read(regime)
        except (ModelError, OSError) as error:
            found[name] = NoModel(str(error).removeprefix("model: "))
        else:
            found[name] = fitting(name, regime, model)
    return found


def _read(regime: RegimeSection) -> RegimeModel:
    return read_bundle(bundle_path(Path(regime.model)))


def fitting(name: str, regime: RegimeSection, model: RegimeModel) -> RegimeModel:
    """Return a regime's model; ModelError where it is another model than the one configured: no start would take it."""
    data, emission, penalty = model.data, regime.emission, penalty_of(model.weights)
    wanted_features = tuple(ref for ref in regime.feature_refs if ref not in data.mute)
    wanted_states = model.states if model.states in regime.among else " or ".join(map(str, regime.among))
    for what, found, wanted in (
        ("features", model.features, wanted_features), ("states", model.states, wanted_states),
        ("detector", data.detector, regime.detector),
        ("members", _listed(data.members), _listed([member.meant for member in regime.members])),
        ("covariance", data.covariance, regime.covariance or data.covariance),
        ("emission", data.emission, data.emission if emission is None else str(emission)),
        ("sticky", data.sticky, data.sticky if regime.sticky is None else regime.sticky),
        ("penalty", penalty, penalty if regime.penalty is None else regime.penalty),
    ):  # fmt: skip
        if found != wanted:
            raise ModelError(
                f"model {regime.model}: trained with {what} {found}, regimes.{name} names {wanted}: train it anew"
            )
    if other := data.other_symbol(regime.symbol, regime.learnt_from):
        raise ModelError(
            f"model {regime.model}: has learnt from {other}, and regimes.{name} reads {regime.symbol}: train one on "
            f'{regime.symbol} in a folder of its own, or say learnt_from = "{other}" in regimes.{name} if that is meant'
        )
    if other := data.other_bars(regime.timeframe, said_of(regime.made_rule)):
        raise ModelError(f"model {regime.model}: trained on {other}, as regimes.{name} reads: train it anew")
    return model


def _listed(members: Sequence[Member]) -> str:
    return ", ".join(member.told for member in members) or "none"


def check_kin(section: StrategySection, model: RegimeModel | NoModel) -> None:
    """Raise ModelError where a model's states are not those that a strategy's allow-list means."""
    gate, path = section.gate, f"strategies {section.name}: gate"
    if gate is None or gate.mode == "off" or isinstance(model, NoModel):
        return
    if gate.lineage and gate.lineage != model.lineage:
        raise ModelError(
            f"model {model.name}: of lineage {model.lineage}, and {path}.lineage names {gate.lineage}: its states may "
            f"mean something else; look at their profiles, then edit {path}.allow and {path}.lineage"
        )
    beyond = [state for state in gate.allow if state >= model.states]
    if beyond or (gate.exposure is not None and len(gate.exposure.weights) != model.states):
        raise ModelError(
            f"model {model.name}: has {model.states} states, and {path} is written for others (allow {gate.allow}): "
            f"look at their profiles, then edit {path}.allow and its exposure"
        )


def bundle_path(folder: Path) -> Path:
    """Return what a configured model folder means: its champion where one was promoted, else itself."""
    alias = folder / CHAMPION
    return alias if alias.exists() else folder


def symbols_of(config: AccountConfig, seen: Mapping[str, Symbol] | None = None) -> dict[str, Symbol]:
    """Return the contracts by canonical name: as configured, else as the terminal told, its swaps as the calendar says.

    No terminal tells the factors of the week; where neither contract nor calendar does, the usual ones stand.
    """
    symbols = {}
    for name, section in config.symbols.items():
        spec = section.spec or _told(config, name, seen or {})
        if spec is None:
            msg = (
                f"symbols.{name}.spec: expected the contract, since no terminal told it; copy it from "
                "`tidegate symbols --spec`"
            )
            raise ConfigError(msg)
        if problem := unconverted(spec, config.account.currency):
            msg = f"symbols.{name}: {problem}: leave it out, or trade it on an account in {spec.currency_profit}"
            raise ConfigError(msg)
        symbols[name] = spec
    return symbols


def _told(config: AccountConfig, name: str, seen: Mapping[str, Symbol]) -> Symbol | None:
    spec, calendars = seen.get(name), config.calendars
    return spec if spec is None or calendars is None else with_nights(spec, calendars.symbols[name])


def hours_of(config: AccountConfig) -> dict[str, Hours]:
    """Return when each symbol is traded, by canonical name; nothing without a calendar."""
    calendars = config.calendars
    found = calendars.symbols if calendars is not None else {}
    return {name: Hours(calendar, config.account.zone) for name, calendar in found.items()}


def windows_of(config: AccountConfig) -> Windows | None:
    """Return the named windows of time; None without any."""
    said = config.windows or WindowsSection()
    if config.drawdown is not None and config.drawdown.weekend_flat and said.friday_close is None:
        said = msgspec.structs.replace(said, friday_close=FridaySection())
    return None if said == WindowsSection() else Windows(said, config.news, config.account.zone)


def costs_of(config: AccountConfig) -> dict[str, Costs]:
    """Return what trading costs, by canonical name."""
    return {name: section.costs for name, section in config.symbols.items()}


def plan_of(config: AccountConfig, models: Models, seen: Mapping[str, Symbol] | None = None) -> Plan:
    """Return all that a core is built from; ModelError where a strategy's allowed states are those of other models."""
    account = config.account
    for section in config.strategies:
        if section.gate is not None:
            check_kin(section, models[section.gate.regime])
    return Plan(
        mode=account.mode,
        currency=account.currency,
        leverage=account.leverage,
        limits=config.limits,
        controls=config.controls,
        drawdown=config.drawdown,
        windows=windows_of(config),
        protections=config.protections,
        symbols=symbols_of(config, seen),
        strategies=tuple(
            _strategy(number, section, strategy)
            for number, (section, strategy) in enumerate(zip(config.strategies, strategies_of(config), strict=True), 1)
        ),
        regimes=tuple(
            RegimePlan(
                name=name,
                symbol=r.symbol,
                timeframe=r.timeframe,
                model=models[name],
                max_age=r.max_model_age,
                made=r.made_rule,
                novelty=novelty_by(r.novelty, models[name]),
                watch=r.novelty,
                learnt_from=r.learnt_from,
            )
            for name, r in config.regimes.items()
        ),
        config=digest(config),
        settle_s=config.terminal.settle_s,
        zone=account.zone,
        hours=hours_of(config),
        hands=config.hands.stop,
        unguarded_s=config.hands.unguarded_s,
        reopen_spread=config.flatten.max_spread or REOPEN * config.limits.max_spread,
        hedging=account.positions == "hedging",
    )


def _strategy(number: int, section: StrategySection, strategy: Strategy) -> StrategyPlan:
    gate = section.gate
    return StrategyPlan(
        number=number,
        name=section.name,
        strategy=strategy,
        symbol=section.symbol,
        timeframe=section.timeframe,
        risk=section.risk,
        size=section.size,
        gate=GateParams(**{f: getattr(gate, f) for f in GateParams.__struct_fields__}) if gate else None,
        regime=gate.regime if gate else "",
    )


def core_of(
    plan: Plan, costs: Mapping[str, Costs], *, shadows: bool = True, every: bool = True
) -> tuple[Core, Books]:  # fmt: skip
    """Return a new-born core and its books; `every`: shadow books without each gate, and not the regime's alone."""
    core = Core(plan)
    return core, Books(core, costs, shadows=shadows, every=every)
