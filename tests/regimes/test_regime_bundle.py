"""The bundle: it comes back as it went in, and anything else is refused in words."""

import math
import struct

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from regimes.bundle import MANIFEST, PARTS, RegimeModel, decode, encode, seal
from regimes.golden import Golden
from regimes.novelty import battery, e_process
from regimes.weights import ModelError
from tests.models import a_model

MODEL = a_model()
FILES = encode(MODEL)


def changed(**changes: object) -> RegimeModel:
    """Return the model with other values, sealed again: its hashes are all in order."""
    return seal(msgspec.structs.replace(MODEL, **changes))


def test_model_comes_back_from_its_bundle() -> None:
    """Decoding what was encoded gives an equal model, with the fingerprint it was sealed with."""
    assert MODEL == decode(FILES, MODEL.fingerprint)
    assert encode(MODEL) == encode(decode(FILES))
    assert set(FILES) == {MANIFEST, *PARTS}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=50))
def test_floats_come_back_bit_for_bit(values: list[float]) -> None:
    """A float written to JSON reads back as the same bits."""
    actual = msgspec.json.decode(msgspec.json.encode(values), type=list[float])

    assert struct.pack(f"{len(values)}d", *values) == struct.pack(f"{len(values)}d", *actual)


@given(st.data())
@settings(max_examples=300)
def test_tampered_byte_is_refused(data: st.DataObject) -> None:
    """One byte changed anywhere in the bundle is found."""
    name = data.draw(st.sampled_from(sorted(FILES)))
    at = data.draw(st.integers(0, len(FILES[name]) - 1))
    flip = data.draw(st.integers(1, 255))
    part = bytearray(FILES[name])
    part[at] ^= flip

    with pytest.raises(ModelError):
        decode({**FILES, name: bytes(part)}, MODEL.fingerprint)


def test_missing_and_foreign_parts_are_refused() -> None:
    """A bundle has exactly its parts."""
    for name in FILES:
        with pytest.raises(ModelError, match=name):
            decode({part: FILES[part] for part in FILES if part != name})
    with pytest.raises(ModelError, match=r"notes\.txt does not belong there: delete it"):
        decode({**FILES, "notes.txt": b""})


def test_bundle_of_another_name_is_refused() -> None:
    """A bundle that is sound in itself, but not the one asked for, is refused."""
    with pytest.raises(ModelError, match="is not the one of 000000000000"):
        decode(FILES, "0" * 64)


def test_other_feature_list_is_refused() -> None:
    """A model whose features are computed otherwise here than in training says so."""
    with pytest.raises(ModelError, match="computed by other code"):
        decode(encode(changed(feature_list="0" * 64)))
    with pytest.raises(ModelError, match="computed by other code"):
        decode(encode(changed(features=(("garman_klass", ()), ("log_return", ())))))
    with pytest.raises(ModelError, match="trained on version 99 of garman_klass"):
        decode(encode(changed(versions=(1, 99))))
    with pytest.raises(ModelError, match=r"unknown feature 'phlogiston'.*: train it again"):
        decode(encode(changed(features=(("log_return", ()), ("phlogiston", ())))))
    with pytest.raises(ModelError, match="feature 'garman_klass' takes 0 parameter"):
        decode(encode(changed(features=(("log_return", ()), ("garman_klass", (3.0,))))))


def test_golden_mismatch_is_refused_to_the_last_bit() -> None:
    """One bit in one golden posterior is a mismatch, unless a tolerance is asked for."""
    last = MODEL.golden.posteriors[-1]
    near = (*MODEL.golden.posteriors[:-1], (math.nextafter(last[0], 2.0), *last[1:]))
    off = changed(golden=msgspec.structs.replace(MODEL.golden, posteriors=near))

    with pytest.raises(ModelError, match=r"golden row 19 .* bits are promised per platform only"):
        decode(encode(off))
    assert off == decode(encode(off), tolerance=1e-12)


def test_golden_mismatch_after_a_change_of_the_filter_says_so() -> None:
    """When the filter is another one than in training, the message does not blame the platform."""
    off = changed(
        golden=msgspec.structs.replace(MODEL.golden, log_densities=(0.0,) * len(MODEL.golden.inputs)), kernel="0" * 64
    )

    with pytest.raises(ModelError, match="the filter or Python has changed"):
        decode(encode(off))


def test_golden_vectors_cannot_be_left_out() -> None:
    """A bundle without golden vectors, or with fewer answers than questions, proves nothing and is refused."""
    for golden in (
        Golden(inputs=(), posteriors=(), log_densities=()),
        msgspec.structs.replace(MODEL.golden, log_densities=MODEL.golden.log_densities[1:]),
        msgspec.structs.replace(MODEL.golden, inputs=tuple((0.0,) for _ in MODEL.golden.inputs)),
    ):
        with pytest.raises(ModelError, match="golden vectors are incomplete"):
            decode(encode(changed(golden=golden)))


def test_weights_that_do_not_fit_are_refused_before_they_are_used() -> None:
    """Weights too few, not finite, or of another shape than the rest are refused."""
    with pytest.raises(ModelError, match="their head announces"):
        decode(encode(changed(weights=MODEL.weights[:-1])))
    with pytest.raises(ModelError, match=r"model\.json cannot be read"):
        decode(encode(changed(weights=(math.nan, *MODEL.weights[1:]))))
    with pytest.raises(ModelError, match="do not fit each other"):
        decode(encode(changed(states=3)))


def test_bundle_of_a_later_format_is_refused() -> None:
    """A bundle written by a later program says so, whatever else it holds."""
    later = FILES[MANIFEST].replace(b'"format": 1', b'"format": 2, "novelty": true')

    with pytest.raises(ModelError, match="has format 2, this program reads 1"):
        decode({**FILES, MANIFEST: later})


def test_limits_of_novelty_are_kept_and_a_model_without_them_is_the_bundle_it_was() -> None:
    """They are part of the weights' file where there are any; a bundle made before them reads as before."""
    plain = a_model()
    limited = seal(msgspec.structs.replace(plain, novelty=battery([9.0] * 28)))

    assert (battery([9.0] * 28), ()) == (decode(encode(limited)).novelty, decode(encode(plain)).novelty)
    assert b"novelty" not in encode(plain)["model.json"]


@pytest.mark.parametrize(
    "novelty", [battery([9.0] * 14), battery([0.0] * 28), e_process(1), (2.0,), (2.0, 7.0, 1.0, 9.0)]
)
def test_limits_that_do_not_fit_the_features_are_refused(novelty: tuple[float, ...]) -> None:
    """Too few, none above 0, for other features, or of no rule that there is."""
    model = seal(msgspec.structs.replace(a_model(), novelty=novelty))

    with pytest.raises(ModelError, match="limits of novelty do not fit"):
        decode(encode(model))
