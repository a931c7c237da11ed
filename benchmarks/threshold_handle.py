"""Measures the threshold handle in a browser: how soon a move is painted, and how soon a release is answered.

Run from the repository: ``python -m benchmarks.threshold_handle``. For each number of scores it drags the handle to
and fro, and takes the time from each pointer move to the end of the frame that shows it; then it lets go several
times, and takes the time until the page shows the count that Python gives. The bar: painted within 50 ms at the
95th percentile with a million scores, and in at most 1.3 times the median of ten thousand. Exit code 1 above it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import PATIENCE_MS, launch, wait_until_idle

ROOT = Path(__file__).parents[1]
SIZES = (10_000, 100_000, 1_000_000)
MOVES, RELEASES = 300, 15
SLOWEST_PAINT_MS, GROWTH = 50, 1.3
START_PATIENCE_S = 60

APP = """
import json
import numpy as np
import streamlit as st
from detectors.distribution import KnownLabels, distribution, mark, ticks
from detectors.thresholds import applicable, cut_off
from pages.shared.threshold_plot import threshold_plot

@st.cache_resource
def drawn(rows):
    generator = np.random.default_rng(0)
    scores, anomalies = (np.sort(generator.lognormal(place, 0.6, count)) for place, count in ((-2, rows), (-1, rows // 20)))
    known = KnownLabels(anomalies, scores)
    scores = np.sort(np.concatenate([scores, anomalies]))
    rules = applicable(scores, {"percentile": 95, "rows": 40, "mad": 3, "iqr": 1.5})
    return scores, known, distribution(scores, known), ticks(rules, scores, known)

scores, known, shape, marks = drawn(int(st.query_params["rows"]))
st.session_state.setdefault("cut_off", cut_off("percentile", 95, scores))
threshold_plot(
    shape, current=mark(st.session_state.cut_off, scores, known), ticks=marks, score_name="score", key="plot",
    on_cut_off=lambda value: st.session_state.update(cut_off=value),
)
st.text(f"{mark(st.session_state.cut_off, scores).flagged} of {len(scores)}, {len(json.dumps(shape.to_json()))} bytes")
"""

#: Notes how long after each pointer move the frame that shows it has been painted: the message arrives after the paint.
WATCH_PAINTS = """
() => {
  window.paints = [];
  addEventListener("pointermove", (event) => {
    const moved = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.paints.push(performance.now() - moved);
      channel.port2.postMessage(0);
    });
  }, { capture: true });
}
"""

#: Notes when the hand lets go and when the text below the plot next changes.
WATCH_ANSWERS = """
() => {
  window.answers = [];
  let released = 0;
  addEventListener("pointerup", () => { released = performance.now(); }, { capture: true });
  new MutationObserver(() => { if (released) { window.answers.push(performance.now() - released); released = 0; } })
    .observe(document.querySelector("[data-testid=stText]"), { characterData: true, childList: true, subtree: true });
}
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "plot_alone.py"
        script.write_text(APP, encoding="utf-8")
        port = _free_port()
        server = _start(script, port)
        try:
            browser = launch(playwright)
            figures = [_measured(browser.new_page(viewport={"width": 1440, "height": 700}), port, rows) for rows in SIZES]
            browser.close()
        finally:
            server.terminate()
            server.wait()
    for line in figures:
        print(json.dumps(line))
    growth = figures[-1]["paint_ms_median"] / figures[0]["paint_ms_median"]
    print(f"A million scores take {growth:.2f} times as long to paint as ten thousand.")
    return int(figures[-1]["paint_ms_p95"] > SLOWEST_PAINT_MS or growth > GROWTH)


def _measured(page: Page, port: int, rows: int) -> dict[str, Any]:
    page.goto(f"http://127.0.0.1:{port}/?rows={rows}")
    wait_until_idle(page.locator(".threshold-handle"))
    text = page.get_by_test_id("stText")
    expect(text).to_contain_text("bytes", timeout=PATIENCE_MS)
    page.evaluate(WATCH_PAINTS)
    _drag(page, MOVES)
    paints = page.evaluate("window.paints")
    page.evaluate(WATCH_ANSWERS)
    for release in range(RELEASES):
        _drag(page, 6 + release)
        page.wait_for_function("wanted => window.answers.length >= wanted", arg=release + 1)
        wait_until_idle(page.locator(".threshold-handle"))
    answers = page.evaluate("window.answers")
    payload = text.inner_text().split(", ")[1]
    page.close()
    return {
        "rows": rows, "moves": len(paints), "paint_ms_median": round(median(paints), 1), "paint_ms_p95": _slowest_twentieth(paints),
        "releases": len(answers), "answer_ms_median": round(median(answers)), "answer_ms_p95": _slowest_twentieth(answers),
        "payload": payload,
    }  # fmt: skip


def _drag(page: Page, moves: int) -> None:
    box = page.locator(".threshold-handle").bounding_box()
    area = page.locator(".threshold-area").bounding_box()
    assert box and area
    y = box["y"] + 40
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    for move in range(moves):  # to and fro across the middle of the plot, never ending where it began
        page.mouse.move(area["x"] + area["width"] * (0.3 + 0.4 * (move * 7 % 100) / 100), y)
    page.mouse.up()


def _slowest_twentieth(times: list[float]) -> float:
    return round(quantiles(times, n=20)[-1], 1)


def _start(script: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < give_up:
        try:
            urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)
        except URLError:
            time.sleep(0.1)
        else:
            return server
    server.terminate()
    raise RuntimeError("The server of the benchmark did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
