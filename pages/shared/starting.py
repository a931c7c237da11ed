"""What a training starts from: nothing, an earlier run, or a saved detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from detectors import registry
from detectors.base import Detector
from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.runs.earlier import NAMED, NOT_LEARNED, Earlier, roles_as_there
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from pages.shared import state
from pages.shared.context import run_text
from pages.shared.engine import workbench
from pages.shared.language import escape, plain, say, say_message


@dataclass(frozen=True)
class Start:
    """A run or a saved detector that a training can start from."""

    id: str
    called: str
    parameters: Mapping[str, Any]
    preparation: Mapping[str, Any]
    roles: Mapping[str, str]
    """Those of the columns that it learned from, and of others."""

    @classmethod
    def of_run(cls, record: DataSetRecord, run: RunRecord) -> Start:
        """Named with its data set where that is another one."""
        other = workbench().records.data_set(run.data_id) if run.data_id != record.id else None
        summary = run.summary or {}
        called = run_text(run) + (f" · {other.name}" if other else "")
        return cls(run.id, called, summary["parameters"], summary["preparation"], RunRequest.from_json(run.request).used_roles)

    @classmethod
    def of_saved(cls, saved: DetectorRecord) -> Start:
        manifest = workbench().detector_manifest(saved.id)
        told = N_("{name}, saved · learned from {rows} rows of {data}")
        called = plain(told, name=saved.called, rows=manifest.fitted_rows, data=saved.origin.get("data") or "–")
        there = Earlier.of_manifest(manifest, Path())
        return cls(saved.id, called, there.parameters, there.preparation, there.roles)

    def known(self, detector: type[Detector]) -> dict[str, Any]:
        """Its parameters that the detector, as it is now, still has."""
        return {name: value for name, value in self.parameters.items() if name in detector.fields}


def start_from(record: DataSetRecord, detector: type[Detector]) -> Start | None:
    """Something learned before to go on from, where there is something that fits; None: everything is learned anew."""
    asked = RunRequest(
        record.id, detector.name(), record.roles, kind=record.kind, representation=detector.representation()
    )  # fmt: skip
    found = [Start.of_run(record, run) for run in workbench().runs_to_start_from(asked)]
    found += [Start.of_saved(saved) for saved in workbench().detectors_to_start_from(asked)]
    wanted = state.start(record.id)
    if wanted is not None and wanted not in {each.id for each in found}:
        _why_not(record, wanted)
    if not found:
        return None
    by_id = {each.id: each for each in found}
    options = ["", *by_id]
    picked = st.selectbox(
        say(N_("Start from what was learned before")),
        options,
        options.index(wanted) if wanted in by_id else 0,
        format_func=lambda one: by_id[one].called if one else plain(N_("No, learn anew")),
        key=f"start_from_{record.id}_{detector.name()}_{wanted if wanted in by_id else ''}",
        width=520,
        help=say(
            N_(
                "An earlier run or a saved detector: learning goes on from its weights, and the data are prepared as they were there. "
                "Good for few rows of a sort of which many were learned before; where they are of another sort, learn anew."
            )
        ),
    )
    return by_id.get(picked)


def taken_over(record: DataSetRecord, start: Start) -> dict[str, str]:
    """Says what comes from where it starts, and what does not; gives the roles of the columns, which are as there."""
    told = N_(
        "Taken over: the columns it learned from, their preparation, the size of its network and its weights, from which learning goes on. "
        "Scores and threshold are made anew. Of few rows, give it more patience below: with little it stops before they have moved it."
    )
    roles = roles_as_there(start.roles, record.roles)
    text = say(told)
    if changed := [name for name, role in roles.items() if (role in NOT_LEARNED) != (record.roles[name] in NOT_LEARNED)]:
        named = ", ".join(changed[:NAMED]) + (" …" if len(changed) > NAMED else "")
        text += " " + say(N_("Otherwise than the roles on Data say: {columns}."), columns=named)
    st.caption(":material/subdirectory_arrow_right: " + text)
    return roles


def _why_not(record: DataSetRecord, wanted: str) -> None:
    """Says why the saved detector that Train was opened with is not among those to start from."""
    saved = _saved(wanted)
    if saved is None:
        return
    manifest = workbench().detector_manifest(saved.id)
    if manifest.detector != state.chosen_detector(""):
        return  # another detector was chosen meanwhile
    asked = RunRequest(
        record.id, manifest.detector, roles_as_there(Earlier.of_manifest(manifest, Path()).roles, record.roles), kind=record.kind,
        representation=manifest.representation, parameters=dict(manifest.parameters), start_from=wanted,
    )  # fmt: skip
    why_not = workbench().why_not_start(asked)
    if why_not is not None:
        told = N_("This training cannot start from {name}.")
        st.warning(say(told, name=saved.called) + " " + say_message(why_not), icon=":material/info:")


def can_start(request: RunRequest) -> bool:
    """Whether it can start from what it names, where it names something; says why not."""
    try:
        why_not = workbench().why_not_start(request)
    except AnomalystError as error:
        why_not = error.message
    if why_not is not None:
        st.caption(":red[" + say_message(why_not) + "]")
    return why_not is None


def train_from_saved(saved: DetectorRecord, data_id: str) -> None:
    """On Score: opens Train with the saved detector as the start of a training on a data set."""
    manifest = workbench().detector_manifest(saved.id)
    if not registry.get(manifest.representation, manifest.detector).continues:
        return

    def open_train() -> None:
        state.choose_start(data_id, saved.id)
        state.choose_detector(manifest.detector)
        state.go("train")

    told = N_(
        "Learning goes on from what {name} has learned: for few rows like those that it learned from. Where they differ much, learn anew."
    )
    st.button(
        say(N_("Train on, from this detector")), key="train_from_saved", icon=":material/subdirectory_arrow_right:", on_click=open_train,
        help=say(told, name=saved.called),
    )  # fmt: skip


def started_from(start_id: str) -> str:
    """What a run started from, as it reads in a list."""
    if (run := workbench().records.run(start_id)) is not None:
        return run_text(run)
    saved = _saved(start_id)
    return escape(saved.called) if saved is not None else plain(N_("something that is gone"))


def _saved(detector_id: str) -> DetectorRecord | None:
    return next((each for each in workbench().saved_detectors() if each.id == detector_id), None)
