"""A strategy's regime gate, from the reading of its model: open or shut, how far, and why."""

from collections.abc import Iterable

from brokers.hours import Hours
from regimes.gate import DWELL, ENTER, LEAVE, SINCE, allowed_mass, exposure, gate_exchange, gate_step
from runtime.core.desk import OrderDesk
from runtime.core.feeds import KNOWN
from runtime.core.plan import NoModel, Plan
from runtime.core.readings import UNREAD, RegimeReading
from runtime.core.state import Lane

NAN = float("nan")
UNLIKE = "these are not the bars that the model learnt from"
OLD = "the regime reading is stale"
OUTLIVED = "the model has outlived its max_model_age: refit it"
MODEL_BEFORE = "shut by the model before, until the new one has read a bar"
TOLD_FIRST = "shut by what was told before a bar was revised, until the next one has closed"
NOTHING_READ = "no bar has had a value for all of its features yet"
HOUR_MS = 3_600_000
"""By so much a server's clock may be put forward within the bars that are counted."""


def read_gate(lane: Lane, reading: RegimeReading) -> None:
    """Fold one bar of the regime's own timeframe into the lane's gate."""
    lane.silent_ms = 0
    if void := _void(lane, reading):
        _know_nothing(lane, void)
        return
    lane.allowed = allowed_mass(reading.state, lane.mask, reading.model.states)
    known = NAN if reading.novel else lane.allowed  # what no regime explains, none of them may allow
    lane.gate_open = gate_step(lane.gate_state, lane.gate_flat, known) > 0.0
    lane.gate_reason = "regime allowed" if lane.gate_open else "regime not allowed"
    if reading.novel:
        lane.gate_reason = f"no trained regime explains this ({reading.strangest})"
    if lane.weights:
        lane.exposure = exposure(reading.state, lane.weights, reading.model.states)
        if lane.gate_open and not lane.exposure > 0.0:
            lane.gate_reason = "regime allowed, at no exposure"


def _void(lane: Lane, reading: RegimeReading) -> str:
    """Return why nothing counts that a reading says; empty where it does.

    Bars that tell nothing are as good as bars that do not come: a filter that is told nothing drifts to what it says of
    any market, or has stayed where it began, and that may well be an allowed state.
    """
    if reading.unlike:
        return f"{UNLIKE}: {reading.unlike}"
    if reading.outlived:
        return OUTLIVED
    if reading.blind >= UNREAD:
        return NOTHING_READ
    return f"its features have had no value for {reading.blind} bars" if reading.blind > lane.gate.max_age else ""


def _know_nothing(lane: Lane, why: str) -> None:
    """Shut a gate since nothing is known of its regime: what is open is left to its own plan."""
    lane.allowed = NAN
    lane.exposure = NAN if lane.weights else 1.0
    lane.gate_open = gate_step(lane.gate_state, lane.gate_flat, NAN) > 0.0
    lane.gate_reason = why


def forget_read(lane: Lane) -> None:
    """Shut a gate whose regime has forgotten all that it read, until it has read history anew."""
    lane.silent_ms = 0
    _know_nothing(lane, NOTHING_READ)


def exchange(lane: Lane, reading: RegimeReading, shut_by: str, *, anew: bool) -> None:
    """Take what is said otherwise of the last closed bar into the lane's gate: by a new model, or of a revised bar.

    Until the next bar nothing is let in that was kept out before, and nothing that would not be let in by what is said
    now. `shut_by` says what kept out what would be let in now. A reading that is stale stays so. `anew`: it is the same
    model's word of the last bars; a gate that stood open before them stays so where none of them would have shut it.
    """
    if lane.allowed != lane.allowed:
        return
    lane.allowed = NAN if _void(lane, reading) else allowed_mass(reading.state, lane.mask, reading.model.states)
    known = NAN if reading.novel else lane.allowed
    flat = lane.gate_flat
    if anew and lane.gate_state[SINCE] >= KNOWN and _least(lane, reading) >= flat[LEAVE]:
        flat = (flat[LEAVE], flat[LEAVE], flat[DWELL])
    lane.gate_open = gate_exchange(lane.gate_state, flat, known) > 0.0
    lane.gate_reason = "regime allowed" if lane.gate_open else _unheard(lane, reading, shut_by)
    if lane.weights:
        share = exposure(reading.state, lane.weights, reading.model.states)
        lane.exposure = share if share < lane.exposure else lane.exposure


