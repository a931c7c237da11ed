"""`score` and `explain` of the command line, and scoring files larger than memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

import detectors
from detectors.__main__ import main
from detectors.base import Progress
from detectors.detector_file import batches, parts, streaming
from detectors.detector_file.loaded import LoadedDetector
from detectors.detector_file.streaming import score_file
from detectors.detector_file.writing import write_detector_file
from detectors.thresholds import RULES
from tests.detector_files import THRESHOLD, finished, pictures, read_source, series_frame, table_frame, text_frame, write_source

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources of every kind, and for each a detector file."""
    folder = tmp_path_factory.mktemp("scored")
    for kind, representation, detector in (
        ("table", "vectors", "isolation_forest"), ("series", "windows", "rolling_zscore"),
        ("images", "vectors", "nearest_neighbours"), ("text", "tokens", "length"),
    ):  # fmt: skip
        data = read_source(write_source(kind, folder))
        write_detector_file(finished(kind, representation, detector, data), THRESHOLD, folder / f"{kind}.zip")
    return folder


@pytest.fixture(scope="module")
def loaded(home: Path) -> LoadedDetector:
    return detectors.load(home / "table.zip")


@pytest.fixture(autouse=True)
def no_workspace(workspace: Path) -> None:
    """The analyst's own installation is left alone."""


