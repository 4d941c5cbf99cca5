"""A regime model and its bundle: named parts as bytes, each hashed, and vectors that are computed again at every load.

Pure: whoever stores the parts (`runtime/bundles.py`, the journal) hands them over as a dict of bytes. All parts are
JSON; a float is written as its shortest decimal, which reads back as the same bits, so that a daemon needs no numpy.
"""

import hashlib

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from market.feature import FeatureError
from market.features import FeatureRef, feature_list_fingerprint, feature_of
from market.kernel import fingerprint as kernel_fingerprint
from market.undecoded import UNDECODED
from regimes.filter import FILTER_KERNELS
from regimes.golden import Golden, complete, first_difference
from regimes.layout import ENSEMBLE, KIND, MEMBERS, STATES
from regimes.layout import FEATURES as WIDTH
from regimes.learnt import Profile, Training
from regimes.likeness import fits_likeness
from regimes.novelty import fits as fits_novelty
from regimes.weights import ModelError, Vector, check_weights

FORMAT = 1
MANIFEST = "MANIFEST.json"
T = TypeVar("T")


class RegimeModel(msgspec.Struct, frozen=True, kw_only=True):
    """A trained regime model."""

    name: str
    lineage: str
    """Models of one lineage mean the same by their ordinals; a strategy's allowed states are bound to it."""
    owner: str
    states: int
    features: tuple[FeatureRef, ...]
    versions: tuple[int, ...]
    """Of the features, when it was trained."""
    feature_list: str
    """Fingerprint of the feature list."""
    weights: Vector
    """As `regimes/layout.py` lays them out."""
    profiles: tuple[Profile, ...]
    metrics: dict[str, float]
    golden: Golden
    data: Training
    kernel: str
    """Fingerprint of the filter's kernels when it was trained."""
    novelty: Vector = ()
    """Parameters of `regimes/novelty.py`, whose limits were calibrated for it; (): none were."""
    quantiles: tuple[Vector, ...] = ()
    """Of each feature over the training bars, at the probabilities of `regimes/likeness.py`; (): none were kept."""
    parent: str = ""
    """Fingerprint of the model it was refitted from."""
    fingerprint: str = ""
    """SHA-256 of its manifest, and so of all it is made of; empty until sealed."""

    @property
    def evidence(self) -> Vector:
        """Bars that each state was learnt from: what `regimes/pit.py` trusts its numbers by."""
        return tuple(profile.occupancy * self.data.rows for profile in self.profiles)


class _Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    states: int
    weights: Vector
    novelty: Vector = ()


class _Features(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    features: tuple[FeatureRef, ...]
    versions: tuple[int, ...]
    fingerprint: str
    quantiles: tuple[Vector, ...] = ()


class _Metrics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Profile, ...]
    metrics: dict[str, float]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    name: str
    lineage: str
    owner: str
    parent: str
    kernel: str
    parts: dict[str, str]


PARTS: dict[str, type[msgspec.Struct]] = {
    "model.json": _Weights,
    "features.json": _Features,
    "data.json": Training,
    "metrics/profile.json": _Metrics,
    "golden.json": Golden,
}
"""The parts beside the manifest."""


def filter_fingerprint() -> str:
    """Return the SHA-256 of the filter's kernels as they are here."""
    return kernel_fingerprint(FILTER_KERNELS)


def encode(model: RegimeModel) -> dict[str, bytes]:
    """Return the parts of a model's bundle by their path; equal models give equal bytes."""
    parts = {
        "model.json": _json(_Weights(model.states, model.weights, model.novelty)),
        "features.json": _json(_Features(model.features, model.versions, model.feature_list, model.quantiles)),
        "data.json": _json(model.data),
        "metrics/profile.json": _json(_Metrics(model.profiles, model.metrics)),
        "golden.json": _json(model.golden),
    }
    hashes = {name: _sha(part) for name, part in parts.items()}
    manifest = _Manifest(FORMAT, model.name, model.lineage, model.owner, model.parent, model.kernel, hashes)
    return {MANIFEST: _json(manifest), **parts}


def texts_of(model: RegimeModel) -> dict[str, str]:
    """Return a bundle as journals keep it: its parts by their path, as text."""
    return {name: part.decode() for name, part in encode(model).items()}


def from_texts(parts: Mapping[str, str], fingerprint: str = "", *, used: bool = True) -> RegimeModel:
    """Return the model in a journal's bundle, verified as `decode` does it; ModelError."""
    return decode({name: text.encode() for name, text in parts.items()}, fingerprint, used=used)


def seal(model: RegimeModel) -> RegimeModel:
    """Return the model with the fingerprint of its content."""
    return msgspec.structs.replace(model, fingerprint=_sha(encode(model)[MANIFEST]))


