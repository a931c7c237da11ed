"""Charts of many explained rows draw every row once, keep what was far apart apart, and never take data for markup."""

import numpy as np
import pytest

from detectors import charts
from detectors.charts import LIGHT
from detectors.charts.stretched import StretchedAxis
from detectors.messages import Message
from detectors.trees import Cut, Node, WordedTree

EVIL = "<b>x</b> %{y} $a$"


def swarm(values, shades=None, texts=None):
    values = np.array(values, dtype=float)
    shades = np.full(values.shape, 0.5) if shades is None else np.array(shades, dtype=float)
    texts = np.full(values.shape, "held", dtype=object) if texts is None else np.array(texts, dtype=object)
    return charts.Swarm(np.arange(len(values)) + 10, values, shades, texts)


def test_the_swarm_has_one_point_for_each_row_and_part():
    chart = charts.beeswarm(["a", "b"], swarm([[1, 0], [3, -1], [2, 0]]), LIGHT)
    (points,) = chart.figure.data
    assert sorted(zip(points.x, np.round(points.y), strict=True)) == [(-1, 1), (0, 1), (0, 1), (1, 0), (2, 0), (3, 0)]
    assert [held[0] for held in points.customdata] == [11, 11, 12, 12, 13, 13]  # rows count from 1
    assert len(chart.table) == 6 and chart.title.text() == "Does it add the same in every row?"


def test_points_on_one_spot_give_way_and_stay_in_their_line():
    (points,) = charts.beeswarm(["a", "b"], swarm([[1, 0]] * 50), LIGHT).figure.data
    upper = np.array(points.y)[np.array(points.x) == 1]
    assert len(set(upper.round(6))) == 50
    assert np.abs(upper).max() < 0.5


def test_low_and_high_have_a_colour_and_what_has_no_order_is_grey():
    chart = charts.beeswarm(["a"], swarm([[1], [2], [3]], shades=[[0], [1], [np.nan]]), LIGHT)
    grey, coloured = chart.figure.data
    assert (len(grey.x), grey.marker.color) == (1, LIGHT.normal)
    assert list(coloured.marker.color) == [0, 1]
    assert [stop[1] for stop in coloured.marker.colorscale] == [LIGHT.accent, LIGHT.high]


def test_a_text_that_does_not_hold_a_word_has_no_point():
    chart = charts.beeswarm(["word"], swarm([[1], [0]], texts=[["1"], [""]]), LIGHT)
    assert [len(trace.x) for trace in chart.figure.data] == [1]


def test_values_of_very_different_sizes_are_stretched_and_named_by_their_values():
    axis = StretchedAxis.of(np.array([*[0.01] * 95, *[-0.02] * 4, 50.0]))
    assert axis.linear is not None
    assert axis.places(np.array([0.0])) == 0
    assert axis.places(np.array([50.0]))[0] < 20 * axis.places(np.array([0.01]))[0]
    assert "10" in axis.ticks()["ticktext"] and "-10" in axis.ticks()["ticktext"]
    assert "logarithmic" in axis.named("x").text()


def test_values_of_one_size_are_left_as_they_are():
    axis = StretchedAxis.of(np.array([1.0, 2.0, 3.0]))
    assert axis.places(np.array([2.5])).tolist() == [2.5]
    assert axis.ticks() == {} and axis.named("x").text() == "x"
    assert StretchedAxis.of(np.zeros(3)).ticks() == {}


def points(values, flagged, texts):
    return charts.Points(np.arange(len(values)), np.array(values, dtype=float), np.array(flagged), np.array(texts, dtype=object))