@pytest.fixture
def native_messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is caught by the test, and not hidden from native libraries."""
    monkeypatch.setattr("detectors.__main__._hide_native_messages", lambda: None)


def anomalyst(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "detectors", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False, cwd=REPOSITORY)


def run(*arguments: object) -> int:
    """The exit code of a command in this process, whose standard error stays that of the test."""
    kept = os.dup(2), sys.stderr
    try:
        return main([str(each) for each in arguments])
    finally:
        os.dup2(kept[0], 2)
        os.close(kept[0])
        sys.stderr = kept[1]


# ── score ──


def test_a_file_is_scored_row_by_row_as_from_python(home: Path, tmp_path: Path, loaded: LoadedDetector) -> None:
    done = anomalyst("score", home / "table.zip", home / "table.csv", "--out", tmp_path / "s.csv", "--keep", "country,known", "--json")
    assert done.returncode == 0, done.stderr.decode()
    scores, summary = pd.read_csv(tmp_path / "s.csv", float_precision="round_trip"), json.loads(done.stdout)
    assert scores.columns.tolist() == ["row", "score", "flagged", "country", "known"]
    np.testing.assert_array_equal(scores["score"], loaded.score(table_frame()))
    assert scores["country"].tolist() == table_frame()["country"].tolist()
    assert (summary["rows"], summary["flagged"], summary["resumed_from"]) == (80, int(scores["flagged"].sum()), 0)
    assert summary["threshold"] == {"rule": "percentile", "value": 95.0, "cut_off": 0.5}
    assert (summary["signed"], summary["warning"], summary["notes"]) == ("nobody", None, [])
    assert not list(tmp_path.glob(".*"))


def test_standard_input_goes_to_standard_output(home: Path, loaded: LoadedDetector) -> None:
    done = anomalyst("score", home / "table.zip", "-", "--out", "-", "--quiet", given=(home / "table.csv").read_bytes())
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr, lines[0], len(lines)) == (0, b"", "row,score,flagged", 81)
    assert [float(line.split(",")[1]) for line in lines[1:]] == loaded.score(table_frame()).tolist()


@pytest.mark.parametrize("kind", ["series", "images", "text"])
def test_every_kind_is_scored_as_from_python(kind: str, home: Path, tmp_path: Path) -> None:
    source = home / ("pictures.zip" if kind == "images" else f"{kind}.csv")
    rows = {"series": series_frame, "images": pictures, "text": text_frame}[kind]()
    assert run("score", home / f"{kind}.zip", source, "--out", tmp_path / "s.parquet", "--quiet") == 0
    scores = pd.read_parquet(tmp_path / "s.parquet")
    np.testing.assert_array_equal(scores["score"], detectors.load(home / f"{kind}.zip").score(rows))
    assert scores.columns.tolist() == ["row", "score", "flagged", *(["name"] if kind == "images" else [])]


def test_rows_before_a_series_are_its_context(home: Path, tmp_path: Path) -> None:
    frame = series_frame()
    frame.iloc[:100].to_csv(tmp_path / "past.csv", index=False)
    frame.iloc[100:].to_csv(tmp_path / "new.csv", index=False)
    whole = detectors.load(home / "series.zip").score(frame).to_numpy()
    assert (
        run("score", home / "series.zip", tmp_path / "new.csv", "--before", tmp_path / "past.csv", "--out", tmp_path / "s.csv", "--quiet")
        == 0
    )
    scores = pd.read_csv(tmp_path / "s.csv", float_precision="round_trip")
    np.testing.assert_array_equal(scores["score"], whole[100:])
    assert scores["row"].tolist() == list(range(60))


def test_a_folder_of_parquet_is_scored_in_the_order_of_its_names(home: Path, tmp_path: Path, loaded: LoadedDetector) -> None:
    frame = table_frame()
    (tmp_path / "day").mkdir()
    frame.iloc[:30].to_parquet(tmp_path / "day" / "a.parquet", row_group_size=7)
    frame.iloc[30:].to_parquet(tmp_path / "day" / "b.parquet")
    assert run("score", home / "table.zip", tmp_path / "day", "--out", tmp_path / "s.parquet", "--keep", "country", "--quiet") == 0
    scores = pd.read_parquet(tmp_path / "s.parquet")
    np.testing.assert_array_equal(scores["score"], loaded.score(frame))
    assert (scores["row"].tolist(), scores["country"].tolist()) == (list(range(80)), frame["country"].tolist())


def test_dates_and_decimal_marks_read_as_in_the_training_file(home: Path, tmp_path: Path) -> None:
    """The new file alone would not tell which number is the day: 3 April, or 4 March."""
    rows = [f"{day:02}/04/2026;{10 * day},5" for day in (*range(1, 29), *range(1, 29))]
    (tmp_path / "train.csv").write_text("\n".join(["when;amount", *rows]))
    (tmp_path / "new.csv").write_text("when;amount\n03/04/2026;30,5\n05/04/2026;50,5\n")
    asked = ("train", tmp_path / "train.csv", "--kind", "table", "--detector", "zscore", "--out", tmp_path / "out", "--quiet")
    assert run(*asked, "--read", "dates=day_first") == 0
    assert run("score", tmp_path / "out" / "detector.zip", tmp_path / "new.csv", "--out", tmp_path / "s.csv", "--quiet") == 0
    scores, trained = pd.read_csv(tmp_path / "s.csv"), pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert scores["score"].tolist() == pytest.approx(trained["score"][[2, 4]].tolist())


# ── explain ──


def test_rows_are_explained_as_from_python(home: Path, tmp_path: Path, loaded: LoadedDetector) -> None:
    assert run("explain", home / "table.zip", home / "table.csv", "--rows", "78, 3", "--out", tmp_path / "e.csv", "--quiet") == 0
    found, there = pd.read_csv(tmp_path / "e.csv", float_precision="round_trip"), loaded.explain(table_frame(), rows=[78, 3])
    assert found["part"].tolist() == there["part"].tolist()
    np.testing.assert_array_equal(found["contribution"], there["contribution"])
    assert run("explain", home / "table.zip", home / "table.csv", "--out", tmp_path / "e.parquet", "--quiet") == 0
    flagged = np.flatnonzero(loaded.score(table_frame()) > 0.5).tolist()
    assert pd.read_parquet(tmp_path / "e.parquet")["row"].unique().tolist() == flagged


def test_steps_of_a_series_are_explained_after_those_before_them(home: Path, tmp_path: Path) -> None:
    frame = series_frame()
    frame.iloc[:100].to_csv(tmp_path / "past.csv", index=False)
    frame.iloc[100:].to_csv(tmp_path / "new.csv", index=False)
    asked = (
        "explain",
        home / "series.zip",
        tmp_path / "new.csv",
        "--rows",
        "55",
        "--before",
        tmp_path / "past.csv",
        "--out",
        tmp_path / "e.csv",
    )
    assert run(*asked, "--quiet") == 0
    found = pd.read_csv(tmp_path / "e.csv")
    assert found["row"].unique().tolist() == [55] and found["part"].str.match(r"(value|other), steps \d+–\d+ of 8").all()


def test_flags_of_a_series_that_goes_on_are_explained(home: Path, tmp_path: Path) -> None:
    """Without --rows: the flags that `score` gives after the same rows, and no others."""
    frame = series_frame()
    frame.iloc[:100].to_csv(tmp_path / "past.csv", index=False)
    frame.iloc[100:].to_csv(tmp_path / "new.csv", index=False)
    asked = (home / "series.zip", tmp_path / "new.csv", "--before", tmp_path / "past.csv", "--quiet")
    assert run("score", *asked, "--out", tmp_path / "s.parquet") == run("explain", *asked, "--out", tmp_path / "e.parquet") == 0
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert pd.read_parquet(tmp_path / "e.parquet")["row"].unique().tolist() == scores.loc[scores["flagged"], "row"].tolist()


@pytest.mark.parametrize("kind", ["table", "images"])
def test_a_folder_of_parquet_and_a_zip_of_pictures_are_explained_with_the_scores_that_they_have(
    kind: str, home: Path, tmp_path: Path
) -> None:
    source = home / "pictures.zip"
    if kind == "table":
        source = tmp_path / "day"
        source.mkdir()
        table_frame().iloc[:30].to_parquet(source / "a.parquet")
        table_frame().iloc[30:].to_parquet(source / "b.parquet")
    asked = (home / f"{kind}.zip", source, "--quiet")
    assert run("score", *asked, "--out", tmp_path / "s.parquet") == 0
    assert run("explain", *asked, "--rows", "36,2", "--out", tmp_path / "e.parquet") == 0
    found, scores = pd.read_parquet(tmp_path / "e.parquet"), pd.read_parquet(tmp_path / "s.parquet")["score"]
    each = found.groupby("row", sort=False)["score"].first()
    assert each.index.tolist() == [36, 2] and each.tolist() == pytest.approx(scores[[36, 2]].tolist(), rel=1e-6)


# ── train ──


def test_a_detector_trained_on_a_folder_of_parquet_scores_that_folder_and_a_single_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    table_frame().iloc[:30].to_parquet(tmp_path / "day" / "a.parquet")
    table_frame().iloc[30:].to_parquet(tmp_path / "day" / "b.parquet")
    assert run("train", tmp_path / "day", "--detector", "zscore", "--out", tmp_path / "out", "--quiet") == 0
    trained = pd.read_parquet(tmp_path / "out" / "scores.parquet")["score"]
    for source in (tmp_path / "day", home / "table.csv"):
        assert run("score", tmp_path / "out" / "detector.zip", source, "--out", tmp_path / "s.parquet", "--quiet") == 0
        assert pd.read_parquet(tmp_path / "s.parquet")["score"].tolist() == pytest.approx(trained.tolist())


@pytest.mark.usefixtures("native_messages_stay")
def test_train_reads_standard_input_and_gives_its_summary_to_a_program(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--detector", "zscore", "--label", "known", "--role", "part=ignored", "--threshold", "rows=4", "--out"]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO((home / "table.csv").read_bytes())))
    assert main(["train", "-", *asked, str(tmp_path / "a"), "--json", "--quiet"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["flagged"], summary["threshold"]["rule"]) == (4, "rows 4")
    assert main(["train", str(home / "table.csv"), *asked, str(tmp_path / "b"), "--quiet"]) == 0
    scores = [pd.read_parquet(tmp_path / out / "scores.parquet")["score"].tolist() for out in "ab"]
    assert scores[0] == scores[1]


@pytest.mark.usefixtures("native_messages_stay")
def test_a_rule_that_cannot_be_applied_leaves_the_training_and_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["train", str(home / "table.csv"), "--detector", "zscore", "--out", str(tmp_path), "--quiet", "--threshold"]
    assert main([*asked, "rows=81"]) == 2
    assert "81 rows cannot be flagged" in capsys.readouterr().err
    assert json.loads((tmp_path / "run.json").read_text())["threshold"]["rule"] == "percentile 95"
    assert main([*asked, "top=4"]) == 2
    assert "`top=4` is no rule for the threshold" in capsys.readouterr().err


# ── what can be mended ──


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("score", "{table}", "{home}/nothing.csv", "--out", "{tmp}/s.csv"), "There is no file"),
        (("score", "{home}/nothing.zip", "{home}/table.csv", "--out", "{tmp}/s.csv"), "There is no file"),
        (("score", "{home}/table.csv", "{home}/table.csv", "--out", "{tmp}/s.csv"), "`table.csv` is not a detector file"),
        (("score", "{table}", "{home}/table.csv", "--out", "{tmp}/s.xlsx"), "must end in .parquet or .csv"),
        (("score", "{table}", "{home}/table.csv", "--out", "{home}/table.csv/s.csv"), "Nothing can be written to"),
        (("score", "{table}", "{home}/series.csv", "--out", "{tmp}/s.csv"), "lack 4 of the columns"),
        (("score", "{table}", "{home}/table.csv", "--out", "{tmp}/s.csv", "--keep", "colour"), "There is no column `colour`"),
        (("score", "{table}", "{home}/table.csv", "--out", "-", "--json"), "`--json` writes its summary to standard output"),
        (("score", "{table}", "{home}/table.csv", "--out", "{tmp}/s.csv", "--before", "{home}/table.csv"), "`--before` is for series"),
        (("explain", "{table}", "{home}/table.csv", "--out", "{tmp}/e.csv", "--rows", "80"), "There is no row 80; the rows are 0 to 79"),
        (("explain", "{table}", "{home}/table.csv", "--out", "{tmp}/e.csv", "--rows", "x"), "takes positions from 0"),
    ],
)
@pytest.mark.usefixtures("native_messages_stay")
def test_what_can_be_mended_is_said_in_one_line_with_exit_code_2(
    arguments: tuple[str, ...], words: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([each.format(home=home, table=home / "table.zip", tmp=tmp_path) for each in arguments])
    said = capsys.readouterr()
    assert (code, said.out, len(said.err.splitlines())) == (2, "", 1), said.err
    assert words in said.err


@pytest.mark.usefixtures("native_messages_stay")
@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "{tmp}/nothing.csv", "--detector", "zscore", "--out", "{tmp}/out"),
        ("score", "{home}/nothing.zip", "{home}/table.csv", "--out", "{tmp}/s.csv"),
        ("explain", "{home}/table.csv", "{home}/table.csv", "--out", "{tmp}/e.csv"),
        ("watch", "{home}/nothing.zip", "{home}", "--out", "{tmp}/out", "--once"),
    ],
)
def test_with_json_what_can_be_mended_is_json_too(
    arguments: tuple[str, ...], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*(each.format(home=home, tmp=tmp_path) for each in arguments), "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": said.err.rstrip("\n")}


def test_the_rules_for_the_threshold_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--rules", "--json"]) == 0
    rules = {rule["name"]: rule for rule in json.loads(capsys.readouterr().out)}
    assert set(rules) == set(RULES) and [each["name"] for each in rules["cost"]["parameters"]] == ["value", "false_alarm"]


# ── of any size ──


class Killed(Exception):
    pass


class Killing(Progress):
    """Ends the work in the middle, as a kill would between two batches."""

    def __init__(self, after: int) -> None:
        self.after = after

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if done >= self.after:
            raise Killed


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 16 rows, parts of 32."""
    monkeypatch.setattr(batches, "BATCH_ROWS", 16)
    monkeypatch.setattr(streaming, "PART_ROWS", 32)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_killed_scoring_goes_on_and_no_row_is_scored_twice_or_lost(
    form: str, loaded: LoadedDetector, tmp_path: Path, small_parts: None, monkeypatch
) -> None:
    frame, source, out = table_frame(), tmp_path / f"data.{form}", tmp_path / "s.parquet"
    frame.to_csv(source, index=False) if form == "csv" else frame.to_parquet(source, row_group_size=24)
    with pytest.raises(Killed):
        score_file(loaded, source, out, progress=Killing(48))
    assert not out.exists() and [path.name for path in parts.Parts(out).folder.glob("*.parquet")] == ["000000000000000.parquet"]
    (parts.Parts(out).folder / "000000000000032.half").write_bytes(b"torn")
    seen: list[int] = []
    monkeypatch.setattr(streaming, "score_items", lambda *asked, found=streaming.score_items: seen.append(len(asked[1])) or found(*asked))
    done = score_file(loaded, source, out)
    assert (done.rows, done.resumed_from, sum(seen)) == (80, 32, 48)
    scores = pd.read_parquet(out)
    assert scores["row"].tolist() == list(range(80))
    np.testing.assert_array_equal(scores["score"], loaded.score(frame))
    assert not parts.Parts(out).folder.exists()