def _least(lane: Lane, reading: RegimeReading) -> float:
    """Return the least mass of the allowed states after each bar that may be told anew; -1.0 if one is novel."""
    said = [(was.posterior, was.novel) for was in list(reading.before)[1:]] + [(reading.posterior, reading.novel)]
    return min(
        -1.0 if novel else allowed_mass([*posterior], lane.mask, reading.model.states) for posterior, novel in said
    )


def _unheard(lane: Lane, reading: RegimeReading, shut_by: str) -> str:
    """Return why a gate is shut after what its regime says was exchanged."""
    if void := _void(lane, reading):
        return void
    if reading.novel:
        return f"no trained regime explains this ({reading.strangest})"
    if lane.allowed >= lane.gate_flat[ENTER]:
        return shut_by
    return "regime not allowed"


def silence(lane: Lane, timeframe_ms: int, reading: RegimeReading, hours: Hours | None, at: int) -> None:
    """Shut the gate when too many bars of the regime's own have not come; a market that is closed has none.

    History is told feed by feed: a bar from before the regime's last one closed says nothing of what came after it.
    """
    feed = reading.feed
    if reading.bars == 0 or lane.gate.mode == "off" or at < feed.last_time + feed.timeframe_ms - HOUR_MS:
        return
    lane.silent_ms += timeframe_ms
    if _is_stale(lane, reading, hours, at):
        _know_nothing(lane, OLD)


def _is_stale(lane: Lane, reading: RegimeReading, hours: Hours | None, at: int) -> bool:
    """Say whether more than `max_age` bars have not come, by the regime's calendar.

    Without one the strategy's own bars are counted: while they come, the market is open.
    """
    length, missing = reading.feed.timeframe_ms, lane.gate.max_age + 1
    if hours is None:
        return lane.silent_ms > missing * length
    last = reading.feed.last_time
    if at - last < (missing + 1) * length - HOUR_MS:  # too early by any calendar
        return False
    return hours.bars_missed(last, at, length, missing) == missing


def tell_run(plan: Plan, desk: OrderDesk, readings: Iterable[RegimeReading]) -> None:
    """Tell the people on call, as a run begins, which gates are shut for want of a model, or by its age.

    Nobody minds a gate that is off.
    """
    for regime in plan.regimes:
        if isinstance(regime.model, NoModel):
            _tell_shut(plan, desk, regime.name, regime.model.said)
    for reading in readings:
        if reading.outlived and reading.bars:
            tell_outlived(plan, desk, reading)


def tell_unlike(desk: OrderDesk, reading: RegimeReading) -> None:
    """Tell the people on call that a regime is fed by other bars than its model learnt from."""
    desk.alert("note", f"{reading.name}: {UNLIKE}: {reading.unlike}")


def tell_outlived(plan: Plan, desk: OrderDesk, reading: RegimeReading) -> None:
    """Tell the people on call that the gates before a reading are shut, since its model has got too old."""
    _tell_shut(plan, desk, reading.name, OUTLIVED)


def _tell_shut(plan: Plan, desk: OrderDesk, regime: str, why: str) -> None:
    listen = [s for s in plan.strategies if s.regime == regime and s.gate and s.gate.mode != "off"]
    if not listen:
        return
    kept = [s.name for s in listen if s.gate and s.gate.mode == "enforce"]
    means = f"no entries of {', '.join(kept)}, exits go on" if kept else "its gates only advise"
    desk.alert("note", f"{regime}: {why}; {means}")


def vetoes(lane: Lane) -> bool:
    """Say whether the gate forbids an entry now."""
    return lane.gate.mode == "enforce" and not (lane.gate_open and lane.exposure > 0.0)


def risk_share(lane: Lane) -> float:
    """Return the share of its risk that a strategy takes now, 0 to 1."""
    return lane.exposure if lane.gate.mode == "enforce" else 1.0