def decode(
    files: Mapping[str, bytes], fingerprint: str = "", *, tolerance: float = 0.0, used: bool = True
) -> RegimeModel:
    """Return the model in a bundle, after every hash is verified and every golden vector computed again.

    `fingerprint` is what the bundle is known by; without it the manifest vouches for the parts, and nobody for the
    manifest. `tolerance` allows that much difference of the golden vectors: bits are promised per platform only. Of a
    model that is not to be `used` the hashes alone are verified: this program may compute it otherwise.
    Raises ModelError for a bundle that is incomplete, altered, of another feature list, or not what it was.
    """
    manifest = _manifest(files, fingerprint)
    for name in sorted({MANIFEST, *PARTS} ^ set(files)):
        fate = "does not belong there: delete it" if name in files else "is missing: copy the bundle again"
        raise ModelError(f"model {manifest.name}: {name} {fate}")
    for name in PARTS:
        if _sha(files[name]) != manifest.parts.get(name):
            raise ModelError(f"model {manifest.name}: {name} is not what the manifest says: copy the bundle again")
    weights, features = _part(files, "model.json", _Weights), _part(files, "features.json", _Features)
    metrics = _part(files, "metrics/profile.json", _Metrics)
    model = RegimeModel(
        name=manifest.name,
        lineage=manifest.lineage,
        owner=manifest.owner,
        parent=manifest.parent,
        kernel=manifest.kernel,
        states=weights.states,
        weights=weights.weights,
        novelty=weights.novelty,
        features=features.features,
        versions=features.versions,
        feature_list=features.fingerprint,
        quantiles=features.quantiles,
        profiles=metrics.profiles,
        metrics=metrics.metrics,
        golden=_part(files, "golden.json", Golden),
        data=_part(files, "data.json", Training),
        fingerprint=_sha(files[MANIFEST]),
    )
    if used:
        check(model, tolerance=tolerance)
    return model


def check(model: RegimeModel, *, tolerance: float = 0.0) -> None:
    """Raise ModelError unless the model's parts fit each other, this program's features and its golden vectors."""
    check_weights(model.weights)
    members = int(model.weights[MEMBERS]) if model.weights[KIND] == ENSEMBLE else 0
    shape = (model.states, len(model.features), len(model.versions), len(model.profiles), len(model.data.members))
    if shape != (int(model.weights[STATES]), int(model.weights[WIDTH]), len(model.features), model.states, members):
        raise ModelError(
            f"model {model.name}: its weights, features, profiles and members do not fit each other: train it again"
        )
    if not fits_novelty(model.novelty, len(model.features)):
        raise ModelError(f"model {model.name}: its limits of novelty do not fit its features: calibrate them again")
    if not fits_likeness(model.quantiles, len(model.features)):
        raise ModelError(f"model {model.name}: its quantiles do not fit its features: train it again")
    _check_features(model)
    _check_golden(model, tolerance)


def _check_features(model: RegimeModel) -> None:
    for ref, version in zip(model.features, model.versions, strict=True):
        try:
            here = feature_of(ref).version
        except FeatureError as error:
            raise ModelError(f"model {model.name}: {error}: train it again on features that exist here") from error
        if here != version:
            raise ModelError(
                f"model {model.name}: trained on version {version} of {ref[0]}, here is {here}: train it again"
            )
    if feature_list_fingerprint(model.features) != model.feature_list:
        raise ModelError(
            f"model {model.name}: its features are computed by other code here than in training "
            "(tidegate or Python was updated): train it again"
        )


def _check_golden(model: RegimeModel, tolerance: float) -> None:
    if not complete(model.golden, model.states, len(model.features)):
        raise ModelError(f"model {model.name}: its golden vectors are incomplete: copy the bundle or train it again")
    difference = first_difference(model.golden, model.weights, tolerance)
    if difference:
        raise ModelError(_story(model, *difference))


def _story(model: RegimeModel, row: int, apart: float) -> str:
    where = f"model {model.name}: golden row {row} comes out differently here, by {apart:.1e}"
    if model.kernel != filter_fingerprint():
        return f"{where}; the filter or Python has changed since it was trained: train it again"
    return (
        f"{where}; the filter is the same, and bits are promised per platform only (trained on {model.data.platform}): "
        "train it here, or load it with a tolerance"
    )


def _manifest(files: Mapping[str, bytes], fingerprint: str) -> _Manifest:
    if MANIFEST not in files:
        raise ModelError(f"model: the bundle has no {MANIFEST}: copy it again")
    if fingerprint and _sha(files[MANIFEST]) != fingerprint:
        raise ModelError(f"model: {MANIFEST} is not the one of {fingerprint[:12]}: copy the bundle again")
    number = _part(files, MANIFEST, _Format).format
    if number != FORMAT:
        raise ModelError(
            f"model: the bundle has format {number}, this program reads {FORMAT}: update it, or train again"
        )
    return _part(files, MANIFEST, _Manifest)


class _Format(msgspec.Struct, frozen=True):
    format: int


def _part(files: Mapping[str, bytes], name: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(files[name], type=kind)
    except UNDECODED as error:
        raise ModelError(f"model: {name} cannot be read ({error}): copy the bundle again") from error


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
