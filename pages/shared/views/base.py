"""What a page shows in its own way for each kind of data. What this class says holds where a kind says nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts, registry
from detectors.explanations.shapley import nearest_of_one
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.preparation import Preparation
from detectors.runs.explained import has_variants
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.engine import workbench
from pages.shared.flagged_table import flagged_table, listed_table
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart

#: A difference between two scores, as a share of them, that a reader would wonder about.
NOTICED = 0.005


@dataclass(frozen=True)
class ExplainedItem:
    """One row looked at on the page Explain."""

    data_set: DataSetRecord
    run: RunRecord
    threshold: ThresholdRecord
    row: int
    found: dict[str, NDArray[Any]]
    """values, base, score, expected, actual and, where the detector has some, elements."""
    preparation: Preparation


@dataclass(frozen=True)
class RunOfItems:
    """The run that explains items which are listed, and its threshold."""

    run: RunRecord
    threshold: ThresholdRecord


class View:
    """Shows tables; the other kinds change what they show differently."""

    def data(self, record: DataSetRecord) -> None:
        """On Data: what the file holds, before the table of its columns."""

    def prepared(self, record: DataSetRecord, request: RunRequest) -> None:
        """On Train: what the preparation that is asked for does to the data; its values are all there."""

    def scores(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Threshold: the scores in their place, between the distribution and the list of what is flagged."""

    def flagged(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Threshold: what is flagged."""
        flagged_table(data_set, run, threshold)

    def listed(
        self, data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp], ranks: Mapping[str, NDArray[np.intp]], key: str
    ) -> None:
        """On Compare: some `rows`, in their order, with their rank in several runs; opened, they are explained by the run `by`."""
        listed_table(data_set, by.run, rows, ranks, key)

    def explained(self, item: ExplainedItem) -> None:
        """On Explain: why one row got its score."""
        raise NotImplementedError

    def weights(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Explain: what weighs most over all flagged rows."""
        with st.spinner(say(N_("Explaining the flagged rows …"))):
            found = engine.column_weights(run.id, data_set.id, threshold.flagged)
        kind = KINDS[run.kind]
        asked = {"parts": plain(kind.parts), "rows": found.rows, "items": plain(kind.items)}
        title = Message(N_("Which {parts} weigh most over {rows} flagged {items}?"), asked)
        show_chart(charts.column_weights([plain(name) for name in found.names], found.weights, palette(), title=title), key="weights")
        basis = (
            N_("All {rows} flagged {items}.")
            if found.rows == threshold.flagged
            else N_("A sample of {rows} of {flagged} flagged {items}, spread over their ranks.")
        )
        st.caption(
            say(basis, rows=found.rows, flagged=threshold.flagged, items=plain(kind.items))
            + " "
            + say(
                N_(
                    "By the method for many rows; its order agrees with shap's explainer to {agreement} (rank correlation over {compared} rows)."
                ),
                agreement=round(found.agreement, 3),
                compared=found.compared,
            )
        )


def waterfall(item: ExplainedItem, names: list[str], values: NDArray[np.float64]) -> None:
    """How each of `names` moved the score from the base to where it is, and in numbers how that adds up."""
    base, score = float(item.found["base"]), float(item.found["score"])
    show_chart(charts.waterfall(names, values, base=base, score=score, palette=palette(), translate=translate), key="waterfall")
    sums(item)


def sums(item: ExplainedItem) -> None:
    """Base, sum of the parts, score, what is left, and what the row was compared with."""
    base, score, added = float(item.found["base"]), float(item.found["score"]), float(item.found["values"].sum())
    st.caption(
        say(
            N_("Base {base} + parts {sum} = {reached}; the score is {score}, so {residual} is left unexplained. Compared with: {background}."),
            base=base, sum=added, reached=base + added, score=score,
            residual=_rounded_zero(score - base - added, score), background=_background_text(item),
        )
    )  # fmt: skip
    listed = float(workbench().run_folder(item.run.id).array("scores")[item.row])
    if not KINDS[item.run.kind].ordered and abs(listed - score) > NOTICED * abs(listed):
        told = N_(
            "The list has {listed} for it: it was learned from, and is listed with the score of a detector that had not. "
            "Explained is the score that the same row would get as a new one."
        )
        st.caption(say(told, listed=listed))


def _background_text(item: ExplainedItem) -> str:
    if item.preparation.hidden is not None:
        return plain(N_("the same text without any word"))
    if has_variants(item.preparation):
        return plain(N_("variants of this very row, each with as little changed as makes it usual"))
    if registry.get(item.run.representation, item.run.detector).knows_expected() and not item.preparation.finishes:
        return plain(N_("what the detector expected of this very row, within what usual rows have"))
    usual = len(workbench().run_folder(item.run.id).array("usual"))
    units = int(item.preparation.units.max()) + 1
    return plain(N_("the {count} most similar usual rows"), count=min(nearest_of_one(units), usual))


def _rounded_zero(residual: float, score: float) -> float:
    """Rounding errors are shown as the zero they are."""
    return 0.0 if abs(residual) < 1e-6 * max(abs(score), 1e-12) else float(residual)
