"""The threshold plot in a real browser: the hand is followed at once, and told to Python once."""

import os
import re
import socket
import subprocess
import sys
import time
from itertools import combinations
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from pages.shared.threshold_plot import _listener
from tests.browser import PATIENCE_MS, wait_until_idle
from tests.server import ROOT, START_PATIENCE_S

pytestmark = pytest.mark.browser

#: A thousand scores 1, 2, … 1000, the highest fifty of them labelled anomalies: 1000 - cut-off rows are flagged.
APP = """
import numpy as np
import streamlit as st
from detectors.distribution import KnownLabels, distribution, mark, ticks
from detectors.messages import Message
from detectors.thresholds import RULES, Considered, Threshold, applicable, cut_off
from pages.shared.threshold_plot import Sureness, threshold_plot

scores = np.arange(1.0, 1001.0)
known = KnownLabels(scores[950:], scores[:950])
values = {"percentile": 95, "rows": 40, "mad": 1, "iqr": 0.25}
state = st.session_state
state.setdefault("cut_off", 900.5)
state.setdefault("heard", [])

def moved(value):
    state.cut_off = state.cut_off if state.refusing else value
    state.heard.append("cut-off")

def taken(rule):
    state.cut_off = cut_off(rule, values[rule], scores)
    state.heard.append(rule)

shown = applicable(scores, values)
if "many" in st.query_params:
    names = [name for name in RULES if name != "manual"]
    shown = [Threshold(name, RULES[name].parameter.default, 950 + number, {"false_alarm": 1}) for number, name in enumerate(names)]
why = {"tail": "Too few.", "valley": "All equal.", "otsu": "All equal."}
without = [Considered(rule, None, Message(text)) for rule, text in why.items()]

if st.button("Strict", key="strict"):
    state.cut_off = 990.5
state.setdefault("refusing", False)
st.checkbox("Refuse", key="refusing")
given = threshold_plot(
    distribution(scores, known), current=mark(state.cut_off, scores, known), ticks=ticks(shown, scores, known), without=without,
    score_name="<b>error</b>", key="plot", on_cut_off=moved, on_rule=taken,
    sure=Sureness((850.5, 930.5), solid=60, borderline=40) if state.cut_off == 900.5 else None,
)
st.text(f"heard {state.heard} given {given is not None} in force {mark(state.cut_off, scores).flagged}")
"""


def test_what_is_told_of_a_plot_that_is_gone_is_left_alone() -> None:
    """A hand may let go of the handle and go to another page in the same moment."""
    _listener("no such plot", "cut_off", lambda _value: pytest.fail("nothing was told"))()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    script = tmp_path_factory.mktemp("plot") / "plot_alone.py"
    script.write_text(APP, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, server):
    give_up = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < give_up:
        assert server.poll() is None, "the server ended before it answered"
        try:
            urlopen(url, timeout=5)
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{url} did not answer")


@pytest.fixture
def plot(page, address):
    """A page with nothing but the plot, at rest: cut-off 900.5, 100 rows flagged, nothing told to Python yet."""
    page.goto(address)
    wait_until_idle(page.locator(".threshold-handle"))
    expect(heard(page)).to_contain_text("heard []", timeout=PATIENCE_MS)
    return page


def handle(page):
    return page.locator(".threshold-handle")


def readout(page):
    return page.locator(".flagged-figure")


def heard(page):
    return page.get_by_test_id("stText")


def cut_off_of(page):
    return float(handle(page).get_attribute("aria-valuenow"))


def flagged(page):
    return int(re.match(r"[\d\u202f]+", readout(page).inner_text())[0].replace("\u202f", ""))


def take_hold(page):
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def test_the_figures_follow_the_hand_and_python_hears_once(plot):
    x, y = take_hold(plot)
    plot.mouse.move(x - 300, y, steps=10)
    shown = flagged(plot)
    assert shown > 200
    expect(heard(plot)).to_contain_text("heard []")
    plot.mouse.up()
    expect(heard(plot)).to_contain_text(f"heard ['cut-off'] given True in force {shown}")
    wait_until_idle(handle(plot))
    assert flagged(plot) == shown


def test_taking_hold_without_moving_changes_nothing(plot):
    take_hold(plot)
    plot.mouse.up()
    handle(plot).press("ArrowRight")  # a later message: had there been one before, two would be heard
    expect(heard(plot)).to_contain_text("heard ['cut-off']")


