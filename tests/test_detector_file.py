"""A detector file scores new data as the run did that it was written from: for every detector found, and every kind."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import detectors
from detectors import registry
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.detector_file import writing
from detectors.detector_file.loaded import LoadedDetector
from detectors.detector_file.manifest import Manifest, read_manifest
from detectors.detector_file.signature import SigningKey
from detectors.detector_file.source import Finished
from detectors.detector_file.streaming import score_file
from detectors.detector_file.writing import write_detector_file
from detectors.errors import AnomalystError, DataError, StorageError
from detectors.runs.execute import save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.scoring import score_rows
from detectors.suppressions import Bound, Suppression
from tests.detector_files import (
    KIND_OF,
    THRESHOLD,
    finished,
    pictures,
    read_source,
    series_frame,
    table_frame,
    text_frame,
    trained,
    write_source,
)

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]

#: Every detector on the kind whose own representation it takes; one on vectors on every kind.
FOUND = [(KIND_OF[representation], representation, name) for representation, name in sorted(registry.detectors())]
FOUND += [(kind, "vectors", "nearest_neighbours") for kind in ("series", "images", "text")]

FRAMES: dict[str, Callable[[], object]] = {"table": table_frame, "series": series_frame, "text": text_frame, "images": pictures}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("data")
    return {kind: read_source(write_source(kind, folder)) for kind in FRAMES}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


Written = tuple[Finished, Path, np.ndarray]


class WrittenOnce:
    """Of a detector its training, its file, and what it scores all rows of the data as new ones; made when it is asked for."""

    def __init__(self, data: dict[str, Path], home: Path) -> None:
        self.data, self.home, self._found = data, home, dict[tuple[str, str, str], Written]()

    def __getitem__(self, key: tuple[str, str, str]) -> Written:
        if key not in self._found:
            run = finished(*key, self.data[key[0]])
            path = self.home / f"{'-'.join(key)}.zip"
            write_detector_file(run, THRESHOLD, path)
            again = DataSet(self.data[key[0]], run.request.used_roles)
            self._found[key] = run, path, score_rows(run.detector, run.preparation, again)[0]
        return self._found[key]


@pytest.fixture(scope="module")
def written(data: dict[str, Path], home: Path) -> WrittenOnce:
    return WrittenOnce(data, home)


SCORE_ALL = """
import sys, warnings, zipfile
warnings.simplefilter("error")
sys.modules |= dict.fromkeys(["tensorflow", "keras", "shap"])  # not there, unless the file's requirements name them
from pathlib import Path
import numpy as np
import detectors
from tests.detector_files import pictures, series_frame, table_frame, text_frame
frames = {"table": table_frame, "series": series_frame, "text": text_frame, "images": pictures}
needs = {path: zipfile.ZipFile(path).read("requirements.txt").decode() for path in sorted(Path(sys.argv[1]).glob("*.zip"))}
for path in sorted(needs, key=lambda path: "tensorflow" in needs[path]):
    if "tensorflow" in needs[path] and sys.modules["tensorflow"] is None:
        del sys.modules["tensorflow"], sys.modules["keras"]
    loaded = detectors.load(path)
    assert loaded.moved is None and loaded.warning is None
    np.save(path.with_suffix(".npy"), loaded.score(frames[loaded.manifest.kind]()).to_numpy())
