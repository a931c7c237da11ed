"""How pictures are shown: as a gallery with the threshold as a line through it; one picture beside what was expected of it."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime

from detectors.charts.pictures import as_bytes, difference, enlarged, framed, heat, overlaid
from detectors.messages import N_
from detectors.pictures import load_pictures
from detectors.preparation.images import ImagesPreparation
from detectors.runs.normal_rows import Neighbours
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, results
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import escape, plain, say
from pages.shared.look import palette
from pages.shared.row_items import explain_action
from pages.shared.stability_card import solidity
from pages.shared.triage.items import Column, Item, Listed
from pages.shared.values import value_text
from pages.shared.views.base import ExplainedItem, RunOfItems, View, waterfall

#: Pictures on one page of the gallery, on Data, and those whose preparation is shown on Train.
TILES, FIRST, PREVIEWED = 48, 24, 6

#: Width in pixels of a thumbnail.
THUMBNAIL = 112


class ImagesView(View):
    heading = N_("{count} flagged pictures")
    per_page = TILES
    goes_on = True

    def data(self, record: DataSetRecord) -> None:
        rows = np.unique(np.linspace(0, record.rows - 1, min(FIRST, record.rows)).astype(np.intp))
        shown = engine.data_rows(record.id, tuple(int(row) for row in rows))
        st.caption(say(N_("{count} of {rows} pictures, from the first to the last"), count=len(rows), rows=record.rows))
        with st.container(horizontal=True):
            for picture, name in zip(load_pictures(workbench().data_folder(record.id), rows), shown["name"], strict=True):
                _tile(picture, escape(_short(str(name))))

    def prepared(self, record: DataSetRecord, request: RunRequest) -> None:
        rows = np.unique(np.linspace(0, record.rows - 1, min(PREVIEWED, record.rows)).astype(np.intp))
        found = engine.preview(request, tuple(int(row) for row in rows))
        titles = {"prepared": N_("What the detector sees, {size} pixels"), "varied": N_("A varied copy of each")}
        with st.container(border=True, key="preparation_preview"):
            originals = load_pictures(workbench().data_folder(record.id), rows)
            _strip(say(N_("As uploaded")), originals)
            for name, title in titles.items():
                if name in found:
                    size = " × ".join(str(side) for side in found[name].shape[1:3])
                    _strip(say(title, size=size), [enlarged(as_bytes(picture), 96) for picture in found[name]])

    def items(self, data_set: DataSetRecord, by: RunOfItems, places: NDArray[np.intp], *, with_reasons: bool = True) -> Listed:
        return listed_pictures(data_set, by.run, by.threshold, places)

    def explained(self, item: ExplainedItem) -> None:
        preparation = item.preparation
        assert isinstance(preparation, ImagesPreparation)
        actual, expected, colours = item.found["actual"], item.found["expected"], palette()
        by_region = preparation.map_of(item.found["values"][None])[0]
        own = engine.has_expectation(item.run) and not preparation.finishes
        seen = as_bytes(actual)
        shown = [(N_("As the detector sees it"), seen)]
        shown += [(N_("Rebuilt") if own else N_("Mean of similar ones"), as_bytes(expected))]
        shown += [(N_("Difference"), difference(actual, expected))]
        if "elements" in item.found:
            shown.append((N_("Error of each pixel"), heat(item.found["elements"], colours, seen.shape[:2])))
        with st.grid(5):
            _framed(N_("Original"), load_pictures(workbench().data_folder(item.data_set.id), [item.row])[0])
            for title, picture in shown:
                _framed(title, picture)
        left, right = st.columns([1, 1.2])
        with left:
            opacity = st.slider(say(N_("Opacity of the explanation")), 0, 100, 70, 5, format="%d %%", key="opacity")
            _framed(N_("What added to the score (SHAP)"), overlaid(seen, by_region, colours, opacity / 100), 480)
            st.caption(say(N_("Red regions made the picture more unusual, blue ones less.")))
        with right:
            waterfall(item, lambda values: ([plain(name) for name in preparation.places], preparation.by_place(values[None])[0]))
            _facts(item)

    def beside(self, item: ExplainedItem, found: Neighbours) -> None:
        names = engine.data_rows(item.data_set.id, tuple(int(row) for row in found.rows))["name"]
        with st.container(horizontal=True):
            for picture, name in zip(load_pictures(workbench().data_folder(item.data_set.id), found.rows), names, strict=True):
                _tile(picture, escape(_short(str(name))))

    def changed(self, item: ExplainedItem, changed: NDArray[np.float32]) -> None:
        marked = (changed != item.found["actual"]).any(axis=2)
        pairs = ((N_("As it is"), item.found["actual"]), (N_("No longer flagged"), changed))
        with st.container(horizontal=True):
            for title, picture in pairs:
                with st.container(width=144):
                    _framed(title, framed(enlarged(as_bytes(picture), 144), enlarged(marked[:, :, None], 144)[:, :, 0], palette()), 144)


def listed_pictures(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, ranks: NDArray[np.intp]) -> Listed:
    """The pictures at some places (from 0) in the order of the flags."""
    flags = flags_of(threshold)
    rows = np.asarray(flags.order[ranks])
    scores = np.asarray(workbench().run_folder(run.id).array("scores")[rows])
    names = engine.data_rows(data_set.id, tuple(int(row) for row in rows))["name"]
    pictures = load_pictures(workbench().data_folder(data_set.id), rows)
    columns: dict[Column, list[Any]] = {
        Column(plain(N_("Rank and score"))): [
            plain(N_("{rank} · {score}"), rank=int(rank) + 1, score=float(score)) for rank, score in zip(ranks, scores, strict=True)
        ]
    }
    if (sure := solidity(run, threshold, rows)) is not None:
        columns[Column(plain(N_("solid")), "share", plain(N_("The share of the refits in which it would be flagged.")))] = sure.tolist()
    if (kinds := results.kind_names(run.id, rows)) is not None:
        columns[Column(plain(N_("kind")))] = kinds
    cells = zip(*columns.values(), strict=True)
    items = [
        Item(str(row), [(row, row)], str(name), bool(rank < flags.count), line, picture=thumbnail(picture))
        for row, name, rank, line, picture in zip(rows.tolist(), names, ranks, cells, pictures, strict=True)
    ]
    return Listed("gallery", items, list(columns), [explain_action(rows, run)])


def thumbnail(picture: NDArray[np.uint8]) -> str:
    """The address at which the browser of this session gets a picture, small."""
    if not runtime.exists():
        return ""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(_square(picture).squeeze()).convert("RGB").resize((THUMBNAIL, THUMBNAIL)).save(stream, "JPEG", quality=85)
    return str(runtime.get_instance().media_file_mgr.add(stream.getvalue(), "image/jpeg", sha256(stream.getvalue()).hexdigest()))


def _tile(picture: NDArray[np.uint8], caption: str) -> None:
    with st.container(gap="xxsmall", width=THUMBNAIL):
        st.image(_square(picture), width=THUMBNAIL, caption=caption)


def _strip(title: str, pictures: list[NDArray[np.uint8]]) -> None:
    st.caption(title)
    with st.container(horizontal=True):
        for picture in pictures:
            st.image(_square(picture), width=96)


def _framed(title: str, picture: NDArray[np.uint8], side: int = 288) -> None:
    with st.container(gap="xxsmall"):
        st.caption(say(title))
        st.image(enlarged(picture if picture.shape[2] == 3 else np.repeat(picture, 3, axis=2), side), width="stretch")


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture in the middle of a square of its own border's colour, small ones enlarged, so that galleries stand in rows."""
    picture = enlarged(picture if picture.shape[2] == 3 else np.repeat(picture, 3, axis=2), 128)
    height, width = picture.shape[:2]
    side = max(height, width)
    square = np.empty((side, side, 3), dtype=np.uint8)
    square[:] = np.median(np.concatenate([picture[0], picture[-1]]), axis=0)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


def _facts(item: ExplainedItem) -> None:
    """What the file says of the picture."""
    frame = engine.data_rows(item.data_set.id, (item.row,))
    st.caption(" · ".join(f"{escape(str(name))}: {escape(value_text(values.iloc[0]))}" for name, values in frame.items()))


def _short(name: str) -> str:
    """The file's name alone, cut to what fits under a thumbnail."""
    file = name.rpartition("/")[2]
    return file if len(file) <= 13 else "…" + file[-12:]
