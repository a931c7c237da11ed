"""Charts draw what they are given, name their axes, carry their table, and never take data for markup."""

import numpy as np

from detectors import charts
from detectors.charts import LIGHT

EVIL = "<b>x</b> %{y} $a$"


def test_the_waterfall_goes_from_the_base_to_the_score_largest_step_first():
    chart = charts.waterfall(["a", "b", "c"], np.array([0.5, -2.0, 1.0]), base=3.0, score=2.5, palette=LIGHT)
    (bars,) = chart.figure.data
    assert list(bars.y) == ["base", "b", "c", "a", "score"]
    assert list(bars.x) == [3.0, -2.0, 1.0, 0.5, 2.5]
    assert list(bars.measure) == ["absolute", "relative", "relative", "relative", "total"]


def test_small_steps_are_drawn_together_and_stay_in_the_table():
    values = np.array([1.0, 0.5, *[0.001] * 20])
    chart = charts.waterfall([f"c{i}" for i in range(22)], values, base=0.0, score=1.52, palette=LIGHT)
    assert list(chart.figure.data[0].y) == ["base", "c0", "c1", "20 others", "score"]
    assert abs(chart.figure.data[0].x[3] - 0.02) < 1e-12
    assert len(chart.table) == 22


def test_a_row_that_no_column_moves_can_be_drawn():
    chart = charts.waterfall(["a", "b"], np.zeros(2), base=1.0, score=1.0, palette=LIGHT)
    assert list(chart.figure.data[0].x) == [1.0, 0.0, 0.0, 1.0]


def test_columns_are_drawn_by_weight():
    chart = charts.column_weights(["a", "b", "c"], np.array([1.0, 3.0, 2.0]), rows=7, palette=LIGHT)
    assert list(chart.figure.data[0].y) == ["b", "c", "a"]
    assert "7 flagged rows" in chart.title.text()


def test_losses_show_validation_only_where_there_is_one():
    with_validation = charts.losses([{"epoch": 1, "loss": 2.0, "validation_loss": 3.0}], LIGHT)
    assert [trace.name for trace in with_validation.figure.data] == ["loss", "validation loss"]
    assert [trace.name for trace in charts.losses([{"epoch": 1, "loss": 2.0}], LIGHT).figure.data] == ["loss"]


def test_a_value_is_marked_in_its_columns_distribution():
    edges = np.array([0.0, 10.0, 20.0])
    chart = charts.place_of_number("amount", edges, [5, 1], actual=17.0, expected=4.0, palette=LIGHT)
    assert list(chart.figure.data[0].x) == [5.0, 15.0]
    assert sorted(line.x0 for line in chart.figure.layout.shapes) == [4.0, 17.0]


def test_a_missing_value_is_not_marked():
    chart = charts.place_of_number("amount", np.array([0.0, 1.0]), [5], actual=float("nan"), expected=0.5, palette=LIGHT)
    assert [line.x0 for line in chart.figure.layout.shapes] == [0.5]


def test_a_category_is_marked_by_word_and_colour():
    chart = charts.place_of_category("city", ["Ulm", "Rome"], [9, 1], actual="Rome", expected="Ulm", palette=LIGHT)
    (bars,) = chart.figure.data
    assert list(bars.text) == ["expected", "here"]
    assert list(bars.marker.color) == [LIGHT.normal, LIGHT.flagged]


def test_names_from_data_are_no_markup():
    chart = charts.column_weights([EVIL], np.array([1.0]), rows=1, palette=LIGHT)
    assert list(chart.figure.data[0].y) == ["&lt;b&gt;x&lt;/b&gt; %{y} $a$"]
    assert "<b>" not in charts.place_of_number(EVIL, np.array([0.0, 1.0]), [1], actual=0.5, expected=None, palette=LIGHT).drawn().to_json()
    assert charts.short("a" * 60).endswith("…")
    assert charts.short("  ") == "·"


def test_axes_are_named_in_the_readers_language():
    curve = np.array([0.0, 1.0])
    drawn = charts.roc(curve, curve, (0.2, 0.6), LIGHT).drawn(lambda template: {"recall": "Trefferquote"}.get(template, template))
    assert drawn.layout.yaxis.title.text == "Trefferquote"


def test_curves_show_this_threshold_and_chance():
    curve = np.array([0.0, 1.0])
    chart = charts.precision_recall(curve, curve, (0.3, 0.7), 0.05, LIGHT)
    _, here, chance = chart.figure.data
    assert (here.x, here.y) == ((0.3,), (0.7,))
    assert list(chance.y) == [0.05, 0.05]
