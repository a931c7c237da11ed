"""The whole path in a real browser: a file from disk, trained, the handle dragged, explained, downloaded, restarted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser import wait_until_idle
from tests.server import AppServer
from tests.tables import PLANTED, ROWS, machine_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: A training on a busy machine, TensorFlow's first load included.
TRAINING_MS = 240_000

#: The button of a finished run in the list of runs.
FINISHED = "[class*='st-key-open_'] button"


@pytest.fixture(scope="module")
def server(app_server) -> AppServer:
    return app_server()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "machine.csv"
    machine_frame().to_csv(path, index=False)
    return path


def upload(page: Page, source: Path) -> None:
    page.get_by_text("Upload data").first.wait_for()
    page.set_input_files("input[type=file]", source)
    wait_until_idle(page.get_by_role("button", name="Continue to Train"))


def choose(page: Page, detector: str) -> None:
    """Chooses a detector other than the first, on Train."""
    button = page.locator(f".st-key-choose_{detector} button").first
    button.click()
    expect(button).to_be_disabled()
    wait_until_idle(page.get_by_role("button", name="Train", exact=True))


def train(page: Page, **fields: str) -> None:
    """Trains the chosen detector and waits for its line in the list of runs."""
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(FINISHED)).to_be_visible(timeout=TRAINING_MS)


def scores_of(server: AppServer) -> np.ndarray:
    """The scores of the only run, straight from the workspace."""
    (result,) = server.workspace.glob("runs/*/result/scores.npy")
    return np.load(result)


def cut_off_of(page: Page) -> float:
    return float(page.locator(".threshold-handle").get_attribute("aria-valuenow"))


def keep(page: Page, reason: str) -> None:
    """Keeps the threshold that is looked at."""
    page.get_by_placeholder("Why here? Kept with it").fill(reason)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Keep", exact=True).click()
    wait_until_idle(page.get_by_text(f"“{reason}”"))


def test_from_upload_to_downloaded_flagged_rows(page: Page, server: AppServer, source: Path, tmp_path: Path):
    page.goto(server.url)
    wait_until_idle(page.get_by_text("Find what is unusual in your data"))
    page.get_by_role("button", name="Open your data").click()
    upload(page, source)
    page.get_by_role("button", name="Continue to Train").click()
    wait_until_idle(page.get_by_text("Choose a detector, train it on your data"))
    choose(page, "autoencoder")
    train(page, Epochs="12")
    page.locator(FINISHED).click()
    handle = page.locator(".threshold-handle")
    wait_until_idle(handle)
    assert server.url + "/threshold" in page.url

    before = cut_off_of(page)
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y, steps=6)
    page.mouse.up()
    expect(page.locator(".st-key-context_threshold")).not_to_contain_text(f"{ROWS // 20} flagged")
    wait_until_idle(handle)
    cut_off = cut_off_of(page)
    assert cut_off > before

    scores = scores_of(server)
    flagged = np.flatnonzero(scores > cut_off)
    expect(page.locator(".threshold-readout")).to_contain_text(f"{len(flagged)} flagged")
    assert 0 < len(flagged) < ROWS // 20
    assert set(np.argsort(scores)[-2 * len(PLANTED) :]) >= set(PLANTED)

    keep(page, "as many as we can check")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download flagged rows").click()
    path = tmp_path / "flagged.csv"
    waiting.value.save_as(path)
    downloaded = pd.read_csv(path)
    assert sorted(downloaded["row"] - 1) == flagged.tolist()
    assert np.allclose(downloaded["score"], np.sort(scores[flagged])[::-1])
    original = machine_frame().iloc[downloaded["row"] - 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(downloaded[original.columns], original, check_dtype=False)
    assert downloaded["reason 1"].str.len().min() > 0

    page.reload()
    wait_until_idle(page.locator(".threshold-handle"))
    assert cut_off_of(page) == cut_off
    page.get_by_role("link", name="Explain").click()
    wait_until_idle(page.get_by_text("What added to the score? (SHAP)"))
    expect(page.get_by_text("left unexplained")).to_contain_text("so 0 is left unexplained")

    server.stop()
    server.start()
    page.goto(page.url)
    wait_until_idle(page.get_by_text("What added to the score? (SHAP)"))
    expect(page.locator(".st-key-context_threshold")).to_contain_text(f"{len(flagged)} flagged")


def test_stop_ends_a_training_and_keeps_what_was_learned(page: Page, app_server, source: Path):
    server = app_server()
    page.goto(f"{server.url}/data")
    upload(page, source)
    page.get_by_role("button", name="Continue to Train").click()
    wait_until_idle(page.get_by_text("Choose a detector, train it on your data"))
    choose(page, "autoencoder")
    page.get_by_label("Epochs", exact=True).fill("10000")
    page.keyboard.press("Enter")
    page.get_by_text("Stop early", exact=True).click()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("Is it still learning?").first).to_be_visible(timeout=TRAINING_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped early")).to_be_visible(timeout=TRAINING_MS)


def test_the_keyboard_moves_the_handle(page: Page, server: AppServer):
    page.goto(server.url)
    latest = page.locator("[class*='st-key-recent_'] [class*='st-key-open_'] button").first
    wait_until_idle(latest)  # until then the line moves: its menu comes after this button
    latest.click()
    handle = page.locator(".threshold-handle")
    wait_until_idle(handle)
    before = cut_off_of(page)
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(handle).not_to_have_attribute("aria-valuenow", str(before))
    assert cut_off_of(page) < before