def test_a_source_that_changed_in_between_is_scored_anew(loaded: LoadedDetector, tmp_path: Path, small_parts: None) -> None:
    source, out = tmp_path / "data.parquet", tmp_path / "s.csv"
    table_frame().to_parquet(source)
    with pytest.raises(Killed):
        score_file(loaded, source, out, progress=Killing(48))
    table_frame(70).to_parquet(source)
    assert (score_file(loaded, source, out).resumed_from, len(pd.read_csv(out))) == (0, 70)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_killed_at_any_moment_loses_nothing(home: Path, tmp_path: Path, loaded: LoadedDetector) -> None:
    """Nine million rows would take a while; the process is killed as soon as a part is on the disk."""
    table = pd.concat([table_frame()] * 30_000, ignore_index=True)  # 2.4 million rows, three parts
    table.to_parquet(tmp_path / "many.parquet", row_group_size=100_000)
    command = [
        sys.executable,
        "-m",
        "detectors",
        "score",
        str(home / "table.zip"),
        str(tmp_path / "many.parquet"),
        "--out",
        str(tmp_path / "s.parquet"),
        "--json",
        "--quiet",
    ]
    folder = parts.Parts(tmp_path / "s.parquet").folder
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(folder.glob("*.parquet")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)
    assert json.loads(done.stdout)["resumed_from"] >= 1 << 20
    scores = parquet.read_table(tmp_path / "s.parquet").to_pandas()
    assert (scores["row"].to_numpy() == np.arange(2_400_000)).all()
    once = loaded.score(table_frame()).to_numpy()
    assert (scores["score"].to_numpy().reshape(-1, 80) == once).all()


