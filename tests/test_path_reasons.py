"""Flagged rows judged by their reasons and silenced, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage.suppressed import suppressions_of
from detectors.workbench import Workbench
from tests.browser import wait_until_idle
from tests.server import AppServer
from tests.tables import machine_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]


#: The first answer on a busy machine, TensorFlow's load and what is planted before it included.
FIRST_ANSWER_MS = 240_000


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Path, str, str]:
    """A workspace with a finished run."""
    root = tmp_path / "workspace"
    bench = Workbench(Settings(root, f"sqlite:///{root / 'anomalyst.db'}"))
    machine_frame().to_csv(tmp_path / "machine.csv", index=False)
    data = bench.import_file(tmp_path / "machine.csv", "machine.csv")
    run_id = bench.start_run(RunRequest(data.id, "nearest_neighbours", data.roles, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(data.id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "rows", 12)
    (root / "queue").joinpath(next(entry.name for entry in (root / "queue").iterdir())).unlink()
    bench.close()
    return root, data.id, run_id


def test_a_group_is_judged_at_once_and_rows_like_a_normal_one_are_silenced(page: Page, app_server, prepared: tuple[Path, str, str]) -> None:
    root, data_id, run_id = prepared
    server: AppServer = app_server(workspace=root)
    page.goto(f"{server.url}/threshold?data={data_id}&run={run_id}")
    page.get_by_role("tab", name="By their reasons").click()
    expect(page.locator("[class*='st-key-reason_groups']")).to_be_visible(timeout=FIRST_ANSWER_MS)
    page.locator("[class*='st-key-reason_groups'] [data-testid=stDataFrame]").click(position={"x": 20, "y": 55})
    wait_until_idle(page.locator(".st-key-group_normal button"))
    page.locator(".st-key-group_normal button").click()
    wait_until_idle(page.locator(".st-key-group_none button"))
    bench = Workbench.__new__(Workbench)  # the records alone, beside the server that holds the workspace
    from detectors.storage.records import Records

    bench.records = Records(f"sqlite:///{root / 'anomalyst.db'}").of("local")
    judged = bench.verdicts(data_id)
    normal = judged.rows("normal").tolist()
    assert 1 <= len(normal) <= 12

    page.goto(f"{server.url}/explain?data={data_id}&run={run_id}&row={normal[0]}")
    page.get_by_text("Silence rows like this one").click()
    wait_until_idle(page.get_by_text("of 12 flagged rows"))
    page.get_by_label("Why is this normal?").fill("it was being serviced")
    page.locator(".st-key-suppress button").click()
    wait_until_idle(page.get_by_text("Would silence"))
    page.get_by_role("link", name="Threshold").click()
    wait_until_idle(page.get_by_text("One suppression silences"))
    (kept,) = suppressions_of(bench.records, run_id)
    assert (kept.note, kept.row, kept.withdrawn) == ("it was being serviced", normal[0], None)
    page.get_by_text("One suppression silences").click()
    page.get_by_role("button", name="Withdraw").click()
    wait_until_idle(page.get_by_role("button", name="Put back"))
    assert suppressions_of(bench.records, run_id)[0].withdrawn is not None
