"""Fits a run's detector again and again, on other rows of the same data and with other seeds, and keeps how it ranks every row."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.preparation import Items, Preparation, load_preparation
from detectors.runs.execute import learn, scores_and_kinds
from detectors.runs.folder import RunFolder
from detectors.runs.judged import Judged, of_items
from detectors.runs.relearning import Heeded
from detectors.runs.request import RunRequest
from detectors.runs.rows import Rows, rows_to_learn, sampled
from detectors.stability import ranks_of
from detectors.storage.files import write_json
from detectors.together.verdicts import BASE

#: How often a detector is fitted again, and the fewest refits that are kept when the work is stopped.
REFITS, FEWEST_REFITS = 20, 5

#: Rows of each label that a refit learns from at least.
FEWEST_OF_A_KIND = 4

#: Each refit learns from this share of the rows, which is how many different ones a bootstrap has. Drawing with putting back
#: would give rows a neighbour at distance 0, and detectors that look at neighbours would then see something else.
LEARNED_SHARE = 0.632

#: The array of the result: rank of every row in every refit, (rows, refits), from 0.
RANKS = "ranks"


class _ToTheEnd(Progress):
    """Refits that were begun are finished: one that is stopped early would disagree because of that."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def check(self) -> None:
        self._progress.check()


def refit(run: RunFolder, data: Path, result: Path, progress: Progress, refits: int = REFITS) -> None:
    """Leaves in `result` the rank of every row in each of `refits` refits; what the run prepared is taken as it is."""
    request = run.request()
    source = DataSet(data, request.used_roles)
    preparation = load_preparation(run.result / "preparation")
    progress.report("preparing", 0, 1)
    items = preparation.items(source)
    learned = sampled(request, items.to_fit(np.asarray(run.array("fitted"))))
    heeded = Heeded.load(run.path)
    detector = registry.create(request.representation, request.detector, **request.parameters)
    known, judged = rows_to_learn(request, source, detector, heeded.relearning), heeded.judged
    begun_with = None if judged is None else Verdicted(judged, run.result / "detector" / BASE)
    course = _Course(request, preparation, items, learned, known, begun_with)
    done = 0
    with tempfile.TemporaryFile(prefix="anomalyst-") as file:
        file.truncate(4 * source.rows * refits)
        ranks = np.memmap(file, dtype=np.uint32, mode="r+", shape=(source.rows, refits))
        while done < refits and not (progress.stop_asked() and done >= FEWEST_REFITS):
            progress.report("refitting", done, refits)
            ranks[:, done] = course.ranks(done, _ToTheEnd(progress))
            done += 1
        progress.report("refitting", done, refits)
        np.save(result / f"{RANKS}.npy", ranks[:, :done], allow_pickle=False)
    write_json(result / "result.json", {"rows": source.rows, "refits": done, "learned": round(LEARNED_SHARE * len(learned))})


@dataclass(frozen=True)
class Verdicted:
    """Verdicts, and the folder of the detector that learning from them began with."""

    judged: Judged
    begun_with: Path

    def heeded_by(self, detector: Detector, rows: int, items: Items, learned: NDArray[np.intp]) -> Detector:
        """`detector`, about to learn from the items `learned`, of so many `rows` in all, and from the verdicts on them."""
        begun = detector.start_from(self.begun_with) if self.begun_with.exists() else detector
        begun.take_verdicts(of_items(self.judged, rows, items, learned), None)
        return begun


@dataclass(frozen=True)
class _Course:
    """What every refit of a run starts from."""

    request: RunRequest
    preparation: Preparation
    items: Items
    learned: NDArray[np.intp]
    """The items that the run learned from."""
    known: Rows
    """What is known of the rows."""
    verdicts: Verdicted | None = None
    """What it learned from verdicts, where it did."""

    def ranks(self, number: int, progress: Progress) -> NDArray[np.uint32]:
        """The rank of every row as the refit `number` sees it, (rows,)."""
        seed = self.request.seed + 1 + number
        detector = registry.create(self.request.representation, self.request.detector, seed=seed, **self.request.parameters)
        kinds = self.known.kinds if detector.supervised else None
        y = None if kinds is None else self.items.labels(kinds, self.learned)
        drawn = _drawn(len(self.learned), y, seed)
        learned, groups = self.learned[drawn], self.items.groups(self.learned[drawn])
        if self.verdicts is not None:
            detector = self.verdicts.heeded_by(detector, len(self.known.fitted), self.items, learned)
        learn(
            detector, self.preparation, self.items.at(learned), progress, y=None if y is None else y[drawn], kinds=self.known.kind_names,
            groups=groups,
        )  # fmt: skip
        return ranks_of(self.items.row_scores(detector, scores_and_kinds(detector, self.items, learned, progress)[0], progress))


def _drawn(rows: int, labels: NDArray[np.int8] | None, seed: int) -> NDArray[np.intp]:
    """Positions of the share of the rows that a refit learns from, growing; with `labels` the same share of each kind."""
    chance = np.random.default_rng(seed % 2**32)
    groups = [np.arange(rows)] if labels is None else [np.flatnonzero(labels == label) for label in np.unique(labels)]
    counts = [min(len(group), max(FEWEST_OF_A_KIND, round(LEARNED_SHARE * len(group)))) for group in groups]
    return np.sort(np.concatenate([chance.choice(group, count, replace=False) for group, count in zip(groups, counts, strict=True)]))
