"""Candidates: a model trained again on its schedule, stored beside the one in use, with what it would have changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from backtests.gate_stands import heard, stands
from backtests.refit import SETTLED, Refit, refit
from backtests.regime_asked import asked
from backtests.watched import Progress, watched
from config.account import AccountConfig
from config.refits import due_at
from config.regime import RegimeSection
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.labels import Relabelled
from regimes.weights import ModelError
from runtime.activation import Answered, neighbourhood, put_into_use, readers_of, unread_beside
from runtime.assemble import bundle_path, fitting
from runtime.bundles import promote, read_bundle, write_bundle
from runtime.core.plan import novelty_by
from runtime.operator.keyboard import asker_of

CANDIDATE = "candidate"
"""The alias of a model that waits to be put into use."""


class GateChange(msgspec.Struct, frozen=True, kw_only=True):
    """How often a strategy's gate would have stood otherwise over the bars of the refit."""

    strategy: str
    bars: int
    open_before: int
    open_after: int
    differs: int
    share: float
    unknown_before: int
    """Bars on which it was shut whatever the posterior: no state explains them, they tell nothing, or they are not of
    the kind that the model learnt from."""
    unknown_after: int


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """What a refit came to; nothing of it is in use yet."""

    regime: str
    outcome: str
    """staged: a candidate waits; kept: the model in use stays; not due: nothing was trained."""
    reason: str = ""
    """Why no candidate waits; empty where one does."""
    active: str = ""
    """Fingerprint of the model in use."""
    candidate: str = ""
    due: int | None = None
    """When the next refit is due, UTC milliseconds; None without a schedule, and while too few bars have closed."""
    overlap: float | None = None
    each: tuple[float, ...] = ()
    profiles: tuple[dict[str, Any], ...] = ()
    """State by state, of the model in use and of the candidate."""
    gates: tuple[GateChange, ...] = ()
    cost: float = 0.0
    """Nats a bar by which another model was likelier, whose states would have meant something else."""


def stage(
    config: AccountConfig, name: str, now: int, *, early: bool = False, progress: Progress | None = None
) -> Staged:
    """Train a regime's model again if it is due at `now` (UTC ms), or `early`, and stage what may follow it.

    `progress` is told how far the calibration of its limits of novelty is. ConfigError for a regime that is not there;
    ModelError where there is no model in use.
    """
    chosen = asked(config, name)
    section, folder = chosen.section, Path(chosen.section.model)
    old = read_bundle(bundle_path(folder))
    bars = chosen.bars()
    due = _due(section, old, bars)
    if section.refit is not None and not early and (due is None or due > now):
        reason = "too few bars have closed since" if due is None else "the schedule names a later moment"
        return Staged(regime=name, outcome="not due", reason=reason, active=old.fingerprint, due=due)
    window = section.refit.window if section.refit else section.train.bars or old.data.bars
    bars = bars.part(max(0, len(bars) - window), len(bars))
    found = refit(old, bars)
    staged = _staged(name, found, due)
    if not isinstance(found.verdict, Relabelled):
        return staged
    new = found.verdict.model
    if section.novelty == "model":
        new, _ = watched(new, bars, progress)
        staged = msgspec.structs.replace(staged, candidate=new.fingerprint)
    write_bundle(folder, new)
    promote(folder, new.fingerprint, CANDIDATE)
    return msgspec.structs.replace(staged, gates=gate_changes(config, name, old, new, bars))


class Activated(msgspec.Struct, frozen=True, kw_only=True):
    """What came of putting a model into use."""

    ok: bool
    """Nobody has refused it."""
    regime: str
    active: str
    """Fingerprint of the model that is in use now, and of the one that was before."""
    before: str
    lineage: str
    daemons: tuple[Answered, ...]
    """The account's own answer, then those of its neighbours that read by the same model."""
    looked_in: str = ""
    """Folder in which neighbours were looked for: whoever reads by the model from elsewhere is to be told by himself.
    Empty: in none."""
    unread: tuple[str, ...] = ()
    """What is wrong with each file there that is no account: nobody knows whether whoever runs by it reads by this."""


