"""The loop of a compiled drive that plays bars, decides them and keeps the account, made for one strategy's kernel.

Most bars change nothing: an account without a position wants none, or a position is reached by nothing. Of those the
loop holds what it needs in registers, asks the strategy, and writes its row. All others it hands to functions that are
compiled apart, once for all strategies: `lead` brings the account to where the bar is decided, and `decide` decides it.
What makes a bar quiet is asked with room to spare, so that whatever is in doubt is done by them.
"""

import functools

from collections.abc import Callable
from typing import Any

from backtests.engine_apart import LEAN, apart, beyond, call, pointer, tell_numba
from backtests.engine_core import begin_bar, live_on, see_loss, takes_back, worth
from backtests.engine_entry import decide
from backtests.engine_hearing import TOOK_AFTER, TOOK_BEFORE
from backtests.engine_layout import (
    ANSWERED,
    ASK,
    AT,
    BARRED,
    BID,
    CANCELS,
    CONTRACT,
    ENDED,
    EQUITY,
    FRAME,
    GATE,
    GATE_ENFORCES,
    GATE_MASS,
    GATE_OPEN,
    GATE_SHARE,
    GUEST,
    IN_POSITION,
    KNOWN,
    MODE,
    NO_SIGNAL,
    NUMBER,
    PRICE,
    RESTS,
    ROW,
    SCALE,
    SHUT,
    SIDE,
    SPREAD,
    STOP,
    USUAL_SPREAD,
    VOLUME,
    WARMING,
)
from backtests.engine_market import first_tick, rest_of_bar, spread_told
from backtests.engine_quiet import FAR, quiet_between, quiet_until, settled_stop, spread_of, still
from brokers.fills import floating, moved, shift
from market.kernel import Params, State, compile_all, fingerprint, kernel, write_out
from regimes.shut import KEEP, POLICY
from strategies.protocol import EXIT, LONG, SHORT

CALLED = (first_tick, rest_of_bar, spread_told, begin_bar, takes_back, live_on, decide, worth)


write_out(first_tick, rest_of_bar, spread_told, begin_bar, takes_back, live_on, decide, worth)
"""What every bar goes through; what few do is called."""


@kernel
def lead(  # noqa: PLR0913, PLR0917 - a bar, and the first tick of the next one
    a: State, x: State, y: State, d: State, p: Params, nights: Params,
    until: float, high: float, low: float, close: float, at: float, opened: float, spread: float, lent: float,
) -> float:  # fmt: skip
    """Bring the account from a bar's open to where that bar is decided; return how the open trade is left."""
    rest_of_bar(a, x, y, d, p, until, high, low, close)
    if a[ENDED] == 0.0:
        first_tick(a, x, y, d, p, nights, at, opened, spread)
    begin_bar(a, p, nights, lent if a[GUEST] > 0.0 else worth(a, p))
    a[CANCELS] = 1.0 if takes_back(a, p) else 0.0
    return live_on(a, x, y, p, high, low)


