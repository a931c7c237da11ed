"""Learning from what people said of rows: a run of its own, and which rows to look at next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.errors import StorageError
from detectors.runs.judged import DETECTOR, Judged, asked_to_learn
from detectors.runs.relearning import Relearning
from detectors.runs.request import RunRequest
from detectors.storage.files import RUN_GONE, new_id
from detectors.storage.records import RunRecord
from detectors.verdicts import verdicts_of
from detectors.workbench.judging import Judging

#: Seconds that proposing rows may take: the first time everything is compared.
PROPOSING_S = 300.0


class Learning(Judging):
    """Lets a model learn from verdicts; asks which verdict would tell most."""

    def rows_judged(self, data_id: str) -> Judged:
        """The rows of a data set that are anomalies or normal by the verdicts that hold."""
        return Judged.of(verdicts_of(self._marks.of(data_id)))

    def learn_from_verdicts(self, run_id: str) -> str:
        """Puts a run into the queue that begins with the run `run_id` and learns from the verdicts as they are now; gives its id.

        Raises:
            StorageError: the run is gone.
            DataError: nothing was judged yet.
        """
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        judged = self.rows_judged(run.data_id)
        request = asked_to_learn(run_id, RunRequest.from_json(run.request), judged)
        record = RunRecord(new_id(), run.data_id, "train", DETECTOR, request.to_json(), owner=self.owner)

        def ask(folder: object) -> None:
            self.run_folder(record.id).ask(request)
            judged.save(self.run_folder(record.id).path)
            if (relearning := Relearning.load(self.run_folder(run_id).path)) is not None:  # what was left out then stays left out
                relearning.save(self.run_folder(record.id).path)

        self._enqueue(record, ask)
        return record.id

    def runs_from_verdicts(self, data_id: str, run_id: str) -> list[RunRecord]:
        """The runs that learned from verdicts and began with the run `run_id`, newest first."""
        return [run for run in self.records.runs(data_id) if run.detector == DETECTOR and run.request.get("start_from") == run_id]

    def worth_a_look(self, run_id: str, count: int) -> NDArray[np.intp]:
        """At most `count` rows of a run that nobody judged, those whose verdict would tell most first."""
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        judged = self.rows_judged(run.data_id)
        found = self.answerer.ask(
            "propose", timeout_s=PROPOSING_S, run=run_id, data=run.data_id, rows=judged.rows.tolist(),
            is_anomaly=judged.is_anomaly.tolist(), count=count,
        )  # fmt: skip
        return np.asarray(found["rows"], dtype=np.intp)
