"""How soon a row is explained after the click, and a thousand rows at once.

Run from the repository: ``python -m benchmarks.dashboard_explain``. An autoencoder on thirty columns; one row after
another in a browser, from the click until row and waterfall are painted; a thousand flagged rows through the process
that answers the pages. The bars: a row within 300 ms (median), a thousand within 3 s. Exit code 1 above one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.shared.browsing import explained_rows
from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser, running_dashboard
from benchmarks.shared.workspaces import imported, sensor_rows, trained, workbench_in
from detectors.storage.records import RunRecord
from detectors.workbench import Workbench

ROWS, COLUMNS, EPOCHS = 20_000, 30, 5
CLICKS, AT_ONCE, REPEATS = 25, 1000, 7
ROW_MS, AT_ONCE_MS = 300, 3000


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        with workbench_in(workspace) as workbench:
            workbench.start()
            data = imported(workbench, sensor_rows(ROWS, COLUMNS), "sensors.parquet")
            run = trained(workbench, data, "autoencoder", {"epochs": EPOCHS})
            together = explained_together(workbench, run)
        with running_dashboard(workspace) as server, running_browser() as browser:
            one_by_one = explained_rows(fresh_page(browser), server.url, run, CLICKS)
    return int(not report(Series("next row", one_by_one, ROW_MS), Series(f"{AT_ONCE} rows at once", together, AT_ONCE_MS)))


def explained_together(workbench: Workbench, run: RunRecord) -> list[float]:
    """Milliseconds for the most unusual rows at once, again and again; the first time counts for nothing."""
    scores = workbench.run_folder(run.id).array("scores")
    rows = np.argsort(scores)[::-1][:AT_ONCE]
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        explanation, _agreement = workbench.explain_rows(run.id, run.data_id, rows, compare=True)
        times.append((time.perf_counter() - began) * 1000)
        assert explanation.values.shape == (AT_ONCE, COLUMNS)
    return times[1:]


if __name__ == "__main__":
    sys.exit(main())