def test_dependence_draws_flagged_rows_and_others_and_leaves_out_what_is_missing():
    found = points([1, 2, 3], [True, False, False], ["5", "6", "missing"])
    chart = charts.dependence_on_number("amount", np.array([5.0, 6.0, np.nan]), found, LIGHT)
    others, flagged = chart.figure.data
    assert (list(others.x), list(others.y)) == ([6], [2])
    assert (list(flagged.x), list(flagged.y)) == ([5], [1])
    assert others.marker.symbol != flagged.marker.symbol  # colour does not carry it alone
    assert chart.axes[0].text() == "amount" and len(chart.table) == 3


def test_dates_are_drawn_as_moments_and_wide_numbers_on_a_logarithmic_axis():
    found = points([1, 2, 3], [True, False, False], ["a", "b", "c"])
    dates = charts.dependence_on_number("day", np.array([0.0, 86_400.0, 172_800.0]), found, LIGHT, dates=True)
    assert str(dates.figure.data[1].x[0]).startswith("1970-01-01")
    wide = charts.dependence_on_number("amount", np.array([1.0, 2.0, 9000.0]), found, LIGHT)
    assert wide.figure.layout.xaxis.type == "log"


def test_categories_have_strips_the_most_frequent_first():
    found = points([1, 2, 3], [True, False, False], ["Ulm", EVIL, EVIL])
    chart = charts.dependence_on_category("city", found, LIGHT)
    assert list(chart.figure.layout.xaxis.ticktext) == ["&lt;b&gt;x&lt;/b&gt; %{y} $a$", "Ulm"]
    assert "<b>" not in chart.drawn().to_json()
    assert [round(x) for trace in chart.figure.data for x in trace.x] == [0, 0, 1]


def test_both_importances_are_shares_of_their_own_sum():
    chart = charts.two_importances(
        ["a", "b"], np.array([3.0, 1.0]), np.array([0.0, 10.0]), {"flags lost": np.array([0.1, 0.2])}, LIGHT, second="shuffling"
    )
    explained, shuffled = chart.figure.data
    assert list(chart.figure.layout.yaxis.ticktext) == ["b", "a"]
    assert (list(explained.x), list(shuffled.x)) == ([0.25, 0.75], [1, 0])
    assert chart.table["flags lost"].tolist() == [0.2, 0.1]


def test_groups_stand_side_by_side_with_how_many_rows_they_have():
    chart = charts.weights_by_group(["a", "b"], ["X", EVIL], [7, 3], np.array([[3.0, 1.0], [0.0, 0.0]]), LIGHT, by="city")
    (cells,) = chart.figure.data
    assert np.array(cells.z).tolist() == [[0.75, 0.0], [0.25, 0.0]]
    assert chart.figure.layout.xaxis.ticktext[0] == "X (7)"
    assert "<b>" not in chart.drawn().to_json()


def test_the_trust_curve_draws_both_lines_with_their_bands():
    counts = np.array([0, 1, 2])
    chart = charts.trust_curve(
        counts, np.array([[0, 0.5, 1], [0, 0.6, 1], [0, 0.9, 1]]), np.zeros((3, 3)), LIGHT, axis=Message("columns put back")
    )
    lines = {trace.name: list(trace.y) for trace in chart.figure.data if trace.name}
    assert lines == {"by chance": [0, 0, 0], "heaviest first": [0, 0.6, 1]}
    assert len(chart.figure.data) == 4 and chart.table["heaviest first, upper quarter"].tolist() == [0, 0.9, 1]
    assert chart.axes[0].text() == "columns put back"


def test_a_tree_of_flags_says_flagged_and_not_anomalies():
    tree = WordedTree((Node((6, 4), Cut("x", 5.0), 1, 2), Node((6, 0)), Node((0, 4))))
    texts = charts.tree(tree, LIGHT, counted="{anomalies} of {rows} flagged").figure.data[-1].text
    assert list(texts) == ["x &gt; 5", " 0 of 6 flagged", " 4 of 4 flagged"]


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e30])
def test_any_size_of_value_can_be_drawn(value):
    charts.beeswarm(["a"], swarm([[value], [0.0]]), LIGHT).drawn().to_json()
