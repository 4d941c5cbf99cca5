"""Another model for a regime, in the middle of a run: put into use between two bars, or refused with the reason.

Nothing is trusted but the content: every hash is verified and every golden vector computed again, here as in a replay.
"""

from regimes.bundle import RegimeModel, from_texts
from regimes.weights import ModelError
from runtime.core.decide import Decider
from runtime.core.facts import ModelActivated
from runtime.core.gates import MODEL_BEFORE, OUTLIVED, tell_unlike
from runtime.core.plan import NoModel
from runtime.core.readings import SETTLED, RegimeReading
from runtime.core.replies import reply

SHOWN = 12
"""Letters of a fingerprint that people are shown."""


def activate(decider: Decider, fact: ModelActivated) -> None:
    """Have a regime read by another model from its next bar on, and tell who asked; or say why the old one stays.

    A shadow book's core, which reads what its host has read, follows the host's answer.
    """
    reading = decider.readings.get(fact.regime)
    if decider.host is not None:
        if reading is not None and reading.model.fingerprint == fact.fingerprint:
            _take(decider, reading)
        return
    found = _successor(decider, fact) if reading is not None else _unknown(decider, fact.regime)
    if reading is None or isinstance(found, str):
        reply(decider.desk, fact.asker, "activate", fact.regime, str(found), ok=False)
        return
    before = reading.model.fingerprint
    text = f"{fact.regime}: {found.fingerprint[:SHOWN]} is in use already: nothing has changed"
    if found.fingerprint != before:
        now = decider.plan.of(fact.regime).read_by(found)
        reading.become(found, now.novelty, now.ends)
        _take(decider, reading)
        if reading.unlike:
            tell_unlike(decider.desk, reading)
        text = f"{fact.regime}: {found.fingerprint[:SHOWN]} judges from the next bar on, until now {before[:SHOWN]} did"
    reply(decider.desk, fact.asker, "activate", fact.regime, text, ok=True)


def _take(decider: Decider, reading: RegimeReading) -> None:
    """Take a reading's new model into the plan, and into the gates before it."""
    plan = decider.plan.read_by(reading.name, reading.model)
    if plan is decider.plan:
        return
    decider.plan = plan
    decider.exchange(reading, MODEL_BEFORE)


def _unknown(decider: Decider, regime: str) -> str:
    if any(r.name == regime and isinstance(r.model, NoModel) for r in decider.plan.regimes):
        return f"{regime} was begun without a model, and has read nothing: start the daemon anew"
    return f"no regime {regime!r} is read here: there are {', '.join(decider.readings) or 'none'}"


def _successor(decider: Decider, fact: ModelActivated) -> RegimeModel | str:
    """Return the model that is told, or why it may not take over."""
    try:
        new = from_texts(fact.bundle, fact.fingerprint)
    except ModelError as error:
        return str(error)
    reading = decider.readings[fact.regime]
    old = reading.model
    for what, was, now in (
        ("lineage", old.lineage, new.lineage), ("states", old.states, new.states),
        ("features", old.features, new.features), ("detector", old.data.detector, new.data.detector),
    ):  # fmt: skip
        if was != now:
            return (
                f"model {new.name}: has {what} {now}, the one in use {was}: what gates on {fact.regime} allow would "
                "mean something else; edit the configuration, and start the daemon anew"
            )
    plan = decider.plan.of(reading.name)
    if other := plan.other_symbol(new):
        return f"model {new.name}: has learnt from {other}, and {reading.name} reads {plan.symbol}: train it on that"
    if other := plan.other_bars(new):
        return f"model {new.name}: trained on {other}, as {reading.name} reads: train it on those"
    if 0 < plan.read_by(new).ends <= reading.feed.last_time + reading.feed.timeframe_ms:
        return f"model {new.name}: {OUTLIVED}"
    told = zip(reading.rows, reading.halts, strict=True)
    known = sum(not halt and all(value == value for value in row) for row, halt in told)
    if known < SETTLED:
        return f"{known} bars of {fact.regime} were read in full: at least {SETTLED} are needed to begin another model"
    return new
