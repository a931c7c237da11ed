"""What several runs would catch of planted anomalies, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from detectors.messages import N_
from detectors.planting import Power, anomaly_kinds
from pages.shared.engine import workbench
from pages.shared.language import percent, plain, say
from pages.shared.power_card import LOOK_S
from pages.shared.side_by_side import Compared


def powers_table(chosen: Sequence[Compared]) -> None:
    """One row a kind of anomaly, one column a run: the share of planted ones above its cut-off, beside that of unplanted items."""
    found = {each.name: (each, workbench().power(each.run.id, each.run.data_id)) for each in chosen}
    known = {name: power.shares(each.threshold.cut_off) for name, (each, power) in found.items() if isinstance(power, Power)}
    waiting = sum(power is None for _, power in found.values())
    st.subheader(say(N_("What would each one catch?")), anchor=False)
    if known:
        kinds = [kind for kind in anomaly_kinds(chosen[0].run.kind) if any(kind.name in shares for shares in known.values())]
        columns = {
            name: [
                f"{percent(round(shares[kind.name].flagged, 2))} · {percent(round(shares[kind.name].unplanted, 2))}"
                if kind.name in shares
                else "–"
                for kind in kinds
            ]
            for name, shares in known.items()
        }
        table = pd.DataFrame({plain(N_("planted")): [plain(kind.title) for kind in kinds]} | columns)
        st.dataframe(table, hide_index=True, height="content", alt=plain(N_("Share of planted anomalies that each run flags")))
        st.caption(
            say(
                N_(
                    "Of known kinds of anomaly, planted in the data: the share above each run's cut-off · the share of items with nothing planted."
                )
            )
        )
    if waiting:
        st.caption(say(N_("Planting known kinds of anomaly for {count} of the runs …"), count=waiting))
        _look_again(waiting, chosen)


def _look_again(waiting: int, chosen: Sequence[Compared]) -> None:
    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        if sum(workbench().power(each.run.id, each.run.data_id) is None for each in chosen) < waiting:
            st.rerun(scope="app")

    live()
