"""A smaller form of a detector file: what its weights become, what is refused, and what is measured before it is chosen."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from detectors import __main__ as command_line
from detectors import command_line_shrink
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.detector_file import forms_measured, manifest
from detectors.detector_file.canaries import Canaries
from detectors.detector_file.form import FORMS, Form
from detectors.detector_file.forms_measured import cut_off_like, measure_forms
from detectors.detector_file.loaded import load
from detectors.detector_file.manifest import read_manifest
from detectors.detector_file.opening import open_detector_file
from detectors.detector_file.smaller import Made, write_smaller
from detectors.detector_file.source import Finished
from detectors.detector_file.writing import write_detector_file
from detectors.errors import ParameterError, StorageError
from detectors.network.smaller_weights import shrink_weights, whole_numbers, without_smallest
from detectors.runs.execute import execute
from detectors.runs.request import RunRequest
from tests.detector_files import ROLES, THRESHOLD, read_source, table_frame, write_source
from tests.test_detector_file_hostile import packed, sealed

pytestmark = pytest.mark.slow

NETWORK = {"encoder": [64, 2], "epochs": 2, "batch_size": 16}
WEIGHTS = "detector/weights.weights.h5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smaller")


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    return read_source(write_source("table", folder))


@pytest.fixture(scope="module")
def network(folder: Path, data: Path) -> Path:
    """A detector file with a network, that flags a few of its rows."""
    return written("autoencoder", NETWORK, folder, data)


@pytest.fixture(scope="module")
def forest(folder: Path, data: Path) -> Path:
    return written("isolation_forest", {"trees": 10}, folder, data)


def written(detector: str, parameters: dict[str, object], folder: Path, data: Path) -> Path:
    run = Finished.of_fitted(execute(RunRequest("", detector, ROLES["table"], parameters=parameters, seed=3), data, Progress()))
    threshold = replace(THRESHOLD, cut_off=float(np.sort(run.scores)[-9:-7].mean()))  # eight rows are above
    write_detector_file(run, threshold, folder / f"{detector}.zip")
    return folder / f"{detector}.zip"


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ── weights ──


def test_weights_become_whole_numbers_with_a_scale_for_each_column_or_row() -> None:
    whole, scales = whole_numbers(np.array([[127.0, 0.0, 2.0], [-63.0, 0.0, -1.0]], np.float32))
    assert whole.tolist() == [[127, 0, 127], [-63, 0, -64]]
    assert scales.tolist() == [[1.0, 1.0, pytest.approx(2 / 127)]]
    words = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    words[0] *= 100  # one word weighs more than all others
    whole, scales = whole_numbers(words)
    assert scales.shape == (20, 1)
    assert (np.abs(whole * scales - words) <= scales / 2 + 1e-5).all()
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    whole, scales = whole_numbers(kernel)
    assert (np.abs(whole * scales - kernel) <= scales / 2 + 1e-7).all()


def test_the_smallest_share_of_weights_becomes_zero() -> None:
    values = np.array([[3.0, -1.0], [0.5, -4.0]], np.float32)
    assert without_smallest(values, 0.5).tolist() == [[3, 0], [0, -4]]
    assert without_smallest(values, 0.2).tolist() == values.tolist()


def test_a_matrix_that_half_precision_cannot_hold_stays_as_it_is(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "weights.weights.h5", "w") as file:
        file["large/0"], file["usual/0"], file["bias/0"] = np.full((2, 2), 1e6, "f4"), np.ones((2, 2), "f4"), np.ones(2, "f4")
    shrink_weights(tmp_path, "float16", 0.0)
    with h5py.File(tmp_path / "weights.weights.h5") as file:
        assert [file[name].dtype.name for name in ("large/0", "usual/0", "bias/0")] == ["float32", "float16", "float32"]
        assert file["large/0"][0, 0] == 1e6


# ── files ──


@pytest.mark.parametrize("form", [Form("float16"), Form("int8", 0.2, engine=False)])
def test_a_smaller_file_opens_scores_as_its_canaries_say_and_says_what_it_is(network: Path, form: Form, tmp_path: Path) -> None:
    written = write_smaller(
        network, form, tmp_path / "small.zip", Made(cut_off=0.25, measured={"rows": 80, "agreement": 0.99, "largest": 3, "changed": 1})
    )
    opened = load(tmp_path / "small.zip")
    inside = members(tmp_path / "small.zip")
    open_detector_file(tmp_path / "small.zip", tmp_path / "unpacked")
    canaries = Canaries.load(tmp_path / "unpacked", "small.zip")
    np.testing.assert_array_equal(opened.detector.score(opened.preparation.finish(canaries.items)), canaries.scores)
    assert (read_manifest(tmp_path / "small.zip").form, opened.manifest.format_version) == (written.form, 3)
    assert written.form["of"] == load(network).identity
    assert (opened.threshold.cut_off, opened.threshold.more["cut_off_before"]) == (0.25, load(network).threshold.cut_off)
    assert ("engine.zip" in inside, "score.py" in inside) == (form.engine, form.engine)
    assert "none moved by more than 3, 1 rows are on the other side" in opened.card
    assert len(inside[WEIGHTS]) < len(members(network)[WEIGHTS]) * 0.8


def test_networks_inside_an_ensemble_become_smaller_too(folder: Path, data: Path, tmp_path: Path) -> None:
    asked = [{"detector": "autoencoder", "parameters": NETWORK}, "hbos"]
    file = written("ensemble", {"members": asked, "draws": 1}, folder, data)
    write_smaller(file, Form("int8"), tmp_path / "small.zip")
    inside = members(tmp_path / "small.zip")
    assert "detector/member_0/weights.scales.h5" in inside
    before, after = (load(each).score(table_frame()) for each in (file, tmp_path / "small.zip"))
    assert (after != before).any()
    np.testing.assert_allclose(after, before, rtol=0.1, atol=0.1)


def test_a_file_without_networks_can_only_leave_the_engine_out(forest: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="holds no network"):
        write_smaller(forest, Form("int8"), tmp_path / "small.zip")
    assert not (tmp_path / "small.zip").exists()
    write_smaller(forest, Form(engine=False), tmp_path / "small.zip")
    assert (tmp_path / "small.zip").stat().st_size < forest.stat().st_size / 5
    opened = load(tmp_path / "small.zip")
    np.testing.assert_array_equal(opened.score(table_frame()), load(forest).score(table_frame()))
    assert opened.manifest.format_version == 2  # earlier versions read it
    assert "score.py DATA" not in opened.card


def test_what_makes_no_sense_is_refused_in_a_sentence(network: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"from 0 to 0\.95"):
        Form("int8", 0.99)
    with pytest.raises(ParameterError, match="one of float32, float16, int8"):
        Form.from_json({"weights": "int4"})
    with pytest.raises(ParameterError, match="Nothing was asked for"):
        write_smaller(network, Form(), tmp_path / "small.zip")
    write_smaller(network, Form("int8"), tmp_path / "small.zip")
    with pytest.raises(StorageError, match="was made smaller before"):
        write_smaller(tmp_path / "small.zip", Form("float16"), tmp_path / "smaller.zip")
    with pytest.raises(StorageError, match="was made smaller before"):
        measure_forms(tmp_path / "small.zip", FORMS)


def test_a_version_that_does_not_know_smaller_weights_refuses_them(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_smaller(network, Form("int8"), tmp_path / "small.zip")
    monkeypatch.setattr(manifest, "FORMAT_VERSION", 2)
    with pytest.raises(StorageError, match="has format 3; this version reads formats up to 2"):
        load(tmp_path / "small.zip")


@pytest.mark.parametrize("made", ["no_scales", "other_scales", "other_place", "many_scales", "other_network", "objects"])
def test_smaller_weights_that_do_not_go_with_scales_or_network_are_refused(network: Path, tmp_path: Path, made: str) -> None:
    write_smaller(network, Form("int8"), tmp_path / "small.zip")
    inside = members(tmp_path / "small.zip")
    scales = "detector/weights.scales.h5"
    if made == "no_scales":
        del inside[scales]
    elif made == "other_network":
        record = json.loads(inside["detector/detector.json"])
        record["parameters"]["encoder"] = [32, 2]
        inside["detector/detector.json"] = json.dumps(record).encode()
    else:
        inside[scales] = changed(inside[scales], made)
    with pytest.raises(StorageError, match=r"was not opened: its member `detector/") as caught:
        load(packed(sealed(inside), tmp_path / "harm.zip"))
    assert "harm.zip" in str(caught.value)


def changed(scales: bytes, made: str) -> bytes:
    """Scales as someone might write them who means harm."""
    file = io.BytesIO(scales)
    with h5py.File(file, "r+") as opened:
        first = next(iter(opened["layers"]))
        place = f"layers/{first}/vars/0"
        shape = opened[place].shape
        del opened[place]
        if made == "other_scales":
            opened[place] = np.ones((shape[0], shape[1] + 1), "f4")
        elif made == "other_place":
            opened["elsewhere"] = np.ones(shape, "f4")
        elif made == "many_scales":
            opened.create_dataset(place, (1 << 30, 1), "f4", chunks=(1 << 10, 1))
        else:
            opened[place] = "harm"
    return file.getvalue()


# ── measured ──


def test_the_cut_off_stays_or_follows_the_ranks_whichever_changes_fewer_rows() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0])
    assert cut_off_like(before, before + 1.2, 3.5) == pytest.approx((4.2 + 5.2) / 2)  # else three rows would be flagged
    assert cut_off_like(before, before + 0.1, 3.5) == 3.5
    assert cut_off_like(before, before[::-1], 3.5) == 3.5  # nothing helps
    assert cut_off_like(before, before + 9, 0.5) == 0.5  # all are flagged, then and now


def test_forms_are_measured_on_data_or_on_what_the_file_holds(network: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = {column: role for column, role in ROLES["table"].items() if role == "feature"}
    monkeypatch.setattr(forms_measured, "TIMES", 1)
    found = measure_forms(network, [Form("float16"), Form("int8", 0.5)], DataSet(data, roles))
    as_it_is, half, pruned = found
    assert (as_it_is.rows, as_it_is.agreement, as_it_is.changed, as_it_is.flagged) == (80, 1.0, 0, 8)
    assert half.agreement > 0.999
    assert as_it_is.file_bytes == network.stat().st_size
    assert half.agreement > pruned.agreement
    assert half.weight_bytes < 0.8 * as_it_is.weight_bytes
    assert pruned.flagged == as_it_is.flagged + pruned.entering - pruned.leaving
    assert all(each.rows_per_s > 0 and each.cut_off == as_it_is.cut_off for each in found)  # of so few rows nobody moves a cut-off
    assert forms_measured.Measured.from_json(json.loads(json.dumps(pruned.to_json()))) == pruned
    carried = measure_forms(network, [Form("float16")])
    assert carried[0].rows > 80  # canaries and usual rows


@pytest.fixture
def shrink(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command, in this process: its exit code, standard output and standard error."""
    monkeypatch.setattr(command_line, "_hide_native_messages", lambda: None)
    monkeypatch.setattr(forms_measured, "TIMES", 1)
    monkeypatch.setattr(command_line_shrink, "FORMS", FORMS[:2])

    def run(*asked: object) -> tuple[int, str, str]:
        code = command_line.main(["shrink", *map(str, asked)])
        return (code, *capsys.readouterr())

    return run


