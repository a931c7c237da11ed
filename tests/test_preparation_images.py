"""Pictures become squares of one size and colour, copies vary within limits, and regions have the names of their places."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from detectors import reading
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.errors import DataError, ParameterError, StorageError
from detectors.network.picture_features import WEIGHTS_FILE, PictureFeatureOptions
from detectors.preparation import images_vectors, load_preparation, representations
from detectors.preparation.images import PLACES, ImagesPreparation, resized, usual_side
from detectors.preparation.images_vectors import ImagesVectors
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.request import FitWhere, RunRequest
from detectors.vectors.isolation_forest import IsolationForest

QUICK_AUTOENCODER = {"filters": [4, 8], "bottleneck": 4, "epochs": 15, "batch_size": 16, "learning_rate": 0.01, "region": 4}
PLANTED = 30


@dataclass(frozen=True)
class InMemory(DataSet):
    """A data set whose pictures are not on disk."""

    held: list[np.ndarray] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.held)

    def pictures(self, rows: object = None) -> list[np.ndarray]:
        return self.held if rows is None else [self.held[row] for row in np.asarray(rows)]


def in_memory(*pictures: np.ndarray) -> InMemory:
    return InMemory(Path(), {}, held=list(pictures))


def plain(height: int, width: int, channels: int = 1, value: int = 100) -> np.ndarray:
    return np.full((height, width, channels), value, dtype=np.uint8)


def shaded(rows: int = PLANTED, size: int = 16) -> list[np.ndarray]:
    """Pictures that get lighter from left to right, each of its own strength; the last one has a white spot at the bottom right."""
    pictures = []
    for strength in np.linspace(100, 200, rows):
        pictures.append(np.broadcast_to(np.linspace(0, strength, size), (size, size))[:, :, None].astype(np.uint8).copy())
    spot = pictures[rows // 2].copy()
    spot[12:, 12:] = 0
    return [*pictures, spot]


def fitted(preparation: ImagesPreparation, pictures: list[np.ndarray]) -> tuple[ImagesPreparation, InMemory]:
    data = in_memory(*pictures)
    return preparation.fit(data, np.ones(len(pictures), dtype=bool), seed=1), data


@pytest.fixture
def small_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_vectors, "FEW_FEATURES", PictureFeatureOptions(filters=(4, 4), epochs=2))


# ── size and colour ──


def test_pixels_are_native_and_vectors_come_next() -> None:
    assert representations("images") == ["pixels", "vectors"]


@pytest.mark.parametrize(("side", "chosen"), [(8, 16), (16, 16), (28, 32), (32, 32), (43, 40), (96, 64), (3000, 64)])
def test_the_size_is_that_of_the_pictures_within_limits(side: int, chosen: int) -> None:
    assert usual_side([np.empty((side, side, 1), np.uint8)] * 3) == chosen


def test_a_size_that_is_asked_for_is_kept_and_one_too_small_refused() -> None:
    assert fitted(ImagesPreparation(size=20), [plain(40, 40)])[0].shape == (20, 20, 1)
    with pytest.raises(ParameterError, match="`size` must be at least 16, or 0"):
        ImagesPreparation(size=7)


def test_pixels_are_from_0_to_1_one_item_a_picture() -> None:
    preparation, data = fitted(ImagesPreparation(), [plain(16, 16, value=value) for value in (0, 51, 255)])
    items = preparation.items(data)
    X = items.at(np.array([2, 1]))
    assert len(items) == 3
    assert X.shape == (2, 16, 16, 1)
    assert X.dtype == np.float32
    assert np.unique(X[0]) == [1.0]
    assert np.unique(X[1]) == [np.float32(0.2)]


def test_pictures_are_grey_only_where_every_one_to_learn_from_is_grey() -> None:
    grey, colourless, red = plain(16, 16), plain(16, 16, 3), plain(16, 16, 3)
    red[..., 0] = 200
    data = in_memory(grey, colourless, red)
    assert ImagesPreparation().fit(data, np.array([True, True, False])).shape == (16, 16, 1)
    coloured = ImagesPreparation().fit(data, np.array([True, True, True]))
    assert coloured.shape == (16, 16, 3)
    np.testing.assert_array_equal(coloured.prepared([grey])[0, 0, 0], np.full(3, np.float32(100 / 255)))
    assert ImagesPreparation(colour="grey").fit(data, np.ones(3, bool)).prepared([red]).shape == (1, 16, 16, 1)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(DataError, match="no picture to learn from"):
        ImagesPreparation().fit(in_memory(plain(16, 16)), np.array([False]))


def test_an_oblong_picture_keeps_its_middle_all_of_it_or_its_proportions() -> None:
    oblong = plain(20, 40, value=0)  # black, but for its white middle
    oblong[:, 10:30] = 255
    crop, pad, stretch = (resized(oblong, (20, 20, 1), fit_to)[:, :, 0] for fit_to in ("crop", "pad", "stretch"))
    assert (crop == 255).all()
    assert (pad[5:15, 5:15] == 255).all() and (pad[5:15, :5] == 0).all()
    assert (pad[:5] == pad[0, 0]).all() and 0 < pad[0, 0] < 255  # the mean of its edge
    assert (stretch[:, 5:15] == 255).all() and (stretch[:, :5] == 0).all()


def test_every_pixel_counts_alike_when_a_picture_shrinks() -> None:
    fine = np.tile(np.array([[0, 200], [100, 100]], np.uint8), (20, 20))[:, :, None]
    assert np.unique(resized(fine, (20, 20, 1), "stretch")) == [100]


def test_a_picture_is_prepared_alike_alone_and_among_others(tmp_path: Path) -> None:
    pictures = [np.random.default_rng(0).integers(0, 256, (side, 50, 3), dtype=np.uint8) for side in (30, 50, 70)]
    preparation, data = fitted(ImagesPreparation(), pictures)
    together = preparation.items(data).at(np.arange(3))
    preparation.save(tmp_path)
    loaded = load_preparation(tmp_path)
    assert isinstance(loaded, ImagesPreparation)
    np.testing.assert_array_equal(loaded.explained(data, np.array([1]), None), together[1:2])


# ── varied copies ──


def test_the_pictures_come_first_then_their_varied_copies() -> None:
    preparation, data = fitted(ImagesPreparation(copies=2), shaded())
    X = preparation.items(data).at(np.arange(PLANTED))
    before = X.copy()
    learned = preparation.augmented(X, None, seed=3)
    more = learned.X
    assert more.shape == (3 * PLANTED, 16, 16, 1)
    assert more.dtype == np.float32
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(more[:PLANTED], X)
    first, second = more[PLANTED : 2 * PLANTED], more[2 * PLANTED :]
    assert not np.array_equal(first, second)
    assert 0 < np.abs(first - X).mean() < 0.1
    assert 0 <= more.min() <= more.max() <= 1
    assert learned.parents is not None
    assert learned.parents[:, 0].tolist() == [*range(PLANTED)] * 3
    np.testing.assert_array_equal(preparation.augmented(X, None, seed=3).X, more)
    assert not np.array_equal(preparation.augmented(X, None, seed=4).X, more)


def test_no_copies_is_the_default() -> None:
    X = np.zeros((2, 16, 16, 1), np.float32)
    assert ImagesPreparation().augmented(X, None, 0).X is X


NOTHING = {"flip": "none", "rotation": 0, "brightness": 0, "noise": 0}


@pytest.mark.parametrize(("flip", "ways"), [("none", 1), ("horizontal", 2), ("both", 4)])
def test_copies_are_mirrored_in_as_many_ways_as_are_allowed(flip: str, ways: int) -> None:
    picture = np.random.default_rng(0).random((1, 16, 16, 3), dtype=np.float32)
    copies = ImagesPreparation(**{**NOTHING, "flip": flip}).varied(np.repeat(picture, 64, axis=0), seed=0)
    assert len(np.unique(copies, axis=0)) == ways
    assert (picture == copies).all(axis=(1, 2, 3)).any()


def test_brightness_is_a_share_and_noise_a_standard_deviation() -> None:
    grey = np.full((200, 16, 16, 1), 0.5, np.float32)
    lighter = ImagesPreparation(**{**NOTHING, "brightness": 0.2}).varied(grey, seed=0)
    assert 0.4 <= lighter.min() < 0.42 and 0.58 < lighter.max() <= 0.6
    noisy = ImagesPreparation(**{**NOTHING, "noise": 0.05}).varied(grey, seed=0)
    assert noisy.std() == pytest.approx(0.05, rel=0.05)


def test_a_turned_copy_keeps_its_middle_and_plain_pictures_stay_plain() -> None:
    picture = np.zeros((20, 17, 17, 1), np.float32)
    picture[:, 8, 4:13] = 1.0  # a line through the middle
    turned = ImagesPreparation(**{**NOTHING, "rotation": 90}).varied(picture, seed=0)
    np.testing.assert_allclose(turned[:, 8, 8, 0], 1.0, atol=1e-6)
    assert turned[:, 8, 4, 0].min() < 0.1
    same = np.full((3, 16, 16, 1), 0.5, np.float32)
    np.testing.assert_allclose(ImagesPreparation(**{**NOTHING, "rotation": 45}).varied(same, seed=0), same, atol=1e-6)


# ── regions ──


@pytest.mark.parametrize(("size", "grid"), [(16, 4), (24, 6), (32, 8), (64, 8), (100, 8)])
def test_a_picture_is_taken_apart_into_a_grid_of_regions(size: int, grid: int) -> None:
    preparation, _ = fitted(ImagesPreparation(size=size, colour="colour"), [plain(16, 16)])
    units = preparation.units
    assert units.shape == (size, size, 3)
    assert preparation.grid == grid
    np.testing.assert_array_equal(np.unique(units), np.arange(grid**2))
    assert (units == units[:, :, :1]).all()
    assert units[0, -1, 0] == grid - 1
    counts = np.bincount(units.reshape(-1))
    assert counts.max() <= 1.4 * counts.min()


def test_values_lie_where_their_regions_are() -> None:
    preparation, _ = fitted(ImagesPreparation(size=32), [plain(16, 16)])
    values = np.zeros((1, 64))
    values[0, preparation.units[31, 0, 0]] = 1.0
    assert np.argwhere(preparation.map_of(values)[0]).tolist() == [[7, 0]]


def test_reasons_name_the_places_strongest_first_and_each_place_once() -> None:
    preparation, data = fitted(ImagesPreparation(size=32), [plain(16, 16)])
    values = np.zeros((2, 8, 8))
    values[0, 7, 7], values[0, 6, 7] = 2.0, 1.5  # bottom right
    values[0, 0, 3] = 3.0  # top
    values[0, 3, 3], values[0, 0, 0] = 0.02, -5.0  # too little, and less unusual
    found = preparation.reasons(data, np.array([0, 0]), values.reshape(2, 64), np.zeros((2, 32, 32, 1), np.float32))
    assert [str(reason.message) for reason in found[0]] == [
        "region at the bottom right is unlike what was expected",
        "region at the top is unlike what was expected",
    ]
    assert found[1] == []


def test_at_most_three_places_are_named() -> None:
    preparation, data = fitted(ImagesPreparation(size=32), [plain(16, 16)])
    assert len(preparation.reasons(data, np.array([0]), np.ones((1, 64)), np.zeros((1, 32, 32, 1), np.float32))[0]) == 3


def test_places_weigh_what_their_regions_add_in_the_mean() -> None:
    preparation, data = fitted(ImagesPreparation(size=32), [plain(16, 16)])
    values = np.zeros((2, 8, 8))
    values[0, 0, :2], values[1, 0, 0], values[1, 7, 4] = 1.0, -4.0, 1.0
    names, weights = preparation.weigh(data, np.array([0, 1]), values.reshape(2, 64))
    assert names == list(PLACES)
    assert dict(zip(names, weights, strict=True)) == {**dict.fromkeys(PLACES, 0.0), "top left": 3.0, "bottom": 0.5}


# ── vectors ──


def test_pixels_as_vectors_are_means_of_the_picture_and_named(tmp_path: Path) -> None:
    preparation, data = fitted(ImagesVectors(described="pixels", size=32), shaded())
    vectors = preparation.items(data).at(np.arange(PLANTED + 1))
    assert vectors.shape == (PLANTED + 1, 256) == (PLANTED + 1, len(preparation.names))
    assert preparation.names[17] == "row 2 column 2"
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-5)
    assert vectors[:, ::16].std() < vectors[:, 15::16].std()  # all pixels have one scale: the left is always black
    preparation.save(tmp_path)
    np.testing.assert_array_equal(load_preparation(tmp_path).finish(preparation.explained(data, np.arange(3), None)), vectors[:3])


@pytest.mark.slow
@pytest.mark.usefixtures("small_features")
def test_learned_features_are_standardised_told_and_kept(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []

    class Recorder(Progress):
        def report(self, phase: str, done: int, total: int, **figures: float) -> None:
            assert "loss" not in figures  # losses that are shown are the detector's
            heard.append((phase, done, total))

    data = in_memory(*shaded())
    rows = np.arange(PLANTED + 1) < PLANTED
    preparation = ImagesVectors().fit(data, rows, seed=1, progress=Recorder())
    assert heard[-1] == ("preparing", 2, 2)
    vectors = preparation.items(data).at(np.arange(PLANTED + 1))
    assert vectors.shape == (PLANTED + 1, 24) == (PLANTED + 1, len(preparation.names))
    np.testing.assert_allclose(vectors[:PLANTED].mean(axis=0), 0, atol=1e-3)
    preparation.save(tmp_path)
    loaded = load_preparation(tmp_path)
    np.testing.assert_array_equal(loaded.finish(loaded.explained(data, np.array([PLANTED]), None)), vectors[PLANTED:])
    (tmp_path / WEIGHTS_FILE).write_bytes(b"")
    with pytest.raises(StorageError, match="is missing or damaged"):
        load_preparation(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("small_features")
def test_a_page_that_opens_saved_features_loads_no_network(tmp_path: Path) -> None:
    fitted(ImagesVectors(), shaded())[0].save(tmp_path)
    script = (
        "import sys; from pathlib import Path; from detectors.preparation import load_preparation\n"
        "print(len(load_preparation(Path(sys.argv[1])).names), 'tensorflow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.split() == ["24", "False"]


@pytest.mark.parametrize("described", ["pixels", pytest.param("features", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("small_features")
def test_copies_are_varied_before_they_become_vectors(described: str) -> None:
    preparation, data = fitted(ImagesVectors(described=described, copies=2), shaded())
    X = preparation.items(data).at(np.arange(PLANTED + 1))
    more = preparation.augmented(X, None, seed=1).X
    assert more.shape == (3 * len(X), X.shape[1])
    np.testing.assert_array_equal(more[: len(X)], X)
    assert not np.array_equal(more[len(X) : 2 * len(X)], X)


# ── runs ──


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures of `shaded` as a person would upload them: a zip of two folders."""
    from PIL import Image

    home = tmp_path_factory.mktemp("uploaded")
    with zipfile.ZipFile(home / "pictures.zip", "w") as archive:
        for row, picture in enumerate(shaded()):
            file = BytesIO()
            Image.fromarray(picture[:, :, 0]).save(file, "PNG")
            archive.writestr(f"{'anomaly' if row == PLANTED else 'normal'}/{row:02}.png", file.getvalue())
    reading.read_file(home / "pictures.zip", home / "data", name="pictures.zip")
    return home / "data"


