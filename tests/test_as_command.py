"""The command and the lines of Python that a page shows do what was done there: the same scores, to the last bit."""

from __future__ import annotations

import ast
import json
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import as_command, written_out
from detectors.as_command import Shown
from detectors.errors import DataError, StorageError
from detectors.following import Follows, follows
from detectors.profile import ColumnProfile
from detectors.reading import ReadingOptions
from detectors.runs.request import FitWhere, RunRequest
from detectors.storage.records import ThresholdRecord
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from pages.shared import as_command as on_pages
from tests.behind_pages import resting_workbench
from tests.detector_files import series_frame, table_frame, write_source
from tests.test_command_line_files import run as run_command
from tests.test_docs import in_shell
from tests.test_pages_score import done, opened, texts

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Made:
    """A run of the workbench, and a folder with the file that its data came as."""

    folder: Path
    data_id: str
    run_id: str


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    from detectors.answerer import Answerer

    with resting_workbench(tmp_path_factory.mktemp("shown") / "workspace") as opened_bench:
        answerer = Answerer(opened_bench.workspace)
        opened_bench.answerer.ask = lambda question, *, timeout_s=0.0, **values: answerer.answer({"do": question, **values})  # type: ignore[method-assign]
        yield opened_bench


def upload(bench: Workbench, file: Path, roles: dict[str, str], options: ReadingOptions | None = None, kind: str | None = None) -> str:
    record = bench.import_file(file, file.name, options)
    if kind is not None and kind != record.kind:
        bench.set_kind(record.id, kind)
        record = bench.records.data_set(record.id)  # type: ignore[assignment]
    bench.records.set_roles(record.id, {**record.roles, **roles})
    return record.id