def test_no_rows_have_no_scores(loaded: LoadedDetector, tmp_path: Path) -> None:
    table_frame().iloc[:0].to_parquet(tmp_path / "data.parquet")
    for out in (tmp_path / "s.csv", tmp_path / "s.parquet"):
        assert score_file(loaded, tmp_path / "data.parquet", out).rows == 0
    assert (tmp_path / "s.csv").read_text() == "row,score,flagged\n"
    assert pd.read_parquet(tmp_path / "s.parquet").columns.tolist() == ["row", "score", "flagged"]


def test_what_is_wrong_in_several_batches_is_said_once_a_column(loaded: LoadedDetector, tmp_path: Path, small_parts: None) -> None:
    frame = table_frame().astype({"amount": str})
    frame.loc[[5, 40, 41], "amount"] = "n/a"
    frame.to_parquet(tmp_path / "data.parquet")
    done = score_file(loaded, tmp_path / "data.parquet", tmp_path / "s.csv")
    assert [str(note) for note in done.notes] == ["3 values of `amount` are no numbers and count as missing; the first is `n/a` in row 5."]


# ── without Anomalyst ──


def test_score_py_in_the_file_scores_with_the_named_libraries_alone(home: Path, tmp_path: Path, loaded: LoadedDetector) -> None:
    with zipfile.ZipFile(home / "table.zip") as archive:
        archive.extractall(tmp_path / "detector")
    (tmp_path / "elsewhere").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    asked = [str(tmp_path / "detector" / "score.py"), str(home / "table.csv"), "--out", str(tmp_path / "s.csv"), "--quiet"]
    trace = "import sys, runpy; sys.argv = sys.argv[1:]; sys.path[:] = [p for p in sys.path if p]; runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", trace, *asked], capture_output=True, text=True, check=False, cwd=tmp_path / "elsewhere", env=environment
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "s.csv", float_precision="round_trip")["score"], loaded.score(table_frame()))
    named = (tmp_path / "detector" / "requirements.txt").read_text()
    assert f"numpy=={np.__version__}" in named and "anomalyst" not in named
    (tmp_path / "detector" / "engine.zip").write_bytes(b"harm")
    done = subprocess.run(
        [sys.executable, *asked], capture_output=True, text=True, check=False, cwd=tmp_path / "elsewhere", env=environment
    )
    assert done.returncode != 0 and "engine.zip is not as it was written" in done.stderr
