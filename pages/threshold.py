"""Threshold: decide where unusual begins, see which rows that flags, and take them away."""

from __future__ import annotations

import streamlit as st

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.position import Position
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds import RULES
from pages.shared import engine, results, state
from pages.shared.changed_ranks import changed_ranks
from pages.shared.download import download_panel
from pages.shared.empty import need_threshold
from pages.shared.flags import flags_of
from pages.shared.form import number_field
from pages.shared.judgement import judgement
from pages.shared.keep_bar import history, keep_bar
from pages.shared.language import plain, say, say_message, translate
from pages.shared.look import page_head
from pages.shared.members import made_of
from pages.shared.moves import move
from pages.shared.power_card import power_card
from pages.shared.problems import shown_problems
from pages.shared.reason_groups import reason_panel
from pages.shared.segments_card import segments_card
from pages.shared.stability_card import stability_card, sureness
from pages.shared.suppressing import suppression_list
from pages.shared.threshold_plot import threshold_plot
from pages.shared.views import RunOfItems, view_of


def plot(run: RunRecord, threshold: ThresholdRecord) -> None:
    position = Position.of(threshold)
    threshold_plot(
        results.scores_distribution(run.id),
        current=results.current_mark(run.id, threshold.cut_off, flags_of(threshold)),
        ticks=results.rule_ticks(run.id),
        score_name=engine.score_name(run),
        key="threshold_plot",
        translate=translate,
        on_cut_off=lambda cut_off: move(run.id, position.with_rule("manual", cut_off)),
        on_rule=lambda rule: move(run.id, position.with_rule(rule, results.TICK_VALUES[rule])),
        sure=sureness(run, threshold),
    )


def rule_controls(run: RunRecord, threshold: ThresholdRecord) -> None:
    """The rule and its value, typed; the same as taking a tick or dragging the handle."""
    rule = RULES[threshold.rule]
    key = f"{run.id}_{threshold.rule}_{threshold.value}_{state.refusals()}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            say(N_("Rule")),
            list(RULES),
            list(RULES).index(threshold.rule),
            format_func=lambda name: plain(RULES[name].title),
            key=f"rule_{key}",
            width=230,
            on_change=take_typed_rule,
            args=(run.id, threshold, f"rule_{key}"),
        )
        number_field(
            rule.parameter, threshold.value, f"value_{key}", width=200, on_change=take_typed_value, args=(run.id, threshold, f"value_{key}")
        )
        st.caption(say(rule.help), width="stretch")


def take_typed_rule(run_id: str, threshold: ThresholdRecord, key: str) -> None:
    rule = state.typed(key)
    started_from = {"manual": threshold.cut_off, "rows": max(1, threshold.flagged)}
    move(run_id, Position.of(threshold).with_rule(rule, started_from.get(rule, RULES[rule].parameter.default)))


def take_typed_value(run_id: str, threshold: ThresholdRecord, key: str) -> None:
    value = state.typed(key)
    if value is not None:
        move(run_id, Position.of(threshold).with_rule(threshold.rule, value))


page_head(
    N_("Threshold"), N_("Decide where unusual begins: drag the line, take a rule, or type a value. Rows with a higher score are flagged.")
)
data_set, current_run, current_threshold = need_threshold()
plot(current_run, current_threshold)
if refused := state.take_refusal():
    st.warning(say_message(refused), icon=":material/info:")
if noted := state.take_note():
    st.toast(say_message(noted), icon=":material/bookmark_added:")
keep_bar(current_run, current_threshold)
rule_controls(current_run, current_threshold)
with shown_problems():
    segments_card(data_set, current_run, current_threshold)
history(current_run)
if results.known_labels(current_run.id) is not None:
    judgement(current_run, current_threshold)
judging = st.columns([1.5, 1])
made_of(current_run)
view = view_of(current_run.kind)
flagged_rows = flags_of(current_threshold).rows
with shown_problems():
    view.scores(data_set, current_run, current_threshold)
    suppression_list(data_set, current_run, flagged_rows)
items = plain(KINDS[current_run.kind].items)
one_by_one, by_reason = st.tabs(
    [say(N_("Flagged {items}"), items=items), say(N_("By their reasons"))], on_change="rerun", key="flagged_tabs"
)
if one_by_one.open:
    with one_by_one, shown_problems():
        view.flagged(data_set, current_run, current_threshold)
if by_reason.open:
    with by_reason, shown_problems():
        reason_panel(view, data_set, RunOfItems(current_run, current_threshold), flagged_rows)
changed_ranks(data_set, current_run)
download_panel(data_set, current_run, current_threshold)
with judging[0], shown_problems():  # last: explanations of what is listed go before what is planted
    power_card(current_run, current_threshold)
with judging[1], shown_problems():
    stability_card(current_run, current_threshold)
