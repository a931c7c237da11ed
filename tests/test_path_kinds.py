"""One path for each kind in a real browser: a sample from Home, trained on, its threshold moved, an item explained."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import wait_until_idle
from tests.server import AppServer
from tests.test_path import FINISHED, TRAINING_MS, choose, cut_off_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(app_server) -> AppServer:
    return app_server()


def open_sample(page: Page, server: AppServer, sample: str, seen: str) -> None:
    """Takes a sample on Home and goes on to Train."""
    page.goto(server.url)
    wait_until_idle(page.get_by_text("Find what is unusual in your data"))
    page.locator(f".st-key-try_{sample} button").click()
    wait_until_idle(page.get_by_text(seen).first)
    page.get_by_role("button", name="Continue to Train").click()
    wait_until_idle(page.get_by_text("Choose a detector, train it on your data"))


def train(page: Page, detector: str, **fields: str) -> None:
    """Trains `detector` and opens its scores."""
    if page.locator(f".st-key-choose_{detector} button").first.is_enabled():
        choose(page, detector)
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
        page.keyboard.press("Enter")
        wait_until_idle(page.get_by_role("button", name="Train", exact=True))
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(FINISHED)).to_be_visible(timeout=TRAINING_MS)
    page.locator(FINISHED).click()
    wait_until_idle(page.locator(".threshold-handle"))


def move_threshold(page: Page) -> None:
    """A few steps to the left with the keyboard: the bar above says the new cut-off once the server knows it."""
    page.reload()  # what is looked at is in the URL
    wait_until_idle(page.get_by_role("button", name="Download flagged rows"))  # the last thing on the page
    before, said = cut_off_of(page), page.locator(".st-key-context_threshold").inner_text()
    page.locator(".threshold-handle").focus()
    for _ in range(4):  # the first may flag no further row
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".threshold-handle")).not_to_have_attribute("aria-valuenow", str(before))
    assert cut_off_of(page) < before
    page.wait_for_function("said => document.querySelector('.st-key-context_threshold').innerText !== said", arg=said)
    wait_until_idle(page.locator(".threshold-handle"))


def test_a_series_is_forecast_and_its_events_are_explained(page: Page, server: AppServer):
    open_sample(page, server, "stock_prices", "Usual step")
    train(page, "forecaster", Epochs="2")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_text("events").first).to_be_visible()
    move_threshold(page)
    page.get_by_role("link", name="Explain").click()
    wait_until_idle(page.get_by_text("Which columns, and when, added to the score? (SHAP)"))
    expect(page.get_by_text("What was there, and what was expected?")).to_be_visible()


def test_pictures_are_rebuilt_and_a_flagged_one_is_explained(page: Page, server: AppServer):
    open_sample(page, server, "mixed_digits", "of 400 pictures")
    train(page, "autoencoder", Epochs="2")
    expect(page.get_by_text("flagged pictures").first).to_be_visible()
    move_threshold(page)
    page.get_by_role("button", name="why?").first.click()
    wait_until_idle(page.get_by_text("What added to the score (SHAP)").first)
    expect(page.get_by_text("Rebuilt")).to_be_visible()


def test_texts_are_read_and_the_words_that_weigh_most_are_marked(page: Page, server: AppServer):
    open_sample(page, server, "course_reviews", "The first texts of")
    train(page, "tfidf_logistic")
    expect(page.get_by_text("flagged texts").first).to_be_visible()
    move_threshold(page)
    page.get_by_role("button", name="why?").first.click()
    wait_until_idle(page.get_by_text("What added to the score").first)
    expect(page.locator(".st-key-whole_text").get_by_role("paragraph").first).to_be_visible()
