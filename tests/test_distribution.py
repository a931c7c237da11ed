"""Bars and a grid of cut-offs: few numbers, exact counts, whatever the scores look like."""

import json

import numpy as np
import pytest

from detectors.distribution import BARS, KnownLabels, distribution, mark, ticks
from detectors.errors import DataError
from detectors.thresholds import flagged_count, threshold

SHAPES = {
    "long tail": lambda draw: draw.lognormal(-3, 1.5, 5000),
    "negative": lambda draw: draw.normal(-0.5, 0.1, 5000),
    "mostly zero": lambda draw: np.concatenate([np.zeros(4000), draw.exponential(1, 1000)]),
    "either side of zero": lambda draw: draw.standard_cauchy(5000),
    "many magnitudes": lambda draw: draw.lognormal(-20, 8, 1000),
    "few values": lambda draw: draw.integers(0, 4, 1000).astype(float),
    "hair's breadth": lambda draw: 1 + draw.normal(0, 1e-10, 1000),
    "one outlier": lambda draw: np.append(1000 + draw.normal(0, 1e-5, 1000), 1e6),
    "neighbouring floats": lambda draw: np.array([1.0, np.nextafter(1.0, 2.0)]),
    "constant": lambda draw: np.full(100, 3.0),
    "all zero": lambda draw: np.zeros(100),
    "one row": lambda draw: np.array([0.7]),
    "huge": lambda draw: np.array([-1e300, 1.0, 2.0, 1e300]),
}


@pytest.fixture(params=SHAPES)
def scores(request):
    return np.sort(SHAPES[request.param](np.random.default_rng(7)))


def test_every_row_is_in_exactly_one_bar_of_each_axis(scores):
    drawn = distribution(scores)
    for axis in (drawn.linear, drawn.logarithmic):
        assert len(axis.counts) == BARS
        assert axis.counts.sum() == len(scores)
        assert axis.counts.min() >= 0


def test_the_grid_counts_what_its_rounded_cut_offs_flag(scores):
    grid = distribution(scores).grid
    sent = json.loads(json.dumps(grid.to_json()))
    assert sent["flagged"] == [int((scores > cut_off).sum()) for cut_off in sent["cut_offs"]]


def test_the_grid_is_ascending_and_reaches_from_all_rows_to_none(scores):
    grid = distribution(scores).grid
    assert (np.diff(grid.cut_offs) > 0).all()
    assert (grid.flagged[0], grid.flagged[-1]) == (len(scores), 0)
    assert len(grid.cut_offs) <= 1200


def test_no_cut_off_of_the_grid_lies_a_bar_outside_the_axis(scores):
    drawn = distribution(scores)
    axis = drawn.linear
    bar = (axis.high - axis.low) / BARS
    assert (drawn.grid.cut_offs > axis.low - bar).all() and (drawn.grid.cut_offs < axis.high + bar).all()


def test_bars_of_the_linear_axis_are_a_histogram():
    scores = np.sort(np.random.default_rng(3).normal(size=2000))
    axis = distribution(scores).linear
    assert axis.counts.tolist() == np.histogram(scores, np.linspace(axis.low, axis.high, BARS + 1))[0].tolist()


def test_bars_of_the_logarithmic_axis_are_a_histogram_of_logarithms():
    scores = np.sort(np.random.default_rng(3).lognormal(size=2000))
    axis = distribution(scores).logarithmic
    assert axis.offset == 0
    assert axis.counts.tolist() == np.histogram(np.log10(scores), np.linspace(axis.low, axis.high, BARS + 1))[0].tolist()


def test_scores_that_are_not_positive_are_moved_above_zero_before_their_logarithm():
    drawn = distribution(np.array([-3.0, -1.0, 0.0, 4.0]))
    assert drawn.logarithmic.offset > 3.0


def test_each_of_the_fifty_highest_rows_can_be_cut_off_alone():
    scores = np.sort(np.random.default_rng(4).lognormal(size=100_000))
    assert set(range(51)) <= set(distribution(scores).grid.flagged.tolist())


def test_half_of_the_cut_offs_lie_where_at_most_a_tenth_is_flagged():
    scores = np.sort(np.random.default_rng(4).lognormal(size=100_000))
    assert (distribution(scores).grid.flagged <= 10_000).mean() > 0.5


def test_a_million_scores_with_labels_make_less_than_fifty_kilobytes(tmp_path):
    draw = np.random.default_rng(5)
    path = tmp_path / "scores.npy"
    np.save(path, np.sort(draw.lognormal(-3, 1, 1_000_000)))
    scores = np.load(path, mmap_mode="r")
    known = KnownLabels(anomalies=np.sort(draw.choice(scores, 50_000)), normals=np.sort(draw.choice(scores, 900_000)))
    assert len(json.dumps(distribution(scores, known).to_json())) < 50_000


def test_cut_offs_are_sent_with_seven_digits_where_scores_differ_that_much():
    scores = np.sort(np.random.default_rng(4).normal(10, 3, size=100_000))
    assert all(float(f"{cut_off:.7g}") == cut_off for cut_off in distribution(scores).grid.cut_offs)


def test_labelled_rows_are_counted_at_every_cut_off_and_bar():
    scores = np.arange(1.0, 101.0)
    known = KnownLabels(anomalies=np.array([50.0, 99.0, 100.0]), normals=np.array([1.0, 98.0]))
    drawn = distribution(scores, known)
    assert drawn.grid.anomalies.tolist() == [int((known.anomalies > cut_off).sum()) for cut_off in drawn.grid.cut_offs]
    assert drawn.grid.normals.tolist() == [int((known.normals > cut_off).sum()) for cut_off in drawn.grid.cut_offs]
    assert (drawn.linear.anomalies.sum(), drawn.labelled_rows) == (3, 5)
    assert mark(98.5, scores, known).to_json() == {"cut_off": 98.5, "flagged": 2, "anomalies": 2, "normals": 0}


def test_without_labels_nothing_is_said_of_anomalies():
    drawn = distribution(np.arange(10.0)).to_json()
    assert drawn["labelled_anomalies"] is None and drawn["grid"]["anomalies"] is None and drawn["linear"]["anomalies"] is None


def test_a_tick_counts_what_its_rule_flags():
    scores = np.sort(np.random.default_rng(6).normal(1, 1e-9, 300))
    [tick] = ticks([threshold("rows", 40, scores)], scores)
    assert tick.mark.flagged == 40 == flagged_count(scores, json.loads(json.dumps(tick.mark.to_json()))["cut_off"])


def test_a_long_tail_is_noticed():
    draw = np.random.default_rng(8)
    assert distribution(np.sort(draw.lognormal(0, 1.5, 5000))).long_tailed
    assert not distribution(np.sort(draw.normal(size=5000))).long_tailed


def test_without_scores_there_is_nothing_to_draw():
    with pytest.raises(DataError, match="no scores"):
        distribution(np.array([]))
