"""Charts draw what they are given, name their axes, carry their table, and never take data for markup."""

import numpy as np
import pandas as pd

from detectors import charts
from detectors.charts import LIGHT
from detectors.charts.basics import short
from detectors.messages import Message
from detectors.rank_changes import rank_changes
from pages.shared.values import category_text, position

EVIL = "<b>x</b> %{y} $a$"

CURVE = np.array([0.0, 1.0])


def german(template: str) -> str:
    """A stand-in for a catalogue: every template with its language before it."""
    return f"de:{template}"


def names_beside(chart: charts.Chart) -> list[str]:
    """What stands beside the bars, in their order."""
    axis = chart.figure.layout.yaxis if chart.figure.data[0].orientation == "h" else chart.figure.layout.xaxis
    assert list(axis.tickvals) == list(range(len(axis.ticktext)))
    return list(axis.ticktext)


def test_the_waterfall_goes_from_the_base_to_the_score_largest_step_first():
    chart = charts.waterfall(["a", "b", "c"], np.array([0.5, -2.0, 1.0]), base=3.0, score=2.5, palette=LIGHT)
    (bars,) = chart.figure.data
    assert list(bars.y) == [0, 1, 2, 3, 4]
    assert names_beside(chart) == ["base", "b", "c", "a", "score"]
    assert list(bars.x) == [3.0, -2.0, 1.0, 0.5, 2.5]
    assert list(bars.measure) == ["absolute", "relative", "relative", "relative", "total"]


def test_small_steps_are_drawn_together_and_stay_in_the_table():
    values = np.array([1.0, 0.5, *[0.001] * 20])
    chart = charts.waterfall([f"c{i}" for i in range(22)], values, base=0.0, score=1.52, palette=LIGHT)
    assert names_beside(chart) == ["base", "c0", "c1", "20 others", "score"]
    assert abs(chart.figure.data[0].x[3] - 0.02) < 1e-12
    assert len(chart.table) == 22


def test_a_row_that_no_column_moves_can_be_drawn():
    chart = charts.waterfall(["a", "b"], np.zeros(2), base=1.0, score=1.0, palette=LIGHT)
    assert list(chart.figure.data[0].x) == [1.0, 0.0, 0.0, 1.0]


def test_columns_are_drawn_by_weight():
    chart = charts.column_weights(["a", "b", "c"], np.array([1.0, 3.0, 2.0]), LIGHT, title=Message("why"))
    assert names_beside(chart) == ["b", "c", "a"]
    assert chart.title.text() == "why"


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
    chart = charts.column_weights([EVIL], np.array([1.0]), LIGHT, title=Message("why"))
    assert names_beside(chart) == ["&lt;b&gt;x&lt;/b&gt; %{y} $a$"]
    assert list(chart.figure.data[0].customdata) == names_beside(chart)
    assert "<b>" not in charts.place_of_number(EVIL, np.array([0.0, 1.0]), [1], actual=0.5, expected=None, palette=LIGHT).drawn().to_json()
    assert short("a" * 60).endswith("…")
    assert short("  ") == "·"


def test_axes_are_named_in_the_readers_language():
    drawn = charts.roc(CURVE, CURVE, (0.2, 0.6), LIGHT).drawn(lambda template: {"recall": "Trefferquote"}.get(template, template))
    assert drawn.layout.yaxis.title.text == "Trefferquote"


def test_curves_show_this_threshold_and_chance():
    chart = charts.precision_recall(CURVE, CURVE, (0.3, 0.7), 0.05, LIGHT)
    _, here, chance = chart.figure.data
    assert (here.x, here.y) == ((0.3,), (0.7,))
    assert list(chance.y) == [0.05, 0.05]


def test_every_column_has_a_bar_of_its_own_whatever_its_name():
    long = "a name that is longer than fits beside an axis, number "
    names = ["base", "score", "0", "1", long + "1", long + "2"]
    weights = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    steps = charts.waterfall(names, weights, base=0.0, score=21.0, palette=LIGHT).figure.data[0]
    assert list(steps.y) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert list(steps.customdata[1:7]) == names
    bars = charts.column_weights(names, weights, LIGHT, title=Message("why")).figure.data[0]
    assert list(bars.y) == [0, 1, 2, 3, 4, 5]
    assert list(bars.customdata) == names


def test_every_category_has_a_bar_of_its_own_whatever_its_name():
    values = ["10", "2", "a long category, first", "a long category, second"]
    chart = charts.place_of_category("city", values, [4, 3, 2, 1], actual="2", expected="10", palette=LIGHT)
    (bars,) = chart.figure.data
    assert list(bars.x) == [0, 1, 2, 3]
    assert list(bars.customdata) == values
    assert names_beside(chart) == ["10", "2", "a long catego…", "a long catego…"]


def test_dates_are_drawn_as_dates():
    edges = np.array([0.0, 86_400.0, 172_800.0])
    chart = charts.place_of_number("at", edges, [2, 1], actual=43_200.0, expected=None, palette=LIGHT, dates=True)
    assert [str(x)[:16] for x in chart.figure.data[0].x] == ["1970-01-01T12:00", "1970-01-02T12:00"]
    assert list(chart.figure.data[0].width) == [86_400_000, 86_400_000]  # plotly counts dates in milliseconds
    assert str(chart.figure.layout.shapes[0].x0)[:16] == "1970-01-01T12:00"
    assert [str(start) for start in chart.table["from"]] == ["1970-01-01 00:00:00", "1970-01-02 00:00:00"]


