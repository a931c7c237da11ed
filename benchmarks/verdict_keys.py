"""How soon a verdict given by a key is in the database, beside how long the page takes to run.

Run from the repository: ``python -m benchmarks.verdict_keys``. A real run in a real dashboard; for each of two hundred
keys the time is from the key until the browser has the server's answer, which is given after the mark was written. The
page's own time is from a click on a rule until the counts are others and the page is at rest. The bar: the 95th percentile
of the keys within half the median of the page, which no key waits for. Exit code 1 above it.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser, running_dashboard, time_until_shown
from benchmarks.shared.workspaces import imported, sensor_rows, trained, workbench_in
from detectors.storage.records import RunRecord
from tests.browser import PATIENCE_MS, wait_until_idle

ROWS, COLUMNS, TREES = 10_000, 20, 20
KEYS, WARM_UP_KEYS, RERUNS, WARM_UP_RERUNS = 200, 10, 10, 2
BAR = 0.5

CONSEQUENCES = [".st-key-context_threshold", "[data-testid=stHeading] h3"]

#: Notes how long after each key of a verdict its answer has arrived.
WATCH_ANSWERS = """
() => {
  window.answers = [];
  let pressed = 0;
  addEventListener("keydown", ({ key, timeStamp }) => { if ("anu".includes(key)) pressed = timeStamp; }, { capture: true });
  const send = window.fetch;
  window.fetch = async (address, ...others) => {
    const answer = await send(address, ...others);
    if (String(address).endsWith("/marks") && others[0]?.body?.includes('"mark"')) window.answers.push(performance.now() - pressed);
    return answer;
  };
}
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        run = finished_run(workspace)
        with running_dashboard(workspace) as server, running_browser() as browser:
            page = fresh_page(browser)
            page.goto(f"{server.url}/threshold?data={run.data_id}&run={run.id}")
            wait_until_idle(page.locator(".triage-item").first)
            keys = key_times(page, WARM_UP_KEYS + KEYS)[WARM_UP_KEYS:]
            reruns = rerun_times(page, WARM_UP_RERUNS + RERUNS)[WARM_UP_RERUNS:]
        kept = marks_in(workspace)
    whole_page = Series("the page runs", reruns)
    by_key = Series("a verdict is kept", keys, bar_ms=BAR * whole_page.median, judged_by="p95")
    met = report(by_key, whole_page)
    print(f"of the page's median: {by_key.median / whole_page.median:.3f} (median), {by_key.p95 / whole_page.median:.3f} (95th percentile)")
    return int(not met or kept != WARM_UP_KEYS + KEYS)


def finished_run(workspace: Path) -> RunRecord:
    with workbench_in(workspace) as workbench:
        workbench.start()
        data = imported(workbench, sensor_rows(ROWS, COLUMNS), "sensors.parquet")
        return trained(workbench, data, "isolation_forest", {"trees": TREES})


def key_times(page: Page, count: int) -> list[float]:
    """Milliseconds from each key to its answer, one key after the other."""
    page.evaluate(WATCH_ANSWERS)
    page.locator(".triage-item .triage-value").first.click()
    for number in range(count):
        page.keyboard.press("anu"[number % 3])
        page.wait_for_function("count => window.answers.length >= count", arg=number + 1, timeout=PATIENCE_MS)
        page.keyboard.press("j" if number % 90 < 45 else "k")
    found: list[float] = page.evaluate("window.answers")
    return found


def rerun_times(page: Page, count: int) -> list[float]:
    """Milliseconds from each click on a rule until the page is at rest, with other rows flagged."""
    rules = ["rows", "percentile"]
    ticks = [page.locator(f".threshold-tick[data-rule='{rule}']") for rule in rules]
    return [time_until_shown(page, "click", CONSEQUENCES, ticks[number % 2].click) for number in range(count)]


def marks_in(workspace: Path) -> int:
    with sqlite3.connect(workspace / "anomalyst.db") as connection:
        (count,) = connection.execute("select count(*) from marks").fetchone()
    return int(count)


if __name__ == "__main__":
    sys.exit(main())