def test_a_click_on_the_plot_moves_the_line_there(plot):
    area = plot.locator(".threshold-area").bounding_box()
    plot.mouse.click(area["x"] + 60 + (area["width"] - 72) / 2, area["y"] + 60)
    assert cut_off_of(plot) == pytest.approx(500, abs=10)
    expect(heard(plot)).to_contain_text("heard ['cut-off']")


def test_escape_gives_the_line_back(plot):
    x, y = take_hold(plot)
    plot.mouse.move(x - 300, y)
    assert flagged(plot) > 200
    plot.keyboard.press("Escape")
    plot.mouse.up()
    assert cut_off_of(plot) == 900.5
    expect(heard(plot)).to_contain_text("heard []")


def test_python_does_not_pull_the_line_out_of_the_hand(plot):
    x, y = take_hold(plot)
    plot.mouse.move(x - 300, y)
    shown = flagged(plot)
    plot.evaluate("document.querySelector('.st-key-strict button').click()")
    expect(heard(plot)).to_have_text(re.compile("in force 10$"))
    assert flagged(plot) == shown
    plot.mouse.up()
    expect(heard(plot)).to_contain_text(f"heard ['cut-off'] given True in force {shown}")


def test_a_new_cut_off_from_python_moves_the_line(plot):
    plot.locator(".st-key-strict button").click()
    expect(readout(plot)).to_contain_text("10 flagged")
    assert cut_off_of(plot) == 990.5


def test_a_move_that_python_refuses_is_taken_back(plot):
    plot.locator(".st-key-refusing label").click()
    wait_until_idle(handle(plot))
    handle(plot).press("End")
    expect(heard(plot)).to_contain_text("heard ['cut-off'] given True in force 100")
    expect(readout(plot)).to_contain_text("100 flagged")


#: Presses keys within one pause and gives the cut-off after each.
PRESS = """
(slider, keys) => keys.map((key) => {
  slider.dispatchEvent(new KeyboardEvent("keydown", { key }));
  return Number(slider.getAttribute("aria-valuenow"));
})
"""


def test_arrow_keys_move_one_step_of_the_grid(plot):
    *up, down = handle(plot).evaluate(PRESS, ["ArrowRight", "ArrowUp", "ArrowRight", "ArrowUp", "ArrowLeft"])
    assert [900.5, *up] == sorted({900.5, *up})
    assert down == up[-2]


def test_a_step_from_between_two_cut_offs_of_the_grid_passes_over_neither(plot):
    plot.locator('.threshold-tick[data-rule="mad"]').click()
    between = cut_off_of(plot)
    below, above = handle(plot).evaluate(PRESS, ["ArrowLeft", "ArrowRight"])
    assert below < between < above


def test_keys_pressed_in_quick_succession_are_told_once(plot):
    handle(plot).evaluate(PRESS, ["ArrowRight"] * 5)
    expect(heard(plot)).to_contain_text("heard ['cut-off'] given True")
    handle(plot).press("End")  # a later message: had each key sent one, more than two would be heard
    expect(heard(plot)).to_contain_text("heard ['cut-off', 'cut-off'] given True in force 0")


def test_page_keys_move_further_than_arrows_and_home_and_end_reach_the_ends(plot):
    handle(plot).press("PageDown")
    assert flagged(plot) > 102
    handle(plot).press("End")
    expect(readout(plot)).to_have_text("0 flagged · 0.0 %")
    handle(plot).press("Home")
    expect(readout(plot)).to_have_text("1\u202f000 flagged · 100.0 %")


def test_the_handle_is_a_slider_that_speaks(plot):
    expect(handle(plot)).to_have_attribute("role", "slider")
    expect(handle(plot)).to_have_attribute("tabindex", "0")
    expect(handle(plot)).to_have_attribute("aria-valuetext", "Cut-off 900.5, 100 rows flagged, 10.0 %")
    low, high = (float(handle(plot).get_attribute(f"aria-value{end}")) for end in ("min", "max"))
    assert low < 1 and high > 1000


def test_a_tick_shows_its_count_and_takes_its_rule(plot):
    tick = plot.locator('.threshold-tick[data-rule="rows"]')
    expect(tick).to_have_text("top 40 40")  # its name, and beside it its count
    expect(tick).to_have_attribute("aria-pressed", "false")
    tick.click()
    expect(heard(plot)).to_contain_text("heard ['rows'] given False in force 40")
    expect(tick).to_have_attribute("aria-pressed", "true")
    expect(readout(plot)).to_have_text("40 flagged · 4.0 %")


