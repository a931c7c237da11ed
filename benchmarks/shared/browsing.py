"""Looks through the flagged rows of a run, as an analyst does: one row after another on the Explain page."""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.shared.stopwatch import time_until_shown
from detectors.storage.records import RunRecord
from tests.browser import wait_until_idle

#: The row's heading, and the waterfall drawn for it.
CONSEQUENCES = ["[data-testid=stHeading] h3", ".st-key-chart_waterfall .js-plotly-plot"]

#: The first rows wait for the answerer to load the network and for numba to compile.
WARM_UP_ROWS = 4


def explained_rows(page: Page, url: str, run: RunRecord, rows: int) -> list[float]:
    """Milliseconds from each click on the next row until its explanation is painted."""
    page.goto(f"{url}/explain?data={run.data_id}&run={run.id}")
    wait_until_idle(page.locator(CONSEQUENCES[1]))
    times = [time_until_shown(page, "click", CONSEQUENCES, page.locator(".st-key-next button").click) for _ in range(WARM_UP_ROWS + rows)]
    return times[WARM_UP_ROWS:]
