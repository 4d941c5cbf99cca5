"""Trained models in files: scikit-learn by skops, ONNX, LightGBM as text; asked one row at a time, by known features.

For functions that run in a process of their own, and for the notebooks that train what they ask. Beside a model's file
lies a manifest that names its features in order, with a fingerprint over their code; whoever shows it another list is
told what differs. No pickle: a skops file may hold the types that skops itself trusts, and those named here.
"""

import hashlib

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from market.features import FEATURES, feature_list_fingerprint
from market.undecoded import UNDECODED
from strategies.protocol import FeatureRef
from strategies.window import Window

TRUSTED = frozenset({
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
})  # fmt: skip
"""Types in a skops file beyond those that skops trusts: what trees and networks are made of. Their state is arrays."""

Row = Sequence[float]
Score = Callable[[Row], float]


class ModelFileError(ValueError):
    """A model that cannot be asked: its file, its manifest or its features are not what they should be."""


class Known(msgspec.Struct, frozen=True):
    """A feature as a model knows it."""

    name: str
    feature: str
    params: tuple[float, ...]
    version: int

    def __str__(self) -> str:
        """Say it as people do: z = zscore(20) v1."""
        return f"{self.name} = {self.feature}({', '.join(f'{x:g}' for x in self.params)}) v{self.version}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lies beside a model's file."""

    format: int = 1
    sha256: str
    """Of the model's file."""
    features: tuple[Known, ...]
    fingerprint: str
    """Over name, version, parameters and kernel code of each feature, in order."""


def known_of(refs: Mapping[str, FeatureRef]) -> tuple[Known, ...]:
    """Return features as a manifest names them."""
    return tuple(Known(name, ref[0], tuple(ref[1]), FEATURES[ref[0]].version) for name, ref in refs.items())


def write_manifest(file: Path, refs: Mapping[str, FeatureRef]) -> Path:
    """Write down which features a model's file was trained on, in the order of its columns; return the manifest."""
    manifest = Manifest(
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(), features=known_of(refs),
        fingerprint=feature_list_fingerprint(tuple(refs.values())),
    )  # fmt: skip
    path = manifest_of(file)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    return path


def manifest_of(file: Path) -> Path:
    """Return where the manifest of a model's file lies."""
    return file.with_name(f"{file.name}.json")


class ModelFile:
    """A model, asked one row at a time."""

    def __init__(self, file: Path) -> None:
        """Read a model and its manifest; ModelFileError says what is wrong with them, and what to do."""
        self._checked: Mapping[str, FeatureRef] | None = None
        raw = _read(file, "save the model first")
        try:
            self.manifest = msgspec.json.decode(
                _read(manifest_of(file), "write it with runtime.model_files.write_manifest"), type=Manifest
            )
        except UNDECODED as error:
            raise ModelFileError(f"{manifest_of(file)}: {error}") from error
        if hashlib.sha256(raw).hexdigest() != self.manifest.sha256:
            raise ModelFileError(f"{file}: not the file its manifest was written for: write the manifest anew")
        open_ = KINDS.get(file.suffix)
        if open_ is None:
            raise ModelFileError(f"{file}: expected a name that ends in {', '.join(KINDS)}")
        try:
            self._score, takes = open_(raw)
        except ImportError as error:
            raise ModelFileError(f"{file}: {error}: install tidegate[models] or tidegate[onnx]") from error
        except OSError as error:  # LightGBM takes the system's OpenMP, which a bare machine lacks
            raise ModelFileError(f"{file}: {error}: install what it names (on Debian: libgomp1)") from error
        if takes not in {0, len(self.manifest.features)}:
            raise ModelFileError(
                f"{file}: takes {takes} features, and its manifest names {len(self.manifest.features)}"
            )

    def score(self, window: Window) -> float:
        """Return what the model says of the features of a window's last bar; ModelFileError where they are others."""
        if window.refs is not self._checked:  # a strategy shows the same list at every bar
            self.check(window.refs)
            self._checked = window.refs
        return self._score([window.features[known.name] for known in self.manifest.features])

    def check(self, refs: Mapping[str, FeatureRef]) -> None:
        """Refuse features that are not those the model was trained on: ModelFileError says which."""
        shown = known_of(refs)
        mine = self.manifest.features
        if shown != mine:
            lacks = [f"lacks {known}" for known in mine if known not in shown]
            more = [f"has {known}" for known in shown if known not in mine]
            raise ModelFileError(f"the strategy {'; '.join(lacks + more) or 'has the features in another order'}")
        if feature_list_fingerprint(tuple(refs.values())) != self.manifest.fingerprint:
            raise ModelFileError("the code of its features is another one than it was trained with: train it again")


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{file}: {error.strerror}: {what}") from error


def _skops(raw: bytes) -> tuple[Score, int]:
    """Open a scikit-learn estimator: the probability of its last class, or what it predicts."""
    import skops.io  # noqa: PLC0415 - only one of three, and none in a daemon

    strange = sorted(set(skops.io.get_untrusted_types(data=raw)) - TRUSTED)
    if strange:
        raise ModelFileError(f"the file holds {', '.join(strange)}: no type that is trusted here")
    estimator = skops.io.loads(raw, trusted=sorted(TRUSTED))
    if hasattr(estimator, "predict_proba"):
        return lambda row: float(estimator.predict_proba([row])[0][-1]), int(getattr(estimator, "n_features_in_", 0))
    return lambda row: float(estimator.predict([row])[0]), int(getattr(estimator, "n_features_in_", 0))


def _onnx(raw: bytes) -> tuple[Score, int]:
    """Open an ONNX graph of one input: the last number of its last output, in one thread."""
    import numpy as np  # noqa: PLC0415 - likewise
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    (told,) = session.get_inputs()
    kind = np.float64 if told.type == "tensor(double)" else np.float32

    def score(row: Row) -> float:
        last: Any = session.run(None, {told.name: np.array([row], dtype=kind)})[-1]
        last = last[0]
        if isinstance(last, dict):
            last = last[max(last)]
        return float(np.ravel(last)[-1])

    return score, told.shape[-1] if isinstance(told.shape[-1], int) else 0


def _lightgbm(raw: bytes) -> tuple[Score, int]:
    """Open a LightGBM model as `save_model` writes it: its last class, in one thread."""
    import lightgbm  # noqa: PLC0415 - likewise
    import numpy as np  # noqa: PLC0415

    booster = lightgbm.Booster(model_str=raw.decode())
    return lambda row: float(np.ravel(booster.predict([row], num_threads=1))[-1]), booster.num_feature()


KINDS: dict[str, Callable[[bytes], tuple[Score, int]]] = {".skops": _skops, ".onnx": _onnx, ".txt": _lightgbm}
"""By the end of a file's name: opens it, and says how many features it takes (0: it does not tell)."""
