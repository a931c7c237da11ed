"""A table of a gigabyte, from the browser to our Parquet: what it costs the server, the reading process, and another person.

Run from the repository: ``python -m benchmarks.large_upload``, with ``--rows`` for another size. A CSV of 10 million rows and
10 columns is made, chosen in “Upload data” in a browser, streamed over the real route, and read. Meanwhile another person opens
Home again and again. The bars: the server grows by less than 100 MB until the data are on the page, the reading process
stays below 1.5 GB. Exit code 1 above one of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pyarrow as pa
from playwright.sync_api import Browser, Page
from pyarrow import csv

from benchmarks.shared.stopwatch import fresh_page, running_browser, running_dashboard
from tests.server import AppServer

ROWS, BLOCK_ROWS = 10_000_000, 250_000
COUNTRIES = ["BR", "CN", "DE", "FR", "US"]

SERVER_BAR, READER_BAR = 100 * 10**6, 1500 * 10**6

#: Seconds between two looks at memory, and between two openings of Home.
LOOK_S, PAUSE_S = 0.1, 2.0

READING_PATIENCE_MS = 1_800_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the table (default: {ROWS})")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "payments.csv"
        write_table(source, rows)
        print(f"{rows:,} rows × 10 columns, {source.stat().st_size / 1e6:,.0f} MB", flush=True)
        with running_dashboard(Path(folder) / "workspace") as server, running_browser() as browser:
            return uploaded(server, browser, source)


def write_table(path: Path, rows: int) -> None:
    """Payments: a number, a moment, a country, a yes or no, six measures; in no order of time."""
    chance = np.random.default_rng(1)
    writer = None
    for start in range(0, rows, BLOCK_ROWS):
        count = min(BLOCK_ROWS, rows - start)
        table = pa.table(
            {
                "payment": np.arange(start, start + count) + 10_000_000,
                "time": pa.array(chance.integers(1_600_000_000, 1_700_000_000, count)).cast(pa.timestamp("s")),
                "country": pa.array(chance.choice(COUNTRIES, count)),
                "online": pa.array(chance.random(count) < 0.3),
                **{f"measure {number}": chance.normal(100 * number, 10, count).round(6) for number in range(1, 7)},
            }
        )
        writer = writer or csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def uploaded(server: AppServer, browser: Browser, source: Path) -> int:
    page, other = fresh_page(browser), fresh_page(browser)
    page.goto(f"{server.url}/data")
    uploader = page.locator(".st-key-upload_0 input[type=file]")
    uploader.wait_for(state="attached")
    home_s(other, server.url)
    with Memory(server) as memory:
        began = time.perf_counter()
        uploader.set_input_files(source)
        page.locator(".st-key-reading").wait_for(timeout=READING_PATIENCE_MS)
        arrived = time.perf_counter()
        print(f"uploaded in {arrived - began:.1f} s; meanwhile the server grew by {memory.growth / 1e6:.0f} MB", flush=True)
        openings = []
        while not page.locator(".st-key-continue").is_visible():
            if page.get_by_test_id("stAlert").is_visible():
                raise RuntimeError(page.get_by_test_id("stAlert").inner_text())
            openings.append(home_s(other, server.url))
            page.wait_for_timeout(PAUSE_S * 1000)
        page.get_by_text("come from a sample").wait_for()
        read = time.perf_counter()
    print(f"read and shown in {read - arrived:.1f} s; meanwhile another person waited {median(openings):.2f} s for Home")
    return int(not (bar("the server grew by", memory.growth, SERVER_BAR) & bar("the reading process took", memory.reader, READER_BAR)))


def home_s(page: Page, url: str) -> float:
    """Seconds until Home is there."""
    began = time.perf_counter()
    page.goto(url)
    page.get_by_role("heading", name="Recent runs").wait_for()
    return time.perf_counter() - began


def bar(what: str, measured: int, allowed: int) -> bool:
    met = measured < allowed
    print(f"{what} {measured / 1e6:.0f} MB; less than {allowed / 1e6:.0f} MB: {'met' if met else 'NOT MET'}", flush=True)
    return met


@dataclass
class Memory:
    """The most that the server and the reading process had in memory while the block ran; their own pages, not the files'."""

    server: AppServer
    growth: int = 0
    reader: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Memory:
        assert self.server.process is not None
        self._process = psutil.Process(self.server.process.pid)
        self._before = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            self.growth = max(self.growth, self._process.memory_info().rss - self._before)
            for child in self._process.children():
                try:
                    if "detectors.reading.worker" in child.cmdline():
                        self.reader = max(self.reader, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


if __name__ == "__main__":
    sys.exit(main())
