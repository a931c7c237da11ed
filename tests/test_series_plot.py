"""The plot of a series in a real browser: it zooms at once, and then shows finer steps; what is flagged is shaded."""

import os
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from pages.shared.series_plot import Lane, Series
from pages.shared.series_plot.message import Message
from tests.browser import PATIENCE_MS, wait_until_idle
from tests.server import ROOT
from tests.test_threshold_plot import free_port, wait_for

#: Minute by minute, 20 000 steps; the scores lie above the cut-off 5 from step 5000 up to step 5999, and from 15000 up to 15009.
APP = """
import numpy as np
import streamlit as st
from pages.shared.series_plot import Lane, Series, series_plot

steps = np.arange(20_000)
level = 20 + np.sin(steps / 300)
level[8000:10_000] = np.nan
scores = np.where(((steps >= 5000) & (steps < 6000)) | ((steps >= 15_000) & (steps < 15_010)), 9.0, 1.0)
series = Series(
    [Lane("<b>level</b>", level, np.full(20_000, 20.0)), Lane("flow", steps / 100)], scores, 1_700_000_000.0 + 60 * steps, True, scores > 5
)
state = st.session_state
state.setdefault("selected", [])
state.setdefault("shown", None)
if st.button("Show", key="show"):
    state.shown = (15_000, 15_100)
st.text(f"selected {state.selected}")
if st.query_params.get("scores") == "no":
    series_plot(Series(series.lanes), key="plot", marks=[(2000, 4000, "<i>window</i>")])
else:
    series_plot(
        series, cut_off=5.0, score_name="error", key="plot", shown=state.shown, on_select=lambda step: state.selected.append(step)
    )
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    script = tmp_path_factory.mktemp("series") / "plot_alone.py"
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


@pytest.fixture
def plot(page, address):
    """A page with nothing but the plot, the whole series in sight."""
    page.goto(address)
    opened(page)
    return page


def opened(page):
    expect(page.locator(".series-plot[data-finest]")).to_be_visible(timeout=PATIENCE_MS)
    wait_until_idle(page.locator(".series-area"))


def root(page):
    return page.locator(".series-plot")


def area(page):
    return page.locator(".series-area")


def view(page):
    """The visible steps, both ends of one frame, once what was asked for has been drawn."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return tuple(int(end) for end in root(page).evaluate("plot => [plot.dataset.start, plot.dataset.stop]"))


def x_of(page, step):
    """The pixel of the window where a step stands."""
    start, stop = view(page)
    box = area(page).bounding_box()
    return box["x"] + 64 + (step - start) / (stop - start) * (box["width"] - 76)


def middle_y(page):
    box = area(page).bounding_box()
    return box["y"] + box["height"] / 2


def point_at(page, step):
    page.mouse.move(x_of(page, step), middle_y(page))


def drag(page, start, stop):
    ends = [x_of(page, step) for step in (start, stop)]
    page.mouse.move(ends[0], middle_y(page))
    page.mouse.down()
    page.mouse.move(ends[1], middle_y(page), steps=5)
    page.mouse.up()


#: Canvas pixels are the window's here.
COLUMN = """
(canvas, [x, top, bottom]) => {
  const { data } = canvas.getContext("2d").getImageData(Math.round(x), top, 1, bottom - top);
  return Array.from({ length: bottom - top }, (_, row) => [...data.subarray(4 * row, 4 * row + 4)]);
}
"""

#: Where the first lane begins below its name, and where the lane of the scores lies.
LANE_TOP, LANE_BOTTOM, SCORE_TOP, SCORE_BOTTOM = 50, 174, 346, 430


def colours(page, step, top, bottom):
    """Of one column of pixels, from `top` to `bottom` below the upper edge of the plot: red, green, blue and how solid."""
    x = x_of(page, step) - area(page).bounding_box()["x"]
    return page.locator(".series-canvas").evaluate(COLUMN, [x, top, bottom])


