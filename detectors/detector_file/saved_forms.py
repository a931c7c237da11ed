"""Smaller forms of the detectors that a workspace keeps, as the answerer is asked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detectors.data_set import DataSet
from detectors.detector_file.form import FORMS, Form
from detectors.detector_file.forms_measured import Measured, data_to_measure, engine_bytes, measure_forms
from detectors.detector_file.manifest import identity_of
from detectors.detector_file.signature import SigningKey
from detectors.detector_file.smaller import Made, write_smaller
from detectors.kinds import KINDS
from detectors.runs.folder import RunFolder
from detectors.storage.files import DETECTOR_FILE, Workspace


def measure_saved(workspace: Workspace, request: dict[str, Any]) -> dict[str, Any]:
    """What forms of a saved `detector` change, on the rows of the `run` that it came from or, where that is None, on what its file holds."""
    file = workspace.detectors / request["detector"] / DETECTOR_FILE
    data = None
    if request["run"] is not None:
        asked = RunFolder(workspace.runs / request["run"]).request()
        whole = DataSet(workspace.data / asked.data_id, asked.used_roles)
        data = data_to_measure(whole, asked.seed, ordered=KINDS[asked.kind].ordered)
    return {"forms": [each.to_json() for each in measure_forms(file, FORMS, data)], "engine_bytes": engine_bytes(file)}


def write_saved(workspace: Workspace, request: dict[str, Any]) -> dict[str, Any]:
    """Writes a saved `detector` in a `form` into the file `into`, signed; `measured` is what that was measured to change."""
    file = workspace.detectors / request["detector"] / DETECTOR_FILE
    form, path = Form.from_json(request["form"]), Path(request["into"])
    told = Measured.from_json(request["measured"]) if form.of_weights else None
    made = Made(SigningKey.of(workspace.root), told.cut_off if told else None, told.to_json() if told else None)
    write_smaller(file, form, path, made)
    return {"identity": identity_of(path)}
