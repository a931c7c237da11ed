"""Whatever is chosen, a table becomes finite numbers, row by row, that name their columns and come back near what they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.base import Progress
from detectors.calibration import CALIBRATIONS
from detectors.data_set import DataSet
from detectors.errors import DataError, DetectorError
from detectors.labelled import LabelledDetector
from detectors.params import choice
from detectors.preparation import find_preparation, load_preparation
from detectors.preparation.columns import OTHER, ColumnEncoding
from detectors.preparation.contract import Learned, Made
from detectors.preparation.more_rows import Variation, rare_rows, varied_copies
from detectors.preparation.rows import TableItems, gaps, row_keys, without_empty
from detectors.preparation.table import TablePreparation
from detectors.runs.execute import execute
from detectors.runs.request import RunRequest
from detectors.vectors.nearest_neighbours import NearestNeighbours
from tests.tables import read_in

ROWS = 300

#: Each is asked of the same table, which has a column of every sort.
CHOICES = (
    {},
    {"scaling": "robust", "missing_numbers": "most_frequent", "missing_categories": "most_frequent", "missing_flags": True},
    {"scaling": "min_max", "winsorise": 0.01, "many_categories": "frequency", "dates": "parts"},
    {"scaling": "quantile", "many_categories": "hashing", "dates": "cyclic"},
    {"skew": "yeo_johnson", "missing_flags": True, "one_hot_limit": 2, "dates": "cyclic"},
)


def table(rows: int = ROWS) -> pd.DataFrame:
    chance = np.random.default_rng(3)
    code = chance.integers(0, 60, rows)
    frame = pd.DataFrame(
        {
            "height": chance.normal(170, 9, rows),
            "income": chance.lognormal(8, 1.5, rows),
            "debt": -chance.lognormal(2, 1.2, rows),
            "children": chance.poisson(2, rows),
            "member": chance.random(rows) < 0.3,
            "joined": pd.to_datetime("2019-12-30 22:15:07") + pd.to_timedelta(chance.integers(0, 90_000_000, rows), unit="s"),
            "city": chance.choice(["Ulm", "Bonn", "Kiel"], rows),
            "code": [f"c{number}" for number in code],
            "note": chance.choice(["paid in time", "sent a late reminder", "moved to another city"], rows),
            "empty": np.nan,
            "same": 7.0,
            "endless": np.where(chance.random(rows) < 0.1, np.inf, 1.5),
        }
    )
    frame.loc[::7, "height"] = np.nan
    frame.loc[::11, "city"] = None
    return frame


TABLE = table()

ODD_ROWS = pd.DataFrame(
    {
        "height": [np.nan, 1e300, -np.inf], "income": [np.inf, -5.0, 1e-300], "debt": [0.0, np.nan, -1e200], "children": [10**9, -1, 0],
        "member": [True, False, True], "joined": pd.Series(["0001-01-01", "9999-12-31 23:59:59", None]).astype("datetime64[s]"),
        "city": ["never seen", None, ""], "code": ["c1", "never seen", None], "note": [None, "", "words never seen"],
        "empty": [1.0, np.nan, np.inf], "same": [8.0, np.nan, -8.0], "endless": [np.nan, np.inf, 0.0],
    }
)  # fmt: skip


def encoded(choices: dict) -> ColumnEncoding:
    return ColumnEncoding(**choices, topics=2, texts=("note",)).fit(TABLE)


@pytest.fixture(params=CHOICES, ids=str, scope="module")
def encoding(request: pytest.FixtureRequest) -> ColumnEncoding:
    return encoded(request.param)


def test_a_row_has_the_same_numbers_alone_and_in_any_batch(encoding: ColumnEncoding) -> None:
    together = encoding.transform(pd.concat([TABLE, ODD_ROWS], ignore_index=True))
    np.testing.assert_array_equal(encoding.transform(TABLE.iloc[[5]]), together[[5]])
    np.testing.assert_array_equal(encoding.transform(TABLE.iloc[100:117]), together[100:117])
    np.testing.assert_array_equal(encoding.transform(TABLE.iloc[::-1]), together[:ROWS][::-1])
    np.testing.assert_array_equal(encoding.transform(pd.concat([ODD_ROWS] * 3).iloc[:7]), together[[-3, -2, -1] * 2 + [-3]])


def test_what_was_saved_prepares_and_restores_alike_in_a_fresh_object(encoding: ColumnEncoding, tmp_path: Path) -> None:
    preparation = TablePreparation()
    preparation.encoding = encoding
    preparation.save(tmp_path)
    loaded = load_preparation(tmp_path)
    assert isinstance(loaded, TablePreparation)
    odd_and_usual = pd.concat([TABLE, ODD_ROWS], ignore_index=True)
    vectors = encoding.transform(odd_and_usual)
    np.testing.assert_array_equal(loaded.encoding.transform(odd_and_usual), vectors)
    pd.testing.assert_frame_equal(loaded.encoding.restore(vectors), encoding.restore(vectors))
    assert (loaded.names, loaded.columns) == (encoding.names, encoding.columns)


def test_every_number_is_finite_has_a_name_and_knows_its_column(encoding: ColumnEncoding) -> None:
    vectors = encoding.transform(pd.concat([TABLE, ODD_ROWS], ignore_index=True))
    assert np.isfinite(vectors).all()
    assert np.isfinite(np.square(vectors).sum(axis=1)).all()
    assert vectors.shape[1] == len(encoding.names) == len(set(encoding.names)) == len(encoding.origins) == len(encoding.measured)
    assert sorted(encoding.columns) == sorted(TABLE.columns)
    for name, origin in zip(encoding.names, encoding.origins, strict=True):
        assert name.startswith(encoding.columns[origin])


def test_no_value_changes_the_numbers_of_another_column(encoding: ColumnEncoding) -> None:
    row = TABLE.iloc[[4]]
    for column in TABLE.columns:
        changed = encoding.transform(row.assign(**{column: TABLE[column].iloc[[9]].to_numpy()})) != encoding.transform(row)
        assert {encoding.columns[place] for place in encoding.origins[changed[0]]} <= {column}


def test_what_is_restored_is_near_the_original(encoding: ColumnEncoding) -> None:
    restored, choices = encoding.restore(encoding.transform(TABLE)), encoding.choices
    seen = TABLE["height"].notna().to_numpy()
    if not choices.winsorise:
        np.testing.assert_allclose(restored["height"][seen].astype(float), TABLE["height"][seen], rtol=1e-3)
        np.testing.assert_allclose(restored["income"], TABLE["income"], rtol=1e-2, atol=1.0)
        np.testing.assert_allclose(restored["debt"], TABLE["debt"], rtol=1e-2, atol=1e-3)
        assert restored["children"].tolist() == TABLE["children"].tolist()
    assert restored["member"].tolist() == TABLE["member"].tolist()
    off = {"moment": "10s", "parts": "1h", "cyclic": "1s"}[choices.dates]
    assert abs(restored["joined"] - TABLE["joined"]).max() <= pd.Timedelta(off)
    if choices.one_hot_limit > 2:
        assert (restored["city"] == TABLE["city"]).to_numpy()[TABLE["city"].notna()].all()
    assert set(restored["same"]) == {7.0}
    if choices.missing_flags:
        assert (restored["height"].isna().to_numpy() == ~seen).all()


def test_words_stand_for_an_expected_text() -> None:
    encoding = encoded({})
    restored = encoding.restore(encoding.transform(TABLE.assign(note="a late reminder was sent")))["note"].iloc[0]
    assert {"late", "reminder"} & set(restored.split(", "))


# ── one choice each ──


def test_skew_is_taken_out_by_yeo_johnson_and_by_ranks() -> None:
    income = TABLE[["income"]]
    plain, bent, ranked = (
        ColumnEncoding(**choices).fit(income).transform(income)[:, 0] for choices in ({}, {"skew": "yeo_johnson"}, {"scaling": "quantile"})
    )
    assert plain.max() > 5
    assert abs(bent.mean()) < 1e-6
    assert bent.max() < 4
    assert ranked.std() == pytest.approx(1, abs=0.02)
    assert ranked.max() == pytest.approx(2.935, abs=0.01)  # where the largest of 300 normal numbers lies, not at scikit-learn's 5.2


def test_beyond_the_ranks_that_were_learned_farther_is_still_farther() -> None:
    encoding = ColumnEncoding(scaling="quantile").fit(TABLE[["height"]])
    far, farther = encoding.transform(pd.DataFrame({"height": [250.0, 260.0]}))[:, 0]
    assert 3 < far < farther


def test_symmetric_columns_are_not_bent() -> None:
    assert ColumnEncoding(skew="yeo_johnson").fit(TABLE[["height", "income"]]).numbers[0].shape is None


def test_the_ends_are_pulled_in_by_winsorising() -> None:
    frame = pd.DataFrame({"x": [*range(99), 10_000.0]})
    encoding = ColumnEncoding(winsorise=0.02).fit(frame)
    assert encoding.restore(encoding.transform(frame))["x"].max() == pytest.approx(97.02, abs=0.01)


def test_a_flag_says_what_was_missing_or_no_number() -> None:
    frame = pd.DataFrame({"x": [1.0, np.nan, np.inf, 3.0], "whole": [1.0, 2.0, 3.0, 4.0]})
    encoding = ColumnEncoding(missing_flags=True).fit(frame)
    assert encoding.names == ["x", "whole", "x missing"]
    assert encoding.transform(frame)[:, 2].tolist() == [0, 1, 1, 0]


def test_a_gap_becomes_the_most_frequent_value() -> None:
    frame = pd.DataFrame({"x": [1.0, 1.0, 9.0, None], "city": ["Ulm", "Ulm", "Bonn", None]})
    encoding = ColumnEncoding(missing_numbers="most_frequent", missing_categories="most_frequent").fit(frame)
    assert encoding.names == ["x", "city = Ulm", "city = Bonn"]
    vectors = encoding.transform(frame)
    assert vectors[3].tolist() == vectors[0].tolist()


def test_rare_values_lie_far_from_frequent_ones_by_frequency() -> None:
    frame = pd.DataFrame({"city": ["a"] * 90 + ["b"] * 9 + ["c"]})
    encoding = ColumnEncoding(one_hot_limit=2, many_categories="frequency").fit(frame)
    a, b, c, unseen = encoding.transform(pd.DataFrame({"city": ["a", "b", "c", "never seen"]}))[:, 0]
    assert a > b > c == unseen
    assert encoding.restore(np.array([[a], [b], [c]]))["city"].tolist() == ["a", "b", OTHER]


def test_thousands_of_values_are_hashed_into_a_few_numbers() -> None:
    frame = pd.DataFrame({"code": [f"c{number}" for number in range(2000)] + ["c7"] * 100})
    encoding = ColumnEncoding(many_categories="hashing", hash_numbers=8).fit(frame)
    vectors = encoding.transform(frame)
    assert vectors.shape == (2100, 8)
    assert (np.abs(vectors).sum(axis=1) == 1).all()
    assert encoding.restore(vectors[[-1]])["code"].tolist() == ["c7"]


def test_the_last_minute_of_a_year_is_next_to_the_first_on_circles() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2023-12-31 23:59", "2024-01-01 00:00", "2024-07-01 12:00"])})
    late, early, summer = ColumnEncoding(dates="cyclic").fit(frame).transform(frame)[:, 1:]
    assert np.abs(late - early).max() < 1
    assert np.abs(early - summer).max() > 1.9


# ── rows ──


def test_nearly_empty_rows_are_not_learned_from_unless_most_rows_are_like_that() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0, 4.0], "b": [1.0, None, None, 4.0]})
    assert gaps(frame).tolist() == [0, 1, 0.5, 0]
    fitted = np.array([True, True, True, False])
    assert without_empty(fitted, gaps(frame), 0.5).tolist() == [True, False, True, False]
    assert without_empty(fitted, gaps(frame), 0.0).tolist() == fitted.tolist()


def test_equal_rows_are_learned_from_once_or_as_the_root_of_their_number_and_all_have_one_score() -> None:
    X = np.array([[1.0]] * 9 + [[2.0]] * 2 + [[3.0]], dtype=np.float32)
    fitted = np.ones(12, dtype=bool)
    fitted[8] = False
    items = TableItems(X, np.zeros(12, np.float32), keys=row_keys(X), copies_kept="once")
    assert items.to_fit(fitted).tolist() == [0, 9, 11]
    scores = items.row_scores(None, np.arange(12.0), None)  # type: ignore[arg-type]
    assert scores.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 8, 9, 9, 11]  # the row that was not asked for keeps its own
    weighed = TableItems(X, np.zeros(12, np.float32), keys=row_keys(X), copies_kept="weigh")
    assert weighed.to_fit(np.ones(12, dtype=bool)).tolist() == [0, 1, 2, 9, 11]


def test_every_row_of_the_file_is_prepared_whatever_is_learned_from(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "a": [1.5, None, 3.5, 4.5, 1.5],
            "b": ["x", None, "y", "x", "x"],
            "why": ["late again", "on time", "late", "on time", "late again"],
        }
    )
    data = DataSet(read_in(frame, tmp_path), {"a": "feature", "b": "feature", "why": "text"})
    preparation = TablePreparation(duplicates="once", topics=2, most_missing=0.5).fit(data, np.ones(5, dtype=bool))
    items = preparation.items(data)
    assert items.to_fit(np.ones(5, dtype=bool)).tolist() == [0, 2, 3]
    assert items.at(np.arange(5)).shape[0] == 5
    assert preparation.columns == ["a", "b", "why"]


@pytest.mark.slow
def test_a_training_scores_every_row_equal_ones_alike_and_no_made_ones(tmp_path: Path) -> None:
    frame = table(120)[["height", "income", "city", "note"]]
    frame = pd.concat([frame, frame.iloc[:20]], ignore_index=True)
    frame.loc[50, ["height", "income", "note"]] = None
    data = read_in(frame, tmp_path)
    roles = {"height": "feature", "income": "feature", "city": "feature", "note": "text"}
    prepared = {"duplicates": "once", "copies": 2, "variation": "mix", "skew": "yeo_johnson", "topics": 2}
    run = execute(RunRequest("", "isolation_forest", roles, preparation=prepared, parameters={"trees": 20}), data, Progress())
    assert run.scores.shape == (140,)
    assert np.isfinite(run.scores).all()
    np.testing.assert_array_equal(run.scores[:20], run.scores[120:])
    assert len(run.training_scores) == 140


# ── more rows ──

VARIATION = Variation("mix", 0.1, np.array([True, False]))


def test_copies_keep_their_category_and_their_parents() -> None:
    X = np.column_stack([np.arange(6.0), [0, 1] * 3]).astype(np.float32)
    for way in ("noise", "mix"):
        (made,) = varied_copies(X, None, Variation(way, 0.1, VARIATION.measured), 1, seed=1)
        assert made.X.dtype == np.float32
        assert set(made.X[:, 1]) <= {0, 1}
        assert not np.array_equal(made.X[:, 0], X[:, 0])
        low, high = np.sort(X[made.parents, 0], axis=1).T
        assert way == "noise" or ((low <= made.X[:, 0]) & (made.X[:, 0] <= high)).all()


def test_rare_labels_are_made_as_frequent_as_is_wanted_from_rows_of_the_same_label() -> None:
    X, y = np.arange(40.0, dtype=np.float32).reshape(20, 2), np.array([1, 1] + [0] * 18, dtype=np.int8)
    repeated = rare_rows(X, y, 0.25, None, seed=0)
    assert sorted(repeated[0].parents[:, 0].tolist()) == [0, 0, 1, 1]  # 2 + 4 of 24 are a quarter
    mixed = rare_rows(X, y, 0.5, VARIATION, seed=0)
    assert len(mixed[0].X) == 16
    assert (mixed[0].parents < 2).all()
    assert rare_rows(X, y, 0.05, None, seed=0) == []


def test_made_rows_follow_those_of_the_data_with_their_labels() -> None:
    preparation = TablePreparation(copies=2, rare_labels="repeat", rare_share=0.5)
    preparation.encoding.fit(pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}))
    X, y = np.arange(4.0, dtype=np.float32)[:, None], np.array([1, 0, 0, 0], dtype=np.int8)
    learned = preparation.augmented(X, y, seed=0)
    np.testing.assert_array_equal(learned.X[:4], X)
    assert learned.y is not None
    assert learned.parents is not None
    assert learned.y.tolist() == y[learned.parents[:, 0]].tolist()
    assert len(learned.X) == 4 + 2 + 8
    np.testing.assert_array_equal(preparation.augmented(X, y, seed=0).X, learned.X)
    assert preparation.augmented(X, None, seed=0).y is None
    assert TablePreparation().augmented(X, y, seed=0).X is X


@pytest.mark.slow
def test_a_generator_makes_new_rows_that_keep_the_rules_of_the_columns_and_have_no_parents() -> None:
    chance = np.random.default_rng(0)
    height = chance.uniform(-1, 1, 60)
    frame = pd.DataFrame({"height": height, "weight": 2 * height, "city": np.where(height > 0, "Ulm", "Kiel")})
    preparation = TablePreparation(copies=2, variation="generator")
    X = preparation.encoding.fit(frame).transform(frame)
    learned = preparation.augmented(X, None, seed=0)
    made = learned.X[60:]
    assert len(made) == 120
    assert learned.parents is not None and (learned.parents[60:] == -1).all()
    assert (made[:, None] == X).all(axis=2).any(axis=1).sum() <= 24  # what lies beyond the ends of all columns is held at them
    assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] > 0.8
    assert {tuple(row) for row in made[:, 2:].tolist()} == {tuple(row) for row in X[:, 2:].tolist()}  # cities are whole
    np.testing.assert_array_equal(preparation.augmented(X, None, seed=0).X, learned.X)
    detector = NearestNeighbours().fit(learned.X, parents=learned.parents)
    assert detector.training_scores_ is not None and len(detector.training_scores_) == 60


def test_rows_made_by_a_generator_are_refused_where_labels_are_learned_from() -> None:
    with pytest.raises(DataError, match="Vary copies by noise or by mixing"):
        TablePreparation(copies=1, variation="generator").augmented(np.zeros((4, 1), np.float32), np.array([1, 1, 0, 0], np.int8), seed=0)


@pytest.mark.parametrize("kind", ["images", "text", "table"])
def test_rare_labels_are_an_option_wherever_labels_are_learned_from(kind: str) -> None:
    found = find_preparation(kind, {"images": "pixels", "text": "tokens", "table": "vectors"}[kind])
    preparation = found(rare_share=0.5, **({"rare_labels": "repeat"} if kind == "table" else {}))
    X, y = np.arange(4.0, dtype=np.float32).reshape(4, 1), np.array([1, 0, 0, 0], dtype=np.int8)
    learned = preparation.augmented(X, y, seed=0)
    assert learned.y is not None
    assert learned.y.tolist() == [1, 0, 0, 0, 1, 1]
    assert preparation.augmented(X, None, seed=0).parents is None
    assert found().augmented(X, y, seed=0).parents is None
    assert "rare_share" in found.for_labels <= set(found.fields)


class ByHeart(LabelledDetector):
    """Knows the anomalies it was shown, and nothing else."""

    title = "By heart"
    calibration: str = choice("none", title="Calibration", help="None.", choices=CALIBRATIONS)

    @classmethod
    def representation(cls) -> str:
        return "vectors"

    def _fit_labelled(self, X: np.ndarray, y: np.ndarray, progress: Progress) -> None:
        self.known_ = set(X[y == 1, 0].tolist())

    def _score(self, X: np.ndarray) -> np.ndarray:
        return np.array([float(value in self.known_) for value in X[:, 0]])


def test_made_rows_have_no_training_score_and_tell_nothing_of_the_rows_they_were_made_of() -> None:
    X, y = np.arange(12.0, dtype=np.float32)[:, None], np.array([1] * 4 + [0] * 8, dtype=np.int8)
    made = Learned(X, y).and_also([Made.copies(X[:4], np.arange(4))] * 3)
    detector = ByHeart().fit(made.X, y=made.y, parents=made.parents)
    assert detector.training_scores_ is not None
    assert detector.training_scores_.tolist() == [0.0] * 12
    assert detector.score(X).tolist() == y.tolist()
    with pytest.raises(DetectorError, match="there are 1 and 2"):  # copies do not count as anomalies
        ByHeart().fit(X[[0, 4, 5, 0]], y=[1, 0, 0, 1], parents=np.array([[0, 0], [1, 1], [2, 2], [0, 0]]))
