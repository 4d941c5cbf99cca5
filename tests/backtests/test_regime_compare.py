"""Two regime models beside each other: kinship, matching, agreement and likelihood on the same bars."""

from functools import cache

import msgspec
import pytest

from backtests.regime_compare import compare, judged, kinship_of
from backtests.train import train_regime
from market.bars import Bars
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, seal
from regimes.labels import reordered
from tests.models import FEATURE_LIST


@cache
def bars() -> Bars:
    """Return 1999 to 2006."""
    return read_sp500().part(0, 2000)


@cache
def trained(count: int, states: int = 2) -> RegimeModel:
    """Return a model of the first bars."""
    return train_regime(bars().part(0, count), FEATURE_LIST, states, "days", "research")[0]


def test_a_model_and_itself_with_swapped_states_are_matched() -> None:
    """Every bar agrees once the ordinals are matched, and both find the bars equally likely."""
    swapped = reordered(trained(1256), (1, 0))
    found = compare(trained(1256), swapped, bars())

    assert found.overlap is not None
    assert found.likelihood is not None
    assert ((1, 0), 1.0) == (found.overlap.order, found.agreement)
    assert pytest.approx(1.0) == found.overlap.mean
    assert pytest.approx(found.likelihood.a) == found.likelihood.b
    assert pytest.approx([1.0, 1.0]) == [sum(row) for row in found.shared]
    assert "mean the same, in another order" in judged(found)


def test_bars_that_neither_has_learnt_from_are_told_apart() -> None:
    """After the later of both trainings; the sum over all bars stands beside them."""
    found = compare(trained(1256), trained(1500), bars())

    assert found.likelihood is not None
    assert found.unseen is not None
    assert (1999, 500) == (found.likelihood.bars, found.unseen.bars)
    assert (found.likelihood.error or 0.0) > 0.0


def test_models_of_other_states_or_features_are_compared_as_far_as_they_can_be() -> None:
    """A table of posteriors always; no matching of two states with three, no likelihood of other features."""
    more = compare(trained(1256), trained(1256, 3), bars())
    other = train_regime(bars(), (("log_return", ()),), 2, "days", "research")[0]
    narrower = compare(trained(1256), other, bars())

    assert (None, None, (2, 3)) == (more.overlap, more.agreement, (len(more.shared), len(more.shared[0])))
    assert "different numbers of states" in judged(more)
    assert (None, None) == (narrower.likelihood, narrower.unseen)
    assert narrower.overlap is not None


def test_who_is_whose_refit_is_read_off_the_bundles() -> None:
    """Parents and lineages alone decide; without bars that is all there is to say."""
    old = trained(1256)
    new = seal(msgspec.structs.replace(trained(1500), lineage=old.lineage, parent=old.fingerprint))
    sibling = seal(msgspec.structs.replace(trained(1600), lineage=old.lineage, parent=old.fingerprint))
    stranger = seal(msgspec.structs.replace(old, lineage="else"))

    assert "B is the refit of A, in lineage days" == kinship_of(old, new)
    assert "A is the refit of B, in lineage days" == kinship_of(new, old)
    assert f"both are refits of {old.fingerprint[:12]}, in lineage days" == kinship_of(new, sibling)
    assert kinship_of(old, stranger).startswith("of different lineages (days, else)")
    assert "the same model" == kinship_of(old, old)
    assert 0 == compare(old, new).bars
    assert not judged(compare(old, new))


def test_states_that_mean_something_else_are_said_to() -> None:
    """States of efficiency are no states of volatility: the sentence names the limits a refit would have to keep."""
    other = train_regime(bars(), (("efficiency_ratio", (10.0,)),), 2, "days", "research")[0]
    found = compare(trained(1256), other, bars())

    assert judged(found).startswith("Their states do NOT mean the same: overlap ")
    assert "a refit needs 0.80, each 0.50, on 250 bars" in judged(found)


def test_bars_of_another_symbol_are_compared_over_and_said_to_be() -> None:
    """Whoever means to read one symbol by a model of another looks at it so; a file's name holds a symbol's."""
    model = trained(1256)
    other = seal(msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, symbol="DAX")))
    old = seal(msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, symbol="")))
    found = compare(model, other, bars())

    assert 1999 == found.bars
    assert ["B has learnt from DAX, and these are bars of SP500"] == [note.partition(":")[0] for note in found.notes]
    assert () == compare(model, old, bars()).notes
    assert () == compare(model, model, msgspec.structs.replace(bars(), symbol="sp500-daily")).notes


def test_bars_on_which_neither_is_warm_are_said_to_be_too_few() -> None:
    """One bar has no return: it was given, and there is nothing to compare."""
    found = compare(trained(1256), trained(1256), bars().part(0, 1))

    assert (0, ("on none of the 1 bars given are both warm",)) == (found.bars, found.notes)