def test_ticks_of_the_rules_neither_overlap_nor_leave_the_plot(plot):
    assert_apart(plot, 4)


@pytest.mark.parametrize("width", [1280, 1000, 700])
def test_fifteen_ticks_near_one_another_do_not_overlap_either(page, address, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/?many=1")
    wait_until_idle(page.locator(".threshold-handle"))
    assert_apart(page, 15)


def assert_apart(page, count):
    expect(page.locator(".threshold-tick")).to_have_count(count)
    boxes = [tick.bounding_box() for tick in page.locator(".threshold-tick").all()]
    for one, other in combinations(boxes, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or above
    area = page.locator(".threshold-area").bounding_box()
    for box in boxes:
        assert box["x"] >= area["x"] and box["x"] + box["width"] <= area["x"] + area["width"] + 1
        assert box["y"] + box["height"] <= area["y"] + area["height"]


def test_a_line_of_the_list_takes_its_rule_and_points_to_its_tick(plot):
    line = plot.locator('.threshold-rule[data-rule="rows"]')
    expect(line).to_have_text("Number of rows40960.540")  # its title and value, its cut-off, its count
    line.hover()
    expect(plot.locator('.threshold-tick[data-rule="rows"]')).to_have_class(re.compile("pointed"))
    line.click()
    expect(heard(plot)).to_contain_text("heard ['rows'] given False in force 40")
    expect(line).to_have_attribute("aria-pressed", "true")


def test_rules_that_cannot_be_used_say_why_once_for_all_with_the_same_reason(plot):
    without = plot.locator(".rules-without")
    expect(without.locator("summary")).to_have_text("Rules that can't be used here: 3")
    without.locator("summary").click()
    expect(without.locator("dt")).to_have_text(["Extreme-value tail", "Valley, Otsu"])
    expect(without.locator("dd")).to_have_text(["Too few.", "All equal."])


def test_precision_and_recall_are_those_of_the_flagged_rows(plot):
    quality = plot.locator(".quality-figures")
    expect(quality).to_have_text("Precision 0.50Recall 1.00F1 0.67chance 0.05")
    handle(plot).press("End")
    expect(quality).to_have_text("Precision –Recall 0.00F1 0.00chance 0.05")


def test_the_other_axis_needs_no_python(plot):
    before = handle(plot).bounding_box()["x"]
    plot.locator('.threshold-axis-switch [data-axis="logarithmic"]').click()
    expect(plot.locator(".score-title")).to_have_text("<b>error</b> (log)")
    assert handle(plot).bounding_box()["x"] > before
    assert cut_off_of(plot) == 900.5
    expect(heard(plot)).to_contain_text("heard []")


def test_markup_in_the_name_of_the_score_is_only_text(plot):
    expect(plot.locator(".score-title")).to_have_text("<b>error</b>")
    assert plot.locator(".score-title b").count() == 0


def test_the_line_keeps_its_place_in_a_narrower_window(plot):
    plot.set_viewport_size({"width": 700, "height": 700})
    plot.wait_for_function("document.querySelector('.st-key-plot').getBoundingClientRect().width < 700")
    area = plot.locator(".threshold-area").bounding_box()
    expected = area["x"] + 60 + (area["width"] - 72) * 0.9
    box = handle(plot).bounding_box()
    assert box["x"] + box["width"] / 2 == pytest.approx(expected, abs=4)


def test_the_band_of_borderline_flags_stands_where_the_line_does_and_goes_with_the_hand(plot):
    band, sure = plot.locator(".borderline-band"), plot.locator(".sure-figure")
    assert sure.inner_text() == "60 solid, 40 borderline"
    left, line = band.bounding_box(), handle(plot).bounding_box()
    assert left["x"] < line["x"] + line["width"] / 2 < left["x"] + left["width"]
    ground = plot.locator(".flagged-ground").bounding_box()  # about 102 scores
    assert left["width"] / ground["width"] == pytest.approx(80 / 102, abs=0.05)
    handle(plot).press("ArrowRight")
    assert (sure.inner_text(), float(band.get_attribute("width"))) == ("", 0)
