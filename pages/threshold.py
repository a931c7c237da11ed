"""Threshold: decide where unusual begins, see which rows that flags, and take them away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.position import Position
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds import Considered
from pages.shared import engine, results, state
from pages.shared.as_command import threshold_as_command
from pages.shared.changed_ranks import changed_ranks
from pages.shared.cost_card import cost_card
from pages.shared.download import download_panel
from pages.shared.empty import need_threshold
from pages.shared.flags import flags_of
from pages.shared.judgement import judgement
from pages.shared.keep_bar import history, keep_bar
from pages.shared.language import plain, say, say_message, translate
from pages.shared.learning_card import learning_card
from pages.shared.look import page_head
from pages.shared.members import made_of
from pages.shared.moves import move
from pages.shared.power_card import power_card
from pages.shared.problems import shown_problems
from pages.shared.reason_groups import reason_panel
from pages.shared.rule_form import rule_form
from pages.shared.saving import save_card
from pages.shared.segments_card import segments_card
from pages.shared.stability_card import stability_card, sureness
from pages.shared.suppressing import suppression_list
from pages.shared.threshold_plot import threshold_plot
from pages.shared.views import RunOfItems, view_of


def plot(run: RunRecord, threshold: ThresholdRecord, considered: Sequence[Considered]) -> None:
    threshold_plot(
        results.scores_distribution(run.id),
        current=results.current_mark(run.id, threshold.cut_off, flags_of(threshold)),
        ticks=results.rule_ticks(run.id, considered),
        without=[one for one in considered if one.threshold is None],
        score_name=engine.score_name(run),
        key="threshold_plot",
        translate=translate,
        on_cut_off=lambda cut_off: take(threshold, "manual", cut_off),
        on_rule=lambda rule: take_rule(threshold, rule),
        sure=sureness(run, threshold),
    )


def take(threshold: ThresholdRecord, rule: str, value: float, more: Mapping[str, float] | None = None) -> None:
    """Moves the threshold to another rule, or other parameters, for the same segments."""
    move(threshold.run_id, Position.of(threshold).with_rule(rule, value, more))


def take_rule(threshold: ThresholdRecord, rule: str) -> None:
    """Takes the rule of a tick: with the parameters it has where it is looked at already, else with those it starts from."""
    if rule == threshold.rule:
        take(threshold, rule, threshold.value, threshold.more)
    else:
        take(threshold, rule, results.TICK_VALUES[rule])


page_head(
    N_("Threshold"), N_("Decide where unusual begins: drag the line, take a rule, or type a value. Rows with a higher score are flagged.")
)
data_set, current_run, current_threshold = need_threshold()
rules_considered = results.considered(current_run, current_threshold)
plot(current_run, current_threshold, rules_considered)
if refused := state.take_refusal():
    st.warning(say_message(refused), icon=":material/info:")
if noted := state.take_note():
    st.toast(say_message(noted), icon=":material/bookmark_added:")
keep_bar(current_run, current_threshold)
rule_form(current_run, current_threshold, rules_considered, lambda rule, value, more: take(current_threshold, rule, value, more))
with shown_problems():
    cost_card(current_run, current_threshold)
    segments_card(data_set, current_run, current_threshold)
history(current_run)
view = view_of(current_run.kind)
flags = flags_of(current_threshold)
with shown_problems():
    view.scores(data_set, current_run, current_threshold)
    suppression_list(data_set, current_run, current_threshold)
items = plain(KINDS[current_run.kind].items)
one_by_one, by_reason = st.tabs(
    [say(N_("Flagged {items}"), items=items), say(N_("By their reasons"))], on_change="rerun", key="flagged_tabs"
)
if one_by_one.open:
    with one_by_one, shown_problems():
        view.flagged(data_set, current_run, current_threshold)
if by_reason.open:
    with by_reason, shown_problems():
        reason_panel(view, data_set, RunOfItems(current_run, current_threshold), flags.rows)
download_panel(data_set, current_run, current_threshold)
save_card(data_set, current_run, current_threshold)
threshold_as_command(data_set, current_run, current_threshold)
with shown_problems():
    learning_card(view, data_set, current_run, current_threshold)
if results.known_labels(current_run.id) is not None:
    judgement(current_run, current_threshold)
made_of(current_run)
changed_ranks(data_set, current_run)
judging = st.columns([1.5, 1])
with judging[0], shown_problems():  # last: explanations of what is listed go before what is planted
    power_card(current_run, current_threshold)
if current_run.task == "train":  # a saved detector on new data was not trained here: there is nothing to refit
    with judging[1], shown_problems():
        stability_card(current_run, current_threshold)
