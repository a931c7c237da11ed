"""Taking data in by way of the Data page: what is uncertain is shown first, what was read can be read differently, odd names stay text."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.export import FORMATS
from detectors.flagged import flagged_frames
from detectors.frames import load_frame, load_rows
from detectors.reading.table import MOST_COLUMNS
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from pages.shared import engine
from tests.readings import workbook
from tests.test_pages import PATIENCE_S, opened, texts

pytestmark = pytest.mark.slow

DATES = "day;n\n" + "03/04/2024;1,5\n05/06/2024;2,5\n" * 30


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages of this module, in a workspace of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(tmp_path_factory.mktemp("import") / "workspace"))
        engine.close_workbench()
        engine.workbench.clear()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


def uploaded(name: str, content: bytes) -> AppTest:
    app = opened("data")
    app.file_uploader[0].upload(name, content, "application/octet-stream").run()
    return app


def test_a_doubtful_file_is_shown_first_and_read_as_was_chosen(bench):
    app = uploaded("dates.csv", DATES.encode())
    assert [warning.value for warning in app.warning] == [
        "The dates in `day` do not say whether the day or the month comes first. They were read with the day first; "
        "choose the other order if that is wrong."
    ]
    assert str(app.dataframe[0].value["day"][0]) == "2024-04-03"
    assert [button.label for button in app.button if button.label in ("Import", "Cancel")] == ["Cancel", "Import"]
    assert bench.records.data_sets() == []
    app.selectbox(key="reading__dates").set_value("month_first").run()
    assert str(app.dataframe[0].value["day"][0]) == "2024-03-04"
    app.button(key="import_as_shown").click().run()
    (record,) = bench.records.data_sets()
    assert str(load_frame(bench.data_folder(record.id))["day"][0]) == "2024-03-04 00:00:00"
    assert "Continue to Train" in [button.label for button in app.button]


def test_cancelling_leaves_nothing_behind(bench):
    before = len(bench.records.data_sets())
    app = uploaded("other.csv", DATES.encode() + b"07/08/2024;3\n")
    app.button(key="cancel_import_preview").click().run()
    assert not app.warning
    assert app.file_uploader[0].label == "Upload data"
    assert len(bench.records.data_sets()) == before


def test_another_sheet_is_shown_as_it_is_found(bench):
    content = workbook({"One": [["a", "b"], [1, 2]], "Two": [["title"], [], ["c", "d", "e"], [3, 4, 5]]})
    app = uploaded("book.xlsx", content)
    app.selectbox(key="reading_sheet").set_value("Two").run()
    assert app.dataframe[0].value.columns.tolist() == ["c", "d", "e"]
    app.button(key="import_as_shown").click().run()
    assert bench.report(bench.records.data_sets()[0].id).options["sheet"] == "Two"


def test_what_was_read_can_be_read_differently_as_a_new_data_set_while_its_file_is_kept(bench):
    app = uploaded("tidy.csv", b"a,b\n1,x\n2,y\n3,z\n")
    first = bench.records.data_sets()[0]
    app.button(key="read_differently").click().run()
    app.selectbox(key="reading__header").set_value("none").run()
    assert app.dataframe[0].value.iloc[0].tolist() == ["a", "b"]
    app.selectbox(key="reading__delimiter").set_value("semicolon").run()
    assert app.dataframe[0].value.shape == (4, 1)
    app.button(key="import_as_shown").click().run()
    second = bench.records.data_sets()[0]
    assert (second.name, second.rows, second.columns) == ("tidy.csv", 4, 1)
    assert (first.rows, second.content_hash) == (3, first.content_hash)

    bench.originals.forget(first.content_hash)
    app = opened("data", data=first.id)
    assert app.button(key="read_differently").disabled
    assert "is gone" in app.button(key="read_differently").help


def test_a_refused_file_can_be_looked_at_and_read_differently(bench):
    before = len(bench.records.data_sets())
    app = uploaded("quotes.csv", b'size,n\n"a",1\n"b",2\n"5" wide,3\n')
    assert "has a quote that is not closed" in app.error[0].value
    assert len(bench.records.data_sets()) == before
    app.button(key="read_refused_differently").click().run()
    assert "has a quote that is not closed" in app.error[0].value
    assert app.button(key="import_as_shown").disabled
    app.selectbox(key="reading__quote").set_value("none").run()
    assert not app.error
    assert app.dataframe[0].value["size"].tolist() == ['"a"', '"b"', '"5" wide']
    app.button(key="import_as_shown").click().run()
    assert (bench.records.data_sets()[0].name, bench.records.data_sets()[0].rows) == ("quotes.csv", 3)


def test_a_workbook_whose_first_sheet_is_refused_is_read_from_another(bench):
    far_out = [["c", "d"], [1, 2], [*[None] * MOST_COLUMNS, 3]]
    app = uploaded("sheets.xlsx", workbook({"Notes": far_out, "Readings": [["a", "b"], [1, 2], [3, 4]]}))
    assert "has a cell in column" in app.error[0].value
    app.button(key="read_refused_differently").click().run()
    app.text_input(key="reading_sheet").set_value("Readings").run()
    assert app.dataframe[0].value.columns.tolist() == ["a", "b"]


ODD = ["amount", "amount", "", "<b>bold</b>", "**stars** `code` [x](http://y)", "=1+1", "%{x} {0} $a$", "n" * 300, ":red[x]"]


def test_odd_column_names_stay_text_on_every_page_and_in_every_export(bench, tmp_path: Path):
    chance = random.Random(1)
    rows = [ODD, *([chance.gauss(0, 1) for _ in ODD] for _ in range(60))]
    (tmp_path / "odd.csv").write_text("\n".join(",".join(f'"{value}"' for value in row) for row in rows), encoding="utf-8")
    data_id = bench.import_file(tmp_path / "odd.csv", "odd.csv").id
    names = ["amount", "amount (2)", "column 3", *ODD[3:7], "n" * 200, ODD[8]]
    app = opened("data", data=data_id)
    assert app.dataframe[0].value["column"].tolist() == names
    bench.start()
    run_id = bench.start_run(RunRequest(data_id, "isolation_forest", bench.records.data_set(data_id).roles, parameters={"trees": 10}))
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(run_id).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert bench.records.run(run_id).state == "done", bench.records.run(run_id).message
    bench.keep_threshold(run_id, "rows", 5)
    for page in ("train", "threshold", "explain"):
        app = opened(page, data=data_id, run=run_id)
        assert not app.error, [error.value for error in app.error]
        assert "<b>bold" not in texts(app)
    ours = ["rank", "row", "score"]
    in_text = [f"'{name}" if name in ("=1+1", "%{x} {0} $a$") else name for name in names]  # a spreadsheet would run these
    assert exported(bench, run_id, "csv") == [*ours, *in_text]
    assert exported(bench, run_id, "excel") == [*ours, *names]
    assert exported(bench, run_id, "parquet") == [*ours, *names]


def exported(bench: Workbench, run_id: str, file_format: str) -> list[str]:
    """The names of the columns of the five most unusual rows, written as a file and read back; the values must be the data's."""
    folder, data = bench.run_folder(run_id), bench.data_folder(bench.records.run(run_id).data_id)
    rows = np.asarray(folder.array("ranking")[:5])
    stream = io.BytesIO()
    FORMATS[file_format].write(flagged_frames(data, rows, np.asarray(folder.array("scores")[rows]), {}), stream)
    read = {"csv": pd.read_csv, "excel": pd.read_excel, "parquet": pd.read_parquet}[file_format]
    found = read(io.BytesIO(stream.getvalue()))
    np.testing.assert_allclose(found.iloc[:, 3:].to_numpy(), load_rows(data, rows).to_numpy())
    assert (found["row"] - 1).tolist() == rows.tolist()
    return found.columns.tolist()
