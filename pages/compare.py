"""Compare: runs on the same data side by side, where they agree and what only one of them flags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import charts, comparison
from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.runs.combine import combined
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord
from pages.shared import results, state
from pages.shared.context import run_title
from pages.shared.empty import need_data, offer
from pages.shared.engine import workbench
from pages.shared.language import percent, plain, say, say_message, translate
from pages.shared.look import page_head, palette, show_chart
from pages.shared.powers_table import powers_table
from pages.shared.side_by_side import Compared, comparable, flags_of, rank_correlations, settings_of
from pages.shared.values import value_text
from pages.shared.views import RunOfItems, view_of

#: Runs compared where nothing was chosen, and at most.
FIRST, MOST = 4, 8

#: Items listed at most: of those that a run alone flags, or that were chosen in the picture.
LISTED = 50


def choose_runs(found: list[Compared]) -> list[Compared]:
    """The runs to compare; kept in the URL."""
    by_id = {each.run.id: each for each in found}
    wanted = [run_id for run_id in state.selection().compared if run_id in by_id] or list(by_id)[:FIRST]

    def take() -> None:
        state.compare(state.typed(key))

    key = f"compared_{'_'.join(sorted(by_id))[:60]}_{hash(tuple(wanted))}"
    st.multiselect(
        say(N_("Runs to compare")),
        list(by_id),
        wanted[:MOST],
        format_func=lambda run_id: by_id[run_id].name,
        max_selections=MOST,
        key=key,
        on_change=take,
    )
    return [by_id[run_id] for run_id in wanted[:MOST]]


def figures(chosen: list[Compared]) -> None:
    """One row a run: what it flags, how good that is where labels are known, and what it took."""
    st.subheader(say(N_("What did each one find?")), anchor=False)
    rows = [_figures_of(each) for each in chosen]
    table = pd.DataFrame(rows)
    shares = [plain(name) for name in (N_("precision"), N_("recall"), N_("F1"), N_("AUROC"), N_("average precision"))]
    config: dict[str, Any] = {name: st.column_config.ProgressColumn(name, min_value=0, max_value=1, format="%.3f") for name in shares}
    seconds = plain(N_("seconds"))
    config[seconds] = st.column_config.NumberColumn(seconds, format="%.1f")
    st.dataframe(
        table.dropna(axis=1, how="all"), hide_index=True, height="content", column_config=config, alt=plain(N_("Figures of the runs"))
    )
    if any(name in table.columns and table[name].notna().any() for name in shares):
        st.caption(say(_basis_of(chosen)))


def _figures_of(each: Compared) -> dict[str, Any]:
    summary = each.run.summary or {}
    row: dict[str, Any] = {
        plain(N_("run")): each.name,
        plain(N_("flagged")): each.threshold.flagged,
        plain(N_("share")): percent(each.threshold.flagged / summary["rows"]),
        plain(N_("learned from")): summary["fitted_rows"],
    }
    if results.known_labels(each.run.id) is not None:
        counts, judged = results.confusion(each.run.id, each.flags.cut_off), results.judged(each.run.id)
        row |= {
            plain(N_("precision")): counts.precision, plain(N_("recall")): counts.recall, plain(N_("F1")): counts.f1,
            plain(N_("AUROC")): judged.auroc, plain(N_("average precision")): judged.average_precision,
        }  # fmt: skip
    return row | {plain(N_("seconds")): sum(summary["seconds"].values())}


def _basis_of(chosen: list[Compared]) -> str:
    """Whether the figures of all runs are for the same rows."""
    judged = [results.basis(each.run.id).rows for each in chosen if results.known_labels(each.run.id) is not None]
    if all(np.array_equal(rows, judged[0]) for rows in judged):
        return N_("Precision, recall and F1 are those of the threshold in force for each run; all are judged by the same labelled rows.")
    return N_(
        "Precision, recall and F1 are those of the threshold in force for each run. The runs are judged by different labelled rows "
        "(each by those that it did not learn from), so small differences say little."
    )


def agreement(chosen: list[Compared], flags: NDArray[np.bool_], items: str) -> None:
    """How far each two runs agree in their order and in their flags."""
    st.subheader(say(N_("How far do they agree?")), anchor=False)
    names = [each.name for each in chosen]
    left, right = st.columns(2)
    with left:
        order = charts.matrix(
            names, rank_correlations(chosen), palette(), title=N_("In the order of all scores (rank correlation)"), lowest=-1.0
        )
        show_chart(order, key="rank_correlations")
    with right:
        shares = comparison.shared_shares(flags)
        show_chart(
            charts.matrix(names, shares, palette(), title=N_("In what is flagged (share of the flags of either that both give)")),
            key="shared_flags",
        )
    everyone, anyone = len(comparison.agreed(flags)), int(flags.any(axis=0).sum())
    st.caption(
        say(N_("{everyone} {items} are flagged by all of them, {anyone} by at least one."), everyone=everyone, anyone=anyone, items=items)
    )


def settings(chosen: list[Compared]) -> None:
    """The settings in which the runs differ."""
    st.subheader(say(N_("What was different?")), anchor=False)
    asked = [settings_of(each.run) for each in chosen]
    found, own = comparison.differing(asked), comparison.their_own(asked)
    if not found and not own:
        st.caption(say(N_("Nothing: these runs were asked for the same.")))
        return
    _settings_table(found, chosen, plain(N_("Settings in which the runs differ")))
    if own:
        with st.expander(say(N_("{count} settings that only one of them has"), count=len(own)), key="their_own"):
            _settings_table(own, chosen, plain(N_("Settings that only one of the runs has")))


def _settings_table(found: dict[str, list[Any]], chosen: list[Compared], title: str) -> None:
    if found:
        columns = {each.name: [value_text(values[place]) for values in found.values()] for place, each in enumerate(chosen)}
        st.dataframe(pd.DataFrame({plain(N_("setting")): list(found)} | columns), hide_index=True, height="content", alt=title)


def against(chosen: list[Compared], data_set: DataSetRecord) -> None:
    """Two runs' scores held against each other; what is encircled is listed."""
    by_id = {each.run.id: each for each in chosen}
    left, right = st.columns(2)
    x = by_id[_pick(left, N_("Across"), by_id, 0)]
    y = by_id[_pick(right, N_("Upwards"), by_id, 1)]
    if x is y:
        st.info(say(N_("Choose two different runs to hold against each other.")))
        return
    flags = flags_of([x, y])
    rows = comparison.points_to_draw(flags)
    folder = workbench().run_folder(x.run.id)
    anomalies = np.asarray(folder.array("labels"))[rows] == 1 if folder.has("labels") else None
    one, other = (charts.Axis(each.name, np.asarray(each.scores[rows]), each.threshold.cut_off) for each in (x, y))
    chart = charts.score_against_score(one, other, rows, anomalies, palette(), translate=translate)
    key = f"against_{x.run.id}_{y.run.id}"
    selected = show_chart(chart, key=key, selects=True)
    hint = N_("Drag around points to list them; click one to see it alone. Drawn: {drawn} of {rows}.")
    known = " " + say(N_("Known anomalies are diamonds.")) if anomalies is not None and anomalies.any() else ""
    st.caption(say(hint, drawn=len(rows), rows=flags.shape[1]) + known)
    if len(selected):
        _listed(selected - 1, chosen, data_set, x, "encircled")


