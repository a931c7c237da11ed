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


def score_new(page: Page, folder: Path) -> str:
    """Saves the run that is shown as a detector and lets it score a new file; gives the address of the Score page."""
    page.get_by_text("Save as a detector that scores new data").click()
    page.get_by_label("Name", exact=True).fill('March "A/B"')
    page.get_by_role("button", name="Save as detector").click()
    page.get_by_role("button", name="Score new data").click()
    wait_until_idle(page.get_by_text("This is the very file that the detector learned from."))
    new = machine_frame().assign(extra=1).iloc[-100:]
    new["temperature"] += 100
    new.to_csv(folder / "april.csv", index=False)
    page.get_by_text("Open a new file").click()
    page.set_input_files("input[type=file]", folder / "april.csv")
    wait_until_idle(page.get_by_text("There, though the detector did not learn from it: extra."))
    expect(page.locator("table").first).to_contain_text("100 of 100 rows (100 %) lie outside")
    page.get_by_role("button", name="Score 100 rows").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("this is a shift, not", timeout=TRAINING_MS)
    return page.url


def open_detectors(page: Page, server: AppServer) -> None:
    page.goto(f"{server.url}/library")
    page.get_by_text("Detectors (1)").click()
    wait_until_idle(page.get_by_text("Add a detector file from elsewhere"))


def test_a_saved_detector_scores_a_new_file_is_retired_restored_and_brought_back_from_its_download(
    page: Page, server: AppServer, source: Path, tmp_path: Path
):
    page.goto(f"{server.url}/data")
    upload(page, source)
    page.get_by_role("button", name="Continue to Train").click()
    wait_until_idle(page.get_by_text("Choose a detector, train it on your data"))
    choose(page, "isolation_forest")
    train(page)
    page.locator(FINISHED).first.click()
    wait_until_idle(page.locator(".threshold-handle"))
    keep(page, "the last ones")
    address = score_new(page, tmp_path)
    page.get_by_role("button", name="Open its flags").first.click()
    wait_until_idle(page.get_by_text('Scored by a saved detector, March "A/B" v1'))
    page.locator(".triage-item .triage-value").first.click()
    page.keyboard.press("a")
    expect(page.locator(".triage-counts")).to_have_text("1 judged: 1 anomaly, 0 normal, 0 unsure")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download flagged rows").click()
    waiting.value.save_as(tmp_path / "flagged.csv")
    assert "extra" in pd.read_csv(tmp_path / "flagged.csv")

    open_detectors(page, server)
    page.get_by_test_id("stDataFrame").click(position={"x": 48, "y": 52})  # the box of the first row, which is drawn and no element
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("button", name="Restore")).to_be_enabled()
    page.goto(address)
    wait_until_idle(page.get_by_text("This detector is retired"))
    expect(page.get_by_text("1 flags judged, 100 % of them right")).to_be_visible()
    expect(page.get_by_role("button", name="Score again")).to_be_disabled()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Score again")).to_be_enabled()
    page.get_by_role("button", name="Card and download").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the file").click()
    assert waiting.value.suggested_filename == "March -A-B v1.zip"
    waiting.value.save_as(tmp_path / "back.zip")

    open_detectors(page, server)
    page.set_input_files("input[type=file]", tmp_path / "back.zip")
    page.get_by_role("button", name="Check and keep").click()
    expect(page.get_by_text("back v1 was checked and is kept. It is the very same file as")).to_be_visible(timeout=TRAINING_MS)
