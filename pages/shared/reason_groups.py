"""Why rows were flagged, all of them together: few groups with the same reasons, each of which can be judged at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors.explanations.groups import Alarm, Causes, ReasonGroup, one_column_alarm
from detectors.flagged import reasons_of
from detectors.flags import sampled
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.storage.marks import Said
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.verdicts import ANOMALY, NONE, NORMAL, TITLES, UNSURE
from pages.shared import engine, state
from pages.shared.author import author
from pages.shared.engine import kept_by_id, workbench
from pages.shared.language import escape, percent, plain, say, translate
from pages.shared.views.base import RunOfItems, View

#: Rows of a group that are shown before it is judged.
EXAMPLES = 6

#: Rows that there must be for groups to mean anything.
FEWEST = 2

#: Rows that are enough to tell the groups, where not all were explained.
ENOUGH = 500


@dataclass(frozen=True)
class Grouped:
    """Flagged rows by their reasons."""

    rows: NDArray[np.intp]
    """Those that were explained, positions in the data."""
    groups: list[ReasonGroup]
    texts: list[str]
    """The reasons of each of `rows`, in one line."""
    alarm: Alarm | None


def reason_panel(view: View, data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp]) -> None:
    """The reasons of the flagged `rows`, the most unusual first: alarm, groups, and the one that is looked at."""
    run = by.run
    if len(rows) < FEWEST:
        st.info(
            say(
                N_("There are too few flagged {items} to put any together. Move the line to the left to flag some."),
                items=plain(KINDS[run.kind].items),
            )
        )
        return
    with st.spinner(say(N_("Putting flagged rows together by their reasons …"))):
        found = _grouped(run.id, data_set.id, tuple(_explained(run.id, rows).tolist()))
    if found.alarm is not None:
        _alarm(run, found.alarm)
    items = plain(KINDS[run.kind].items)
    named = [group for group in found.groups if group.causes]
    heading = N_("{reasons} reasons, not {count} {items}") if len(named) > 1 else N_("One reason for {count} {items}")
    st.subheader(say(heading, reasons=len(named), count=len(found.rows), items=items), anchor=False)
    if len(found.rows) < len(rows):
        told = N_(
            "Of {count} of the {flagged} flagged {items}, spread over their ranks. Work out the reasons of all of them below to have all here."
        )
        st.caption(say(told, count=len(found.rows), flagged=len(rows), items=items))
    picked = _table(data_set, run, found)
    if picked is None:
        st.caption(say(N_("Choose a reason to see its most typical {items}, and to judge all of them at once."), items=items))
        return
    _group(view, data_set, by, found, picked)


def _explained(run_id: str, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """All flagged rows where that takes no time, else a sample of them over all ranks."""
    at_once = workbench().explained_at_once(run_id, rows)
    if len(at_once) == len(rows):
        return rows
    most = min(ENOUGH, max(engine.SMALLEST_SAMPLE, workbench().rows_at_once(run_id)))
    return rows[sampled(len(rows), most)]


@kept_by_id(10)
def _grouped(run_id: str, data_id: str, positions: tuple[int, ...]) -> Grouped:
    rows = np.array(positions, dtype=np.intp)
    explanation = workbench().explanations(run_id, data_id, rows)
    found = reasons_of(workbench().run_folder(run_id), workbench().data_folder(data_id), rows, explanation)
    texts = [" · ".join(reason.message.text(translate) for reason in row) for row in found]
    columns = len(workbench().run_folder(run_id).request().features)
    return Grouped(rows, workbench().reason_groups(Causes.of(found)), texts, one_column_alarm(found, columns))


def _alarm(run: RunRecord, alarm: Alarm) -> None:
    """One column is behind almost all flags: says so, and offers to train without it."""
    with st.container(border=True, key="one_column_alarm"), st.container(horizontal=True, vertical_alignment="center"):
        told = N_("{share} of the flags come from `{column}` alone. Is that what you are looking for? Otherwise it hides everything else.")
        st.markdown(":material/notification_important: " + say(told, share=percent(alarm.share), column=alarm.column), width="stretch")
        st.button(
            say(N_("Drop it and train again")),
            key="drop_column",
            icon=":material/refresh:",
            on_click=_train_without,
            args=(run.id, alarm.column),
        )


def _train_without(run_id: str, column: str) -> None:
    asked = workbench().run_folder(run_id).request()
    roles = {**asked.roles, column: "ignored"}
    started = workbench().start_run(replace(asked, roles=roles, start_from=None, scored_by=None, retrains=None, search=None, trial=None))
    state.note(Message(N_("Training again without `{column}`. Threshold opens with it once it is done."), {"column": column}))
    state.go("train", run=started)


def _names(group: ReasonGroup) -> str:
    if not group.causes:
        return plain(N_("Other reasons"))
    return " · ".join(cause.text(translate) for cause in group.causes)


def _table(data_set: DataSetRecord, run: RunRecord, found: Grouped) -> int | None:
    """The groups, the largest first; which one is chosen."""
    verdicts = workbench().verdicts(data_set.id)
    lines = []
    for group in found.groups:
        said = [verdicts[row].verdict for row in found.rows[group.members].tolist() if row in verdicts]
        counts = [f"{said.count(name)} {plain(TITLES[name])}" for name in TITLES if said.count(name)]
        lines.append(
            [_names(group), len(group.members), len(group.members) / len(found.rows), found.texts[group.members[0]], ", ".join(counts)]
        )
    table = pd.DataFrame(lines, columns=["reason", "rows", "share", "example", "judged"])
    config = st.column_config
    chosen = st.dataframe(
        table,
        hide_index=True,
        height="content",
        key=f"reason_groups_{run.id}_{hash(found.rows.tobytes())}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "reason": config.TextColumn(plain(N_("reason")), width=470),
            "rows": config.NumberColumn(plain(KINDS[run.kind].items), format="localized", width="small"),
            "share": config.ProgressColumn(plain(N_("share")), format="percent", min_value=0.0, max_value=1.0, width=110),
            "example": config.TextColumn(plain(N_("the most typical one")), width=480),
            "judged": config.TextColumn(plain(N_("judged")), width=120),
        },
        alt=plain(N_("Flagged {items} by their reasons"), items=plain(KINDS[run.kind].items)),
    )
    picked = chosen["selection"]["rows"]
    return int(picked[0]) if picked and picked[0] < len(found.groups) else None


def _group(view: View, data_set: DataSetRecord, by: RunOfItems, found: Grouped, picked: int) -> None:
    """The most typical rows of a group, and a verdict for all of it."""
    group = found.groups[picked]
    rows, verdicts = found.rows[group.members], workbench().verdicts(data_set.id)
    with st.container(border=True, key="reason_group"):
        st.markdown(f"**{escape(_names(group))}**")
        view.listed(data_set, by, rows[:EXAMPLES], {}, f"group_{picked}")
        with st.container(horizontal=True, vertical_alignment="center"):
            items = plain(KINDS[by.run.kind].items)
            st.markdown(
                say(
                    N_("The {count} most typical of {rows}. All {rows} {items} are:"),
                    count=min(EXAMPLES, len(rows)),
                    rows=len(rows),
                    items=items,
                ),
                width="content",
            )
            for verdict, icon in ((ANOMALY, "check"), (NORMAL, "close"), (UNSURE, "question_mark")):
                st.button(
                    say(TITLES[verdict]), key=f"group_{verdict}", icon=f":material/{icon}:", on_click=_judge, args=(data_set.id, by.run.id, rows, verdict)
                )  # fmt: skip
            if any(row in verdicts for row in rows.tolist()):
                st.button(
                    say(N_("Take back")), key="group_none", type="tertiary", on_click=_judge, args=(data_set.id, by.run.id, rows, NONE)
                )


def _judge(data_id: str, run_id: str, rows: NDArray[np.intp], verdict: str) -> None:
    workbench().mark(data_id, [Said(row, row, verdict) for row in rows.tolist()], author(), run_id)
    state.note(
        Message(N_("{count} marked {verdict}. Undo takes all of them back."), {"count": len(rows), "verdict": plain(TITLES[verdict])})
    )
