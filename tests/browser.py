"""Finds the Chromium or Chrome on this machine, starts it for tests, and waits until a page has come to rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Playwright, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

#: The pages are our own and stay on this machine: no sandbox where root would be refused one, nothing fetched, nothing told.
OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'

#: A first page on a busy machine with two cores may take this long; a test that fails waits no longer.
PATIENCE_MS = 60_000


def find_browser(playwright: Playwright) -> str | None:
    """The program that CHROMIUM names, else the first installed one that starts; None where there is none."""
    return next((program for program in _candidates(playwright) if _starts(program)), None)


def launch(playwright: Playwright) -> Browser:
    """A headless browser.

    Raises:
        FileNotFoundError: there is none to start.
    """
    program = find_browser(playwright)
    if program is None:
        raise FileNotFoundError("No Chromium or Chrome found: install one, or name its program with CHROMIUM=/path/to/chromium.")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return playwright.chromium.launch(executable_path=program, headless=True, args=[*OPTIONS, *(["--no-sandbox"] if as_root else [])])


def wait_until_idle(consequence: Locator) -> None:
    """Waits for what the analyst would see, then for the script behind the page to end.

    The order matters: before a click has reached the server, the page is at rest too.
    """
    expect(consequence).to_be_visible(timeout=PATIENCE_MS)
    consequence.page.wait_for_selector(AT_REST, state="attached", timeout=PATIENCE_MS)


def _candidates(playwright: Playwright) -> Iterator[str]:
    named = os.environ.get("CHROMIUM")
    if named:
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (app for app in MACOS_APPS if Path(app).exists())
    yield playwright.chromium.executable_path


def _starts(program: str) -> bool:
    """Asked for its version, as some systems ship a `chromium-browser` that only tells to install another package."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    """Prints the browser's program; 1 where there is none."""
    try:
        with sync_playwright() as playwright:
            program = find_browser(playwright)
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    if program is None:
        return 1
    print(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
