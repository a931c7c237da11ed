"""What every test may ask for: an empty workspace, a running dashboard, a browser and a page in it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import PATIENCE_MS, launch
from tests.server import AppServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then those that train or start processes, those that drive a browser last."""
    items.sort(key=lambda item: 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("slow") else 0)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes have no name of their own: compressed ones hold the time, and tests shared among processes need the same names in all."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True, scope="module")
def little_to_collect() -> None:
    """Streamlit collects garbage after every run of a page: what earlier modules left for good, TensorFlow's graphs above all, is passed over."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that this test's settings name as the workspace; never the analyst's own."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("ANOMALYST_WORKSPACE", str(folder))
    return folder


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., AppServer]]:
    """Starts a dashboard: ``app_server()``, or ``app_server(ANOMALYST_UPLOAD_MB="1")`` for other settings.

    ``app_server(workspace=folder)`` starts one on a folder that an earlier one left. All end with the tests.
    """
    started = []

    def start(workspace: Path | None = None, **settings: str) -> AppServer:
        server = AppServer(workspace or tmp_path_factory.mktemp("app") / "workspace", settings)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless browser for all tests that drive one. A machine without any fails them."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of 1440 × 900 with a memory (cookies, storage) of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