def test_words_of_ours_are_drawn_in_the_readers_language():
    lines = charts.losses([{"epoch": 1, "loss": 2.0, "validation_loss": 3.0}], LIGHT, translate=german).figure.data
    assert [line.name for line in lines] == ["de:loss", "de:validation loss"]
    for curve in (
        charts.roc(CURVE, CURVE, (0.2, 0.6), LIGHT, translate=german),
        charts.precision_recall(CURVE, CURVE, (0.2, 0.6), 0.1, LIGHT, translate=german),
    ):
        assert [line.name for line in curve.figure.data[1:]] == ["de:this threshold", "de:chance"]
    values = np.array([1.0, 0.001, 0.001])
    steps = charts.waterfall(["a", "b", "c"], values, base=0.0, score=1.0, palette=LIGHT, translate=german)
    assert names_beside(steps) == ["de:base", "a", "de:2 others", "de:score"]
    number = charts.place_of_number("x", CURVE, [1], actual=0.2, expected=0.4, palette=LIGHT, translate=german)
    assert sorted(label.text for label in number.figure.layout.annotations) == ["de:expected", "de:here"]
    category = charts.place_of_category("x", ["a"], [1], actual="a", expected="a", palette=LIGHT, translate=german)
    assert list(category.figure.data[0].text) == ["de:here, de:expected"]


def test_a_value_is_marked_at_the_bar_that_holds_it():
    assert category_text(True, "boolean") == category_text(0.93, "boolean") == "true"
    assert category_text(np.bool_(False), "boolean") == category_text(0.07, "boolean") == "false"
    assert category_text(None, "boolean") == category_text(float("nan"), "text") == ""
    assert category_text("x" * 200, "text") == "x" * 80  # the profile's bars are named by so many characters


def test_dates_lie_at_their_seconds_and_missing_ones_nowhere():
    assert position(pd.Timestamp("1970-01-02")) == position("1970-01-02T00:00:00") == 86_400
    assert np.isnan(position(pd.NaT))
    assert np.isnan(position(None))
    assert position(np.int64(3)) == 3


def test_a_column_is_drawn_before_and_after_preparation():
    before = charts.values_before(EVIL, pd.Series([1.0, 2.0, None, 2.5]), LIGHT)
    assert sum(before.figure.data[0].y) == 3
    assert before.title.values["missing"] == 1
    dates = charts.values_before("at", pd.Series(pd.to_datetime(["2024-01-01", "2024-01-03"])), LIGHT)
    assert str(dates.table["middle"].iloc[0]).startswith("2024-01-01")
    one_hot = charts.numbers_after("city", ["city = Ulm", f"city = {EVIL}"], np.array([[1, 0], [1, 0], [0, 1]], np.float32), LIGHT)
    assert list(one_hot.figure.data[0].y) == [2, 1]
    assert names_beside(one_hot)[0] == "Ulm"
    assert "<b>" not in str(one_hot.drawn())
    boxes = charts.numbers_after("at", ["at: day, sine", "at: day, cosine"], np.array([[-1, 0.5], [0.25, 1]], np.float32), LIGHT)
    assert boxes.table["smallest"].tolist() == [-1, 0.5]
    single = charts.numbers_after("x", ["x"], np.array([[-1.0], [1.0]], np.float32), LIGHT)
    assert sum(single.figure.data[0].y) == 2


def test_ranks_of_dropped_rows_are_told_apart_by_shape_too_and_the_table_names_rows_from_1():
    changes = rank_changes(np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    chart = charts.changed_ranks(changes, np.array([True, False, False, False]), LIGHT)
    unchanged, kept, dropped = chart.figure.data
    assert (list(unchanged.x), list(unchanged.y)) == ([1, 4], [1, 4])
    assert (list(dropped.x), list(dropped.y), dropped.customdata.tolist()) == ([1], [4], [1])
    assert kept.marker.symbol != dropped.marker.symbol
    assert sorted(chart.table["row"]) == [1, 2, 3, 4]


def test_trials_that_were_given_up_lie_at_the_bottom_and_never_count_as_the_best() -> None:
    chart = charts.trials(np.array([0.5, 0.9, 0.6, np.nan]), np.array([True, False, True, False]), charts.LIGHT, objective="precision")
    best, done, given_up = chart.figure.data
    assert list(best.y) == [0.5, 0.5, 0.6, 0.6]
    assert (list(done.x), list(done.y)) == ([1, 3], [0.5, 0.6])
    assert (list(given_up.x), list(given_up.customdata)) == ([2], [0.9])
    assert given_up.y[0] == chart.figure.layout.yaxis.range[0] < 0.5
    assert chart.table["state"].tolist() == ["learned from all rows", "given up", "learned from all rows", "–"]


def test_the_cost_curve_marks_this_cut_off_and_the_cheapest_one():
    curve = charts.CostCurve(np.array([3.0, 2.0, 1.0]), np.array([20.0, 5.0, 8.0]), np.array([2, 0, 0]), np.array([0, 5, 8]))
    chart = charts.costs(curve, (1.0, 8.0), (2.0, 5.0), LIGHT, score_name="error")
    assert chart.table["cut-off"].tolist() == [1.0, 2.0, 3.0]
    assert chart.table["cost"].tolist() == [8.0, 5.0, 20.0]
    marks = {trace.text[0]: (trace.x[0], trace.y[0]) for trace in chart.figure.data if trace.text is not None}
    assert marks == {"least: 5": (2.0, 5.0), "this cut-off: 8": (1.0, 8.0)}
    assert chart.drawn().layout.xaxis.title.text == "error"
    assert charts.costs(curve, (2.0, 5.0), (2.0, 5.0), LIGHT, score_name="error").figure.data[-1].text == ("this cut-off, the cheapest: 5",)
    logarithmic = charts.costs(curve, (1.0, 8.0), (2.0, 5.0), LIGHT, score_name="error", logarithmic=True)
    assert logarithmic.figure.layout.xaxis.tickvals == (1.0, 2.0)