def _pick(place: Any, label: str, by_id: dict[str, Compared], first: int) -> str:
    ids = list(by_id)
    picked: str = place.selectbox(
        say(label), ids, first, format_func=lambda run_id: by_id[run_id].name, key=f"pick_{label}_{'_'.join(ids)}"
    )
    return picked


def alone(chosen: list[Compared], flags: NDArray[np.bool_], data_set: DataSetRecord) -> None:
    """What only one run flags."""
    found = [comparison.only_flagged(flags, number) for number in range(len(chosen))]
    numbers = list(range(len(chosen)))
    number = st.pills(
        say(N_("Flagged by only one")),
        numbers,
        default=int(np.argmax([len(rows) for rows in found])),
        required=True,
        format_func=lambda n: f"{chosen[n].name} ({len(found[n])})",
        key=f"alone_{'_'.join(each.run.id for each in chosen)}",
    )
    rows = found[number]
    if not len(rows):
        st.caption(say(N_("Everything that this run flags is flagged by another one too.")))
        return
    by_score = rows[np.argsort(-np.asarray(chosen[number].scores[rows]), kind="stable")]
    _listed(by_score, chosen, data_set, chosen[number], "alone")


def _listed(rows: NDArray[np.intp], chosen: list[Compared], data_set: DataSetRecord, by: Compared, key: str) -> None:
    """Items with their place in every run; opened, they are explained by the run `by`."""
    shown = rows[:LISTED]
    if len(rows) > LISTED:
        st.caption(say(N_("The first {shown} of {rows}"), shown=LISTED, rows=len(rows)))
    ranks = {each.name: results.rank_of(each.run.id)[shown] for each in chosen}
    view_of(by.run.kind).listed(data_set, RunOfItems(by.run, by.threshold), shown, ranks, key)


def combine(chosen: list[Compared]) -> None:
    """Offers one run out of those compared."""
    st.subheader(say(N_("Better together?")), anchor=False)
    try:
        request = combined([RunRequest.from_json(each.run.request) for each in chosen])
    except AnomalystError as error:
        st.caption(say_message(error.message))
        return
    names = ", ".join(dict.fromkeys(run_title(each.run) for each in chosen))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            say(N_("Trains {names} again, as one detector: its score is the mean of how surprised they are."), names=names), width="stretch"
        )
        if st.button(say(N_("Combine these {count} runs"), count=len(chosen)), key="combine", type="primary", icon=":material/join:"):
            state.go("train", run=workbench().start_run(request))


page_head(
    N_("Compare"), N_("Put runs on the same data side by side: what each one found, where they agree, and what only one of them flags.")
)
current = need_data()
finished = comparable(current.id)
if len(finished) < 2:
    sentence = (
        N_("Only one detector has been trained on this data. Train a second one to compare them.")
        if finished
        else N_("No detector has been trained on this data yet. Train two to compare them.")
    )
    offer(say(sentence), say(N_("Choose and train a detector")), "train")
compared = choose_runs(finished)
if len(compared) < 2:
    st.info(say(N_("Choose at least two runs.")))
    st.stop()
flags_now = flags_of(compared)
figures(compared)
if len({each.run.kind for each in compared}) == 1:
    powers_table(compared)
agreement(compared, flags_now, plain(KINDS[current.kind].items))
st.subheader(say(N_("Where do they differ?")), anchor=False)
against(compared, current)
alone(compared, flags_now, current)
settings(compared)
combine(compared)