def opened(request: RunRequest, data: Path, home: Path) -> tuple[RunFolder, ExplainedRun]:
    folder = RunFolder(home)
    folder.ask(request)
    folder.result.mkdir()
    save(execute(request, data, Progress()), folder.result, Progress())
    return folder, ExplainedRun.open(folder.path, data)


ROLES = {"name": "id", "class": "label"}


@pytest.mark.slow
def test_a_spot_is_found_and_its_place_named(uploaded: Path, tmp_path: Path) -> None:
    request = RunRequest(
        "d", "autoencoder", ROLES, kind="images", representation="pixels", parameters=QUICK_AUTOENCODER, seed=1,
        fit_where=FitWhere("class", "normal"),
    )  # fmt: skip
    folder, explained = opened(request, uploaded, tmp_path)
    spotted = int(np.flatnonzero(folder.array("labels") == 1)[0])
    assert folder.array("scores").argmax() == spotted
    row = explained.row(spotted)
    assert row.explanation.values.shape == (1, 16)
    assert row.explanation.scores[0] == folder.array("scores")[spotted]
    assert row.elements.shape == (16, 16)
    reasons = explained.preparation.reasons(explained.data, np.array([spotted]), row.explanation.values, row.explanation.expected)
    assert str(reasons[0][0].message) == "region at the bottom right is unlike what was expected"


def test_detectors_on_vectors_work_on_pictures_and_are_explained_in_regions(uploaded: Path, tmp_path: Path) -> None:
    request = RunRequest(
        "d", "isolation_forest", ROLES, kind="images", representation="vectors", parameters=dict(IsolationForest.quick), seed=1,
        preparation={"described": "pixels"}, fit_where=FitWhere("class", "normal"),
    )  # fmt: skip
    folder, explained = opened(request, uploaded, tmp_path)
    row = explained.row(PLANTED)
    assert row.explanation.scores[0] == folder.array("scores")[PLANTED]
    assert row.actual.shape == (16, 16, 1)
    np.testing.assert_allclose(row.explanation.residuals, 0, atol=1e-6)
