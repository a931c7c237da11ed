"""The tree of a run whose detector is one: drawn, and as rules to read."""

from __future__ import annotations

import streamlit as st

from detectors import charts
from detectors.messages import N_
from detectors.storage.records import RunRecord
from pages.shared.engine import workbench
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart


def tree_panel(run: RunRecord, place: str) -> None:
    """Nothing where the detector is no tree; `place` tells the same panel in two places apart."""
    found = workbench().run_folder(run.id).tree()
    if found is None:
        return
    show_chart(charts.tree(found, palette(), translate=translate), key=f"tree_{place}_{run.id}")
    st.markdown(f"**{say(N_('The same as rules'))}**")
    table = charts.rules_table(found, translate)
    config = st.column_config
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        key=f"rules_{place}_{run.id}",
        column_config={
            "rule": config.TextColumn(plain(N_("if")), width=620),
            "rows": config.NumberColumn(plain(N_("rows")), format="localized", width="small"),
            "anomalies": config.NumberColumn(plain(N_("anomalies")), format="localized", width="small"),
            "share": config.ProgressColumn(plain(N_("of these rows anomalies")), format="percent", min_value=0.0, max_value=1.0),
            "kind": config.TextColumn(plain(N_("mostly of kind"))),
        },
        alt=plain(N_("The rules of the tree, the one with most anomalies first")),
    )
    st.caption(say(N_("Counted over the rows that were learned from.")))