def account_loop(step: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's
    """Return the loop with its last argument filled in, to be called from Python."""
    loop, calls = account_parts(step)
    return lambda *told: loop(*told, calls)


@functools.cache
def account_parts(step: Callable[..., Any]) -> tuple[Any, tuple[int, int]]:
    """Return the compiled loop, kept on disk for as long as nothing that it calls has changed, and its last argument.

    That is where those functions stand that are compiled apart.
    """
    compile_all()
    tell_numba()
    return _account(fingerprint([step, live_on, first_tick, *QUIET]), step), addresses()


@kernel
def take_back(a: State, p: Params) -> None:
    """Take back at once what rests behind an enforced gate, which a bar told by itself has shut."""
    if a[RESTS] == 0.0 or p[GATE] != GATE_ENFORCES:
        return
    if a[CANCELS] == 0.0:
        a[NUMBER] = a[NUMBER] + 1.0
    a[RESTS], a[CANCELS] = 0.0, 0.0


QUIET = (
    see_loss,
    take_back,
    still,
    quiet_between,
    quiet_until,
    settled_stop,
    spread_of,
    spread_told,
    floating,
    moved,
    shift,
    worth,
)


def addresses() -> tuple[int, int]:
    """Return where `lead` and `decide` stand, which are compiled once for all loops."""
    return _calls(fingerprint([lead, decide]))


@functools.cache
def _calls(called: str) -> tuple[int, int]:
    """Return where `lead` and `decide` stand once they are compiled."""

    def led(  # noqa: PLR0913, PLR0917 - as the kernel
        a: Any, x: Any, y: Any, d: Any, p: Any, nights: Any, until: Any, high: Any, low: Any, close: Any, at: Any,  # noqa: ANN401 - numba's
        opened: Any, spread: Any, lent: Any,  # noqa: ANN401 - numba's
    ) -> float:  # fmt: skip
        if not called:
            return 0.0
        return lead(a, x, y, d, p, nights, until, high, low, close, at, opened, spread, lent)

    def decided(
        a: Any, x: Any, y: Any, d: Any, p: Any, g: Any, e: Any, w: Any, left: Any, warm: Any  # noqa: ANN401 - numba's
    ) -> float:  # fmt: skip
        if not called:
            return 0.0
        return float(decide(a, x, y, d, p, g, e, w, left, warm))

    return apart(led, 6, 8), apart(decided, 8, 2)


@functools.cache
def _account(called: str, step: Callable[..., Any]) -> Any:  # noqa: ANN401, C901, PLR0915 - a loop, which numba wants whole
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    def loop(  # noqa: C901, PLR0912, PLR0915 - likewise
        bars: Any, span: Any, account: Any, strategy: Any, told: Any, out: Any, calls: Any  # noqa: ANN401 - numba's tuples of arrays
    ) -> None:  # fmt: skip
        times, opens, highs, lows, closes, spreads = bars
        first, told_from, begin, end, warm_from = span
        a, x, y, p = pointer(account[0]), pointer(account[1]), pointer(account[2]), pointer(account[3])
        nights, g, d, e = pointer(account[4]), pointer(account[5]), pointer(account[6]), pointer(account[7])
        s, sp, w = pointer(strategy[0]), pointer(strategy[1]), pointer(strategy[3])
        features, alerts, is_open, masses, shares, lent, late, back, barred = told
        outcomes, actions, kinds, scores, positions, helds, equities, before = out
        leading, deciding = calls
        if not called:
            return
        last, width, f, reads = len(times) - 1, features.shape[1], pointer(features), len(alerts) > 0
        apart, bars_entries = len(back) > 0, len(barred) > 0
        times, opens, highs = pointer(times), pointer(opens), pointer(highs)
        lows, closes, spreads = pointer(lows), pointer(closes), pointer(spreads)
        alerts, is_open, masses, shares = pointer(alerts), pointer(is_open), pointer(masses), pointer(shares)
        lent, late, back, barred = pointer(lent), pointer(late), pointer(back), pointer(barred)
        outcomes, actions, kinds, scores = pointer(outcomes), pointer(actions), pointer(kinds), pointer(scores)
        positions, helds, equities, before = pointer(positions), pointer(helds), pointer(equities), pointer(before)
        if begin == 0:
            for i in range(told_from, first):
                step(s, sp, beyond(f, i * width), highs[i], lows[i], closes[i], 0.0, 0.0)
            first_tick(a, x, y, d, p, nights, float(times[first]), opens[first], spreads[first])
        guest, keeps, mode, contract, scale, frame = (
            a[GUEST],
            g[POLICY] == KEEP,
            p[MODE],
            p[CONTRACT],
            p[SCALE],
            p[FRAME],
        )
        point, usual, least = 1.0 / scale, p[USUAL_SPREAD], FAR
        gap = usual / scale
        side, price, volume, known, stop = a[SIDE], a[PRICE], a[VOLUME], a[KNOWN], a[STOP]
        rests, tomorrow, seen = a[RESTS] != 0.0, quiet_until(a, p, nights), settled_stop(a, x, p)
        lower, upper = quiet_between(a, p)
        for i in range(first + begin, first + end):
            r, high, low, close = i - first, highs[i], lows[i], closes[i]
            busy, at, opened, spread, left = True, 0.0, close, 0.0, 0.0
            if i < last:
                at, opened, spread = float(times[i + 1]), opens[i + 1], spreads[i + 1]
                wide = usual
                if spread > wide:
                    wide = spread
                if spreads[i] > wide:
                    wide = spreads[i]
                busy = (
                    rests or r == 0 or not at < tomorrow
                    or not still(side, lower, upper, high, low, close, opened, (wide + 1.0) * point)
                )  # fmt: skip
            led = busy
            if reads and (led or side != 0.0):
                a[GATE_OPEN], a[GATE_MASS], a[GATE_SHARE] = float(is_open[i]), masses[i], shares[i]
            if reads and alerts[i] != 0:
                a[NUMBER] += alerts[i]
            if led:
                until = times[i] + frame - 1.0
                if i == last:
                    a[ENDED] = 1.0
                elif at <= until:  # a book that follows what was told knows of the bar once the next has opened
                    until = at - 1.0 + guest
                if r > 0:
                    a[SPREAD], a[ROW] = spread_of(p, guest, opens[i], spreads[i]), float(r)
                if guest > 0.0 and i < last:
                    spread = spread_told(p, opened, spread)
                own = lent[r] if guest > 0.0 else 0.0
                left = call(leading, (a, x, y, d, p, nights, until, high, low, close, at, opened, spread, own))
                if apart and int(back[i]) & TOOK_BEFORE:
                    take_back(a, p)
                side, equity = a[SIDE], a[EQUITY]
                least = equity
            else:
                own = known
                if side != 0.0:
                    quote = opened
                    if side < 0.0:
                        points = spread_of(p, guest, opened, spread)
                        quote = moved(opened, gap if points == usual else points / scale, scale)
                    own = known + floating(mode, side, price, quote, volume, contract)
                    left = live_on(a, x, y, p, high, low)
                    busy = (
                        left != 0.0 or x[2] != seen or not (quote - stop) * side > 0.0
                        or not (keeps or a[SHUT] == 0.0 or a[ANSWERED] > 0.0)
                    )  # fmt: skip
                equity = lent[r] if guest > 0.0 else own
                if equity < least:
                    see_loss(a, equity)
                    least = equity
            held = float(int(x[0])) if side != 0.0 else 0.0
            want = step(s, sp, beyond(f, i * width), high, low, close, side, held)
            actions[r], kinds[r], scores[r], positions[r], helds[r] = (
                want[0],
                int(want[1]),
                want[9],
                int(side),
                int(held),
            )
            before[r] = equity
            code = IN_POSITION
            if side == 0.0 and i >= warm_from:
                busy, code = busy or want[0] == LONG or want[0] == SHORT, NO_SIGNAL
            elif side == 0.0:
                code = WARMING
            elif want[0] == EXIT:
                busy = True
            if busy and not led:
                if reads:
                    a[GATE_OPEN], a[GATE_MASS], a[GATE_SHARE] = float(is_open[i]), masses[i], shares[i]
                a[AT], a[EQUITY], a[ROW], a[SPREAD] = at, equity, float(r), spread_of(p, guest, opened, spread)
                a[BID], a[ASK], a[CANCELS] = opened, shift(opened, a[SPREAD], scale), 0.0
            if busy:
                a[BARRED] = float(barred[i]) if bars_entries else 0.0
                w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9] = want
                code = int(call(deciding, (a, x, y, d, p, g, e, w, left, 1.0 if i >= warm_from else 0.0)))
                if a[CANCELS] > 0.0:
                    a[RESTS], a[CANCELS] = 0.0, 0.0
                if apart and int(back[i]) & TOOK_AFTER:
                    take_back(a, p)
                own = worth(a, p)
                side, price, volume, known, stop = a[SIDE], a[PRICE], a[VOLUME], a[KNOWN], a[STOP]
                rests, tomorrow, seen = a[RESTS] != 0.0, quiet_until(a, p, nights), settled_stop(a, x, p)
                lower, upper = quiet_between(a, p)
            if apart and late[i] != 0:
                a[NUMBER] += late[i]
            outcomes[r], equities[r] = code, own

    return numba.njit(**LEAN)(loop)
