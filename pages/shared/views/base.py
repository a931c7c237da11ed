"""What a page shows in its own way for each kind of data. What this class says holds where a kind says nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts, comparison, registry
from detectors.explanations.shapley import nearest_of_one
from detectors.kinds import KINDS
from detectors.messages import N_, Message, shown
from detectors.preparation import Preparation
from detectors.runs.explained import has_variants
from detectors.runs.normal_rows import Neighbours
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.engine import workbench
from pages.shared.flagged_list import flagged_list
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.orders import Candidates
from pages.shared.row_items import listed_rows
from pages.shared.second_opinion import Named, second_opinion
from pages.shared.triage.component import triage_list
from pages.shared.triage.items import Column, Listed

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
    afterwards: list[Callable[[], None]] = field(default_factory=list, compare=False)
    """What takes a moment, and is shown in the place kept for it once everything else is there."""


@dataclass(frozen=True)
class RunOfItems:
    """The run that explains items which are listed, and its threshold."""

    run: RunRecord
    threshold: ThresholdRecord


class View:
    """Shows tables; the other kinds change what they show differently."""

    heads_neighbours: ClassVar[bool] = False
    """Whether what `beside` shows has a heading of its own."""
    heading = N_("{count} flagged rows")
    per_page = 50
    goes_on = False
    """Whether what is not flagged is listed behind what is."""

    def data(self, record: DataSetRecord) -> None:
        """On Data: what the file holds, before the table of its columns."""

    def prepared(self, record: DataSetRecord, request: RunRequest) -> None:
        """On Train: what the preparation that is asked for does to the data; its values are all there."""

    def scores(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Threshold: the scores in their place, between the distribution and the list of what is flagged."""

    def flagged(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Threshold: what is flagged."""
        flags = flags_of(threshold)

        def candidates() -> Candidates:
            return Candidates(
                data_set, run, threshold, flags.order, flags.count,
                lambda places: self.items(data_set, RunOfItems(run, threshold), places), per_page=self.per_page, goes_on=self.goes_on,
            )  # fmt: skip

        flagged_list(candidates, say(self.heading, count=flags.count))

    def items(self, data_set: DataSetRecord, by: RunOfItems, places: NDArray[np.intp], *, with_reasons: bool = True) -> Listed:
        """What is at some places (from 0) in the order of the flags, to be judged."""
        return listed_rows(data_set, by.run, by.threshold, places, with_reasons=with_reasons)

    def listed(
        self, data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp], ranks: Mapping[str, NDArray[np.intp]], key: str
    ) -> None:
        """On other pages: some `rows`, in their order, with their rank in several runs; they are explained by the run `by`."""
        if not len(rows):
            return
        places = comparison.places(flags_of(by.threshold).order, rows) - 1
        several = ranks if len(ranks) > 1 else {}
        columns = {
            Column(plain(N_("rank · {run}"), run=name), "number"): [shown(int(rank)) for rank in found] for name, found in several.items()
        }
        triage_list(data_set, by.run, self.items(data_set, by, places, with_reasons=False).also(columns), f"listed_{key}")

    def explained(self, item: ExplainedItem) -> None:
        """On Explain: why one row got its score."""
        raise NotImplementedError

    def beside(self, item: ExplainedItem, found: Neighbours) -> None:
        """On Explain: the nearest rows that are not flagged, beside the one looked at."""
        raise NotImplementedError

    def changed(self, item: ExplainedItem, changed: NDArray[np.float32]) -> None:
        """On Explain: a row as it is once it is no longer flagged, where there is more to see than can be said."""

    def weights(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        """On Explain: what weighs most over all flagged rows."""
        with st.spinner(say(N_("Explaining the flagged rows …"))):
            flags = flags_of(threshold)
            found = engine.column_weights(run.id, data_set.id, flags)
        kind = KINDS[run.kind]
        asked = {"parts": plain(kind.parts), "rows": found.rows, "items": plain(kind.items)}
        title = Message(N_("Which {parts} weigh most over {rows} flagged {items}?"), asked)
        show_chart(charts.column_weights([plain(name) for name in found.names], found.weights, palette(), title=title), key="weights")
        basis = (
            N_("All {rows} flagged {items}.")
            if found.rows == flags.count
            else N_("A sample of {rows} of {flagged} flagged {items}, spread over their ranks.")
        )
        st.caption(
            say(basis, rows=found.rows, flagged=flags.count, items=plain(kind.items))
            + " "
            + say(
                N_(
                    "By the method for many rows; its order agrees with shap's explainer to {agreement} (rank correlation over {compared} rows)."
                ),
                agreement=round(found.agreement, 3),
                compared=found.compared,
            )
        )


def waterfall(item: ExplainedItem, named: Named) -> None:
    """How each part moved the score from the base to where it is, in numbers how that adds up, and a second opinion.

    `named` makes names and values of the values of units.
    """
    base, score = float(item.found["base"]), float(item.found["score"])
    names, values = named(item.found["values"])
    show_chart(charts.waterfall(names, values, base=base, score=score, palette=palette(), translate=translate), key="waterfall")
    sums(item)
    place = st.container()
    item.afterwards.append(lambda: second_opinion(place, (item.run.id, item.data_set.id, item.row), item.found["values"], named))


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
