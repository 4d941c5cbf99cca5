"""The fast engine: compiled Baum-Welch from many starts at once, one thread a processor, the same steps as hmmlearn."""

import math
import os

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from regimes.fit_chain import Array, Chain, Climbed, Rules, Space, copied, space_for
from regimes.fit_climb import climb, smoothed

FAULT = "fit: a state lost its rows, or its covariance: use fewer states or features, leave halted bars out"


def climb_all(
    z: Array, begins: Sequence[Chain], rules: Rules, most: int, every: int, gain: float, threads: int = 0
) -> list[Climbed]:
    """Take up to `most` steps from each start; stop where the last `every` of them gained less than `gain` nats.

    Rows are (n, d). `threads` is the number of processors unless told. Equal arguments give equal bits: a climb has a
    chain and a room of its own, whichever thread it falls to.
    """
    rows = np.ascontiguousarray(z.T)
    states, size = begins[0].means.shape
    workers = min(threads or os.cpu_count() or 1, len(begins))
    rooms = [space_for(states, size, len(z)) for _ in range(workers)]

    def one(begin: Chain) -> Climbed:
        room, chain = rooms.pop(), copied(begin)
        try:
            return _climbed(rows, chain, rules, room, most, every, gain)
        finally:
            rooms.append(room)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, begins))


def _climbed(rows: Array, chain: Chain, rules: Rules, room: Space, most: int, every: int, gain: float) -> Climbed:
    steps, objective, converged = climb(rows, rules, chain, room, most, every, gain)
    return Climbed(chain, objective, steps, converged, FAULT if math.isnan(objective) else "")


def smoothed_by_kernel(z: Array, chain: Chain, rules: Rules) -> tuple[Array, float]:
    """Return the posteriors (n, K) of all rows given all rows, and their log likelihood."""
    room = space_for(len(chain.means), z.shape[1], len(z))
    likelihood = smoothed(np.ascontiguousarray(z.T), rules, copied(chain), room)
    return room.posteriors.T, float(likelihood)
