"""A stopwatch inside the page: from what the hand did to the frame that shows all of its consequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import AT_REST, PATIENCE_MS, launch
from tests.server import AppServer

#: Starts at the next `event` and looks at every frame: at the text and the drawn lines of what is watched, and at whether
#: the script behind the page has ended. Nothing may change for a while before the last change counts as the last one.
#: A time is taken in a message sent from the frame, which arrives after the paint.
STOPWATCH = """
({ event, watched, atRest, quietMs }) => {
  const lines = (part) => [...part.querySelectorAll("path")].map((path) => path.getAttribute("d")).join();
  const seen = () => watched.map((selector) => [...document.querySelectorAll(selector)].map((part) => part.textContent + lines(part)).join());
  window.stopwatch = null;
  addEventListener(event, ({ timeStamp: began }) => {
    const first = seen();
    let last = first, lastChange = 0, rested = 0, wasAtRest = true;
    const look = () => {
      const now = seen();
      const isAtRest = document.querySelector(atRest) !== null;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const painted = performance.now() - began;
        if (now.some((text, place) => text !== last[place])) lastChange = painted;
        if (isAtRest && !wasAtRest) rested = painted;
        last = now;
        wasAtRest = isAtRest;
        const done = Math.max(lastChange, rested);
        if (isAtRest && now.every((text, place) => text !== first[place]) && painted - done > quietMs) {
          window.stopwatch = { shown: lastChange, rested, done };
        } else requestAnimationFrame(look);
      };
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
}
"""

#: Long enough for a chart that is drawn after the script has ended.
QUIET_MS = 400

WINDOW = {"width": 1440, "height": 900}


def time_until_shown(page: Page, event: str, watched: list[str], act: Callable[[], None]) -> float:
    """Milliseconds from `event`, which `act` causes, until all that is `watched` has changed, is painted, and the page is at rest.

    Args:
        event: the name of a browser event, such as ``click``.
        watched: CSS selectors; of each, text or drawn lines must become others than before.
        act: clicks, drags or types.
    """
    page.evaluate(STOPWATCH, {"event": event, "watched": watched, "atRest": AT_REST, "quietMs": QUIET_MS})
    act()
    times = page.wait_for_function("window.stopwatch", timeout=PATIENCE_MS).json_value()
    return float(times["done"])


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless browser, ended with the block."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def running_dashboard(workspace: Path) -> Iterator[AppServer]:
    """The dashboard on `workspace`, ended with the block."""
    server = AppServer(workspace)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def fresh_page(browser: Browser) -> Page:
    """A page with a memory of its own: another person's."""
    page = browser.new_context(viewport=WINDOW, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page
