"""Smaller forms of saved detectors: measured, and kept as their next version."""

from __future__ import annotations

from dataclasses import dataclass, replace

from detectors.detector_file.form import Form
from detectors.detector_file.forms_measured import Measured
from detectors.storage.files import DETECTOR_FILE
from detectors.storage.tables import DetectorRecord
from detectors.workbench.saved import WRITING_S, Entitled, SavedDetectors

#: Seconds that measuring all forms may take.
MEASURING_S = 600.0


@dataclass(frozen=True)
class FormsMeasured:
    """What was measured of a saved detector."""

    forms: tuple[Measured, ...]
    """The file as it is first."""
    engine_bytes: int
    """Of the file, those of the source that only `score.py` runs."""
    data: str | None
    """The data set whose rows it was measured on; None: on what the file holds."""


class SmallerDetectors(SavedDetectors):
    """Makes saved detectors smaller; the one that was stays."""

    def measure_forms(self, detector_id: str) -> FormsMeasured:
        """What smaller forms of a saved detector would change: on the rows of the run that it came from, where that is still here.

        Raises:
            StorageError: it is gone, or was made smaller before.
        """
        record = self.saved_detector(detector_id)
        run = self.records.run(str(record.origin.get("run", "")))
        data_set = self.records.data_set(run.data_id) if run is not None and run.state == "done" else None
        told = self.answerer.ask(
            "measure_forms", timeout_s=MEASURING_S, detector=record.id, run=run.id if run is not None and data_set is not None else None
        )
        forms = tuple(Measured.from_json(each) for each in told["forms"])
        return FormsMeasured(forms, int(told["engine_bytes"]), data_set.name if data_set is not None else None)

    def save_smaller(self, detector_id: str, chosen: Measured, entitled: Entitled, *, engine: bool = True) -> DetectorRecord:
        """Keeps a saved detector in the form that was `chosen`, without `engine` without what only `score.py` runs.

        Raises:
            StorageError: it is gone; ParameterError: nothing of it would be smaller.
        """
        record = self.saved_detector(detector_id)
        form = replace(chosen.form, engine=engine)
        with self._answered_into() as into:
            path = into / DETECTOR_FILE
            told = self.answerer.ask(
                "write_smaller", timeout_s=WRITING_S, detector=record.id, form=form.to_json(), measured=chosen.to_json(), into=str(path)
            )
            kept = {name: value for name, value in record.origin.items() if name in ("data", "run", "threshold")}
            origin = {**kept, "smaller_of": record.id, "form": form.to_json(), "signed": "here"}
            return self._keep_file(path, entitled, told["identity"], origin)


def is_smaller(record: DetectorRecord) -> bool:
    """Whether a saved detector was made smaller here."""
    return "smaller_of" in record.origin


def form_of(record: DetectorRecord) -> Form:
    """The form that a saved detector was given here."""
    return Form.from_json(record.origin.get("form", {}))
