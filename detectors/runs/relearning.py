"""What a run that learns anew – with new rows, and with what people said of rows – learns from; kept in its folder as it was when it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.errors import StorageError
from detectors.runs.judged import IS_ANOMALY, IS_NORMAL, UNKNOWN, Judged
from detectors.storage.files import RUN_GONE, read_json, write_json

#: In the folder of such a run: the rows, and what is told of them.
FILE, TOLD_FILE = "relearning.npz", "relearning.json"

#: The kind of a row that was judged an anomaly, where the label names kinds and this row's names none.
JUDGED_KIND = "judged an anomaly"


@dataclass(frozen=True)
class Relearning:
    """Which rows of the data are learned from."""

    candidates: NDArray[np.bool_]
    """The rows that the run's own rule, and that of the run before, would learn from, (rows,)."""
    learned: NDArray[np.bool_]
    """Those of them that are learned from once verdicts are heeded, (rows,)."""
    judged: Judged
    """The verdicts: for a detector that learns from labels they are labels."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Where the rows come from, and how many are which: for people."""

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / FILE, allow_pickle=False, rows=len(self.learned), candidates=np.packbits(self.candidates),
            learned=np.packbits(self.learned), judged=self.judged.rows, is_anomaly=self.judged.is_anomaly,
        )  # fmt: skip
        write_json(folder / TOLD_FILE, dict(self.told))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What a run in `folder` learns from; None of one that learns what its request says."""
        if not (folder / FILE).exists():
            return None
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                rows = int(kept["rows"])
                candidates, learned = (np.unpackbits(kept[name], count=rows).astype(bool) for name in ("candidates", "learned"))
                return cls(candidates, learned, Judged(kept["judged"], kept["is_anomaly"]), read_json(folder / TOLD_FILE))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(RUN_GONE) from error

    def labelled(self, kinds: NDArray[np.int8] | None, names: Sequence[str]) -> tuple[NDArray[np.int8], list[str]]:
        """What the label says of every row, `kinds` with their `names`, once verdicts take its place where there are some."""
        rows = len(self.learned)
        found = np.full(rows, UNKNOWN, dtype=np.int8) if kinds is None else kinds.copy()
        anomalies, normal = self.judged.rows[self.judged.is_anomaly], self.judged.rows[~self.judged.is_anomaly]
        found[normal] = IS_NORMAL
        unnamed = anomalies[found[anomalies] <= 0]
        named = [*names, JUDGED_KIND] if names and len(unnamed) else list(names)
        found[unnamed] = len(named) if names else IS_ANOMALY
        return found, named


@dataclass(frozen=True)
class Counts:
    """How many rows are which, before anything is learned."""

    old: int
    """Rows of before that the rule learns from."""
    new: int
    repeated: int
    """New rows that were there already, and stand there once."""
    anomalies: int
    """Judged anomalies: left out or, for a detector that learns from labels, learned as such."""
    normal: int
    """Judged normal: learned from, though some of them are flagged."""
    unjudged: int
    """New rows that are flagged, and of which nobody said anything."""
    learned: int

    def to_json(self) -> dict[str, int]:
        return dict(vars(self))


@dataclass(frozen=True)
class Said:
    """What is known of the rows of the data that are put together, each (rows,)."""

    candidates: NDArray[np.bool_]
    is_new: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    """Flagged by the detector, among the new rows."""
    verdicts: NDArray[np.int8]
    """1 anomaly, 0 normal, -1 nothing."""

    @property
    def judged(self) -> Judged:
        rows = np.flatnonzero(self.verdicts != UNKNOWN)
        return Judged(rows, self.verdicts[rows] == IS_ANOMALY)


def heeded(said: Said, *, supervised: bool, with_flagged: bool, repeated: int) -> tuple[Relearning, Counts]:
    """Which rows to learn from, and how many are which.

    Judged anomalies are left out, rows judged normal are learned from, also flagged ones; other flagged rows only `with_flagged`.
    A detector that learns from labels is told the verdicts as labels, and nothing is left out for it.
    """
    unjudged = said.candidates & said.flagged & (said.verdicts == UNKNOWN)
    learned = said.candidates.copy()
    if not supervised:
        learned &= said.verdicts != IS_ANOMALY
        learned &= ~unjudged | with_flagged
    anomalies, normal = (int((said.candidates & (said.verdicts == sort)).sum()) for sort in (IS_ANOMALY, IS_NORMAL))
    counts = Counts(
        int((said.candidates & ~said.is_new).sum()), int((said.candidates & said.is_new).sum()), repeated, anomalies, normal,
        int(unjudged.sum()), int(learned.sum()),
    )  # fmt: skip
    return Relearning(said.candidates, learned, said.judged), counts


@dataclass(frozen=True)
class Heeded:
    """What a run heeds beside its request."""

    judged: Judged | None = None
    """Verdicts that a detector is made to follow."""
    relearning: Relearning | None = None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What the run in `folder` heeds."""
        return cls(Judged.load(folder), Relearning.load(folder))


def told(relearning: Relearning, **values: Any) -> Relearning:
    """The same with what is told of it."""
    return replace(relearning, told={**relearning.told, **values})
