"""What a regime model is: its states, its descent and what it learnt from, as rows for people and for programs."""

import math

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
import numpy as np

from backtests.metrics import ALARMS, CHOSEN, CHOSEN_BY, FORETOLD, powers
from backtests.regime_reading import Read, bar_returns, stays
from backtests.words import day, feature, fine_share, number, share
from regimes.bundle import RegimeModel
from regimes.ensemble import parts_of
from regimes.layout import DIAGONAL, DIAGONAL_T, FULL, FULL_T, JUMP, KIND
from regimes.learnt import Profile, Training

STATES = ("state", "occupancy", "volatility a bar", "dwell, bars", "efficiency", "autocorrelation")
KINDS: Mapping[int, str] = {
    DIAGONAL: "Gaussian, features apart",
    FULL: "Gaussian, features together",
    DIAGONAL_T: "Student's t, features apart",
    FULL_T: "Student's t, features together",
    JUMP: "jump model",
}


def kind_of(model: RegimeModel) -> str:
    """Return the kind of a model's emissions in words."""
    members = [int(member[KIND]) for _, member in parts_of(model.weights)]
    said = "; ".join(KINDS.get(kind, f"kind {kind}") for kind in members)
    return said if len(members) == 1 else f"ensemble of {len(members)}: {said}"


def plain(model: RegimeModel) -> dict[str, Any]:
    """Return a model as plain values: all of it but weights and golden vectors; of novelty, whether it is watched."""
    whole: dict[str, Any] = msgspec.to_builtins(model)
    return {key: value for key, value in whole.items() if key not in {"weights", "golden"}} | {
        "kind": kind_of(model), "novelty": bool(model.novelty)
    }  # fmt: skip


def facts_of(model: RegimeModel) -> dict[str, str]:
    """Return what a person asks of a model."""
    data = model.data
    together = "" if data.members else f", covariance {data.covariance}"
    return {
        "model": model.name,
        "fingerprint": model.fingerprint,
        "lineage": model.lineage,
        "refit of": model.parent or "none",
        "owner": model.owner,
        "states": f"{model.states}; {kind_of(model)}",
        "features": ", ".join(map(feature, model.features)) + _mute(model),
        "learnt from": f"{number(data.rows, 0)} of {number(data.bars, 0)} {_bars(data)}, {day(data.first)} to "
        f"{day(data.last)}",
        "bars' hash": data.hash,
        "novelty": _novelty(model),
        **({"members": ", ".join(member.told for member in data.members)} if data.members else {}),
        "trained by": f"{data.engine}{together}, seed {data.seed}, on {data.platform}",
        **{
            name.replace("_", " "): f"{value:.10g}"
            for name, value in model.metrics.items()
            if not name.startswith((CHOSEN, CHOSEN_BY, FORETOLD))
        },
    }


def _mute(model: RegimeModel) -> str:
    out = ", ".join(map(feature, model.data.mute))
    return f"; {out} said nothing, left out" if out else ""


def _novelty(model: RegimeModel) -> str:
    if not model.novelty:
        return "not watched for by its own limits, since none were calibrated: train it again"
    if ALARMS not in model.metrics:
        return "watched for: limits were calibrated"
    alarms = share(model.metrics[ALARMS])
    told = ", ".join(f"{change} {share(power, 0)}" for change, power in powers(model.metrics).items())
    return f"watched for; simulated: alarms in {alarms} of 1,000 bars as learnt; told in 50 bars: {told}"


def _bars(data: Training) -> str:
    made = f" made of {data.made}" if data.made else ""
    unsaid = "" if data.symbol else " of a symbol that it does not say"
    return f"{data.symbol} {data.timeframe} bars{made}{unsaid}".lstrip()


def state_rows(profiles: tuple[Profile, ...]) -> list[tuple[str, ...]]:
    """Return one row a state, in the columns of `STATES`."""
    return [
        (
            str(p.state), share(p.occupancy), fine_share(p.volatility), number(p.dwell), number(p.efficiency, 2),
            number(p.autocorrelation, 2),
        )
        for p in profiles
    ]  # fmt: skip


def change_rows(profiles: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return one row a state, in the columns of `STATES`: as it is in the model in use, and as in the candidate."""
    told = (
        ("occupancy", share), ("volatility", fine_share), ("dwell", number),
        ("efficiency", partial(number, digits=2)), ("autocorrelation", partial(number, digits=2)),
    )  # fmt: skip
    return [
        (str(p["state"]), *(f"{say(p[name])} → {say(p[f'{name}_new'])}" for name, say in told)) for p in profiles
    ]  # fmt: skip


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a state was like over bars that were read, by the likeliest state at each close."""

    state: int
    bars: int
    occupancy: float
    """Share of the bars."""
    volatility: float | None
    """Standard deviation of the log return of those bars; None for fewer than two."""
    dwell: float | None
    """Mean number of bars in a row; None where there was none."""


def seen_states(read: Read) -> list[Seen]:
    """Return what each state was like over the bars read, as far as they were warm."""
    likeliest, returns = read.likeliest[read.warm], bar_returns(read.closes)[read.warm]
    lasting = stays(likeliest)
    ends = np.concatenate((likeliest[1:] != likeliest[:-1], [True]))[: len(likeliest)]
    found = []
    for state in range(read.posteriors.shape[1]):
        mine = likeliest == state
        moves = returns[mine & np.isfinite(returns)]
        found.append(
            Seen(
                state=state,
                bars=int(mine.sum()),
                occupancy=float(mine.mean()) if len(mine) else 0.0,
                volatility=float(moves.std(ddof=1)) if len(moves) > 1 else None,
                dwell=float(lasting[mine & ends].mean()) if mine.any() else None,
            )
        )
    return found


def density_of(read: Read) -> float:
    """Return the mean log density of a bar as predicted, nats; NaN where no bar was warm."""
    return float(read.log_densities[read.warm].mean()) if read.warm.any() else math.nan
