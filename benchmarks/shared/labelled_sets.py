"""Labelled data sets on the disk, and how each protocol lets a detector learn from them and judges it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from detectors import metrics
from detectors.errors import DataError
from detectors.messages import N_

#: The folder of each kind of data.
FOLDERS = {"series": "series", "images": "images", "text": "text", "tables": "table"}
ENDINGS = {".csv", ".parquet", ".zip"}

#: How the data may be learned from, by folder; the third is for detectors that learn from labels.
PROTOCOLS = dict.fromkeys(FOLDERS, ("unsupervised", "semi-supervised", "supervised")) | {"series": ("whole", "split", "supervised")}

#: The grid of the precision-recall surface with which the baselines were measured.
BUFFER, CUT_OFFS = 50, 100

#: The column added to a copy that says which rows are learned from, and the seed that chooses them.
CHOSEN_COLUMN, CHOSEN, SEED = "learned_from", "yes", 0


@dataclass(frozen=True)
class LabelledSet:
    """One file; `kind` is its folder."""

    kind: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def key(self) -> str:
        """What the engine calls the kind."""
        return FOLDERS[self.kind]


@dataclass(frozen=True)
class Trial:
    """What is trained on, with which options of the engine's `Training`, and what its scores are held against.

    `truth` has the columns `is_anomaly` and `judged`; its index is a row's number, or the name of a picture.
    """

    data: Path
    options: dict[str, Any]
    truth: pd.DataFrame
    is_series: bool

    def judge(self, scores: pd.DataFrame) -> dict[str, float | None]:
        """The figures of the engine's ``scores.parquet``.

        Raises:
            DataError: a row was left without a score.
        """
        by = "name" if "name" in scores.columns else "row"
        found = scores.set_index(by)["score"].reindex(self.truth.index)
        if found.isna().any():
            raise DataError(N_("{missing} rows have no score."), missing=int(found.isna().sum()))
        judged = self.truth["judged"].to_numpy(dtype=bool)
        is_anomaly, values = self.truth["is_anomaly"].to_numpy()[judged], found.to_numpy()[judged]
        figures = {"auroc": metrics.auroc(is_anomaly, values), "average_precision": metrics.average_precision(is_anomaly, values)}
        if self.is_series:
            figures["vus_pr"] = metrics.vus_pr(is_anomaly, values, max_buffer=BUFFER, cut_offs=CUT_OFFS)
        return figures


def labelled_sets(data: Path, kind: str) -> list[LabelledSet]:
    """The sets of a kind, by name."""
    return [LabelledSet(kind, path) for path in sorted((data / kind).glob("*")) if path.suffix in ENDINGS]


def trial(labelled: LabelledSet, protocol: str, folder: Path) -> Trial:
    """What to do for a protocol; a copy of the data that it needs is written to `folder`."""
    make = {"series": _series_trial, "images": _images_trial}.get(labelled.kind, _table_trial)
    return make(labelled, protocol, folder)


def _series_trial(labelled: LabelledSet, protocol: str, folder: Path) -> Trial:
    frame = _frame(labelled.path)
    options: dict[str, Any] = {"label": "label"}
    if "timestamp" in frame.columns:
        options["time"] = "timestamp"
    options |= {"fit_where": ("split", "train")} if protocol == "split" else {"ignore": ("split",)}
    judged = frame["split"] == "test" if protocol == "split" else True
    return Trial(labelled.path, options, pd.DataFrame({"is_anomaly": frame["label"].astype(float) == 1, "judged": judged}), True)


def _table_trial(labelled: LabelledSet, protocol: str, folder: Path) -> Trial:
    """Tables and texts."""
    frame = _frame(labelled.path)
    truth = pd.DataFrame({"is_anomaly": frame["label"].astype(float) == 1, "judged": True})
    options: dict[str, Any] = {"label": "label", **({"text": "text"} if labelled.kind == "text" else {})}
    if protocol != "semi-supervised":
        return Trial(labelled.path, options, truth, False)
    truth["judged"] = ~_half_of_the_normal(truth["is_anomaly"].to_numpy())
    copy = folder / labelled.path.name
    chosen = frame.assign(**{CHOSEN_COLUMN: np.where(truth["judged"], "no", CHOSEN)})
    chosen.to_csv(copy, index=False) if copy.suffix == ".csv" else chosen.to_parquet(copy, index=False)
    return Trial(copy, {**options, "fit_where": (CHOSEN_COLUMN, CHOSEN)}, truth, False)


def _images_trial(labelled: LabelledSet, protocol: str, folder: Path) -> Trial:
    with zipfile.ZipFile(labelled.path) as archive:
        names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        is_anomaly = np.array([PurePosixPath(name).parent.name != "normal" for name in names])
        if protocol != "semi-supervised":
            return Trial(labelled.path, {"label": "folder"}, pd.DataFrame({"is_anomaly": is_anomaly, "judged": True}, index=names), False)
        judged = ~_half_of_the_normal(is_anomaly)
        copied = [f"{'rest' if is_judged else 'fit'}/{name}" for name, is_judged in zip(names, judged, strict=True)]
        with zipfile.ZipFile(folder / labelled.path.name, "w") as copy:
            for name, new_name in zip(names, copied, strict=True):
                copy.writestr(new_name, archive.read(name))
    truth = pd.DataFrame({"is_anomaly": is_anomaly, "judged": judged}, index=copied)
    return Trial(folder / labelled.path.name, {"label": "folder", "fit_where": ("folder", "fit/normal")}, truth, False)


def _half_of_the_normal(is_anomaly: np.ndarray) -> np.ndarray:
    """Which rows are learned from, (rows,): a random half of the normal ones, the same for every detector."""
    normal = np.random.default_rng(SEED).permutation(np.flatnonzero(~is_anomaly))
    return np.isin(np.arange(len(is_anomaly)), normal[: len(normal) // 2])


def _frame(path: Path) -> pd.DataFrame:
    """The file as it is: text stays text, so that a copy reads like the original."""
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str, keep_default_na=False)


def smallest(sets: list[LabelledSet], count: int) -> list[LabelledSet]:
    """The `count` smallest files, by name."""
    return sorted(sorted(sets, key=lambda labelled: labelled.path.stat().st_size)[:count], key=lambda labelled: labelled.name)


def chosen_sets(data: Path, kinds: list[str], fast: int | None) -> Iterator[LabelledSet]:
    """The sets of `kinds`, of each kind the `fast` smallest where a number is given."""
    for kind in kinds:
        sets = labelled_sets(data, kind)
        yield from sets if fast is None else smallest(sets, fast)
