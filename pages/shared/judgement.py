"""How good the flags are where labels are known, beside what chance would give."""

from __future__ import annotations

import streamlit as st

from detectors import charts, metrics, registry
from detectors.intervals import Interval, share_interval
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.metrics import SURFACE_BUFFER
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared import results
from pages.shared.flags import flags_of
from pages.shared.judged import ALARM_GAP, MOST_VUS_STEPS, area_intervals, confusion_intervals, event_figures, kinds, vus_pr
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

_OF_ROWS = N_(
    "Under each figure: where it lies in 95 of 100 draws of as many rows from these, and what a random choice of as many rows reaches."
)
_OF_STRETCHES = N_(
    "By time step. Under each figure: where it lies in 95 of 100 draws of as many stretches of the series, as steps near one another are alike; "
    "and what a random choice of as many steps reaches."
)


def judgement(run: RunRecord, threshold: ThresholdRecord) -> None:
    """Precision, recall, F1, accuracy, the confusion matrix, and both curves with this threshold on them."""
    cut_off = flags_of(threshold).cut_off
    counts, judged = results.confusion(run.id, cut_off), results.judged(run.id)
    st.subheader(say(N_("How good are the flags?")), anchor=False)
    learned = registry.get(run.representation, run.detector).supervised
    st.caption(say(_basis(results.basis(run.id), learned), rows=counts.rows, anomalies=counts.anomalies))
    by_chance = metrics.chance(counts)
    intervals = {**confusion_intervals(run, cut_off), **area_intervals(run)}
    with st.grid(6, min_column_width=120):
        for name, title, help_text in MEASURES:
            source = judged if hasattr(judged, name) else counts
            _figure(say(title), getattr(source, name), getattr(by_chance, name), say(help_text), intervals.get(name))
    is_series = KINDS[run.kind].ordered
    st.caption(say(_OF_STRETCHES if is_series else _OF_ROWS))
    if is_series:
        event_judgement(run, threshold)
    _curves(counts, judged)
    kind_judgement(run, threshold)


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


def _figure(title: str, value: float | None, chance: float | None, help_text: str, interval: Interval | None) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.metric(title, _two_digits(value), help=help_text)
        if value is not None and interval is not None:
            st.caption(say(N_("{low} to {high}"), low=_two_digits(interval.low), high=_two_digits(interval.high)))
        st.caption(say(N_("chance {value}"), value=_two_digits(chance)))


def event_judgement(run: RunRecord, threshold: ThresholdRecord) -> None:
    """How well stretches of anomalies are found, whole ones and not step by step."""
    found = event_figures(run, flags_of(threshold))
    with st.grid(4, min_column_width=150):
        _figure(
            say(N_("Stretches found")), found.recall, found.chance_recall,
            say(N_("Of {events} stretches of anomalies {found} have at least one flagged step."), events=found.events, found=found.found),
            share_interval(found.found, found.events),
        )  # fmt: skip
        _figure(
            say(N_("Alarms that are right")), found.precision, found.chance_precision,
            say(N_("Of {alarms} alarms {right} touch a stretch of anomalies. An alarm is flagged steps with at most {gap} unflagged ones between them."),
                alarms=found.alarms, right=found.right, gap=ALARM_GAP),
            share_interval(found.right, found.alarms),
        )  # fmt: skip
        _delay(found.delay)
        _volume(run)
    st.caption(say(N_("Each stretch and each alarm counts once, no point is adjusted. Chance: the same alarms, moved to another time.")))


def _delay(delay: float | None) -> None:
    with st.container(border=True, gap="xxsmall"):
        help_text = say(N_("The median of the steps from the beginning of a found stretch to its first flagged one."))
        st.metric(say(N_("Delay, steps")), "–" if delay is None else f"{delay:,.4g}", help=help_text)
        st.caption(say(N_("0: at once")))


def _volume(run: RunRecord) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.spinner(say(N_("Measuring …"))):
            volume = vus_pr(run.id, run.data_id)
        help_text = N_(
            "Average precision that forgives a score for rising a little early or late, whatever the threshold (Paparrizos et al. 2022): "
            "over buffers of 0 to {buffer} steps. Compare it only with what was measured in the same way."
        )
        st.metric(say(N_("VUS-PR")), _two_digits(volume), help=say(help_text, buffer=SURFACE_BUFFER))
        too_long = say(N_("left out of more than {most} steps"), most=MOST_VUS_STEPS)
        st.caption(say(N_("whatever the threshold")) if volume is not None else too_long)


def kind_judgement(run: RunRecord, threshold: ThresholdRecord) -> None:
    """Recall and AUROC of each kind of anomaly, where the label names several."""
    found = kinds(run.id, run.data_id)
    if not found:
        return
    st.markdown(f"**{say(N_('How well is each kind of anomaly told?'))}**")
    caught = [kind.flagged(flags_of(threshold).cut_off) for kind in found]
    spans = [share_interval(part, len(kind.scores)) for part, kind in zip(caught, found, strict=True)]
    table = {
        "kind": [kind.name for kind in found],
        "rows": [len(kind.scores) for kind in found],
        "flagged": caught,
        "recall": [part / len(kind.scores) for part, kind in zip(caught, found, strict=True)],
        "interval": [f"{span.low:.2f} – {span.high:.2f}" for span in spans],
        "auroc": [kind.auroc for kind in found],
    }
    config = st.column_config
    st.dataframe(
        table, hide_index=True, key="kinds", alt=plain(N_("Recall and AUROC by kind of anomaly")),
        column_config={
            "kind": config.TextColumn(plain(N_("kind"))),
            "rows": config.NumberColumn(plain(N_("anomalies")), format="localized"),
            "flagged": config.NumberColumn(plain(N_("flagged")), format="localized"),
            "recall": config.ProgressColumn(plain(N_("recall")), format="percent", min_value=0.0, max_value=1.0),
            "interval": config.TextColumn(plain(N_("95 times in 100"))),
            "auroc": config.NumberColumn(plain(N_("AUROC against normal rows")), format="%.3f"),
        },
    )  # fmt: skip


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
