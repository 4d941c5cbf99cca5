"""An ensemble in the filter: the mean of what its members say, in posterior, density and transform of a row."""

import math

import numpy as np
import pytest

from scipy import stats

from regimes.ensemble import join, parts_of, penalty_of, transitions_of
from regimes.filter import filter_init, filter_rows, filter_step
from regimes.labels import permuted
from regimes.layout import members_of
from regimes.novelty import e_process, novelty_init, novelty_step
from regimes.pit import pit_init, pit_step
from regimes.weights import ModelError, Parameters, Vector, check_weights, pack, unpack
from tests.kernels import bits, same_call
from tests.models import SHARES, draw_parameters, draw_rows, draw_weights

SHAPES = [(2, 1), (3, 2), (4, 4)]


def drawn(size: int, count: int, seed: int = 1) -> list[list[float]]:
    """Return rows to fold."""
    rows: list[list[float]] = draw_rows(draw_parameters(seed, 3, size), count, seed).tolist()
    return rows


@pytest.mark.parametrize(("states", "size"), SHAPES)
def test_posterior_is_the_mean_of_the_members(states: int, size: int) -> None:
    """Each member is folded as if it were alone, also over a row that is missing."""
    w = draw_weights(3, states, size, "ensemble")
    rows = drawn(size, 200)
    rows[70][0] = math.nan

    posteriors, densities = filter_rows(w, rows)

    alone = [filter_rows(member, rows) for _, member in members_of(w)]
    told = np.einsum("m,mnk->nk", SHARES, np.array([one for one, _ in alone]))
    gauss, student = (share * np.exp(alone[i][1]) for i, share in ((0, SHARES[0]), (2, SHARES[2])))
    assert np.abs(told - posteriors).max() < 1e-15
    assert np.log((gauss + student) / (SHARES[0] + SHARES[2])) == pytest.approx(densities, rel=1e-9, nan_ok=True)
    assert [70] == np.flatnonzero(np.isnan(densities)).tolist()


def test_members_of_one_opinion_are_that_member() -> None:
    """Posterior, density and transform are those of the one that is there twice."""
    one = draw_weights(4, 3, 2, "full t")
    both, rows = join((0.5, 0.5), (one, one)), drawn(2, 100)

    (p, a), (q, b) = filter_rows(one, rows), filter_rows(both, rows)

    assert np.abs(np.array(p) - q).max() < 1e-15
    assert a == pytest.approx(b, rel=1e-12)
    assert np.array(transformed(one, rows)) == pytest.approx(np.array(transformed(both, rows)), abs=1e-9)


def transformed(w: Vector, rows: list[list[float]]) -> list[list[float]]:
    """Return the z of each row."""
    s, z, out = filter_init(w), pit_init(w), []
    for x in rows:
        filter_step(s, w, x)
        pit_step(z, s, w)
        out.append(z[: len(x)])
    return out


def test_transform_is_that_of_the_members_mixture() -> None:
    """The first feature in the mixture of all states that predict, the second given the first, in their own units."""
    members = [draw_parameters(seed, 2, 2, penalty=penalty) for seed, penalty in ((1, None), (2, 9.0), (3, None))]
    w = join(SHARES, [pack(member) for member in members])
    rows = drawn(2, 60)

    found = stats.norm.cdf(transformed(w, rows))

    for t in range(1, 60):
        below, first = np.zeros(2), 0.0
        for share, member in ((SHARES[0], members[0]), (SHARES[2], members[2])):
            ahead = np.array(filter_rows(pack(member), rows[:t])[0][-1]) @ np.array(member.transitions)
            scale, centre = np.array(member.scale), np.array(member.centre)
            for k, p in enumerate(ahead):
                spread = np.sqrt(np.diag(member.covariances[k])) * scale
                falls = stats.norm(centre + scale * np.array(member.means[k]), spread)
                density, place = falls.pdf(rows[t]), falls.cdf(rows[t])
                below += share * p * place * (1.0, density[0])
                first += share * p * density[0]
        expected = (below[0] / (SHARES[0] + SHARES[2]), below[1] / first)
        assert expected == pytest.approx(found[t], abs=1e-9)


def pooled(parts: list[tuple[float, Parameters]], count: int) -> list[list[float]]:
    """Return rows as a pool of models predicts them: each from one of them, drawn by its share anew for every bar."""
    draw, rows = np.random.default_rng(8), list[list[float]]()
    ahead = [np.array(model.start) for _, model in parts]
    states = [filter_init(pack(model)) for _, model in parts]
    for _ in range(count):
        at = draw.choice(len(parts), p=[share for share, _ in parts])
        model = parts[at][1]
        k = draw.choice(len(model.start), p=ahead[at])
        z = draw.multivariate_normal(model.means[k], model.covariances[k])
        rows.append((np.array(model.centre) + z * model.scale).tolist())
        for place, (_, other) in enumerate(parts):
            filter_step(states[place], pack(other), rows[-1])
            ahead[place] = np.array(states[place][: len(other.start)]) @ np.array(other.transitions)
    return rows


