"""Agreement of scores and labels, held against scikit-learn and against numbers small enough to check by hand."""

import time

import numpy as np
import pytest
from sklearn import metrics as reference

from detectors.errors import DataError
from detectors.metrics import Confusion, auroc, average_precision, chance, confusion, precision_recall_curve, roc_curve, vus_pr

#: Highest first: anomaly, normal, anomaly, normal, normal.
LABELS = np.array([1, 0, 1, 0, 0])
SCORES = np.array([9.0, 8.0, 7.0, 2.0, 1.0])


def drawn(rows=3000, share=0.1, digits=2, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.random(rows) < share
    return labels, (generator.normal(size=rows) + labels).round(digits)


@pytest.mark.parametrize("digits", [6, 1, 0])
def test_ranking_figures_are_those_of_scikit_learn_with_and_without_ties(digits):
    labels, scores = drawn(digits=digits)
    assert auroc(labels, scores) == pytest.approx(reference.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(labels, scores) == pytest.approx(reference.average_precision_score(labels, scores), abs=1e-12)


def test_five_rows_by_hand():
    assert auroc(LABELS, SCORES) == pytest.approx(5 / 6)
    assert average_precision(LABELS, SCORES) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_a_score_equal_to_the_cut_off_is_not_flagged():
    assert confusion(LABELS, SCORES, 7.0) == Confusion(true_positives=1, false_positives=1, false_negatives=1, true_negatives=2)
    assert confusion(LABELS, SCORES, 6.9).true_positives == 2


def test_figures_at_a_cut_off_are_those_of_scikit_learn():
    labels, scores = drawn()
    counts = confusion(labels, scores, 1.0)
    flagged = scores > 1.0
    assert counts.precision == pytest.approx(reference.precision_score(labels, flagged))
    assert counts.recall == pytest.approx(reference.recall_score(labels, flagged))
    assert counts.f1 == pytest.approx(reference.f1_score(labels, flagged))
    assert counts.accuracy == pytest.approx(reference.accuracy_score(labels, flagged))


def test_without_anomalies_what_is_undefined_is_none():
    nothing, scores = np.zeros(4), np.arange(4.0)
    counts = confusion(nothing, scores, 1.5)
    assert (counts.recall, counts.f1) == (None, None)
    assert counts.precision == 0.0  # two rows were flagged, none of them an anomaly
    assert auroc(nothing, scores) is None
    assert average_precision(nothing, scores) is None
    assert roc_curve(nothing, scores) is None
    assert precision_recall_curve(nothing, scores) is None


def test_with_nothing_flagged_there_is_no_precision_but_recall_is_zero():
    counts = confusion(LABELS, SCORES, 100.0)
    assert counts.precision is None
    assert (counts.recall, counts.f1) == (0.0, 0.0)


def test_with_anomalies_alone_there_is_no_ranking():
    assert auroc(np.ones(3), np.arange(3.0)) is None
    assert average_precision(np.ones(3), np.arange(3.0)) == 1.0


def test_without_any_labelled_row_nothing_is_defined():
    counts = confusion(LABELS, SCORES, 5.0, known=np.zeros(5, dtype=bool))
    assert (counts.precision, counts.recall, counts.f1, counts.accuracy) == (None, None, None, None)
    assert chance(counts).precision is None
    assert auroc(LABELS, SCORES, known=np.zeros(5, dtype=bool)) is None


def test_rows_without_a_label_change_nothing():
    labels = np.array([1, None, 0, 1, None, 0, 0], dtype=object)
    scores = np.array([9.0, 100.0, 8.0, 7.0, -5.0, 2.0, 1.0])
    known = np.array([True, False, True, True, False, True, True])
    assert auroc(labels, scores, known) == auroc(LABELS, SCORES)
    assert confusion(labels, scores, 7.0, known) == confusion(LABELS, SCORES, 7.0)


def test_a_label_that_is_nan_is_no_anomaly():
    labels = np.array([1, np.nan, 0, 1, np.nan, 0, 0])
    scores = np.array([9.0, 100.0, 8.0, 7.0, -5.0, 2.0, 1.0])
    assert confusion(labels, scores, 7.0) == confusion(LABELS, SCORES, 7.0)


def test_labels_and_scores_of_different_length_are_refused():
    with pytest.raises(DataError, match="5 labels and 4 scores"):
        auroc(LABELS, SCORES[:4])


def test_the_roc_curve_of_five_rows():
    curve = roc_curve(LABELS, SCORES)
    assert curve.x.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert curve.y.tolist() == pytest.approx([0, 0.5, 0.5, 1, 1, 1])


@pytest.mark.parametrize("rows", [50, 20_000])
def test_a_reduced_curve_keeps_its_ends_and_only_points_of_the_full_one(rows):
    labels, scores = drawn(rows, digits=6)
    roc, precision_recall = roc_curve(labels, scores), precision_recall_curve(labels, scores)
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert precision_recall.x[-1] == 1 and precision_recall.y[-1] == pytest.approx(labels.mean())
    for curve in (roc, precision_recall):
        assert len(curve.x) == len(curve.y) == len(curve.cut_offs) <= 500
    for false_rate, found, cut in zip(roc.x, roc.y, roc.cut_offs, strict=True):
        counts = confusion(labels, scores, cut)
        assert (counts.recall, counts.false_positives / (~labels).sum()) == (found, false_rate)
    for found, precise, cut in zip(precision_recall.x, precision_recall.y, precision_recall.cut_offs, strict=True):
        assert (confusion(labels, scores, cut).recall, confusion(labels, scores, cut).precision) == (found, precise)


def test_a_reduced_roc_curve_encloses_the_same_area():
    labels, scores = drawn(20_000, digits=6)
    curve = roc_curve(labels, scores)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(auroc(labels, scores), abs=1e-4)


def test_chance_is_what_flagging_at_random_reaches():
    generator = np.random.default_rng(5)
    labels = generator.random(200_000) < 0.2
    counts = confusion(labels, generator.random(200_000), 0.7)
    expected = chance(counts)
    for figure in ("precision", "recall", "f1", "accuracy"):
        assert getattr(counts, figure) == pytest.approx(getattr(expected, figure), abs=0.01)
    assert expected.auroc == 0.5


def test_chance_by_hand():
    luck = chance(Confusion(true_positives=5, false_positives=5, false_negatives=5, true_negatives=85))
    assert (luck.precision, luck.recall, luck.average_precision) == (0.1, 0.1, 0.1)
    assert luck.f1 == pytest.approx(0.1)
    assert luck.accuracy == pytest.approx(0.1 * 0.1 + 0.9 * 0.9)


def series(rows, stretches, longest, seed):
    """Labels in stretches, some of which touch or reach the end, and noise that rises around them, with ties."""
    generator = np.random.default_rng(seed)
    labels = np.zeros(rows, dtype=int)
    for start, length in zip(generator.integers(0, rows, stretches), generator.integers(1, longest, stretches), strict=True):
        labels[start : start + length] = 1
    return labels, (generator.normal(size=rows) + 1.5 * np.convolve(labels, np.ones(9) / 9, "same")).round(3)


@pytest.mark.parametrize(
    ("drawing", "max_buffer", "published"),
    [
        ((600, 4, 30, 0), 100, 0.3456811196260392),
        ((600, 4, 30, 0), 20, 0.1704953218705024),
        ((1500, 12, 60, 1), 37, 0.6910358489924026),
        ((120, 1, 5, 3), 50, 0.24585101011623184),
        ((900, 40, 4, 4), 15, 0.3750443074463211),
        ((900, 40, 4, 4), 0, 0.10415966169077866),
    ],
)
def test_the_volume_under_the_surface_is_that_of_the_published_implementation(drawing, max_buffer, published):
    """The figures are those of TSB-AD 1.5: `basic_metricor().RangeAUC_volume_opt(labels, scores, max_buffer, 250)[-1]`."""
    assert vus_pr(*series(*drawing), max_buffer=max_buffer) == pytest.approx(published, abs=1e-12)


@pytest.mark.parametrize(
    ("repeated", "published"), [([1, 0, 0, 0, 0, 0, 1, 1], 0.7229782218560205), ([0, 1, 1, 0, 0, 0, 0, 0], 0.6409456104124199)]
)
def test_the_surface_holds_where_anomalies_begin_and_end_the_series_and_scores_tie(repeated, published):
    assert vus_pr(np.tile(repeated, 20), np.arange(160) % 13 * 1.0, max_buffer=9) == pytest.approx(published, abs=1e-12)


def test_a_score_that_rises_a_little_late_is_forgiven_by_the_surface_and_by_average_precision_not():
    labels = np.zeros(400)
    labels[200:210] = 1
    late, elsewhere = np.zeros(400), np.zeros(400)
    late[210:220] = 1
    elsewhere[30:40] = 1
    assert average_precision(labels, late) == average_precision(labels, elsewhere)
    assert vus_pr(labels, late) > 4 * vus_pr(labels, elsewhere)
    assert vus_pr(labels, labels) > vus_pr(labels, late)


def test_the_surface_has_no_volume_without_anomalies_and_leaves_out_rows_without_a_label():
    labels, scores = series(600, 4, 30, 0)
    assert vus_pr(np.zeros(50), np.arange(50.0)) is None
    assert vus_pr(np.zeros(0), np.zeros(0)) is None
    half = np.arange(600) < 300
    assert vus_pr(labels, scores, known=half) == vus_pr(labels[:300], scores[:300])
    assert vus_pr(np.where(half, labels, np.nan), scores) == vus_pr(labels[:300], scores[:300])


def test_the_surface_of_a_long_series_takes_no_longer_than_a_breath():
    labels, scores = series(100_000, 200, 300, 0)
    began = time.perf_counter()
    vus_pr(labels, scores)
    assert time.perf_counter() - began < 10
