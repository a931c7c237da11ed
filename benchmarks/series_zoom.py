"""How soon a turn of the wheel is painted in the plot of a series, and how soon finer steps follow.

Run from the repository: ``python -m benchmarks.series_zoom``. Series of ten thousand, a hundred thousand and a million
steps with five lanes, expected values and scores. The bars: painted within 50 ms with more than ten thousand steps, and in
at most 1.3 times what ten thousand take (medians). Frames of the same page in which nothing is drawn tell how much of
that is the machine's. Exit code 1 above a bar.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page

from benchmarks.shared.figures import Series, report
from benchmarks.shared.stopwatch import fresh_page, running_browser
from tests.browser import PATIENCE_MS, wait_until_idle
from tests.server import ROOT, START_PATIENCE_S

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS, TURNS = 8, 8
#: Between two notches, as a hand turns them: without it each waits for the frame of the one before.
TURN_PAUSE_MS = 40
BAR_MS, GROWTH = 50, 1.3

APP = """
import numpy as np
import streamlit as st
from pages.shared.series_plot import Lane, Series, series_plot

@st.cache_resource
def made(steps):
    generator = np.random.default_rng(0)
    walks = np.cumsum(generator.normal(size=(5, steps)), axis=1)
    lanes = [Lane(f"sensor {place}", walk + generator.normal(size=steps), walk) for place, walk in enumerate(walks)]
    return Series(lanes, generator.lognormal(-2, 1, steps), 1.7e9 + 60 * np.arange(steps), True)

st.set_page_config(layout="wide")
series_plot(made(int(st.query_params["steps"])), cut_off=1.5, score_name="score", key="plot")
"""

#: Notes how long after each turn of the wheel the frame that shows it has been painted (the message arrives after the
#: paint), and how long after the last turn the plot holds the buckets that Python answered with.
WATCH = """
() => {
  window.paints = [];
  window.answers = [];
  let turned = 0;
  addEventListener("wheel", (event) => {
    turned = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.paints.push(performance.now() - event.timeStamp);
      channel.port2.postMessage(0);
    });
  }, { capture: true });
  const plot = document.querySelector("[data-testid=stBidiComponentRegular], .st-key-plot");
  const root = (function find(part) {
    const here = part.querySelector(".series-plot");
    if (here) return here;
    for (const child of part.querySelectorAll("*")) { const inner = child.shadowRoot && find(child.shadowRoot); if (inner) return inner; }
    return null;
  })(plot ?? document);
  new MutationObserver((changes) => {
    if (changes.some(({ oldValue }) => oldValue !== root.dataset.answered)) window.answers.push(performance.now() - turned);
  }).observe(root, { attributes: true, attributeOldValue: true, attributeFilter: ["data-answered"] });
}
"""

#: Milliseconds of frames in which nothing is drawn, taken as those above.
EMPTY_FRAMES = """
async (wanted) => {
  const times = [];
  for (let frame = 0; frame < wanted; frame += 1) {
    const began = performance.now();
    await new Promise((painted) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = painted;
      channel.port2.postMessage(0);
    }));
    times.push(performance.now() - began);
  }
  return times;
}
"""


def main() -> int:
    with running_plot() as url, running_browser() as browser:
        pages = [opened(fresh_page(browser), url, steps) for steps in SIZES]
        for page in pages:
            zoomed_in_and_out(page)
            page.evaluate("window.paints.length = window.answers.length = 0")
        empty: list[float] = []
        for _ in range(ROUNDS):  # by turns, so that a machine that becomes busy slows all
            for page in pages:
                page.bring_to_front()
                zoomed_in_and_out(page)
            pages[0].bring_to_front()
            empty.extend(pages[0].evaluate(EMPTY_FRAMES, TURNS))
        paints, answers = ([page.evaluate(f"window.{name}") for page in pages] for name in ("paints", "answers"))
    few = Series(f"painted, {SIZES[0]} steps", paints[0])
    figures = [Series("nothing drawn", empty), few]
    for steps, times in zip(SIZES[1:], paints[1:], strict=True):
        figures.append(Series(f"painted, {steps} steps", times, bar_ms=BAR_MS))
        figures.append(Series(f"… beside {SIZES[0]}", times, bar_ms=GROWTH * few.median))
    finer = [Series(f"finer after the last turn, {steps} steps", times) for steps, times in zip(SIZES, answers, strict=True)]
    return int(not report(*figures, *finer))


def opened(page: Page, url: str, steps: int) -> Page:
    page.goto(f"{url}/?steps={steps}")
    page.locator(".series-plot[data-finest]").wait_for(timeout=PATIENCE_MS)
    wait_until_idle(page.locator(".series-area"))
    page.evaluate(WATCH)
    box = page.locator(".series-area").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    return page


def zoomed_in_and_out(page: Page) -> None:
    """Turns the wheel a few notches in, waits for what Python answers, and the same out again."""
    for direction in (-1, 1):
        told = page.evaluate("window.answers.length")
        for _ in range(TURNS):
            page.mouse.wheel(0, direction * 120)
            page.wait_for_timeout(TURN_PAUSE_MS)
        page.wait_for_function("told => window.answers.length > told", arg=told, timeout=PATIENCE_MS)
        wait_until_idle(page.locator(".series-area"))


@contextmanager
def running_plot() -> Iterator[str]:
    """The address of a page with nothing but the plot."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "plot_alone.py"
        script.write_text(APP, encoding="utf-8")
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < give_up:
        try:
            urlopen(url, timeout=5)
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server of the benchmark did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