def test_bars_as_an_ensemble_predicts_them_are_no_novelty_and_wilder_ones_are() -> None:
    """Its own truth is the pool: each bar from one member. Then z is normal bar by bar, as the e-process asks."""
    parts = [(0.7, draw_parameters(1, 2, 2, full=True)), (0.3, draw_parameters(2, 2, 2))]
    w = join((0.35, 0.5, 0.15), [pack(parts[0][1]), draw_weights(3, 2, 2, "jump 9"), pack(parts[1][1])])
    rows, rule = pooled(parts, 1500), e_process(2)
    wild = [[4.0 * x for x in row] for row in rows[:50]]

    z, v = np.array(transformed(w, rows)), novelty_init(rule)
    quiet = max(novelty_step(v, rule, row) for row in z.tolist())
    loud = [novelty_step(v, rule, row) for row in transformed(w, [*rows, *wild])[1500:]]

    assert (0.0, 1.0) == (quiet, loud[-1])
    assert all(stats.kstest(column, "norm").pvalue > 0.01 for column in z.T)
    assert abs(np.corrcoef(z[:, 0], z[:, 1])[0, 1]) < 0.08


@pytest.mark.parametrize(("states", "size"), SHAPES)
def test_transform_of_an_ensemble_gives_the_same_bits_compiled(states: int, size: int) -> None:
    """Plain Python and numba agree on every z, also of absurd rows."""
    w = draw_weights(3, states, size, "ensemble")
    s, calls = filter_init(w), []
    for x in [*drawn(size, 200), [1e6] * size, [-math.inf] * size]:
        filter_step(s, w, x)
        calls.append((pit_init(w), list(s), list(w)))  # as loops have them: arrays, of any length

    assert 202 == len(same_call(pit_step, calls))


def test_states_of_all_members_are_put_into_another_order_together() -> None:
    """Their posteriors are those before, in that order."""
    w, rows = draw_weights(5, 3, 2, "ensemble"), drawn(2, 50)

    before, after = filter_rows(w, rows)[0], filter_rows(permuted(w, (2, 0, 1)), rows)[0]

    assert np.array(before)[:, [2, 0, 1]] == pytest.approx(np.array(after), rel=1e-12)


def test_members_come_back_as_they_were_joined() -> None:
    """An ensemble is what it was made of, and tells the mean of their transitions and what a jump costs."""
    members = [draw_weights(seed, 2, 2, of) for seed, of in ((1, "gauss"), (2, "jump 9"))]
    w = join((0.25, 0.75), members)
    chains = [np.array(unpack(member).transitions) for member in members]

    assert [(0.25, members[0]), (0.75, members[1])] == parts_of(w)
    assert [(1.0, members[0])] == parts_of(members[0])
    assert bits([0.25 * chains[0] + 0.75 * chains[1]]) == bits([np.array(transitions_of(w))])
    assert unpack(members[0]).transitions == transitions_of(members[0])
    assert (9.0, 9.0, None) == (penalty_of(w), penalty_of(members[1]), penalty_of(members[0]))


@pytest.mark.parametrize(
    ("shares", "members", "complaint"),
    [
        ((1.0,), ("gauss",), "an ensemble of 1 members; use 2 to 4"),
        ((0.2,) * 5, ("gauss",) * 5, "an ensemble of 5 members; use 2 to 4"),
        ((0.5, 0.6), ("gauss", "t"), "are not the shares"),
        ((1.0, 0.0), ("gauss", "t"), "are not the shares"),
        ((0.5, 0.5), ("jump 9", "gauss"), "first member of an ensemble is a jump model"),
        ((0.5, 0.5), ("gauss", "ensemble"), "train it again"),
    ],
)
def test_what_is_no_ensemble_cannot_be_joined(shares: Vector, members: tuple[str, ...], complaint: str) -> None:
    """Too few or too many members, shares that are none, an ensemble within, or nobody who predicts."""
    with pytest.raises(ModelError, match=complaint):
        join(shares, [draw_weights(1, 2, 2, of) for of in members])


def test_members_of_other_shapes_cannot_be_joined() -> None:
    """All have to speak of the same states, and read the same features."""
    two, three = draw_weights(1, 2, 2, "gauss"), draw_weights(1, 3, 2, "gauss")

    with pytest.raises(ModelError, match="other states or features"):
        join((0.5, 0.5), (two, three))
    with pytest.raises(ModelError, match="an ensemble has no parameters of its own"):
        unpack(join((0.5, 0.5), (two, two)))


@pytest.mark.parametrize("cut", [4, 5, 6, 7, 20, -1])
def test_weights_of_an_ensemble_that_end_too_early_are_refused(cut: int) -> None:
    """Nothing is read beyond the end."""
    w = draw_weights(1, 2, 2, "ensemble")

    for wrong in (w[:cut], (*w, 0.0)):
        with pytest.raises(ModelError, match="train it again"):
            check_weights(wrong)
