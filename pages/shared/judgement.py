"""How good the flags are where labels are known, beside what chance would give."""

from __future__ import annotations

import streamlit as st

from detectors import charts, metrics, registry
from detectors.messages import N_
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared import results
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart

MEASURES = (
    ("precision", N_("Precision"), N_("Of the flagged rows, the share that are anomalies.")),
    ("recall", N_("Recall"), N_("Of the anomalies, the share that are flagged.")),
    ("f1", N_("F1"), N_("One figure for precision and recall together (their harmonic mean).")),
    ("accuracy", N_("Accuracy"), N_("The share of rows judged rightly. Misleads where anomalies are rare.")),
    ("auroc", N_("AUROC"), N_("The chance that an anomaly scores higher than a normal row, whatever the threshold.")),
    ("average_precision", N_("Average precision"), N_("Precision averaged over all anomalies, whatever the threshold.")),
)


def judgement(run: RunRecord, threshold: ThresholdRecord) -> None:
    """Precision, recall, F1, accuracy, the confusion matrix, and both curves with this threshold on them."""
    counts, judged = results.confusion(run.id, threshold.cut_off), results.judged(run.id)
    st.subheader(say(N_("How good are the flags?")), anchor=False)
    learned = registry.get(run.representation, run.detector).supervised
    st.caption(say(_basis(results.basis(run.id), learned), rows=counts.rows, anomalies=counts.anomalies))
    by_chance = metrics.chance(counts)
    with st.grid(6, min_column_width=120):
        for name, title, help_text in MEASURES:
            source = judged if hasattr(judged, name) else counts
            _figure(say(title), getattr(source, name), getattr(by_chance, name), say(help_text))
    _curves(counts, judged)


def _basis(basis: results.Basis, learned: bool) -> str:
    """The sentence that says by which rows the flags are judged; `learned` is whether the detector learns from labels."""
    if learned and basis.held_out:
        return N_(
            "Judged on {rows} held-out rows, {anomalies} of them anomalies, that it never learned from. "
            "The list of flagged rows and its download mark them."
        )
    if learned:
        return N_(
            "No rows are held out: too few anomalies are labelled, or none were wanted. So each row is judged by a detector that "
            "learned from others: {rows} labelled rows, {anomalies} anomalies."
        )
    if not basis.chosen_by_label:
        return N_("By the label column, which the detector never saw: {rows} labelled rows, {anomalies} anomalies.")
    if basis.unseen:
        return N_(
            "Rows to learn from were chosen by the label, so the figures are for the rows not learned from: "
            "{rows} labelled rows, {anomalies} anomalies."
        )
    return N_(
        "Rows to learn from were chosen by the label, and the others are all of one kind. So the figures include rows that were "
        "learned from, and new rows may be judged worse: {rows} labelled rows, {anomalies} anomalies."
    )


def _figure(title: str, value: float | None, chance: float | None, help_text: str) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.metric(title, _two_digits(value), help=help_text)
        st.caption(say(N_("chance {value}"), value=_two_digits(chance)))


def _two_digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _curves(counts: metrics.Confusion, judged: results.Judged) -> None:
    matrix, left, right = st.columns([0.8, 1, 1])
    with matrix:
        st.markdown(f"**{say(N_('What was flagged?'))}**")
        st.table(
            {
                plain(N_("label")): [plain(N_("anomaly")), plain(N_("normal"))],
                plain(N_("flagged")): [f"{counts.true_positives:,}", f"{counts.false_positives:,}"],
                plain(N_("not flagged")): [f"{counts.false_negatives:,}", f"{counts.true_negatives:,}"],
            },
            hide_index=True,
            alt=plain(N_("Confusion matrix at this threshold")),
        )
    if judged.roc is None or judged.precision_recall is None:
        return
    normals = counts.false_positives + counts.true_negatives
    false_alarm_rate, recall = counts.false_positives / normals, counts.recall or 0.0
    with left:
        show_chart(charts.roc(judged.roc.x, judged.roc.y, (false_alarm_rate, recall), palette(), translate=translate), key="roc")
    with right:
        here = (recall, counts.precision if counts.precision is not None else 1.0)
        curve = judged.precision_recall
        show_chart(
            charts.precision_recall(curve.x, curve.y, here, counts.anomalies / counts.rows, palette(), translate=translate),
            key="precision_recall",
        )
