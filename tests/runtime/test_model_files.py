"""Models in files: what they say of one row is what their library says, and of another list of features nothing."""

import math

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.model_files import ModelFile, ModelFileError, manifest_of, write_manifest
from strategies.protocol import FeatureRef
from strategies.window import COLUMNS, Window, window_of
from tests.onnx_graphs import logistic

REFS: dict[str, FeatureRef] = {"z": ("zscore", (20.0,)), "atr": ("atr", (14.0,)), "r": ("rsi", (14.0,))}
ROWS = [[((3 * n + 5 * k) % 17) / 7.0 - 1.0 for k in range(3)] for n in range(120)]
SIGNS = [int(row[0] + 0.5 * row[1] > 0.0) for row in ROWS]


def shown(row: list[float], refs: dict[str, FeatureRef] = REFS) -> Window:
    """Return a window of these features."""
    bare = window_of({name: [1] for name in COLUMNS}, "X", "H1", 0, 0)
    return Window(
        **{f: getattr(bare, f) for f in Window.__struct_fields__ if f not in {"features", "refs"}},
        features=dict(zip(refs, row, strict=True)), refs=refs,
    )  # fmt: skip


def a_forest(folder: Path) -> tuple[Path, Callable[[list[float]], float]]:
    """Save a forest of scikit-learn."""
    sio = pytest.importorskip("skops.io", reason="the extra models is not installed")
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - heavy, and for this alone

    forest = RandomForestClassifier(20, random_state=1).fit(ROWS, SIGNS)
    sio.dump(forest, folder / "model.skops")
    return folder / "model.skops", lambda row: float(forest.predict_proba([row])[0][1])


def a_regression(folder: Path) -> tuple[Path, Callable[[list[float]], float]]:
    """Save a regression, which has no probabilities."""
    sio = pytest.importorskip("skops.io", reason="the extra models is not installed")
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - likewise

    line = LinearRegression().fit(ROWS, [row[0] for row in ROWS])
    sio.dump(line, folder / "model.skops")
    return folder / "model.skops", lambda row: float(line.predict([row])[0])


def a_graph(folder: Path) -> tuple[Path, Callable[[list[float]], float]]:
    """Save a logistic regression as a graph of ONNX, which computes in single precision."""
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    weights, bias = [1.5, -0.25, 0.5], 0.125
    (folder / "model.onnx").write_bytes(logistic(weights, bias))

    def expected(row: list[float]) -> float:
        return 1.0 / (1.0 + math.exp(-bias - math.fsum(w * x for w, x in zip(weights, row, strict=True))))

    return folder / "model.onnx", expected


def boosted(folder: Path) -> tuple[Path, Callable[[list[float]], float]]:
    """Save trees of LightGBM as text."""
    try:
        lightgbm = pytest.importorskip("lightgbm", reason="the extra models is not installed")
    except OSError as error:
        pytest.skip(f"LightGBM lacks a library of the system: {error}")
    import numpy as np  # noqa: PLC0415 - likewise

    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5}
    booster = lightgbm.train(settings, lightgbm.Dataset(np.array(ROWS), SIGNS), 10)
    booster.save_model(folder / "model.txt")
    return folder / "model.txt", lambda row: float(booster.predict([row])[0])


@pytest.mark.parametrize("make", [a_forest, a_regression, a_graph, boosted])
def test_one_row_is_scored_as_its_library_scores_it(make: Callable[[Path], Any], tmp_path: Path) -> None:
    """The probability of the last class, or what is predicted."""
    file, expected = make(tmp_path)
    write_manifest(file, REFS)
    model = ModelFile(file)

    found = [model.score(shown(row)) for row in ROWS[:20]]

    assert [expected(row) for row in ROWS[:20]] == pytest.approx(found, abs=1e-6 if file.suffix == ".onnx" else 0.0)


@pytest.mark.parametrize(
    ("refs", "said"),
    [
        ({**REFS, "z": ("zscore", (30.0,))}, r"the strategy lacks z = zscore\(20\) v\d+; has z = zscore\(30\) v\d+"),
        ({"z": REFS["z"], "r": REFS["r"]}, r"the strategy lacks atr = atr\(14\) v\d+"),
        ({"z": REFS["z"], "r": REFS["r"], "atr": REFS["atr"]}, "has the features in another order"),
    ],
)
def test_other_features_than_it_was_trained_on_are_refused_by_name(
    refs: dict[str, FeatureRef], said: str, tmp_path: Path
) -> None:
    """A refusal says what differs."""
    file, _ = a_forest(tmp_path)
    write_manifest(file, REFS)
    model = ModelFile(file)

    with pytest.raises(ModelFileError, match=said):
        model.score(shown([0.0] * len(refs), refs))


def test_a_feature_whose_code_has_changed_is_refused(tmp_path: Path) -> None:
    """Of the same name and version: the fingerprint knows."""
    file, _ = a_forest(tmp_path)
    manifest = write_manifest(file, REFS)
    text = manifest.read_text(encoding="utf-8")
    begins = text.index('"fingerprint": "') + len('"fingerprint": "')
    manifest.write_text(text[:begins] + "0" * 64 + text[begins + 64 :], encoding="utf-8")

    with pytest.raises(ModelFileError, match="train it again"):
        ModelFile(file).score(shown([0.0] * 3))


def test_a_type_that_nobody_trusts_is_not_loaded(tmp_path: Path) -> None:
    """A function of one's own in a pipeline could do anything: it is named, and nothing of it runs."""
    sio = pytest.importorskip("skops.io", reason="the extra models is not installed")
    from sklearn.preprocessing import FunctionTransformer  # noqa: PLC0415 - likewise

    file = tmp_path / "model.skops"
    sio.dump(FunctionTransformer(shown), file)
    write_manifest(file, REFS)

    with pytest.raises(ModelFileError, match=r"the file holds .*shown.*: no type that is trusted here"):
        ModelFile(file)


@pytest.mark.parametrize("make", [a_forest, a_graph, boosted])
def test_another_number_of_features_than_the_manifest_names_is_refused(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    """The model itself knows how many it takes."""
    file, _ = make(tmp_path)
    write_manifest(file, {"z": REFS["z"]})

    with pytest.raises(ModelFileError, match="takes 3 features, and its manifest names 1"):
        ModelFile(file)


def test_what_is_wrong_with_the_files_is_said(tmp_path: Path) -> None:
    """No model, no manifest, another file than the manifest's, another kind."""
    missing, other, odd = tmp_path / "none.skops", tmp_path / "other.txt", tmp_path / "model.pkl"
    said = []
    for file in (other, odd):
        file.write_bytes(b"one")
        write_manifest(file, REFS)
    other.write_bytes(b"two")
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(b"three")
    for file in (missing, alone, other, odd):
        with pytest.raises(ModelFileError) as caught:
            ModelFile(file)
        said.append(str(caught.value).removeprefix(str(tmp_path)))

    assert [
        "/none.skops: No such file or directory: save the model first",
        f"/{manifest_of(alone).name}: No such file or directory: write it with runtime.model_files.write_manifest",
        "/other.txt: not the file its manifest was written for: write the manifest anew",
        "/model.pkl: expected a name that ends in .skops, .onnx, .txt",
    ] == said
