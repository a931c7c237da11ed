"""What the answerer is asked about the runs and data sets of an installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.errors import StorageError
from detectors.explanations.groups import Causes, ReasonGroup, groups_of
from detectors.explanations.imitation import Imitation
from detectors.explanations.local_surrogate import Surrogate
from detectors.explanations.permutation_importance import Shuffled
from detectors.explanations.shapley import Explanation
from detectors.explanations.store import explained_rows, load_explanations
from detectors.explanations.trust import PutBack
from detectors.maps import Map, Method, rows_to_map
from detectors.runs.normal_rows import Neighbours
from detectors.runs.request import RunRequest
from detectors.runs.row_answers import ChangeFound
from detectors.runs.similar import rows_to_look_at
from detectors.runs.tasks import ask_reasons
from detectors.storage.files import RUN_GONE, new_id
from detectors.storage.records import RunRecord
from detectors.workbench.ground import Ground

#: Seconds that a map of rows may take.
MAP_S = 300.0

#: Seconds that what somebody asked for, having been told that it takes long, may take.
LONG_S = 300.0

#: Rows as the detector sees them, or as it has learned to see them.
Space = Literal["seen", "learned"]


class Answers(Ground):
    """Explains rows, lays them out on maps, previews preparations."""

    def preview(self, request: RunRequest, rows: tuple[int, ...]) -> dict[str, NDArray[Any]]:
        """What the preparation of a run makes of some rows, as named arrays; nothing where there is nothing to see."""
        with self._answered_into() as into:
            self.answerer.ask(
                "preview", data=request.data_id, kind=request.kind, representation=request.representation, roles=request.used_roles,
                values=dict(request.preparation), rows=list(rows), into=str(into / "preview.npz"),
            )  # fmt: skip
            with np.load(into / "preview.npz", allow_pickle=False) as stored:
                return dict(stored)

    def explain_row(self, run_id: str, data_id: str, row: int) -> Mapping[str, NDArray[Any]]:
        """One row explained: values, base, score, expected, actual, and the detector's own element scores where it has some."""
        with self._answered_into() as into:
            self.answerer.ask("explain_row", run=run_id, data=data_id, row=row, into=str(into / "row.npz"))
            with np.load(into / "row.npz", allow_pickle=False) as stored:
                return dict(stored)

    def smallest_change(self, run_id: str, data_id: str, row: int, cut_off: float) -> tuple[ChangeFound, NDArray[np.float32] | None]:
        """What would un-flag one row, and the changed row as explanations take it apart, where there is one."""
        with self._answered_into() as into:
            reply = self.answerer.ask("smallest_change", run=run_id, data=data_id, row=row, cut_off=cut_off, into=str(into / "row.npz"))
            found = ChangeFound.from_json(reply)
            if found.ending != "found":
                return found, None
            with np.load(into / "row.npz", allow_pickle=False) as stored:
                return found, stored["changed"]

    def second_opinion(self, run_id: str, data_id: str, row: int) -> Surrogate:
        """A local surrogate of the score around one row."""
        with self._answered_into() as into:
            reply = self.answerer.ask("second_opinion", run=run_id, data=data_id, row=row, into=str(into / "row.npz"))
            with np.load(into / "row.npz", allow_pickle=False) as stored:
                return Surrogate(stored["values"], **reply)

    def nearest_normal(self, run_id: str, data_id: str, row: int, cut_off: float, count: int) -> Neighbours:
        """The nearest rows to one row that are not flagged."""
        with self._answered_into() as into:
            self.answerer.ask(
                "nearest_normal", run=run_id, data=data_id, row=row, cut_off=cut_off, count=count, into=str(into / "rows.npz")
            )
            with np.load(into / "rows.npz", allow_pickle=False) as stored:
                return Neighbours(**stored)

    def explain_rows(
        self, run_id: str, data_id: str, rows: NDArray[np.intp], *, compare: bool = False
    ) -> tuple[Explanation, Mapping[str, Any]]:
        """Many rows at once; with `compare` also how well the faster method agrees with shap's explainer."""
        with self._answered_into() as into:
            agreement = self.answerer.ask("explain_rows", run=run_id, data=data_id, rows=rows.tolist(), into=str(into), compare=compare)
            return load_explanations(into)[1], agreement

    def map(self, run_id: str, data_id: str, space: Space, method: Method) -> Map:
        """The rows of a run in a plane; once asked for it is kept with the run."""
        kept = self.run_folder(run_id).path / "maps" / f"{space}_{method}.npz"
        if not kept.exists():
            seed = self.run_folder(run_id).request().seed
            rows = rows_to_map(self.run_folder(run_id).array("ranking"), seed)
            with self._answered_into() as into:
                self.answerer.ask(
                    "map", timeout_s=MAP_S, run=run_id, data=data_id, rows=rows.tolist(), space=space, method=method, seed=seed,
                    into=str(into / "map.npz"),
                )  # fmt: skip
                kept.parent.mkdir(exist_ok=True)
                (into / "map.npz").replace(kept)
        with np.load(kept, allow_pickle=False) as stored:
            return Map(**stored)

    def imitation(self, run_id: str, data_id: str, flagged: NDArray[np.intp]) -> Imitation:
        """A shallow tree that imitates which rows are `flagged`, (flagged,).

        Raises:
            AnomalystError: too few are, or what the rows hold cannot be told in rules.
        """
        with self._answered_into() as into:
            np.save(into / "flagged.npy", flagged, allow_pickle=False)
            answer = self.answerer.ask("imitate", run=run_id, data=data_id, flagged=str(into / "flagged.npy"))
        return Imitation.from_json(answer)

    def shuffling(self, run_id: str, data_id: str, names: Sequence[str], flagged: NDArray[np.intp]) -> Shuffled:
        """What shuffling each of the parts `names` among rows, half of them `flagged` ones, does to their scores."""
        with self._answered_into() as into:
            np.save(into / "flagged.npy", flagged, allow_pickle=False)
            self.answerer.ask(
                "shuffle", timeout_s=LONG_S, run=run_id, data=data_id, names=list(names), flagged=str(into / "flagged.npy"),
                into=str(into / "shuffled.npz"),
            )  # fmt: skip
            with np.load(into / "shuffled.npz", allow_pickle=False) as stored:
                return Shuffled.of(stored)

    def putting_back(self, run_id: str, data_id: str, rows: NDArray[np.intp], values: NDArray[np.float64]) -> PutBack:
        """What putting parts of `rows` back does to their scores, the heaviest by their SHAP `values`, (rows, units), first."""
        with self._answered_into() as into:
            np.save(into / "values.npy", values, allow_pickle=False)
            self.answerer.ask(
                "put_back", timeout_s=LONG_S, run=run_id, data=data_id, rows=rows.tolist(), values=str(into / "values.npy"),
                into=str(into / "put_back.npz"),
            )  # fmt: skip
            with np.load(into / "put_back.npz", allow_pickle=False) as stored:
                return PutBack.of(stored)

    def scores_at_once(self, run_id: str) -> int:
        """How many rows of a run are scored without making anybody wait; 0 of a run that was done before that was noted."""
        return int(self.run_folder(run_id).summary().get("scores_at_once", 0))

    def seconds_to_score(self, run_id: str, scores: int) -> float:
        """About how long so many scores take, at most, from how long the run took to explain its most unusual rows; 0 if unknown."""
        return scores * float(self.run_folder(run_id).summary().get("score_s", 0.0))

    def explanations(self, run_id: str, data_id: str, rows: NDArray[np.intp]) -> Explanation:
        """Explanations of `rows`: those kept with the run where they are there, else asked of the answerer."""
        known, kept = self._kept_explanations(run_id, rows)
        place = {int(row): position for position, row in enumerate(known)}
        missing = np.array([row for row in rows if int(row) not in place], dtype=np.intp)
        if len(missing):
            kept = kept.and_also(self.explain_rows(run_id, data_id, missing)[0])
            place |= {int(row): len(known) + position for position, row in enumerate(missing)}
        return kept.at(np.array([place[int(row)] for row in rows], dtype=np.intp))

    def similar_rows(self, run_id: str, data_id: str, row: int, flagged: int, most: int) -> NDArray[np.intp]:
        """At most so many rows that are most like `row`, the most similar first: of the flagged ones, and of many others."""
        folder = self.run_folder(run_id)
        among = rows_to_look_at(np.asarray(folder.array("ranking")), flagged, folder.request().seed)
        found = self.answerer.ask("similar", run=run_id, data=data_id, row=row, among=among.tolist(), most=most)
        return np.array(found, dtype=np.intp)

    def reason_groups(self, causes: Causes) -> list[ReasonGroup]:
        """Rows put together by their causes, the largest group first."""
        with self._answered_into() as into:
            np.save(into / "shares.npy", causes.shares, allow_pickle=False)
            return groups_of(causes, np.array(self.answerer.ask("group", shares=str(into / "shares.npy")), dtype=np.intp))

    def rows_at_once(self, run_id: str) -> int:
        """How many rows of a run are explained without making anybody wait: fewer the wider the table."""
        return int(self.run_folder(run_id).summary()["rows_at_once"])

    def explained_at_once(self, run_id: str, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of `rows` that are explained already, and as many others as can be explained at once; in their order."""
        known, _ = self._kept_explanations(run_id, rows)
        is_known = np.isin(rows, known)
        return rows[is_known | (np.cumsum(~is_known) <= self.rows_at_once(run_id))]

    def _kept_explanations(self, run_id: str, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Explanation]:
        """The largest set of explanations there is: with the run itself, or of a run that explained it."""
        folders = [self.run_folder(run.id).result for run in self.reasons_runs(run_id) if run.state == "done"]
        for folder in folders:
            known, kept = load_explanations(folder)
            if np.isin(rows, known).all():
                return known, kept
        return load_explanations(self.run_folder(run_id).result)

    def reasons_runs(self, run_id: str) -> list[RunRecord]:
        """The runs that explain flagged rows of the run `run_id`, newest first."""
        return self.records.runs(task="reasons", of_run=run_id)

    def are_explained(self, run_id: str, rows: NDArray[np.intp]) -> bool:
        """Whether a run that explains rows of the run `run_id` has explained all of these."""
        done = [run for run in self.reasons_runs(run_id) if run.state == "done"]
        return any(np.isin(rows, explained_rows(self.run_folder(run.id).result)).all() for run in done)

    def start_reasons(self, run_id: str, rows: NDArray[np.intp]) -> str:
        """Puts the explanation of many flagged rows into the queue, as a run of its own."""
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        record = RunRecord(new_id(), run.data_id, "reasons", run.detector, {}, of_run=run_id, owner=self.owner)
        self._enqueue(record, lambda folder: ask_reasons(folder, run_id, run.data_id, rows))
        return record.id
