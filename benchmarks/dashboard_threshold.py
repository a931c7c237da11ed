"""How soon the page answers when the hand lets go of the threshold: ten thousand scores, and a million.

Run from the repository: ``python -m benchmarks.dashboard_threshold``. Real runs in a real dashboard; the time is from
letting go until the counts of the context bar and of the flagged rows are others and the page is at rest. The bars:
within 400 ms with a million scores (median), and in at most 1.3 times the median of ten thousand. Exit code 1 above one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser, running_dashboard, time_until_shown
from benchmarks.shared.workspaces import imported, sensor_rows, trained, workbench_in
from detectors.storage.records import RunRecord
from tests.browser import wait_until_idle

SIZES = (10_000, 1_000_000)
COLUMNS, TREES = 10, 20
ROUNDS, DRAGS, WARM_UP_DRAGS = 4, 5, 2
BAR_MS, GROWTH = 400, 1.3

#: Both tell the number of flagged rows: the context bar, and the heading of the table.
CONSEQUENCES = [".st-key-context_threshold", "[data-testid=stHeading] h3"]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        runs = finished_runs(workspace)
        with running_dashboard(workspace) as server, running_browser() as browser:
            pages = []
            for run in runs:
                pages.append(fresh_page(browser))
                pages[-1].goto(f"{server.url}/threshold?data={run.data_id}&run={run.id}")
                wait_until_idle(pages[-1].locator(".threshold-handle"))
                answers(pages[-1], WARM_UP_DRAGS)
            times: list[list[float]] = [[] for _ in pages]
            for _ in range(ROUNDS):  # by turns, so that a machine that becomes busy slows both
                for page, found in zip(pages, times, strict=True):
                    page.bring_to_front()
                    found.extend(answers(page, DRAGS))
    few = Series(f"{SIZES[0]} scores", times[0])
    many = Series(f"{SIZES[1]} scores", times[1], bar_ms=BAR_MS)
    grown = Series(f"… beside {SIZES[0]}", times[1], bar_ms=GROWTH * few.median)
    return int(not report(few, many, grown))


def finished_runs(workspace: Path) -> list[RunRecord]:
    """An isolation forest on each number of rows."""
    with workbench_in(workspace) as workbench:
        workbench.start()
        data_sets = [imported(workbench, sensor_rows(rows, COLUMNS), f"{rows} rows.parquet") for rows in SIZES]
        return [trained(workbench, data, "isolation_forest", {"trees": TREES}) for data in data_sets]


def answers(page: Page, drags: int) -> list[float]:
    """Drags the handle to and fro; milliseconds from each release until the page shows its consequences."""
    return [time_until_shown(page, "pointerup", CONSEQUENCES, lambda: drag(page)) for _ in range(drags)]


def drag(page: Page) -> None:
    """Moves the handle between two places in the upper half of the scores and lets go."""
    box, area = (page.locator(selector).bounding_box() for selector in (".threshold-handle", ".threshold-area"))
    assert box and area
    here = (box["x"] + box["width"] / 2 - area["x"]) / area["width"]
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * (0.55 if here > 0.62 else 0.7), y, steps=8)
    page.mouse.up()


if __name__ == "__main__":
    sys.exit(main())
