"""Compiled passes over the rows: forward, then backward with all the sums that a step of Baum-Welch needs.

Rows are (d, n) and what is kept per state is (K, n), worked on in strips that stay in the fastest cache; nothing is
allocated per row. The largest log density of a row is taken out before `exp`. Method: the scaled recursions of
Rabiner (1989). Any scaling of the forward and backward vectors will do, as the posterior and the transitions of each
row are divided by their own sum; so they are scaled every eighth row only. Student-t emissions are the scale mixture
of Peel and McLachlan (2000).
"""

import math

import numpy as np

from regimes.fit_chain import ROWS, Chain, Rules, Space
from regimes.fit_lanes import Array, distances, dot, dot3, exponential, fused, inner, total, walk

POSTERIOR, WEIGHT, SURPLUS, MOVES = 0, 1, 2, 3
"""Columns of the sums; moves to each state and the moments follow."""


@inner
def emissions(z: Array, first: int, count: int, rules: Rules, chain: Chain, space: Space) -> float:
    """Write a strip's densities, each row over its largest; return the sum of the logs of the largest."""
    out, y, top = space.strips[0][:count], space.strips[1][:count], space.strips[2][:count]
    size = len(z)
    for k in range(len(chain.means)):
        distances(z, first, chain.means[k], space.white[k], rules.full, out, y)
        row, norm, dof = space.densities[k][first : first + count], space.norm[k], chain.dof[k]
        if dof == math.inf:
            for t in range(count):
                row[t] = norm - 0.5 * out[t]
        else:
            for t in range(count):
                row[t] = norm - 0.5 * (dof + size) * math.log(1.0 + out[t] / dof)
        if k == 0:
            top[:] = row
        for t in range(count):
            top[t] = row[t] if row[t] > top[t] else top[t]
    for k in range(len(chain.means)):
        exponential(space.densities[k][first : first + count], top)
    return total(top)


@inner
def forward(z: Array, rules: Rules, chain: Chain, space: Space) -> float:
    """Write densities and what precedes each row; return the log likelihood of the rows."""
    count, states = z.shape[1], len(chain.start)
    p = np.empty(states)
    total = 0.0
    for first in range(0, count, ROWS):
        rows = min(ROWS, count - first)
        total += emissions(z, first, rows, rules, chain, space)
        if first == 0:
            for k in range(states):
                p[k] = chain.start[k] * space.densities[k, 0]
                space.posteriors[k, 0] = p[k]
            total += walk(space.densities, space.posteriors, chain.transitions, p, 1, 1, rows - 1)
        else:
            total += walk(space.densities, space.posteriors, chain.transitions, p, first, 1, rows)
    return total + math.log(p.sum())


@inner
def backward(z: Array, rules: Rules, chain: Chain, space: Space) -> None:
    """Turn what precedes each row into its smoothed posterior, and sum up what the next step needs."""
    count, states = z.shape[1], len(chain.start)
    turned = chain.transitions.T.copy()
    p = space.densities[:, count - 1].copy()
    space.sums[:] = 0.0
    last = (count - 1) // ROWS * ROWS
    for first in range(last, -1, -ROWS):
        rows = min(ROWS, count - first)
        ends = first == last
        follow = rows - 1 if ends else rows
        walk(space.densities, space.densities, turned, p, first + follow - 1, -1, follow)
        smooth(first, rows, follow, chain, space)
        for k in range(states):
            moments(z, first, rows, k, rules, chain, space)


@fused
def smooth(first: int, rows: int, follow: int, chain: Chain, space: Space) -> None:
    """Write a strip's posteriors and add its transitions up; the last row of all has no row that follows."""
    states = len(chain.start)
    whole = space.strips[0][:rows]
    whole[:] = 0.0
    for i in range(states):
        after, before = space.strips[3 + i][:rows], space.posteriors[i][first : first + rows]
        follows(first + 1, follow, chain.transitions[i], space, after)
        for t in range(rows):
            whole[t] += before[t] * after[t]
    for t in range(rows):
        whole[t] = 1.0 / whole[t]
    for i in range(states):
        after, before = space.strips[3 + i][:rows], space.posteriors[i][first : first + rows]
        for t in range(rows):
            before[t] *= whole[t]
        for j in range(states):
            joint = dot(before[:follow], space.densities[j][first + 1 : first + 1 + follow])
            space.sums[i, MOVES + j] += chain.transitions[i, j] * joint
        for t in range(rows):
            before[t] *= after[t]


@fused
def follows(first: int, count: int, moves: Array, space: Space, after: Array) -> None:
    """Write how likely one state makes what follows each row, up to the row's scale; 1 where nothing does."""
    after[:] = 0.0
    for j in range(len(moves)):
        move, row = moves[j], space.densities[j][first : first + count]
        for t in range(count):
            after[t] += move * row[t]
    after[count:] = 1.0


@fused
def moments(z: Array, first: int, rows: int, k: int, rules: Rules, chain: Chain, space: Space) -> None:
    """Add up a strip's posterior of one state, and the rows and their products weighted with it."""
    size, dof, sums = len(z), chain.dof[k], space.sums[k]
    weight, y = space.posteriors[k][first : first + rows], space.strips[1][:rows]
    share = total(weight)
    sums[POSTERIOR] += share
    if dof != math.inf:
        posterior, weight = weight, space.strips[0][:rows]
        distances(z, first, chain.means[k], space.white[k], rules.full, weight, y)
        for t in range(rows):
            scale = (dof + size) / (dof + weight[t])
            y[t] = math.log(scale) - scale
            weight[t] = posterior[t] * scale
        sums[SURPLUS] += dot(posterior, y)
        share = total(weight)
    sums[WEIGHT] += share
    at = MOVES + len(chain.start)
    for i in range(size):
        a = z[i][first : first + rows]
        sums[at + i] += dot(weight, a)
        for j in range(i + 1) if rules.full else range(i, i + 1):
            sums[at + size + i * size + j] += dot3(weight, a, z[j][first : first + rows])
