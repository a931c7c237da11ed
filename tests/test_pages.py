"""Every page, run without a browser: empty, with a sample, after a failed run. What it says is asserted, not that it ran."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors import registry
from detectors.checks import Remedy
from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.messages import Message
from detectors.reading import load_samples
from detectors.reading.process import USUAL_LIMITS, Task, run_worker
from detectors.runs.estimate import Estimate, Sample
from detectors.runs.request import FitWhere, RunRequest
from detectors.runs.rows import matches
from detectors.workbench import Workbench
from pages.shared import engine, results
from tests.listed import column, rows
from tests.tables import PLANTED, ROWS, machine_frame

pytestmark = pytest.mark.slow

PATIENCE_S = 240

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages of this module, in a workspace of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(tmp_path_factory.mktemp("pages") / "workspace"))
        engine.close_workbench()
        engine.workbench.clear()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "home":
        app.switch_page(f"{page}.py").run()
    return app


def texts(app: AppTest) -> str:
    """Everything a page says, one element a line."""
    elements = [*app.header, *app.title, *app.subheader, *app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return "\n".join(str(element.value) for element in elements)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


# ── nothing there yet ──


def test_home_says_what_this_is_and_offers_data_and_samples(bench):
    app = opened("home")
    assert "Find what is unusual in your data" in texts(app)
    assert "Open your data" in labels(app)
    assert labels(app).count("Try it") == len([sample for sample in load_samples() if registry.for_kind(sample.kind)])
    assert "Nothing yet." in texts(app)


@pytest.mark.parametrize("page", ["train", "threshold", "explain"])
def test_a_page_without_data_says_what_is_missing_and_offers_the_way_there(bench, page):
    app = opened(page)
    assert "There is no data yet." in texts(app)
    assert "Open your data" in labels(app)


def test_a_link_to_data_that_is_gone_is_an_empty_page_and_no_error(bench):
    assert "There is no data set at this address." in texts(opened("train", data="0123456789ab", run="ba9876543210"))


# ── with data ──


@pytest.fixture(scope="module")
def data_id(bench: Workbench) -> str:
    """The machine's readings, uploaded through the page."""
    app = opened("data")
    assert app.file_uploader[0].label == "Upload data"
    app.file_uploader[0].upload("machine.csv", machine_frame().to_csv(index=False).encode(), "text/csv")
    app.run()
    (record,) = bench.records.data_sets()
    assert record.id in app.query_params["data"]
    return record.id


def test_an_upload_shows_rows_columns_types_and_proposed_roles(data_id):
    app = opened("data", data=data_id)
    assert "machine" in texts(app)
    assert f"{ROWS} rows · 5 columns" in texts(app)
    table = app.dataframe[0].value
    assert table["column"].tolist() == ["reading_id", "temperature", "doubled", "mode", "label"]
    assert table["role"].tolist() == ["id", "feature", "feature", "feature", "label"]
    assert table["missing"].tolist() == [0] * 5
    assert table["distinct"].tolist()[3:] == [2, 2]


def test_a_check_is_answered_with_a_click_which_train_starts_from_and_taken_back(bench, data_id, tmp_path):
    frame = machine_frame(100)[["temperature", "mode", "label"]]
    pd.concat([frame, frame]).to_csv(tmp_path / "twice.csv", index=False)
    record = bench.import_file(tmp_path / "twice.csv", "twice.csv")
    app = opened("data", data=record.id)
    assert "100 of 200 rows (50 %) have the same features as an earlier one" in texts(app).replace("\\", "")
    app.button(key="remedy_duplicates_0").click().run()
    assert "100 of 200 rows" not in texts(app)
    assert bench.choices(record.id).preparation == {"duplicates": "once"}
    form = opened("train", data=record.id)
    assert "Preparation and seed · 1 changed" in [expander.label for expander in form.expander]
    assert [box.value for box in form.selectbox if box.label == "Equal rows"] == ["once"]
    app.button(key="undo_duplicates").click().run()
    assert bench.choices(record.id).preparation == {}
    bench.apply(record.id, bench.findings(record)[0], Remedy("Set aside", roles={"mode": "ignored"}))
    assert bench.records.data_set(record.id).roles["mode"] == "ignored"
    with pytest.raises(DataError, match="No column is a feature"):
        bench.apply(record.id, bench.findings(record)[0], Remedy("Set aside", roles={"temperature": "ignored"}))
    bench.undo(record.id, "duplicates")
    assert bench.records.data_set(record.id).roles["mode"] == "feature"


