"""The flagged rows as a file: CSV, Excel or Parquet, with their reasons."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import export, flagged
from detectors.flagged import reasons_of
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.keep_bar import kept_differs, reason_text, rule_text
from pages.shared.language import plain, say, say_message, translate
from pages.shared.moves import unkept
from pages.shared.row_items import learned_columns
from pages.shared.running import until_ended
from pages.shared.stability_card import solidity_found
from pages.shared.streamed_download import File, offered

#: A file that is probably larger than this is written to disk and sent from there.
MOST_IN_MEMORY = 50 * 10**6

#: Rows by which the size is judged, and bytes for rank, row and score of one.
JUDGED_BY, OURS = 100, 40


def download_panel(data_set: DataSetRecord, run: RunRecord, looked_at: ThresholdRecord) -> None:
    """Format, reasons or not, and the button. Reasons for many rows are a run of their own, started here.

    The file holds what the version kept last flags, wherever the threshold is looked at.
    """
    threshold = workbench().records.threshold(run.id)
    if threshold is None or not (threshold.flagged or looked_at.flagged):
        return
    with st.container(border=True, key="download"):
        if differs := kept_differs(looked_at, threshold):
            st.markdown(f":material/info: {differs}")
        if not threshold.flagged:
            return
        is_large = _expected_bytes(data_set, threshold) > MOST_IN_MEMORY
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.segmented_control(
                say(N_("Format")),
                list(export.FORMATS),
                default="csv",
                required=True,
                format_func=lambda name: export.FORMATS[name].title,
                key="format",
                width="content",
            )
            with_reasons = _reasons_choice(run, threshold)
            st.space("stretch")
            file_format = export.FORMATS[chosen]
            too_many = chosen == "excel" and threshold.flagged > export.EXCEL_ROWS
            if too_many:
                st.caption(say(N_("An Excel sheet holds at most {most} rows. Take CSV or Parquet, or flag fewer."), most=export.EXCEL_ROWS))
            file = File(
                f"{Path(data_set.name).stem} flagged.{file_format.extension}", file_format.media_type,
                lambda stream: _write(stream, data_set, run, threshold, chosen=chosen, with_reasons=with_reasons), workbench().workspace.incoming,
            )  # fmt: skip
            _button(file, is_large=is_large, disabled=too_many, first=not unkept(looked_at))
        if is_large and not too_many:
            st.caption(say(N_("The file is large: it is written first, and the download begins by itself after that.")))


def _button(file: File, *, is_large: bool, disabled: bool, first: bool) -> None:
    """The button of Streamlit holds the file in the server's memory; a large one is a link to where it is sent from disk."""
    title, icon = say(N_("Download flagged rows")), ":material/download:"
    role: Literal["primary", "secondary"] = "primary" if first else "secondary"  # Keep is what comes next before it
    if is_large:
        st.link_button(title, "" if disabled else offered(file), disabled=disabled, type=role, icon=icon, key="download_flagged")
        return
    st.download_button(
        title, lambda: _held(file), file.name, file.media_type, key="download_flagged", disabled=disabled, on_click="ignore",
        type=role, icon=icon,
    )  # fmt: skip


def _expected_bytes(data_set: DataSetRecord, threshold: ThresholdRecord) -> int:
    """About how large the flagged rows are as CSV, judged by the first rows of the data."""
    first = engine.first_rows(data_set.id, JUDGED_BY)
    return threshold.flagged * (OURS + len(first.to_csv(index=False, header=False).encode()) // max(1, len(first)))


def _held(file: File) -> bytes:
    with TemporaryFile() as stream:
        file.write(stream)
        stream.seek(0)
        return stream.read()


def _write(
    stream: BinaryIO, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, *, chosen: str, with_reasons: bool
) -> None:
    rows = flags_of(threshold).rows
    folder, data = workbench().run_folder(run.id), workbench().data_folder(data_set.id)
    found = _kept_columns(threshold, rows) | learned_columns(run.id, rows) | solidity_found(run, threshold, rows)
    if with_reasons:
        explanation = workbench().explanations(run.id, data_set.id, rows)
        found |= flagged.reason_columns(flagged.reason_texts(reasons_of(folder, data, rows, explanation), translate))
    verdicts = workbench().verdicts(data_set.id)
    found |= verdicts.columns(rows) if verdicts else {}
    scores = np.asarray(folder.array("scores")[rows])
    export.FORMATS[chosen].write(flagged.flagged_frames(data, rows, scores, found), stream)


def _kept_columns(threshold: ThresholdRecord, rows: NDArray[np.intp]) -> dict[str, list[Any]]:
    """By which threshold each row is in the file: its cut-off, and the version with its rule, author and reason."""
    text = ", ".join(filter(None, [rule_text(threshold), threshold.author, reason_text(threshold)]))
    named = plain(N_("version {version}: {threshold}"), version=threshold.version, threshold=text)
    return {"cut-off": flags_of(threshold).cut_off_at(rows).tolist(), "threshold": [named] * len(rows)}


def _reasons_choice(run: RunRecord, threshold: ThresholdRecord) -> bool:
    """Whether the file holds reasons: always for few rows; for many once a run has worked them out, and if wanted."""
    at_once = workbench().rows_at_once(run.id)
    if threshold.flagged <= at_once:
        return st.toggle(say(N_("With reasons")), True, key="with_reasons")
    runs = workbench().reasons_runs(run.id)
    if workbench().are_explained(run.id, flags_of(threshold).rows):
        return st.toggle(say(N_("With reasons")), True, key="with_reasons")
    unended = next((found for found in runs if not found.ended), None)
    if unended is not None:
        until_ended(unended, _progress)
        return False
    failed = next((found.message for found in runs[:1] if found.state == "failed"), None)
    if failed is not None:
        st.caption(say_message(failed))
    st.caption(say(N_("Without reasons, as there are many rows.")))
    if st.button(
        say(N_("Work out the reasons of all {count} rows"), count=threshold.flagged),
        key="start_reasons",
        help=say(
            N_("Above {most} rows this takes a while, so it waits in the queue like a training. Without it the file has no reasons."),
            most=at_once,
        ),
    ):
        workbench().start_reasons(run.id, flags_of(threshold).rows)
        st.rerun()
    return False


def _progress(reasons_run: RunRecord) -> None:
    progress = workbench().run_folder(reasons_run.id).progress()
    done, total = progress.get("done", 0), progress.get("total") or 1
    st.progress(
        done / total,
        text=say(N_("Working out reasons: {done} of {total}"), done=done, total=total)
        if progress
        else say(N_("waiting for the trainer …")),
    )
    if st.button(say(N_("Stop")), key="stop_reasons", type="tertiary"):
        workbench().stop_run(reasons_run.id, "discard")
