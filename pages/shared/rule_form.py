"""The rule in force and its parameters, typed: the same as taking a tick or dragging the handle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from detectors.messages import N_
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds import RULES, Considered
from pages.shared import state
from pages.shared.as_saved import as_saved
from pages.shared.engine import workbench
from pages.shared.form import number_field
from pages.shared.language import escape, plain, say

#: What is done with a rule, its value and its further parameters.
Take = Callable[[str, float, Mapping[str, float]], None]


def rule_form(run: RunRecord, threshold: ThresholdRecord, considered: Sequence[Considered], take: Take) -> None:
    """Shows the rule that `threshold` has, with a field for each of its parameters; what is typed goes to `take`.

    A rule that these scores do not allow is named so; who chooses it all the same is told why.
    """
    rule = RULES[threshold.rule]
    without = {one.rule for one in considered if one.threshold is None}
    values = parameters_of(threshold)
    key = "_".join(str(part) for part in (run.id, threshold.rule, *values.values(), state.refusals()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            say(N_("Rule")),
            list(RULES),
            list(RULES).index(threshold.rule),
            format_func=lambda name: plain(RULES[name].title) + (f" – {plain(N_('not here'))}" if name in without else ""),
            key=f"rule_{key}",
            width=230,
            on_change=_take_typed_rule,
            args=(threshold, f"rule_{key}", take),
        )
        for name, field in rule.fields.items():
            place = f"{name}_{key}"
            number_field(field, values[name], place, width=200, on_change=_take_typed_value, args=(threshold, name, place, take))
    with st.container(gap="xxsmall"):
        st.caption(escape(f"{said[:1].upper()}{said[1:]}.") if (said := as_saved(threshold)) else say(rule.help))
        if threshold.rule == "budget":
            _days(run, threshold)


def parameters_of(threshold: ThresholdRecord) -> dict[str, float]:
    """Every parameter of the rule, with the default of those that a record from before them does not name."""
    fields = RULES[threshold.rule].fields
    return {name: field.default for name, field in fields.items()} | dict(threshold.more) | {"value": threshold.value}


def _days(run: RunRecord, threshold: ThresholdRecord) -> None:
    days = workbench().evidence(run.id).days
    if days is None:
        st.caption(say(N_("No column says when a row was, so these are the rows of the whole file.")))
    else:
        st.caption(say(N_("The data span {days} days: {rows} rows."), days=round(days, 1), rows=max(1, int(days * threshold.value))))


def _take_typed_rule(threshold: ThresholdRecord, key: str, take: Take) -> None:
    rule = state.typed(key)
    if rule in (None, threshold.rule):  # a browser that connects anew tells again what its widgets started from: that is no move
        return
    started_from = {"manual": threshold.cut_off, "rows": max(1, threshold.flagged)}
    take(rule, started_from.get(rule, RULES[rule].parameter.default), {})


def _take_typed_value(threshold: ThresholdRecord, name: str, key: str, take: Take) -> None:
    typed = state.typed(key)
    values = parameters_of(threshold)
    if typed not in (None, values[name]):
        values[name] = typed
        take(threshold.rule, values.pop("value"), values)