@pytest.mark.browser
def test_the_whole_series_opens_in_buckets_and_says_from_when_to_when(plot):
    assert view(plot) == (0, 20_000)
    assert int(root(plot).get_attribute("data-finest")) > 10
    expect(plot.locator(".series-range")).to_have_text("14 Nov 2023 22:13:20 – 28 Nov 2023 19:32:20  ·  20\u202f000 steps")
    expect(plot.locator(".series-whole")).to_be_hidden()


@pytest.mark.browser
def test_the_wheel_zooms_in_and_finer_steps_follow(plot):
    point_at(plot, 12_000)
    for _ in range(9):
        plot.mouse.wheel(0, -200)
    expect(root(plot)).to_have_attribute("data-finest", "1")
    start, stop = view(plot)
    assert start < 12_000 < stop
    assert stop - start < 600


@pytest.mark.browser
def test_a_wheel_that_cannot_zoom_out_further_is_left_to_the_page(plot):
    is_taken = "(area) => !area.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, cancelable: true, bubbles: true }))"
    assert not area(plot).evaluate(is_taken)
    area(plot).press("+")
    expect(plot.locator(".series-whole")).to_be_visible()
    assert area(plot).evaluate(is_taken)


@pytest.mark.browser
def test_a_dragged_range_is_zoomed_into_and_a_double_click_shows_all(plot):
    drag(plot, 12_000, 14_000)
    expect(plot.locator(".series-whole")).to_be_visible()
    assert view(plot) == pytest.approx((12_000, 14_000), abs=40)
    expect(root(plot)).to_have_attribute("data-finest", "3")
    plot.mouse.dblclick(x_of(plot, 13_000), middle_y(plot))
    expect(root(plot)).to_have_attribute("data-stop", "20000")


@pytest.mark.browser
def test_shift_and_drag_pan(plot):
    drag(plot, 12_000, 14_000)
    expect(root(plot)).to_have_attribute("data-finest", "3")
    before = view(plot)
    plot.keyboard.down("Shift")
    drag(plot, before[0] + 1000, before[0] + 500)
    plot.keyboard.up("Shift")
    assert view(plot) == pytest.approx((before[0] + 500, before[1] + 500), abs=10)


@pytest.mark.browser
def test_the_keyboard_zooms_pans_and_goes_home(plot):
    for _ in range(3):
        area(plot).press("+")
    expect(root(plot)).not_to_have_attribute("data-start", "0")
    start, stop = view(plot)
    assert (start + stop) / 2 == pytest.approx(10_000, abs=2)
    area(plot).press("ArrowRight")
    expect(root(plot)).not_to_have_attribute("data-start", str(start))
    assert view(plot)[0] > start and view(plot)[1] - view(plot)[0] == pytest.approx(stop - start, abs=1)
    area(plot).press("-")
    area(plot).press("ArrowLeft")
    area(plot).press("Home")
    expect(root(plot)).to_have_attribute("data-start", "0")
    expect(root(plot)).to_have_attribute("data-stop", "20000")


@pytest.mark.browser
def test_the_link_shows_the_whole_series(plot):
    area(plot).press("+")
    plot.locator(".series-whole").click()
    expect(root(plot)).to_have_attribute("data-stop", "20000")
    expect(plot.locator(".series-whole")).to_be_hidden()


@pytest.mark.browser
def test_a_flagged_stretch_is_shaded_and_what_is_not_flagged_is_not(plot):
    red, _, blue, solid = colours(plot, 5500, LANE_TOP, LANE_BOTTOM)[1]
    assert solid > 0 and red > blue + 20
    assert colours(plot, 7000, LANE_TOP, LANE_BOTTOM)[1][3] == 0


@pytest.mark.browser
def test_the_threshold_is_drawn_across_the_scores(plot):
    column = colours(plot, 7000, SCORE_TOP, SCORE_BOTTOM)
    assert any(solid == 255 and max(red, green, blue) < 60 for red, green, blue, solid in column)