def activate(file: Path, config: AccountConfig, name: str, fingerprint: str = "", why: str = "") -> Activated:
    """Put a stored model into use, the candidate if none is named: at once where daemons run, else at the next start.

    An older one is put back in the same way. ModelError where none or several are meant, it is of another lineage, or
    none that the next start would take; UnreachableError where the account's daemon runs and does not answer: nothing
    has changed then.
    """
    section = asked(config, name).section
    folder = Path(section.model)
    before = read_bundle(bundle_path(folder)).fingerprint
    model = fitting(name, section, read_bundle(folder / _meant(folder, fingerprint)))
    asker = asker_of(why or f"{model.fingerprint[:12]} after {before[:12]}")
    done = put_into_use(folder, model, readers_of(file, config, name, folder), asker)
    return Activated(
        ok=not done.refused, regime=name, active=model.fingerprint if done.used else before, before=before,
        lineage=model.lineage, daemons=done.answers, looked_in=str(neighbourhood(file) or ""),
        unread=unread_beside(file),
    )  # fmt: skip


def _meant(folder: Path, start: str) -> str:
    """Return the fingerprint of the one stored model that begins so; none named: the candidate's alias."""
    if not start:
        if not (folder / CANDIDATE).exists():
            raise ModelError(
                f"model: no candidate waits in {folder}: `tidegate regimes refit` stages one; or name a model "
                "there by the beginning of its fingerprint"
            )
        return CANDIDATE
    found = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name.startswith(start))
    if len(found) != 1:
        many = f"several of {folder}'s models begin with {start}: write more of it"
        raise ModelError(f"model: {many if found else f'none of those in {folder} begins with {start}'}")
    return found[0]


def _due(section: RegimeSection, old: RegimeModel, bars: Bars) -> int | None:
    if section.refit is None:
        return None
    closes = [time + bars.frame for time in bars.time if time > old.data.last]
    return due_at(section.refit, old.data.last + bars.frame, closes)


def _staged(name: str, found: Refit, due: int | None) -> Staged:
    old, verdict = found.old, found.verdict
    if not isinstance(verdict, Relabelled):
        overlap = verdict.overlap
        return Staged(
            regime=name, outcome="kept", reason=verdict.reason, active=old.fingerprint, due=due,
            overlap=overlap.mean if overlap else None, each=overlap.each if overlap else (),
        )  # fmt: skip
    new = verdict.model
    return Staged(
        regime=name,
        outcome="staged",
        active=old.fingerprint,
        candidate=new.fingerprint,
        due=due,
        overlap=verdict.overlap.mean,
        each=verdict.overlap.each,
        profiles=tuple(side_by_side(old, new)),
        cost=found.cost,
    )


def side_by_side(old: RegimeModel, new: RegimeModel) -> Iterator[dict[str, Any]]:
    """Yield each state's profile in both models, as a flat row."""
    for before, then in zip(old.profiles, new.profiles, strict=True):
        row: dict[str, Any] = {"state": before.state}
        for what in ("occupancy", "volatility", "dwell", "efficiency", "autocorrelation"):
            row |= {what: getattr(before, what), f"{what}_new": getattr(then, what)}
        yield row


def gate_changes(
    config: AccountConfig, name: str, old: RegimeModel, new: RegimeModel, bars: Bars
) -> tuple[GateChange, ...]:
    """Return how each strategy's gate on this regime would have stood, by either model, over the bars.

    Counted from where both filters have settled, novelty by the rule that is configured.
    """
    watch = config.regimes[name].novelty
    known = [heard(model, bars, novelty_by(watch, model)) for model in (old, new)]
    warm = np.flatnonzero((known[0].blind == 0) & (known[1].blind == 0))
    first = int(warm[0]) + SETTLED if len(warm) else len(bars)
    found = []
    for strategy in config.strategies:
        gate = strategy.gate
        if gate is None or gate.regime != name or gate.mode == "off":
            continue
        unknown = [one.unknown(gate) for one in known]
        before, then = (stands(gate, one.posteriors, void)[first:] for one, void in zip(known, unknown, strict=True))
        differs = int((before != then).sum())
        found.append(
            GateChange(
                strategy=strategy.name,
                bars=len(before),
                open_before=int(before.sum()),
                open_after=int(then.sum()),
                differs=differs,
                share=differs / len(before) if len(before) else 0.0,
                unknown_before=int(unknown[0][first:].sum()),
                unknown_after=int(unknown[1][first:].sum()),
            )
        )
    return tuple(found)
