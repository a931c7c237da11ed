"""A second opinion and the nearest normal rows; what is asked about one row holds for every kind of data."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from detectors import kinds, reading
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.explanations.local_surrogate import local_surrogate
from detectors.explanations.shapley import Explainer, Game
from detectors.preparation.shared_words import word_distances
from detectors.preparation.table import TablePreparation
from detectors.preparation.text import TextPreparation
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.normal_rows import DrawnRows, rows_to_draw
from detectors.runs.request import RunRequest
from detectors.runs.row_answers import ChangeFound, RowAnswers
from tests.tables import PLANTED, machine_frame, read_in

UNITS = np.array([0, 1, 1, 2])
ZEROS = np.zeros((1, 4), dtype=np.float32)


def game(score, usual=ZEROS, **more) -> Game:
    return Game(UNITS, score, lambda rows: None, usual, **more)


# ── a local surrogate ──


def test_a_linear_score_is_followed_exactly_and_its_weights_are_found():
    linear = lambda rows: rows @ np.array([3.0, 1.0, 1.0, -2.0]) + 5  # noqa: E731
    row = np.array([2, 1, 3, 4], dtype=np.float32)
    found = local_surrogate(game(linear), row, ZEROS, seed=1)
    assert found.values == pytest.approx([6, 4, -8], abs=0.02)  # what each column adds when it is shown: 3 · 2, 1 + 3, -2 · 4
    assert found.base == pytest.approx(5, abs=0.02)
    assert found.fit == pytest.approx(1, abs=1e-4)
    by_shap = Explainer(game(linear)).row(row).values[0]
    assert found.values == pytest.approx(by_shap, abs=0.02)


def test_a_score_that_is_not_linear_is_followed_less_well():
    """High only where the first two columns are both there: no sum of weights says that."""
    both = lambda rows: 10.0 * (rows[:, 0] > 0) * (rows[:, 1] > 0)  # noqa: E731
    found = local_surrogate(game(both), np.ones(4, dtype=np.float32), ZEROS, seed=1)
    assert 0.2 < found.fit < 0.95
    assert found.values[:2].min() > max(0, found.values[2])


def test_a_part_that_is_as_in_the_background_has_no_weight():
    squares = lambda rows: np.square(rows).sum(axis=1).astype(float)  # noqa: E731
    found = local_surrogate(game(squares), np.array([3, 0, 0, 1], dtype=np.float32), ZEROS, seed=1)
    assert found.values[1] == 0
    assert found.values == pytest.approx([9, 0, 1], abs=0.05)
    nothing = local_surrogate(game(squares), ZEROS[0], ZEROS, seed=1)
    assert (nothing.values.tolist(), nothing.fit, nothing.hidings) == ([0, 0, 0], 1.0, 0)


def test_the_background_is_the_mean_over_its_rows():
    linear = lambda rows: rows.sum(axis=1).astype(float)  # noqa: E731
    background = np.array([[0, 0, 0, 0], [2, 2, 2, 2]], dtype=np.float32)
    found = local_surrogate(game(linear, background), np.full(4, 5, dtype=np.float32), background, seed=1)
    assert found.values == pytest.approx([4, 8, 4], abs=0.02)


def test_the_same_seed_gives_the_same_opinion():
    squares = lambda rows: np.square(rows).sum(axis=1).astype(float)  # noqa: E731
    row = np.array([2, 1, 3, 4], dtype=np.float32)
    first, again = (local_surrogate(game(squares), row, ZEROS, seed=7).values for _ in range(2))
    assert (first == again).all()


# ── nearest normal rows ──


def test_the_nearest_rows_are_not_flagged_and_not_the_row_itself(tmp_path):
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0, 10.0, 0.1], "b": [0.0, 0.0, 0.0, 0.0, 0.0, 5.0]})
    data = DataSet(read_in(frame, tmp_path), {"a": "feature", "b": "feature"})
    preparation = TablePreparation().fit(data, np.ones(6, dtype=bool))
    X = preparation.encoding.transform(data.frame(["a", "b"]))
    among = DrawnRows(data, preparation, np.arange(6), X, np.array([1.0, 9.0, 2.0, 3.0, 1.0, 1.0]))
    found = among.nearest(0, X[0], cut_off=5, count=3)
    assert found.rows.tolist() == [2, 3, 5]  # 1 is flagged; in units of each column's spread 5 is further than 3
    assert (np.diff(found.distances) >= 0).all()
    assert found.differs.tolist() == [[False, False], [False, False], [False, True]]
    assert among.nearest(0, X[0], cut_off=0.5, count=3).rows.tolist() == []


def test_texts_are_near_that_share_their_rare_words():
    others = np.array([[2, 3, 4, 0], [2, 5, 0, 0], [2, 6, 7, 0], [2, 8, 9, 0], [1, 1, 0, 0]], dtype=np.float32)
    text = np.array([2, 5, 0, 0], dtype=np.float32)
    found = word_distances(text, others)
    assert found[1] == pytest.approx(0)
    assert (found[[0, 2, 3]] > 0.5).all()  # the word that all share says little
    assert found[4] == 1  # unknown words are nobody's
    assert word_distances(np.array([2, 50, 0, 0], dtype=np.float32), others)[1] > 0.5  # a word that no other text has


def test_two_explanations_of_a_text_name_its_words_alike():
    """Numbers are one word, whichever they are: it is called as it stands where the first explanation says that it weighs most."""
    preparation, text = TextPreparation(), "call 698 or 12 now"
    first, second = np.array([0.0, 3, 0, 1, 0]), np.array([0.0, 1, 0, 5, 0])
    assert dict(zip(*preparation.by_word(text, first), strict=True))["698"] == 4
    names, values = preparation.by_word(text, second, first)
    assert dict(zip(names, values, strict=True))["698"] == 6 and "12" not in names


def test_no_more_rows_are_looked_among_than_fit():
    assert len(rows_to_draw("table", 100, 10, seed=1)) == 100
    assert len(rows_to_draw("table", 10**6, 10, seed=1)) == 20_000
    assert len(rows_to_draw("table", 10**6, 10**5, seed=1)) == 100
    assert len(rows_to_draw("images", 10_000, 768, seed=1)) == 500


# ── every kind ──


def table(folder: Path) -> Path:
    return read_in(machine_frame(200), folder)


def series(folder: Path) -> Path:
    steps = np.arange(240)
    frame = pd.DataFrame(
        {"time": pd.date_range("2024-01-01", periods=240, freq="h"), "flow": np.sin(steps / 4), "level": np.cos(steps / 4)}
    )
    frame.loc[150, "flow"] += 9
    return read_in(frame, folder)


def images(folder: Path) -> Path:
    chance = np.random.default_rng(1)
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for number in range(60):
            picture = 200 + chance.integers(-20, 20, (16, 16))
            if number == 40:
                picture[:4, :4] = 0
            out = io.BytesIO()
            Image.fromarray(picture.astype(np.uint8)).save(out, "PNG")
            archive.writestr(f"{number:03}.png", out.getvalue())
    reading.read_file(folder / "pictures.zip", folder / "data", name="pictures.zip")
    return folder / "data"


def text(folder: Path) -> Path:
    chance = np.random.default_rng(1)
    usual = [
        "the",
        "course",
        "was",
        "good",
        "and",
        "the",
        "teacher",
        "explained",
        "every",
        "lesson",
        "well",
        "so",
        "we",
        "all",
        "learned",
        "much",
        "from",
        "it",
    ]
    texts = [" ".join(chance.choice(usual, 12)) + "." for _ in range(120)]
    texts[70] = "Zebra quantum. the course was good and well."
    return read_in(pd.DataFrame({"text": texts}), folder)


#: For each kind how its data are made, what is trained on them, with which roles, and a row that is unusual in one part.
KINDS = {
    "table": (
        table,
        "vectors",
        "principal_components",
        {"temperature": "feature", "doubled": "feature", "mode": "feature"},
        {},
        PLANTED[1],
    ),
    "series": (
        series,
        "windows",
        "rolling_zscore",
        {"time": "time", "flow": "feature", "level": "feature"},
        {"window": 16, "smoothing": 0.0},
        150,
    ),
    "images": (images, "vectors", "isolation_forest", {}, {"described": "pixels"}, 40),
    "text": (text, "tokens", "rare_words", {"text": "text"}, {"fewest": 1}, 70),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[RowAnswers, float, int]]:
    """For each kind a run, asked about its rows, with a cut-off that flags a twentieth, and an unusual row."""
    made = {}
    for kind, (data_of, representation, name, roles, preparation, row) in KINDS.items():
        home = tmp_path_factory.mktemp(kind)
        data, folder = data_of(home), RunFolder(home / "run")
        request = RunRequest("data", name, roles, kind=kind, representation=representation, preparation=preparation)
        folder.ask(request)
        folder.result.mkdir(parents=True)
        run = execute(request, data, Progress())
        save(run, folder.result, Progress())
        made[kind] = RowAnswers(ExplainedRun.open(folder.path, data), folder), float(np.quantile(run.scores, 0.95)), row
    return made


@pytest.fixture(params=sorted(KINDS))
def asked(request: pytest.FixtureRequest, answers) -> tuple[RowAnswers, float, int]:
    return answers[request.param]


def test_every_kind_of_row_is_un_flagged_by_a_change_that_was_scored(asked):
    about, cut_off, row = asked
    found, changed = about.smallest_change(row, cut_off)
    assert found.ending == "found" and found.before > cut_off >= found.after
    actual = about.explained(row).actual
    assert changed.shape == actual.shape and (changed != actual).any()
    assert about.run.preparation.rescored(about.run.data, row, about.run.detector, changed[None])[0] == found.after
    assert all("{" not in str(message) for message in [*found.changes, *found.others])
    assert ChangeFound.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_planted_part_alone_is_what_has_to_change(answers):
    changes = {
        kind: [str(change) for change in about.smallest_change(row, cut_off)[0].changes] for kind, (about, cut_off, row) in answers.items()
    }
    assert len(changes["table"]) == 1 and ("doubled" in changes["table"][0] or "temperature" in changes["table"][0])
    assert all(change.startswith("flow at 2024-01-07 06:00:00") for change in changes["series"])
    assert all("top left" in change for change in changes["images"])
    assert set(changes["text"]) <= {"the word “Zebra” were not there", "the word “quantum” were not there"}


def test_a_row_that_is_not_above_the_cut_off_needs_no_change(asked):
    about, _, row = asked
    found, changed = about.smallest_change(row, 1e9)
    assert (found.ending, found.changes, changed) == ("below", (), None)


def test_where_nothing_helps_it_says_so(answers):
    about, _, row = answers["table"]
    lowest = float(np.min(about.folder.array("scores")))
    found, changed = about.smallest_change(row, lowest / 1e6)
    assert (found.ending, changed) == ("none", None) and found.most == 4
    about, _, row = answers["series"]
    assert about.smallest_change(row, 1e-9)[0].ending == "around"


def test_every_kind_of_row_has_a_second_opinion_on_the_same_parts(asked):
    about, _, row = asked
    found = about.second_opinion(row)
    shap = about.explained(row).explanation.values[0]
    assert found.values.shape == shap.shape and np.isfinite(found.values).all()
    assert found.fit <= 1 and found.hidings > 100
    assert np.corrcoef(found.values, shap)[0, 1] > 0.5


def test_every_kind_of_row_has_normal_neighbours(asked):
    about, cut_off, row = asked
    found = about.nearest(row, cut_off, 3)
    scores = about.folder.array("scores")
    assert len(found.rows) == 3 and row not in found.rows
    assert (np.asarray(scores)[found.rows] <= cut_off).all()
    assert found.differs.shape == (3, about.explained(row).explanation.values.shape[1])


def test_windows_beside_another_do_not_overlap(answers):
    about, cut_off, row = answers["series"]
    rows = [row, *about.nearest(row, cut_off, 4).rows.tolist()]
    assert min(abs(one - other) for one in rows for other in rows if one != other) >= 16


def test_a_row_is_explained_once_for_all_that_is_asked_about_it(answers):
    about, _, row = answers["table"]
    assert about.explained(row) is about.explained(row)


def test_every_kind_is_asked_about():
    assert set(KINDS) == set(kinds.KINDS)
