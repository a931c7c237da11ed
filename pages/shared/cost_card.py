"""What each cut-off would cost, where misses and false alarms have a price."""

from __future__ import annotations

import streamlit as st

from detectors import charts
from detectors.messages import N_
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds.judging import choices, curve, judged
from pages.shared import engine, results
from pages.shared.engine import workbench
from pages.shared.language import say, translate
from pages.shared.look import palette, show_chart
from pages.shared.rule_form import parameters_of


def cost_card(run: RunRecord, threshold: ThresholdRecord) -> None:
    """The cost curve with this cut-off and the cheapest one; only where the rule in force is that of least cost."""
    if threshold.rule != "cost":
        return
    known = workbench().evidence(run.id).known
    prices = parameters_of(threshold)
    price = prices["value"], prices["false_alarm"]
    drawn, here, best = curve(known), judged(known, [threshold.cut_off]), choices(known)
    cheapest = int(best.cost(*price).argmin())
    chart = charts.costs(
        charts.CostCurve(drawn.cut_offs, drawn.cost(*price), drawn.anomalies - drawn.caught, drawn.false_alarms),
        (threshold.cut_off, float(here.cost(*price)[0])),
        (float(best.cut_offs[cheapest]), float(best.cost(*price)[cheapest])),
        palette(),
        score_name=engine.score_name(run), logarithmic=results.scores_distribution(run.id).long_tailed, translate=translate,
    )  # fmt: skip
    with st.container(border=True, key="cost_card"):
        show_chart(chart, key="costs")
        st.caption(
            say(
                N_("By {anomalies} known anomalies and {normals} known normal rows. At this cut-off: {missed} missed, {alarms} false alarms."),
                anomalies=len(known.anomalies), normals=len(known.normals), missed=int(here.anomalies - here.caught[0]),
                alarms=int(here.false_alarms[0]),
            )
        )  # fmt: skip