def test_a_file_that_cannot_be_read_is_refused_in_words_and_nothing_is_kept(bench, data_id):
    before = len(bench.records.data_sets())
    app = opened("data")
    app.file_uploader[0].upload("broken.csv", b"a,b\n1,2\n3\n", "text/csv").run()
    assert "3" in app.error[0].value and "broken" in app.error[0].value.replace("\\", "")
    assert len(bench.records.data_sets()) == before


def test_training_offers_every_detector_as_a_card_and_a_form(data_id):
    app = opened("train", data=data_id)
    assert "**Autoencoder**" in texts(app)
    assert "**Isolation forest**" in texts(app)
    assert "Train" in labels(app)
    assert "No runs on this data yet." in texts(app)
    buttons = [button for button in app.button if (button.key or "").startswith("choose_")]
    assert [button.key for button in buttons if button.disabled] == ["choose_auto"] == [buttons[0].key]
    next(button for button in buttons if button.key == "choose_autoencoder").click().run()
    assert {"Epochs", "Batch size"} <= {field.label for field in app.number_input}


def test_a_long_training_is_offered_on_a_sample_and_what_is_chosen_is_asked_for(data_id, bench, monkeypatch):
    asked = []
    found = Estimate(1740.0, 1_250_000_000, True, ROWS, Sample(100, 12.0, 900_000_000))
    monkeypatch.setattr(Workbench, "estimate", lambda self, request: found)
    monkeypatch.setattr(Workbench, "start_run", lambda self, request: asked.append(request) or "0123456789ab")
    app = opened("train", data=data_id)
    assert "about 29 min, 1.2 GB" in texts(app).replace("\\", "")
    offer = next(toggle for toggle in app.toggle if toggle.key.startswith("sample_"))
    assert offer.label.replace("\\", "") == f"Learn from 100 of {ROWS} rows (about 12 s)"
    offer.set_value(True).run()
    assert "about 12 s, 0.9 GB" in texts(app).replace("\\", "")
    next(button for button in app.button if button.label == "Train").click().run()
    assert [request.fit_sample for request in asked] == [100]


def test_a_sample_once_chosen_holds_while_the_estimate_is_worked_out_anew(data_id, bench, monkeypatch):
    known = [Estimate(1740.0, 10**9, True, ROWS, Sample(100, 12.0, 10**9))]
    monkeypatch.setattr(Workbench, "estimate", lambda self, request: known[-1])
    app = opened("train", data=data_id)
    next(toggle for toggle in app.toggle if toggle.key.startswith("sample_")).set_value(True).run()
    known.append(None)
    app.run()
    assert next(toggle for toggle in app.toggle if toggle.key.startswith("sample_")).value
    assert "estimating" in texts(app)
    known.append(Estimate(3.0, 10**9, True, ROWS, None))
    app.run()
    assert not [toggle for toggle in app.toggle if toggle.key.startswith("sample_")]


def test_a_value_that_is_no_list_of_layers_is_named_and_cannot_be_trained(data_id):
    app = opened("train", data=data_id)
    next(button for button in app.button if button.key == "choose_autoencoder").click().run()
    next(field for field in app.text_input if field.label == "Encoder layers").set_value("[0]").run()
    assert "must be a list of at most 32 whole numbers" in texts(app)
    assert next(button for button in app.button if button.label == "Train").disabled


def test_the_members_of_an_ensemble_are_chosen_among_detectors_and_one_at_least(data_id, bench, monkeypatch):
    asked = []
    monkeypatch.setattr(Workbench, "start_run", lambda self, request: asked.append(request) or "0123456789ab")
    app = opened("train", data=data_id)
    next(button for button in app.button if button.key == "choose_ensemble").click().run()
    chosen = next(field for field in app.multiselect if field.label == "Members")
    assert {"k-means", "Z-score"} <= set(chosen.options) and not {"Auto", "Stack", "Decision tree"} & set(chosen.options)
    chosen.set_value([]).run()
    assert next(button for button in app.button if button.label == "Train").disabled
    next(field for field in app.multiselect if field.label == "Members").set_value(["ecod", "hbos"]).run()
    next(button for button in app.button if button.label == "Train").click().run()
    assert [request.parameters["members"] for request in asked] == [["ecod", "hbos"]]


