"""The look-alike's structures have the habits of the package's."""

import copy
import json
import pickle

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import structs

TICK = (1, 2.0, 3.0, 0.0, 0, 1000, 6, 0.0)


def test_repr_is_the_packages() -> None:
    """A structure shows its name and its fields in order."""
    expected = "Tick(time=1, bid=2.0, ask=3.0, last=0.0, volume=0, time_msc=1000, flags=6, volume_real=0.0)"

    assert expected == repr(m.Tick(TICK))


def test_equality_and_hash_are_the_plain_tuples() -> None:
    """A structure equals the tuple of its values and hashes like it."""
    tick = m.Tick(TICK)

    assert tick == TICK
    assert hash(tick) == hash(TICK)


@pytest.mark.parametrize("name", ["_fields", "_replace", "_make"])
def test_habits_of_named_tuples_are_absent(name: str) -> None:
    """What only namedtuple has, a structure has not."""
    assert not hasattr(m.Tick(TICK), name)


def test_fields_cannot_be_written() -> None:
    """A structure is read only."""
    with pytest.raises(AttributeError):
        m.Tick(TICK).bid = 1.0  # type: ignore[attr-defined]


def test_pickle_does_not_find_the_type() -> None:
    """A structure cannot leave its process by pickle."""
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(m.Tick(TICK))


def test_copy_works() -> None:
    """A copied structure is equal and of the same type."""
    tick = m.Tick(TICK)
    copied = copy.copy(tick)

    assert (type(tick), TICK) == (type(copied), copied)


def test_asdict_leaves_a_nested_structure_as_it_is() -> None:
    """The request in a result stays a TradeRequest."""
    request = m.TradeRequest((1, 0, 0, "X", *[0.0] * 5, *[0] * 5, "", 0, 0))
    result: Any = m.OrderSendResult((10009, 1, 2, 0.1, 1.0, 1.0, 1.1, "", 1, 0, request))

    assert request is result._asdict()["request"]


def test_a_wrong_number_of_values_is_refused() -> None:
    """A structure is never made of too few values."""
    with pytest.raises(TypeError, match="takes a 8-sequence"):
        m.Tick((1, 2.0))


def test_names_and_numbers_are_the_packages(shared_data: Path) -> None:
    """Constants, functions and fields of structures are those read out of the package."""
    api = json.loads((shared_data / "mt5" / "api.json").read_text())
    helpers = {"Buy", "Sell", "Close"}
    fields = {name: list(structs.names_of(getattr(m, name))) for name in api["structures"]}
    constants = {name: getattr(m, name) for name in api["constants"]}
    missing = {name for name in api["functions"] if not hasattr(m, name)}

    assert api["structures"] == fields
    assert api["constants"] == constants
    assert helpers == missing


def test_bars_are_packed_as_the_packages(shared_data: Path) -> None:
    """The array of bars has the package's names, formats, offsets and 60 bytes a row."""
    from brokers.mt5.lookalike.arrays import RATES  # noqa: PLC0415 - numpy belongs to this test alone

    expected = json.loads((shared_data / "mt5" / "api.json").read_text())["numpy_dtypes"]["rates"]
    described = [RATES.fields[name] for name in RATES.names or ()] if RATES.fields else []
    actual = {
        "names": list(RATES.names or ()),
        "formats": [kind.str for kind, *_ in described],
        "offsets": [offset for _, offset, *_ in described],
        "itemsize": RATES.itemsize,
    }

    assert expected == actual
