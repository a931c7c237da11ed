"""The tree of a run whose detector is one: drawn, and as rules to read."""

from __future__ import annotations

import streamlit as st

from detectors import charts
from detectors.messages import N_
from detectors.storage.records import RunRecord
from pages.shared.engine import workbench
from pages.shared.language import escape, percent, plain, say, translate
from pages.shared.look import palette, show_chart

#: Of more rules than these the list scrolls, in so many pixels.
MOST_RULES, MOST_HEIGHT = 16, 560


def tree_panel(run: RunRecord, place: str) -> None:
    """Nothing where the detector is no tree; `place` tells the same panel in two places apart."""
    found = workbench().run_folder(run.id).tree()
    if found is None:
        return
    show_chart(charts.tree(found, palette(), translate=translate), key=f"tree_{place}_{run.id}")
    st.markdown(f"**{say(N_('The same as rules'))}**")
    table = charts.rules_table(found, translate)
    shown = {
        say(N_("if")): [escape(rule) for rule in table["rule"]],
        say(N_("anomalies")): [
            say(N_("{anomalies} of {rows}"), anomalies=int(anomalies), rows=int(rows))
            for anomalies, rows in zip(table["anomalies"], table["rows"], strict=True)
        ],
        say(N_("share")): [percent(share) for share in table["share"]],
    }
    if "kind" in table:
        shown[say(N_("mostly of kind"))] = [escape(kind) for kind in table["kind"]]
    with st.container(height=MOST_HEIGHT if len(table) > MOST_RULES else "content", key=f"rules_{place}_{run.id}", border=False):
        st.table(shown, hide_index=True, alt=plain(N_("The rules of the tree, the one with most anomalies first")))
    st.caption(say(N_("Counted over the rows that were learned from.")))