def trained(bench: Workbench, data_id: str, detector: str, **more: object) -> str:
    record = bench.records.data_set(data_id)
    assert record is not None
    return done(bench, bench.start_run(RunRequest(data_id, detector, record.roles, kind=record.kind, **more)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """A run for each kind of data: with parameters, roles, reading options and rows to learn from that are not the usual ones."""
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in ("table", "series", "images", "text")}
    table = folders["table"] / "two words & a 'quote'.csv"
    table_frame().rename(columns={"count": "count, all"}).to_csv(table, index=False, sep=";", decimal=",")
    ids = {
        "table": upload(
            bench, table, {"country": "ignored", "count, all": "ignored", "known": "label"}, ReadingOptions(delimiter="semicolon", decimal="comma", missing="NA, -")
        ),
        "series": upload(bench, write_source("series", folders["series"]), {"other": "ignored", "known": "ignored", "part": "ignored"}),
        "images": upload(bench, write_source("images", folders["images"]), {}),
        "text": upload(bench, write_source("text", folders["text"]), {"known": "label", "part": "ignored", "words": "text"}, kind="text"),
    }  # fmt: skip
    runs = {
        "table": trained(bench, ids["table"], "isolation_forest", parameters={"trees": 30, "bootstrap": True}, preparation={"scaling": "robust"},
                         seed=7, fit_where=FitWhere("part", "a"), fit_sample=30),
        "series": trained(bench, ids["series"], "rolling_zscore", representation="windows", preparation={"window": 12}, fit_first=0.6),
        "images": trained(bench, ids["images"], "nearest_neighbours", parameters={"neighbours": 3},
                          preparation={"described": "pixels"}, drop_share=0.1),
        "text": trained(bench, ids["text"], "length", representation="tokens", anomaly="1"),
    }  # fmt: skip
    return {kind: Made(folders[kind], ids[kind], runs[kind]) for kind in folders}


def shown(bench: Workbench, one: Made, threshold: ThresholdRecord | None = None) -> Shown:
    """What the pages Train and, with a threshold, Threshold show of a run."""
    data_set, run = bench.records.data_set(one.data_id), bench.records.run(one.run_id)
    assert data_set is not None and run is not None
    return on_pages._scores(data_set, run) if threshold is None else on_pages._flags(data_set, run, threshold)


def words(command: str) -> list[str]:
    """The words that a shell makes of a command, without the program."""
    found = shlex.split(command.replace("\\\n", " "))
    assert found[:3] == ["python", "-m", "detectors"]
    return found[3:]


def shell_run(command: str, folder: Path) -> None:
    """Runs a command in this process, as if `folder` were where somebody had typed it."""
    with chdir(folder):
        assert run_command(*words(command), "--quiet") == 0


def scores_of(bench: Workbench, run_id: str) -> list[float]:
    return np.asarray(bench.run_folder(run_id).array("scores")).tolist()


@pytest.mark.parametrize("kind", ["series", "images", "text"])  # a table's goes through a shell, below
def test_the_command_gives_the_scores_of_the_run(kind: str, bench, made) -> None:
    one = made[kind]
    shell_run(shown(bench, one).command, one.folder)
    scores = pd.read_parquet(one.folder / "trained" / "scores.parquet")
    assert scores["score"].tolist() == scores_of(bench, one.run_id)
    kept = bench.records.threshold(one.run_id)
    assert int(scores["flagged"].sum()) == kept.flagged


def test_the_lines_of_python_give_the_scores_of_the_runs(bench, made) -> None:
    """All of them in one process of its own."""
    for one in made.values():
        python = shown(bench, one).python.replace('"trained"', '"by_python"')
        (one.folder / "lines.py").write_text(python)
    folders = [str(one.folder) for one in made.values()]
    every = f"import os, runpy, sys\nsys.path.insert(0, {str(REPOSITORY)!r})\nfor folder in {folders!r}:\n    os.chdir(folder)\n    runpy.run_path('lines.py')\n"
    ended = subprocess.run([sys.executable, "-c", every], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    for one in made.values():
        assert pd.read_parquet(one.folder / "by_python" / "scores.parquet")["score"].tolist() == scores_of(bench, one.run_id)


def test_only_what_is_not_usual_is_said(bench, made) -> None:
    said = words(shown(bench, made["table"]).command)
    assert said[:2] == ["train", "two words & a 'quote'.csv"]
    options = [word for word in said if word.startswith("--")]
    assert sorted(set(options)) == [
        "--detector", "--fit-rows", "--fit-where", "--ignore", "--label", "--out", "--prepare", "--read", "--role", "--seed", "--set",
    ]  # fmt: skip
    assert said[said.index("--ignore") + 1] == "country" and "count, all=ignored" in said  # a comma would part the name in two
    assert "trees=30" in said and "decimal=comma" in said and "scaling=robust" in said
    usual = shown(
        bench, Made(Path(), made["series"].data_id, trained(bench, made["series"].data_id, "rolling_zscore", representation="windows"))
    )
    assert [word for word in words(usual.command) if word.startswith("--")] == ["--detector", "--ignore", "--out"]


def test_train_and_threshold_show_it_folded_and_a_shell_runs_it(bench, made) -> None:
    """What the pages show, as it stands there, with a rule of its own: it flags the rows that the page flags."""
    one = made["table"]
    for page, key in (("data.py", "data"), ("train.py", "run"), ("threshold.py", "threshold")):
        app = opened(page, one.data_id, one.run_id)
        assert not app.exception and not app.code
        app.session_state[f"as_command_{key}"] = True
        app.run()
        assert not app.exception
        command, python = (block.value for block in app.code)
        assert command.startswith("python -m detectors train") and "detectors.train(" in python
    cut_off = bench.cut_off(one.run_id, "rows", 8)
    kept = ThresholdRecord(one.run_id, "rows", 8, cut_off, sum(score > cut_off for score in scores_of(bench, one.run_id)))
    bench.records.keep_threshold(kept)
    app = opened("threshold.py", one.data_id, one.run_id)
    app.session_state["as_command_threshold"] = True
    app.run()
    command, python = (block.value for block in app.code)
    assert "--threshold rows=8" in command and 'threshold="rows=8"' in python
    in_shell(command.replace("--out trained", "--out by_shell"), one.folder)
    scores = pd.read_parquet(one.folder / "by_shell" / "scores.parquet")
    assert scores["score"].tolist() == scores_of(bench, one.run_id)
    assert int(scores["flagged"].sum()) == kept.flagged
    assert json.loads((one.folder / "by_shell" / "run.json").read_text())["threshold"]["value"] == kept.cut_off


def page_shows(page: str, key: str, data_id: str, run_id: str | None = None) -> list[str]:
    """The command and the lines of Python that a page shows once they are opened."""
    app = opened(page, data_id, run_id)
    app.session_state[f"as_command_{key}"] = True
    app.run()
    assert not app.exception
    return [block.value for block in app.code]


def in_python(lines: str, name: str, folder: Path) -> object:
    """What the lines leave under a name."""
    (folder / "lines.py").write_text(lines)
    with chdir(folder):
        return runpy.run_path("lines.py")[name]


def test_a_row_is_explained_as_on_the_page(bench, made) -> None:
    one = made["text"]
    row = int(bench.run_folder(one.run_id).array("ranking")[0])
    command, python = page_shows("explain.py", "explain", one.data_id, one.run_id)
    if not (one.folder / "trained").exists():
        shell_run(shown(bench, one).command, one.folder)
    shell_run(command, one.folder)
    reasons = pd.read_csv(one.folder / "reasons.csv")
    values = bench.explain_row(one.run_id, one.data_id, row)["values"]
    assert reasons["row"].unique().tolist() == [row]
    assert sorted(reasons["contribution"].tolist()) == sorted(np.asarray(values)[: len(reasons)].tolist())
    there = in_python(python, "reasons", one.folder)
    assert isinstance(there, pd.DataFrame) and there["contribution"].tolist() == reasons["contribution"].tolist()


@pytest.mark.parametrize(
    "value",
    ["plain", "it's \"quoted\"", "back\\slash\n", "naïve 中 🙂", "true", "12", [["amount", ">", 400.0], ["country", "is", "FR"]], [64, 32],
     ("part", "a"), ("a",), {"trees": 30, "deep": {"x": None}}, True, 0.1, -3],
)  # fmt: skip
def test_values_are_written_as_python_reads_them(value: object) -> None:
    assert ast.literal_eval(written_out.literal(value)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("delimiter", "tab"), ("sheet", "2024"), ("missing", "NA, -"), ("first_line", 3)],
)
def test_values_are_written_as_the_command_line_reads_them(name: str, value: object) -> None:
    declared = ReadingOptions.fields[name]
    assert declared.parse(name, written_out.text_of(declared, name, value)) == value


def test_what_no_command_can_say_is_said(bench, made) -> None:
    record, run = bench.records.data_set(made["table"].data_id), bench.records.run(made["table"].run_id)
    file, request = on_pages.file_of(record), RunRequest.from_json(run.request)
    learned = as_command.trained(replace(request, detector="verdicts", start_from=run.id), file)
    assert (learned.command, learned.python) == ("", "") and "verdicts" in str(learned.notes[0])
    equals = as_command.trained(replace(request, fit_where=FitWhere("a=b", "1")), file)
    assert equals.command == "" and 'fit_where=("a=b", "1")' in equals.python


# ── new rows of a series, seen after those that came before ──


@pytest.fixture(scope="module")
def went_on(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A saved detector that learned from the first hundred hours of a series, and a file of those that follow."""
    folder = tmp_path_factory.mktemp("went_on")
    series = series_frame()[["at", "value", "other"]]
    series.iloc[:100].to_csv(folder / "march.csv", index=False)
    series.iloc[100:].to_csv(folder / "april.csv", index=False)
    learned = trained(
        bench, upload(bench, folder / "march.csv", {}), "rolling_zscore", representation="windows", preparation={"window": 12}
    )
    record = bench.save_detector(learned, Entitled("machine"))
    (folder / "machine v1.zip").write_bytes(bench.detector_path(record.id).read_bytes())
    return Made(folder, upload(bench, folder / "april.csv", {}), record.id)


def test_new_rows_of_a_series_are_proposed_to_follow_on_and_scored_as_on_the_command_line(bench, went_on: Made) -> None:
    app = opened("score.py", went_on.data_id)
    assert "march.csv ends right before these rows begin." in texts(app)
    app.button(key="score").click().run()
    assert not app.exception
    (scored,) = bench.scored_by(went_on.run_id)
    done(bench, scored.id)
    scores = scores_of(bench, scored.id)
    command, python = page_shows("score.py", "score", went_on.data_id)
    assert "--before march.csv" in command and "before=past" in python
    shell_run(command, went_on.folder)
    assert pd.read_csv(went_on.folder / "scores.csv")["score"].tolist() == scores
    found = in_python(python, "scores", went_on.folder)
    assert isinstance(found, pd.Series) and found.tolist() == scores
    alone = done(bench, bench.score_data(went_on.run_id, went_on.data_id))
    assert scores_of(bench, alone)[:12] != scores[:12]
    assert scores_of(bench, alone)[40:] == pytest.approx(scores[40:], rel=1e-12)  # far from the beginning it hardly matters
    assert "Seen after the rows of march.csv." not in texts(opened("score.py", went_on.data_id))  # the latest one was not


def test_rows_seen_after_others_are_explained_as_on_the_command_line(bench, went_on: Made) -> None:
    scored = done(
        bench, bench.score_after(went_on.run_id, went_on.data_id, bench.rows_before(went_on.run_id, went_on.data_id)[0].record.id)
    )
    app = opened("explain.py", went_on.data_id, scored)
    app.session_state["as_command_explain"] = True
    app.query_params["row"] = "3"
    app.run()
    assert not app.exception
    command, _ = (block.value for block in app.code)
    command = command.replace(command.partition("--rows ")[2].split()[0], "2", 1)
    shell_run(command, went_on.folder)
    reasons = pd.read_csv(went_on.folder / "reasons.csv")
    found = bench.explain_row(scored, went_on.data_id, 2)
    assert sorted(reasons["contribution"].tolist()) == sorted(np.asarray(found["values"]).tolist())
    assert reasons["score"].unique().tolist() == [float(found["score"])]


def test_only_what_ends_before_the_new_rows_is_offered(bench, went_on: Made) -> None:
    offered = bench.rows_before(went_on.run_id, went_on.data_id)
    assert [(each.record.name, each.how.at_once) for each in offered] == [("march.csv", True)]
    with pytest.raises(DataError, match="cannot follow on"):
        bench.score_after(went_on.run_id, went_on.data_id, went_on.data_id)


def test_rows_before_that_are_gone_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="rows that came before these are gone"):
        RunRequest("new", "rolling_zscore", {}, kind="series", before="gone").source(tmp_path / "new")


def test_a_series_follows_on_where_its_columns_are_there_and_end_before_it() -> None:
    def profiles(low: str, high: str, **other: str) -> list[ColumnProfile]:
        return [ColumnProfile("at", "date", 0, 24, low=low, high=high), ColumnProfile("value", other.get("value", "number"), 0, 9)]

    new, used = profiles("2026-03-02 00:00", "2026-03-02 23:00"), ["at", "value"]
    day_before = profiles("2026-03-01 00:00", "2026-03-01 23:00")
    assert follows(day_before, new, used, "at") == Follows(1.0)
    assert follows(profiles("2026-02-27 00:00", "2026-02-27 23:00"), new, used, "at") == Follows(49.0)  # ends earlier: not at once
    assert not Follows(49.0).at_once and Follows(1.0).at_once and not Follows(None).at_once
    assert follows(profiles("2026-03-01 12:00", "2026-03-02 11:00"), new, used, "at") is None  # does not end before
    assert follows(profiles("2026-03-01 00:00", "2026-03-01 23:00", value="text"), new, used, "at") is None
    assert follows(day_before[:1], new, used, "at") is None
    assert follows(day_before, new, used, None) == Follows(None)  # no time: anybody may say so