"""


@pytest.fixture(scope="module")
def scored_elsewhere(written, home) -> Path:
    """What the files score in a fresh process, from frames in memory."""
    for each in FOUND:
        assert written[each]
    done = subprocess.run([sys.executable, "-c", SCORE_ALL, str(home)], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr[-3000:]
    return home


@pytest.fixture(params=FOUND, ids="/".join)
def key(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    return request.param


def test_a_frame_scores_in_a_fresh_process_to_the_last_bit_as_the_run_scored_the_file(key, written, scored_elsewhere) -> None:
    run, path, scores = written[key]
    np.testing.assert_array_equal(np.load(path.with_suffix(".npy")), scores)
    if key[0] in ("table", "text"):  # what was not learned from has the run's own scores
        np.testing.assert_array_equal(scores[~run.fitted], run.scores[~run.fitted])


def test_what_the_source_inside_a_file_imports_is_named_in_its_requirements(written) -> None:
    _, path, _ = written["table", "vectors", "isolation_forest"]
    with zipfile.ZipFile(path) as archive:
        named = {line.partition("==")[0] for line in archive.read("requirements.txt").decode().splitlines()}
        engine = zipfile.ZipFile(io.BytesIO(archive.read("engine.zip")))
    never_scoring = ("answerer.py", "trainer.py", "supervisor.py", "library.py", "storage/", "watching/", "runs/")
    imported: dict[str, str] = {}
    for member in engine.namelist():
        if not member.removeprefix("detectors/").startswith(never_scoring):
            for node in ast.parse(engine.read(member)).body:
                for name in [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]:
                    imported[name.partition(".")[0]] = member
    assert {name: member for name, member in imported.items() if name not in {*sys.stdlib_module_names, "detectors", "", *named}} == {}
    assert "tensorflow" not in named  # nothing but networks needs it, and it is three quarters of what is installed


def test_a_detector_says_that_its_file_holds_training_rows_where_it_does(key, written, tmp_path) -> None:
    run, _, _ = written[key]
    run.detector.save(tmp_path)
    items = run.preparation.items(run.data)
    learned = np.unique(items.at(items.to_fit(run.fitted)).reshape(len(items.to_fit(run.fitted)), -1), axis=0)
    kept = b"".join(np.ascontiguousarray(array.astype(np.float32)).tobytes() for array in _arrays(tmp_path))
    inside = sum(row.any() and row.size > 2 and row.tobytes() in kept for row in learned)
    whole = sum(each.count for each in run.detector.carried() if each.whole)
    assert whole > 0 or inside <= 1, f"{inside} training rows are in what it saves: say so in `carried`"
    assert all(each.count > 0 and each.what.strip() for each in run.detector.carried())


def _arrays(folder: Path) -> list[np.ndarray]:
    found = [np.load(path, allow_pickle=False) for path in folder.rglob("*.npy")]
    for path in folder.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            found += [arrays[name] for name in arrays.files]
    return [array for array in found if array.dtype.kind == "f"]


# ── what it says of itself ──


@pytest.fixture(scope="module")
def forest(written) -> tuple[Finished, Path, np.ndarray]:
    return written["table", "vectors", "isolation_forest"]


@pytest.fixture(scope="module")
def loaded(forest) -> LoadedDetector:
    return detectors.load(forest[1])


MANIFEST_ALONE = """
import sys
from pathlib import Path
from detectors.detector_file.manifest import read_manifest
print(read_manifest(Path(sys.argv[1])).detector, *sorted({"numpy", "pandas", "pyarrow", "tensorflow", "sklearn"} & set(sys.modules)))
"""


def test_reading_the_manifest_loads_no_library(forest) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANIFEST_ALONE, str(forest[1])], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.split() == ["isolation_forest"]


def test_the_manifest_tells_columns_threshold_data_and_members(forest) -> None:
    run, path, _ = forest
    manifest = read_manifest(path)
    columns = {column["name"]: column for column in manifest.columns}
    assert [column["type"] for column in manifest.columns] == ["number", "integer", "text", "date"]
    learned = table_frame()[run.fitted]
    assert (columns["amount"]["low"], columns["amount"]["high"]) == (learned["amount"].min(), learned["amount"].max())
    assert columns["country"]["categories"] == learned["country"].value_counts().to_dict()
    assert (columns["amount"]["missing"], columns["amount"]["role"], len(columns["count"]["quantiles"])) == (0.0, "feature", 51)
    assert (manifest.threshold.reason, manifest.threshold.chosen_by) == (THRESHOLD.reason, "Ada")
    assert manifest.data["name"] == "table.csv" and len(manifest.data["sha256"]) == 64
    assert manifest.libraries["numpy"] == np.__version__
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"manifest.json", *manifest.members}
    assert {"card.md", "score.py", "engine.zip", "requirements.txt", "background.npy", "canaries.npz"} < set(manifest.members)
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


def test_the_manifest_of_format_1_is_still_read(forest) -> None:
    record = read_manifest(forest[1]).to_json()
    old = {
        name: record[name] for name in ("detector", "kind", "representation", "parameters", "seed", "preparation", "rows", "fitted_rows")
    }
    old |= {
        "format_version": 1,
        "libraries": {},
        "schema": {"roles": {"a": "feature"}, "features": ["a"]},
        "members": {"detector/x": "0" * 64},
    }
    manifest = Manifest.from_json(old | {"threshold": {"rule": "percentile", "value": 95, "cut_off": 0.5}})
    assert (manifest.used, manifest.members["detector/x"].bytes, manifest.threshold.cut_off) == (["a"], None, 0.5)


def test_the_card_says_what_it_learned_from_how_it_was_judged_and_which_rows_it_carries(written, loaded) -> None:
    assert "40 usual rows" not in loaded.card
    for words in (
        "42 of 80 rows of table.csv",
        "one in twenty is what we can look at",
        "Chosen by Ada",
        "80 labelled rows, 4 of them",
        "AUROC",
    ):
        assert words in loaded.card, words
    assert "keeps nothing of single training rows" in loaded.card
    assert "by which another installation checks" in loaded.card
    neighbours = detectors.load(written["table", "vectors", "nearest_neighbours"][1]).card
    assert "42 rows that new ones are compared with" in neighbours
    assert "keeps nothing of single training rows" not in neighbours


def test_a_card_shows_names_from_data_as_they_stand(loaded) -> None:
    from detectors.detector_file.card import card

    column = {**loaded.manifest.columns[0], "name": "<script>|[x](y)"}
    text = card(replace(loaded.manifest, columns=[column]))
    assert "\\<script\\>\\|\\[x\\](y)" in text


def test_suppressions_travel_with_it_and_silence_rows_of_new_data(forest, tmp_path) -> None:
    rule = Suppression((Bound("amount", "number", ">", 9000.0), Bound("part", "text", "is", "a")), facts={"by": "Ada"})
    write_detector_file(forest[0], THRESHOLD, tmp_path / "d.zip", suppressions=[rule.to_json()])
    assert read_manifest(tmp_path / "d.zip").suppressions == [rule.to_json()]
    found, frame = detectors.load(tmp_path / "d.zip"), table_frame()
    scores = found.score(frame)
    np.testing.assert_array_equal(scores.to_numpy(), forest[2])
    silent = (frame["amount"] > 9000) & (frame["part"] == "a")
    assert silent.sum() == 2 and (scores[silent] > 0.5).all()
    np.testing.assert_array_equal(found.flag(scores, frame), (scores > 0.5) & ~silent)
    assert not set(np.flatnonzero(silent)) & set(found.explain(frame)["row"])
    with pytest.raises(DataError, match="give the rows too"):
        found.flag(scores)
    frame.to_csv(tmp_path / "new.csv", index=False)
    score_file(found, tmp_path / "new.csv", tmp_path / "s.parquet")
    written = pd.read_parquet(tmp_path / "s.parquet")
    assert written.columns.tolist() == ["row", "score", "flagged", "silenced"]
    np.testing.assert_array_equal(written["silenced"], silent)


def test_segments_have_cut_offs_of_their_own(forest, tmp_path) -> None:
    threshold = replace(THRESHOLD, segments={"column": "country", "cut_offs": {"PT": 0.1, "DE": 9.0}})
    write_detector_file(forest[0], threshold, tmp_path / "d.zip")
    found, frame = detectors.load(tmp_path / "d.zip"), table_frame()
    own = frame["country"].map({"PT": 0.1, "DE": 9.0}).fillna(0.5).to_numpy()
    np.testing.assert_array_equal(found.flag(forest[2], frame), forest[2] > own)
    assert "2 values of the column country have a cut-off of their own" in found.card
    frame.to_parquet(tmp_path / "new.parquet")
    score_file(found, tmp_path / "new.parquet", tmp_path / "s.parquet")
    np.testing.assert_array_equal(pd.read_parquet(tmp_path / "s.parquet")["flagged"], forest[2] > own)
    with pytest.raises(DataError, match="no column `country`"):
        found.flag(forest[2], frame[["amount"]])


def test_decisions_that_are_none_are_refused(forest, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_above", lambda run, threshold: run.scores > threshold.cut_off)  # somebody else's program wrote it
    write_detector_file(forest[0], replace(THRESHOLD, segments={"column": "a", "cut_offs": [1]}), tmp_path / "d.zip")
    with pytest.raises(StorageError, match=r"its member `manifest\.json`"):
        detectors.load(tmp_path / "d.zip")
    write_detector_file(forest[0], THRESHOLD, tmp_path / "d.zip", suppressions=[{"bounds": []}])
    with pytest.raises(StorageError, match=r"its member `manifest\.json`"):
        detectors.load(tmp_path / "d.zip")


def test_a_finished_run_in_its_folder_becomes_the_same_file(data, tmp_path) -> None:
    run = trained("table", "vectors", "isolation_forest", data["table"])
    folder = RunFolder(tmp_path / "run")
    folder.ask(run.request)
    folder.result.mkdir()
    save(run, folder.result, Progress())
    one = write_detector_file(Finished.of_fitted(run), THRESHOLD, tmp_path / "one.zip")
    two = write_detector_file(Finished.of_folder(folder, data["table"]), THRESHOLD, tmp_path / "two.zip")
    there = ExplainedRun.open(folder.path, data["table"]).row(78).explanation
    found = detectors.load(tmp_path / "two.zip").explain(table_frame(), rows=[78])
    assert found["contribution"].tolist() == sorted(there.values[0], key=lambda value: -abs(value))
    kept = [name for name in one.members if name != "card.md"]
    assert {name: one.members[name] for name in kept if "skops" not in name} == {
        name: two.members[name] for name in kept if "skops" not in name
    }
    assert (one.judged, one.columns, one.scores, one.carries) == (two.judged, two.columns, two.scores, two.carries)


# ── Python ──


def test_scores_have_the_index_of_the_frame_and_columns_may_come_in_any_order_and_number(loaded, forest) -> None:
    frame = table_frame().set_index(pd.Index([f"r{row}" for row in range(80)]))
    scores = loaded.score(frame[["when", "count", "amount", "country"]].assign(more=1))
    assert scores.index.tolist() == frame.index.tolist() and scores.dtype == np.float64 and scores.name == "score"
    np.testing.assert_array_equal(scores.to_numpy(), forest[2])
    np.testing.assert_array_equal(loaded.score(frame.iloc[[70]]).to_numpy(), forest[2][[70]])
    assert len(loaded.score(frame.iloc[:0])) == 0


def test_values_of_other_types_are_read_as_their_column_was(loaded, forest) -> None:
    frame = table_frame()
    texts = frame.assign(amount=frame["amount"].astype(str), when=frame["when"].astype(str), country=frame["country"].astype("category"))
    np.testing.assert_array_equal(loaded.score(texts).to_numpy(), forest[2])
    zoned = frame.assign(when=frame["when"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    np.testing.assert_array_equal(loaded.score(zoned).to_numpy(), forest[2])


def test_what_does_not_fit_is_said(loaded) -> None:
    frame = table_frame()
    with pytest.raises(DataError, match="lack 2 of the columns that the detector learned from: count, country"):
        loaded.score(frame[["amount", "when"]])
    spoiled = frame.assign(amount=frame["amount"].astype(object))
    spoiled.loc[5, "amount"] = "n/a"
    with pytest.warns(UserWarning, match="1 values of `amount` are no numbers and count as missing; the first is `n/a` in row 5"):
        loaded.score(spoiled)
    with pytest.raises(DataError, match="`when` holds no dates: its first value is `soon`"):
        loaded.score(frame.assign(when="soon"))


def test_the_threshold_says_what_is_flagged(loaded, forest) -> None:
    assert loaded.threshold.cut_off == 0.5
    np.testing.assert_array_equal(loaded.flag(loaded.score(table_frame())), forest[2] > 0.5)


def test_an_explanation_sums_to_the_score_in_the_datas_own_values(loaded, forest) -> None:
    found = loaded.explain(table_frame(), rows=[78, 3])
    assert found.columns.tolist() == ["row", "score", "base", "part", "contribution", "actual", "expected"]
    assert found["row"].unique().tolist() == [78, 3]
    for row, part in found.groupby("row"):
        assert part["base"].iloc[0] + part["contribution"].sum() == pytest.approx(forest[2][row], abs=1e-6)
        assert sorted(part["part"]) == ["amount", "count", "country", "when"]
    first = found.iloc[0]
    assert (first["row"], first["part"], first["actual"]) == (78, "amount", 9000.5)
    with pytest.raises(DataError, match="no row 80; the rows are 0 to 79"):
        loaded.explain(table_frame(), rows=[80])


def test_the_flagged_rows_are_explained_where_none_is_named(loaded, forest) -> None:
    assert loaded.explain(table_frame())["row"].unique().tolist() == np.flatnonzero(forest[2] > 0.5).tolist()


@pytest.mark.parametrize(
    ("kind", "representation", "name"),
    [key for key in FOUND if key[2] in ("nearest_neighbours",) or key[1:] == ("windows", "rolling_zscore")],
)
def test_every_kind_is_explained_in_its_own_parts(kind, representation, name, written) -> None:
    path = written[kind, representation, name][1]
    loaded = detectors.load(path)
    rows = FRAMES[kind]()
    last = len(rows) - 1
    found = loaded.explain(rows, rows=[last])
    assert np.isfinite(found["contribution"]).all() and len(found)
    part = {"table": "amount", "series": "value, steps", "images": "region ", "text": ""}[kind]
    assert found["part"].str.startswith(part).any()
    if kind == "text":
        assert set(found["part"]) <= set(rows.loc[last, "words"].split())


def test_texts_and_pictures_are_scored_from_lists(written) -> None:
    _, path, scores = written["text", "vectors", "nearest_neighbours"]
    loaded = detectors.load(path)
    np.testing.assert_array_equal(loaded.score(text_frame()["words"].tolist()).to_numpy(), scores)
    assert np.isfinite(loaded.score([None, "", "fig"])).all()
    pictured = detectors.load(written["images", "vectors", "nearest_neighbours"][1])
    with pytest.raises(DataError, match="Picture 1 is not an array"):
        pictured.score([pictures()[0], np.zeros((4, 4, 2), np.uint8)])


def test_new_steps_of_a_series_are_seen_after_those_before_them(written, loaded) -> None:
    _, path, scores = written["series", "windows", "rolling_zscore"]
    found, frame = detectors.load(path), series_frame()
    np.testing.assert_array_equal(found.score(frame.iloc[100:], before=frame.iloc[:100]).to_numpy(), scores[100:])
    assert (found.score(frame.iloc[100:]).to_numpy()[:4] != scores[100:104]).any()
    explained = found.explain(frame.iloc[100:], rows=[55], before=frame.iloc[:100])
    assert explained["row"].unique().tolist() == [55] and explained["score"].iloc[0] != 0
    with pytest.raises(AnomalystError, match="Only series have rows before them"):
        loaded.score(table_frame(), before=table_frame())


# ── signed, and elsewhere ──


def test_the_key_of_an_installation_is_its_owners_alone_and_stays_the_same(tmp_path) -> None:
    key = SigningKey.of(tmp_path)
    assert SigningKey.of(tmp_path) == key and len(key.secret) == 32
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_signature_tells_who_wrote_a_file_and_that_nobody_changed_it(forest, tmp_path) -> None:
    from detectors.detector_file.loaded import load

    here, there = SigningKey(b"h" * 32), SigningKey(b"t" * 32)
    path = tmp_path / "d.zip"
    write_detector_file(forest[0], THRESHOLD, path, key=here)
    assert (load(path, key=here).signed, load(path, key=there).signed, load(path).signed) == ("here", "elsewhere", "elsewhere")
    assert load(forest[1], key=here).signed == "nobody"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["manifest.json"] = members["manifest.json"].replace(b'"cut_off": 0.5', b'"cut_off": 0.9')
    with zipfile.ZipFile(tmp_path / "forged.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(StorageError, match=r"its member `signature.json` does not fit its manifest"):
        load(tmp_path / "forged.zip", key=here)


def test_under_other_libraries_the_canaries_say_what_moved(forest, tmp_path, monkeypatch) -> None:
    from detectors.detector_file import canaries, loaded

    monkeypatch.setattr(canaries, "library_versions", lambda: {"numpy": "1.0"})
    same = loaded.load(forest[1])
    assert same.moved is not None and (same.moved.count, same.moved.moved) == (80, 0)
    assert "The 80 canaries have the same scores here, to the last bit" in str(same.warning)
    assert f"numpy {np.__version__}" in str(same.warning)
    kept = canaries.Canaries(np.zeros((3, 1), np.float32), np.array([0.1, 0.4, 0.5]))
    moved = kept.moved(np.array([0.1, 0.6, 0.5]), cut_off=0.5)
    assert (moved.moved, moved.largest, moved.share, moved.crossed) == (1, pytest.approx(0.2), pytest.approx(0.5), 1)
    assert "Of 3 canaries 1 have other scores here, by 0.2 at most" in str(moved.message({"numpy": "2.4.0"}))
