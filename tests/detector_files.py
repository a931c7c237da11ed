"""Small data of every kind, and trainings on them, for tests of detector files."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from detectors import reading, registry
from detectors.base import Progress
from detectors.detector_file.manifest import KeptThreshold
from detectors.detector_file.source import Finished
from detectors.runs.execute import FittedRun, execute
from detectors.runs.request import FitWhere, RunRequest

#: The kind whose native representation it is.
KIND_OF = {"vectors": "table", "windows": "series", "pixels": "images", "tokens": "text"}

ROLES = {
    "table": {"amount": "feature", "count": "feature", "country": "feature", "when": "feature", "known": "label", "part": "ignored"},
    "series": {"at": "time", "value": "feature", "other": "feature", "known": "label", "part": "ignored"},
    "images": {"name": "id", "known": "label", "part": "ignored"},
    "text": {"words": "text", "known": "label", "part": "ignored"},
}

#: What makes a preparation quick.
PREPARATIONS = {"series": {"window": 8}, "images": {"size": 16}, "text": {"length": 8, "fewest": 1}}

FRUIT = ["apple", "pear", "plum", "cherry", "fig", "grape", "lemon", "lime", "melon", "peach"]
TOOLS = ["hammer", "saw", "drill", "wrench", "pliers", "chisel", "plane", "file", "rasp", "clamp"]


def table_frame(rows: int = 80) -> pd.DataFrame:
    """Amounts that follow counts; the last four rows contradict. The first half is to be learned from."""
    chance = np.random.default_rng(1)
    count = chance.integers(1, 50, rows)
    amount = (10 * count + chance.normal(0, 5, rows)).round(2)
    amount[-4:] = 9000.5
    return _labelled(
        pd.DataFrame(
            {
                "amount": amount,
                "count": count,
                "country": chance.choice(["DE", "FR", "PT"], rows),
                "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(chance.integers(0, 1000, rows), "h"),
            }
        )
    )


def series_frame(rows: int = 160) -> pd.DataFrame:
    """Two waves; the last ten steps are flat and high."""
    chance = np.random.default_rng(2)
    steps = np.arange(rows)
    value = np.sin(steps * 2 * np.pi / 8) + 0.05 * chance.normal(size=rows)
    other = np.cos(steps * 2 * np.pi / 8) + 0.05 * chance.normal(size=rows)
    value[-10:] = 4.0
    return _labelled(pd.DataFrame({"at": pd.date_range("2026-01-01", periods=rows, freq="h"), "value": value, "other": other}), 10)


def text_frame(rows: int = 80) -> pd.DataFrame:
    """Lists of fruit; the last four are of tools."""
    chance = np.random.default_rng(3)
    texts = [" ".join(chance.choice(FRUIT if row < rows - 4 else TOOLS, 6)) for row in range(rows)]
    return _labelled(pd.DataFrame({"words": texts}))


def pictures(count: int = 40) -> list[np.ndarray]:
    """Grey pictures with a light square; the last four are stripes."""
    chance = np.random.default_rng(4)
    found = []
    for number in range(count):
        picture = chance.integers(20, 40, (16, 16, 1))
        if number < count - 4:
            picture[4:12, 4:12] = 200 + chance.integers(0, 40)
        else:
            picture[::2] = 250
        found.append(picture.astype(np.uint8))
    return found


def _labelled(frame: pd.DataFrame, anomalies: int = 4) -> pd.DataFrame:
    """`known` says which rows are anomalies; `part` that half of the usual ones, and half of the anomalies, are to be learned from."""
    rows = len(frame)
    known = np.arange(rows) >= rows - anomalies
    return frame.assign(
        known=known.astype(int), part=np.where((np.arange(rows) < rows // 2) | (np.arange(rows) >= rows - anomalies // 2), "a", "b")
    )


def write_pictures(path: Path, found: list[np.ndarray]) -> Path:
    """`found` as a zip of PNG files."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, picture in enumerate(found):
            buffer = BytesIO()
            Image.fromarray(picture[:, :, 0]).save(buffer, "PNG")
            archive.writestr(f"{'odd' if number >= len(found) - 4 else 'normal'}/{number:03}.png", buffer.getvalue())
    return path


def write_source(kind: str, folder: Path) -> Path:
    """A file of `kind` in `folder`."""
    if kind == "images":
        return write_pictures(folder / "pictures.zip", pictures())
    path = folder / f"{kind}.csv"
    FRAME_OF[kind]().to_csv(path, index=False)
    return path


FRAME_OF = {"table": table_frame, "series": series_frame, "text": text_frame}


def read_source(source: Path) -> Path:
    """The folder of the data set that `source` becomes."""
    folder = source.parent / f"data-{source.stem}"
    reading.read_file(source, folder, name=source.name)
    return folder


def roles_for(kind: str, data: Path) -> dict[str, str]:
    from detectors.profile import load_profile

    if kind != "images":
        return ROLES[kind]
    return {profile.name: {"name": "id", "class": "label"}.get(profile.name, "ignored") for profile in load_profile(data)}


def trained(kind: str, representation: str, detector: str, data: Path) -> FittedRun:
    """A quick training of `detector`; it learns from half of the rows, but for pictures, and scores all of them."""
    request = RunRequest(
        "", detector, roles_for(kind, data), kind=kind, representation=representation,
        parameters=_parameters(representation, detector), preparation=PREPARATIONS.get(kind, {}), seed=3,
        fit_where=None if kind in ("images", "series") else FitWhere("part", "a"),
    )  # fmt: skip
    return execute(request, data, Progress())


def _parameters(representation: str, detector: str) -> dict[str, Any]:
    found = registry.get(representation, detector)
    if found.raw_columns:
        return {"conditions": [["amount", ">", 400.0], ["country", "is", "FR"]]}
    return {**found.quick, **({"epochs": 1} if "epochs" in found.fields else {})}


def finished(kind: str, representation: str, detector: str, data: Path) -> Finished:
    return Finished.of_fitted(trained(kind, representation, detector, data))


THRESHOLD = KeptThreshold("percentile", 95.0, 0.5, "one in twenty is what we can look at", "Ada")