@pytest.mark.browser
def test_missing_values_leave_a_gap(plot):
    def drawn(step):
        column = colours(plot, step, LANE_TOP, LANE_BOTTOM)
        return sum(solid > 100 and abs(red - 122) < 25 for red, _, _, solid in column)  # the colour of what is normal

    assert drawn(7000) > 0
    assert drawn(9000) == 0


@pytest.mark.browser
def test_the_pointer_tells_time_and_values(plot):
    drag(plot, 4000, 6000)
    expect(plot.locator(".series-whole")).to_be_visible()
    drag(plot, 5000, 5100)
    expect(root(plot)).to_have_attribute("data-finest", "1")
    point_at(plot, 5050.5)
    flow = plot.locator(".lane-head").nth(1).locator(".lane-actual")
    expect(flow).to_have_text("50.5")
    expect(plot.locator(".lane-expected").first).to_have_text("expected 20")
    expect(plot.locator(".lane-flagged").last).to_have_text("flagged")
    expect(plot.locator(".series-time")).to_have_text("18 Nov 2023 10:23:20")


@pytest.mark.browser
def test_a_click_on_a_flagged_stretch_selects_its_first_step(plot):
    plot.mouse.click(x_of(plot, 5600), middle_y(plot))
    expect(plot.get_by_test_id("stText")).to_have_text("selected [5000]")
    plot.mouse.click(x_of(plot, 12_000), middle_y(plot))
    plot.mouse.click(x_of(plot, 15_005), middle_y(plot))
    expect(plot.get_by_test_id("stText")).to_have_text("selected [5000, 15000]")


@pytest.mark.browser
def test_another_range_from_the_page_moves_the_view(plot):
    area(plot).press("+")
    plot.locator(".st-key-show button").click()
    expect(root(plot)).to_have_attribute("data-start", "15000")
    expect(root(plot)).to_have_attribute("data-stop", "15100")
    expect(root(plot)).to_have_attribute("data-finest", "1")
    area(plot).press("Home")
    expect(root(plot)).to_have_attribute("data-stop", "20000")


@pytest.mark.browser
def test_a_name_is_never_markup(plot):
    expect(plot.locator(".lane-name").first).to_have_text("<b>level</b>")
    assert plot.locator(".lane-name b").count() == 0


@pytest.mark.browser
def test_it_speaks(plot):
    expect(area(plot)).to_have_attribute("tabindex", "0")
    said = "<b>level</b>, flow and error over 20\u202f000 steps; stretches above the cut-off 5 are flagged."
    expect(area(plot)).to_have_attribute("aria-label", said)
    expect(plot.locator(".row-name")).to_have_text(["labelled", "flagged"])


@pytest.mark.browser
def test_without_scores_there_are_lanes_alone_and_rows_are_counted(page, address):
    page.goto(f"{address}/?scores=no")
    opened(page)
    expect(page.locator(".lane-head")).to_have_count(2)
    expect(page.locator(".row-name")).to_have_count(0)
    expect(page.locator(".series-range")).to_have_text("rows 1 – 20\u202f000  ·  20\u202f000 steps")
    emptiest = [min(solid for *_, solid in colours(page, step, LANE_TOP, 160)) for step in (3000, 5500)]
    assert emptiest[0] > 0 == emptiest[1]


def test_a_message_names_where_its_arrays_lie():
    message = Message()
    assert message.add(np.array([1, 0, 1], "u1")) == ("u1", 0, 3)
    assert message.add(np.array([0.5], "<f8")) == ("f8", 8, 1)
    packed = message.packed({"a": "é"})
    length = int.from_bytes(packed[:4], "little")
    assert packed[4 + length :] == b"\x01\x00\x01\0\0\0\0\0" + np.array([0.5]).tobytes()


def test_six_lanes_of_a_million_steps_fit_in_a_small_message():
    from pages.shared.series_plot import _message, _Shown

    steps = 1_000_000
    values = np.zeros(steps)
    series = Series([Lane(str(lane), values, values) for lane in range(6)], values, values, True, values > 0)
    wish = _Shown(0.5, "score", None, (), True)
    assert len(_message(series, wish, values > 0, {}, str)) < 115_000
