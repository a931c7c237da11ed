"""How soon the first page is there, beside a page that only imports what every such page needs.

Run from the repository: ``python -m benchmarks.dashboard_start``. The time is from the start of the server's process
until the heading of Home is on the screen, in a browser that is running already, with nothing of the page in its
memory. The other page imports streamlit, pandas and plotly and shows a heading. Both by turns, so that a machine that
becomes busy slows both. The bar: at most 1.3 times the other's median. Exit code 1 above it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

from playwright.sync_api import Browser

from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser
from tests import server

REPEATS, BAR = 7, 1.3

OUR_HEADING, OTHER_HEADING = "Find what is unusual in your data", "A page"

OTHER_APP = """
import os
from pathlib import Path
import pandas
import plotly.graph_objects
import streamlit as st

app = st.App(Path(__file__).parent / "page.py")

if __name__ == "__main__":
    app.run(config={"server.port": int(os.environ["ANOMALYST_PORT"]), "server.headless": True, "browser.gatherUsageStats": False})
"""

OTHER_PAGE = f"""
import pandas
import plotly.graph_objects
import streamlit as st

st.title("{OTHER_HEADING}")
"""


def main() -> int:
    ours, others = [], []
    with tempfile.TemporaryDirectory() as folder, running_browser() as browser:
        other = Path(folder) / "other"
        other.mkdir()
        (other / "app.py").write_text(OTHER_APP, encoding="utf-8")
        (other / "page.py").write_text(OTHER_PAGE, encoding="utf-8")
        for repeat in range(REPEATS + 1):  # the first one fills the system's memory of files and counts for nothing
            workspace = Path(folder) / f"workspace {repeat}"
            others.append(started(browser, other, workspace, OTHER_HEADING))
            ours.append(started(browser, server.ROOT, workspace, OUR_HEADING))
    reference = Series("only streamlit, pandas and plotly", others[1:])
    dashboard = Series("the dashboard", ours[1:], bar_ms=BAR * reference.median)
    met = report(reference, dashboard)
    ratio = median(one / other for one, other in zip(ours[1:], others[1:], strict=True))
    print(f"{dashboard.median / reference.median:.2f} times as long; by pairs {ratio:.2f}")
    return int(not met)


def started(browser: Browser, folder: Path, workspace: Path, heading: str) -> float:
    """Milliseconds from starting `app.py` in `folder` until its heading is on the screen."""
    page = fresh_page(browser)
    with patch.object(server, "ROOT", folder):
        running = server.AppServer(workspace)
        began = time.perf_counter()
        running.start()
    try:
        page.goto(running.url)
        page.get_by_role("heading", name=heading).wait_for()
        return (time.perf_counter() - began) * 1000
    finally:
        page.context.close()
        running.stop()


if __name__ == "__main__":
    sys.exit(main())
