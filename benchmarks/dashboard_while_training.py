"""How soon pages answer while a run trains.

Run from the repository: ``python -m benchmarks.dashboard_while_training``. An autoencoder trains without end; a session
explains rows of a finished run, changes the order of its flagged rows, and goes from page to page. Times are from the
click until the consequence is painted and the page is at rest. The bars: an explained row within 600 ms (median),
anything light within 500 ms (95th percentile). Exit code 1 above one. The last two lines are the same with another
session that watches the losses; they have no bar, as that session's browser here draws on the server's own cores.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import Locator, Page

from benchmarks.shared.browsing import explained_rows
from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser, running_dashboard, time_until_shown
from benchmarks.shared.workspaces import asked, epochs_so_far, imported, sensor_rows, trained, wait_until_learning, workbench_in
from detectors.storage.records import RunRecord
from tests.browser import wait_until_idle

ROWS, ROWS_WITHOUT_END, COLUMNS, EPOCHS = 20_000, 100_000, 30, 5
WITHOUT_END = {"epochs": 10_000, "early_stopping": False}
CLICKS, ACTIONS, WARM_UP_ACTIONS = 25, 40, 4
EXPLAIN_MS, LIGHT_MS = 600, 500


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        finished, endless, watched_data = runs(workspace)
        with running_dashboard(workspace) as server, running_browser() as browser:
            page, watching = fresh_page(browser), fresh_page(browser)
            page.goto(server.url)
            wait_until_learning(workspace, endless)
            before = epochs_so_far(workspace, endless)
            explained = explained_rows(page, server.url, finished, CLICKS)
            ordered, visited = changed_orders(page, server.url, finished), visited_pages(page)
            watching.goto(f"{server.url}/train?data={watched_data}&run={endless}")
            watching.locator(".st-key-running .js-plotly-plot:visible").first.wait_for()
            ordered_watched, visited_watched = changed_orders(page, server.url, finished), visited_pages(page)
            learned = epochs_so_far(workspace, endless) - before
    met = report(
        Series("next row explained", explained, EXPLAIN_MS),
        Series("order of the flagged rows", ordered, LIGHT_MS, "p95"),
        Series("from page to page", visited, LIGHT_MS, "p95"),
        Series("order, the losses watched", ordered_watched),
        Series("from page to page, the losses watched", visited_watched),
    )
    print(f"{learned} epochs of {ROWS_WITHOUT_END} rows were learned meanwhile")
    return int(not met)


def runs(workspace: Path) -> tuple[RunRecord, str, str]:
    """A finished run, the id of a waiting one that will not end, and the id of its data set."""
    with workbench_in(workspace) as workbench:
        workbench.start()
        data = imported(workbench, sensor_rows(ROWS, COLUMNS), "sensors.parquet")
        more = imported(workbench, sensor_rows(ROWS_WITHOUT_END, COLUMNS, seed=1), "more sensors.parquet")
        finished = trained(workbench, data, "autoencoder", {"epochs": EPOCHS})
    with workbench_in(workspace) as workbench:  # not started: the run waits for the dashboard's own trainer
        return finished, asked(workbench, more, "autoencoder", WITHOUT_END), more.id


def changed_orders(page: Page, url: str, run: RunRecord) -> list[float]:
    """Turns the flagged rows' order to and fro; only one of the two is shown page by page."""
    page.goto(f"{url}/threshold?data={run.data_id}&run={run.id}")
    wait_until_idle(page.locator("[class*='st-key-page_'] >> nth=0"))
    buttons = page.locator(".st-key-order button")
    buttons.nth(1).wait_for()
    return _clicked(page, ["[data-testid=stPagination]"], [buttons.nth(1), buttons.nth(0)])


def visited_pages(page: Page) -> list[float]:
    """Goes from Train to Home and back by the links at the top; only one of the two has a line that says what it is for."""
    links = [page.get_by_role("link", name=name, exact=True) for name in ("Train", "Home")]
    return _clicked(page, [".st-key-page_head"], links)


def _clicked(page: Page, watched: list[str], by_turns: list[Locator]) -> list[float]:
    clicks = islice(cycle(by_turns), WARM_UP_ACTIONS + ACTIONS)
    return [time_until_shown(page, "click", watched, button.click) for button in clicks][WARM_UP_ACTIONS:]


if __name__ == "__main__":
    sys.exit(main())