@pytest.mark.parametrize("page", ["threshold", "explain"])
def test_a_page_without_a_run_offers_training(data_id, page):
    app = opened(page, data=data_id)
    assert "No detector has been trained" in texts(app)
    assert "Choose and train a detector" in labels(app)


# ── with a finished run ──


@pytest.fixture(scope="module")
def run_id(bench: Workbench, data_id: str) -> str:
    """An isolation forest trained by clicking."""
    app = opened("train", data=data_id)
    next(button for button in app.button if button.key == "choose_isolation_forest").click().run()
    next(button for button in app.button if button.label == "Train").click().run()
    run = bench.records.runs(data_id)[0]
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(run.id).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert bench.records.run(run.id).state == "done"
    return run.id


def test_the_run_is_listed_with_its_outcome(data_id, run_id):
    assert f"{ROWS // 20} of {ROWS} flagged" in texts(opened("train", data=data_id, run=run_id))


def test_the_threshold_page_shows_counts_figures_and_flagged_rows(data_id, run_id):
    app = opened("threshold", data=data_id, run=run_id)
    assert f"{ROWS // 20} flagged rows" in texts(app)
    metrics = {metric.label: metric.value for metric in app.metric}
    assert set(metrics) == {"Precision", "Recall", "F1", "Accuracy", "AUROC", "Average precision"}
    assert float(metrics["AUROC"]) > 0.9
    assert column(app, "rank") == [str(rank) for rank in range(1, ROWS // 20 + 1)]
    scores = [float(score) for score in column(app, "score")]
    assert scores == sorted(scores, reverse=True)
    assert set(rows(app)) >= set(PLANTED)
    assert all(column(app, "what weighs most"))
    planted = column(app, "doubled")[rows(app).index(PLANTED[0])]
    assert float(planted) == pytest.approx(machine_frame()["doubled"][PLANTED[0]], rel=1e-3)
    assert [button.proto.label for button in app.get("download_button")] == ["Download flagged rows"]
    assert not app.get("link_button")


def test_a_large_file_of_flagged_rows_is_a_link_to_where_it_is_sent_from_disk(data_id, run_id, monkeypatch):
    monkeypatch.setattr("pages.shared.download.MOST_IN_MEMORY", 100)
    app = opened("threshold", data=data_id, run=run_id)
    assert not app.get("download_button")
    (link,) = app.get("link_button")
    assert link.proto.label == "Download flagged rows"
    assert link.proto.url.startswith("/outgoing?offer=")
    monkeypatch.setattr("detectors.export.EXCEL_ROWS", 1)
    app.session_state["format"] = "excel"
    app.run()
    assert not app.exception
    assert app.get("link_button")[0].proto.disabled


def test_a_typed_rule_moves_the_threshold_and_stays(bench, data_id, run_id):
    app = opened("threshold", data=data_id, run=run_id)
    next(box for box in app.selectbox if box.label == "Rule").select("rows").run()
    next(field for field in app.number_input if field.label == "Rows").set_value(4).run()
    assert "4 flagged rows" in texts(app)
    app.button(key="keep").click().run()
    assert bench.records.threshold(run_id).flagged == 4
    assert "4 flagged rows" in texts(opened("threshold", data=data_id, run=run_id))


def test_the_explain_page_adds_up_to_the_score(bench, data_id, run_id):
    app = opened("explain", data=data_id, run=run_id, row=str(PLANTED[0]))
    assert f"Row {PLANTED[0] + 1} · score" in texts(app)
    table = next(element.value for element in app.dataframe if "expected" in element.value)
    assert table["column"].tolist()[0] == "doubled"
    assert "so 0 is left unexplained" in texts(app)
    assert "variants of this very row, each with as little changed as makes it usual" in texts(app)


def test_the_next_row_is_one_click_away(bench, data_id, run_id):
    app = opened("explain", data=data_id, run=run_id)
    assert "rank 1 of" in texts(app)
    next(button for button in app.button if button.key == "next").click().run()
    assert "rank 2 of" in texts(app)


# ── when something went wrong ──


def test_a_failed_run_says_why_wherever_it_is_looked_at(bench, data_id):
    roles = {**bench.records.data_set(data_id).roles, "gone": "feature"}
    failed = bench.start_run(RunRequest(data_id, "isolation_forest", roles))
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(failed).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    for page in ("train", "threshold", "explain"):
        assert "There is no column `gone`" in texts(opened(page, data=data_id, run=failed))


def test_something_unforeseen_is_a_number_and_no_traceback(bench, data_id, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(engine, "profile", broken)
    app = opened("data", data=data_id)
    assert "under number" in app.error[0].value
    assert "secret detail" not in texts(app)
    assert not app.exception


def test_names_from_data_are_never_markup(bench):
    app = opened("data")
    frame = machine_frame(40).rename(columns={"temperature": "**:red[hot]** <b>$x$"})
    app.file_uploader[0].upload("**bold** [link](x).csv", frame.to_csv(index=False).encode(), "text/csv")
    app.run()
    assert r"\*\*bold\*\* \[link\]\(x\)\.csv" in texts(app)
    assert "**:red[hot]** <b>$x$" in app.dataframe[0].value["column"].tolist()


def test_a_message_shows_data_as_text():
    from pages.shared.language import say_message

    message = Message("Column `{name}` of {file} has {rows} rows", {"name": "a`b*c", "file": "*x*", "rows": 12345})
    assert say_message(message) == "Column `a'b*c` of \\*x\\* has 12\u202f345 rows"


def test_translations_folder_is_optional(tmp_path: Path):
    from pages.shared.language import plain

    assert plain("{count} rows", count=3) == "3 rows"


def test_a_rule_that_cannot_be_applied_says_why_and_leaves_the_threshold(bench, data_id, run_id, monkeypatch):
    before = bench.keep_threshold(run_id, "percentile", 95).cut_off
    app = opened("threshold", data=data_id, run=run_id)
    next(box for box in app.selectbox if box.label == "Rule").select("rows").run()
    next(field for field in app.number_input if field.label == "Rows").set_value(ROWS + 1).run()
    assert f"{ROWS + 1} rows cannot be flagged" in texts(app)
    assert bench.records.threshold(run_id).flagged == ROWS // 20
    assert next(field for field in app.number_input if field.label == "Rows").value == ROWS // 20
    assert bench.keep_threshold(run_id, "percentile", 95).cut_off == before


# ── rows to learn from, roles and labels ──


def edited(app: AppTest, row: int, role: str) -> AppTest:
    """The page after a role was picked in the table of columns, which AppTest has no words for yet."""
    states = app._tree.get_widget_states()
    change = {"edited_rows": {str(row): {"role": role}}, "added_rows": [], "deleted_rows": []}
    states.widgets.add(id=app.dataframe[0].proto.id, string_value=json.dumps(change))
    return app._run(states)


@pytest.fixture
def messy_id(bench: Workbench, tmp_path: Path) -> str:
    """Forty rows: numbers with many digits, yes or no with gaps, moments, and a label in words of its own."""
    rows = 40
    frame = pd.DataFrame(
        {
            "size": [0.123456, 12345.5] * (rows // 2),
            "member": ["true", "false", None, "true"] * (rows // 4),
            "seen": ["2024-01-01 10:30:15", "2024-01-02 00:00:00"] * (rows // 2),
            "length": [row * 1.25 % 7 for row in range(rows)],
            "label": ["sane", "sane", "odd", None] * (rows // 4),
        }
    )
    source = tmp_path / "messy.csv"
    frame.to_csv(source, index=False)
    return bench.import_file(source, f"{tmp_path.name}.csv").id


def test_every_value_offered_to_learn_from_has_rows(bench, messy_id):
    frame = load_frame(bench.data_folder(messy_id))
    for name, counts in {"size": [20, 20], "member": [20, 10], "seen": [20, 20], "label": [20, 10]}.items():
        offered = engine.column_values(messy_id, name)
        assert [int(matches(frame[name], value).sum()) for value in offered] == counts
    assert set(engine.column_values(messy_id, "size")) == {"0.123456", "12345.5"}


def test_the_data_page_says_how_the_label_is_read(data_id, messy_id):
    assert "label: 0 is normal (396 rows), 1 is an anomaly (4 rows)" in texts(opened("data", data=data_id)).replace("\\", "")
    said = texts(opened("data", data=messy_id)).replace("\\", "")
    assert "label: sane is an anomaly (20 rows), odd is an anomaly (10 rows), 10 rows have no label" in said
    assert "all values of `label` are read as anomalies" in said
    assert "--anomaly" in said


def test_a_second_label_sets_the_first_aside_and_says_so(bench, messy_id):
    app = edited(opened("data", data=messy_id), 0, "label")
    assert bench.records.data_set(messy_id).roles == {
        "size": "label", "member": "feature", "seen": "ignored", "length": "feature", "label": "ignored",
    }  # fmt: skip
    assert "label is ignored now" in app.toast[0].value
    assert app.dataframe[0].value["role"].tolist()[0] == "label"


def test_roles_without_a_feature_are_refused_and_leave_the_page_whole(bench, messy_id):
    before = bench.records.data_set(messy_id).roles
    app = opened("data", data=messy_id)
    for row in (0, 1, 3):
        app = edited(app, row, "ignored")
    assert "No column is a feature" in app.error[0].value
    assert [bench.records.data_set(messy_id).roles[name] for name in ("size", "member", "length")] == ["ignored", "ignored", "feature"]
    assert before["length"] == "feature"
    assert "Continue to Train" in labels(app)
    assert app.dataframe[0].value["role"].tolist()[3] == "feature"


def test_a_role_changed_elsewhere_is_not_undone_by_a_page_left_open(bench, messy_id):
    here = edited(opened("data", data=messy_id), 3, "id")
    bench.records.set_roles(messy_id, {**bench.records.data_set(messy_id).roles, "length": "feature"})
    here.run()
    assert bench.records.data_set(messy_id).roles["length"] == "feature"
    assert here.dataframe[0].value["role"].tolist()[3] == "feature"


def test_a_refused_upload_leaves_the_page_whole_and_is_not_read_again(bench, data_id, monkeypatch):
    read, begin = [], bench.start_import
    monkeypatch.setattr(bench, "start_import", lambda *arguments, **options: read.append(arguments) or begin(*arguments, **options))
    app = opened("data", data=data_id)
    app.file_uploader[0].upload("broken.csv", b"a,b\n1,2\n3\n", "text/csv").run()
    assert "broken" in app.error[0].value
    assert "Try a sample" in texts(app)
    app.run()
    assert (len(app.error), len(read)) == (0, 1)


# ── figures by the label ──


def trained(bench: Workbench, data_id: str, where: FitWhere) -> str:
    roles = bench.records.data_set(data_id).roles
    run = bench.start_run(RunRequest(data_id, "isolation_forest", roles, parameters={"trees": 20}, fit_where=where))
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(run).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    return run


@pytest.fixture
def three_labels_id(bench: Workbench, tmp_path: Path) -> str:
    """The machine's readings with two words for normal, of which one can be learned from."""
    frame = machine_frame()
    frame["label"] = ["odd" if odd else "ok" if row % 2 else "good" for row, odd in enumerate(frame["label"])]
    source = tmp_path / "machine.csv"
    frame.to_csv(source, index=False)
    return bench.import_file(source, f"{tmp_path.name}.csv").id


def test_figures_are_for_the_rows_not_learned_from_when_the_label_chose_them(bench, three_labels_id):
    run = trained(bench, three_labels_id, FitWhere("label", "good"))
    said = texts(opened("threshold", data=three_labels_id, run=run))
    unseen = ROWS - sum(row % 2 == 0 and row not in PLANTED for row in range(ROWS))
    assert f"the figures are for the rows not learned from: {unseen} labelled rows, {len(PLANTED)} anomalies." in said
    assert "never saw" not in said
    counts = results.confusion(run, -1.0)
    assert (counts.true_positives, counts.false_positives) == (len(PLANTED), unseen - len(PLANTED))


def test_figures_say_so_when_the_rows_not_learned_from_are_all_of_one_kind(bench, three_labels_id):
    run = trained(bench, three_labels_id, FitWhere("label", "odd"))
    said = texts(opened("threshold", data=three_labels_id, run=run))
    assert "include rows that were learned from" in said
    assert f"{ROWS} labelled rows, {len(PLANTED)} anomalies" in said
    assert "never saw" not in said


def test_figures_say_that_the_label_was_not_seen_when_another_column_chose(bench, three_labels_id):
    run = trained(bench, three_labels_id, FitWhere("mode", "idle"))
    assert "which the detector never saw" in texts(opened("threshold", data=three_labels_id, run=run))


# ── what comes from outside ──


def test_a_row_in_the_url_that_no_table_could_have_is_no_error(bench, data_id, run_id):
    for row in ("9" * 19, "9" * 5000):
        app = opened("explain", data=data_id, run=run_id, row=row)
        assert "rank 1 of" in texts(app)


def test_what_ends_the_reading_process_reaches_the_servers_log(caplog, tmp_path):
    with caplog.at_level("ERROR", logger="anomalyst"), pytest.raises(DataError):
        run_worker(Task("make", str(tmp_path / "none.py"), str(tmp_path), "none"), USUAL_LIMITS)
    assert [record.name for record in caplog.records] == ["anomalyst.reading"]


def test_runs_and_data_sets_of_the_same_name_and_minute_are_told_apart():
    from pages.shared.context import told_apart

    names = told_apart({"aaaa1": "bank.csv · 14:02", "bbbb2": "bank.csv · 14:02", "cccc3": "other.csv · 14:02"})
    assert list(names.values()) == ["bank.csv · 14:02 · aaaa", "bank.csv · 14:02 · bbbb", "other.csv · 14:02"]


def test_the_most_unusual_rows_are_dropped_on_request_and_the_threshold_page_shows_how_ranks_changed(bench, data_id):
    app = opened("train", data=data_id)
    next(button for button in app.button if button.key == "choose_isolation_forest").click().run()
    app.toggle(key="train_twice").set_value(True).run()
    next(button for button in app.button if button.label == "Train").click().run()
    run = bench.records.runs(data_id)[0]
    assert run.request["drop_share"] == pytest.approx(0.05)
    ended(bench, run.id)
    assert f"trained again without {ROWS // 20} rows" in texts(opened("train", data=data_id))
    page = opened("threshold", data=data_id, run=run.id)
    assert f"Trained again without {ROWS // 20} rows: how ranks changed" in [expander.label for expander in page.expander]
    assert "Rank correlation of both trainings" in texts(page)
    assert "Fell most: less unusual now" in texts(page)


def test_an_earlier_run_is_offered_to_start_from_only_where_one_fits(bench, data_id):
    def chooser(app: AppTest) -> list[AppTest]:
        return [box for box in app.selectbox if box.label == "Start from what was learned before"]

    app = opened("train", data=data_id)
    next(button for button in app.button if button.key == "choose_autoencoder").click().run()
    assert not chooser(app)
    roles = bench.records.data_set(data_id).roles
    earlier = bench.start_run(RunRequest(data_id, "autoencoder", roles, parameters={"encoder": [8, 2], "epochs": 1}))
    ended(bench, earlier)
    app.run()
    (box,) = chooser(app)
    box.set_value(earlier).run()
    encoder = next(field for field in app.text_input if field.label == "Encoder layers")
    assert encoder.value == "[8, 2]"
    assert not next(button for button in app.button if button.label == "Train").disabled
    encoder.set_value("[4, 2]").run()
    assert "`encoder` is [8, 2] there and [4, 2] here" in plain_text(app)
    assert next(button for button in app.button if button.label == "Train").disabled
    next(button for button in app.button if button.key == "choose_isolation_forest").click().run()
    assert not chooser(app)


def plain_text(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def ended(bench: Workbench, run_id: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(run_id).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert bench.records.run(run_id).state == "done", bench.records.run(run_id).message