def test_the_command_measures_all_forms_and_writes_the_one_that_is_named(network, folder, tmp_path, shrink) -> None:
    code, said, _ = shrink(network, "--data", folder / "table.csv", "--quiet")
    assert code == 0
    assert said.splitlines()[3].startswith("int8 ")
    small = tmp_path / "small.zip"
    code, said, _ = shrink(
        network, "--data", folder / "table.csv", "--form", "float16", "--without-engine", "--out", small, "--json", "--quiet"
    )
    told = json.loads(said)
    assert (code, told["out"]) == (0, str(small))
    assert [each["form"]["weights"] for each in told["forms"]] == ["float32", "float16"]
    assert read_manifest(small).form["measured"]["rows"] == 80


def test_the_command_says_what_it_cannot_do(network, forest, tmp_path, shrink) -> None:
    for wrong, words in (
        (["--form", "int8"], "Name it with `--out`"),
        (["--out", tmp_path / "x.zip"], "without a form"),
        (["--form", "int8", "--out", network], "names the detector file itself"),
        (["--prune", "2", "--out", tmp_path / "x.zip"], "from 0 to 0.95"),
    ):
        code, _, said = shrink(network, *wrong)
        assert code == 2
        assert words in said
    code, _, said = shrink(forest)
    assert code == 0
    assert "holds no network" in said


def test_every_form_that_is_offered_says_its_name() -> None:
    assert [str(form.title) for form in FORMS] == ["float16", "int8", "int8, 20 % of them 0", "int8, 50 % of them 0"]
