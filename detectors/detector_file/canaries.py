"""Canaries: a hundred items with their scores, scored again where the libraries or the machine are others than when the file was written."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Scores
from detectors.errors import StorageError
from detectors.messages import N_, Message
from detectors.preparation import Preparation
from detectors.ranks import rank_correlation

FILE = "canaries.npz"

#: As many as tell a shift from chance; of large items, such as pictures, as many as these bytes hold.
CANARIES, MOST_BYTES = 100, 16 << 20

#: Libraries whose version can change a score or an explanation.
LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "skops", "tensorflow", "keras", "shap", "pillow", "rjieba", "psutil")

UNCHANGED = N_("Written with {libraries}. The {count} canaries have the same scores here, to the last bit.")
MOVED = N_(
    "Written with {libraries}. Of {count} canaries {moved} have other scores here, by {largest} at most ({share} of the spread of their scores); "
    "{crossed} of them would be flagged otherwise. The order agrees to {agreement}."
)


@dataclass(frozen=True)
class Canaries:
    """Items as explanations take rows apart, (items, …), and their scores, (items,)."""

    items: NDArray[np.float32]
    scores: Scores

    @classmethod
    def of(cls, items: NDArray[np.float32], detector: Detector, preparation: Preparation) -> Self:
        """`items`, scored."""
        return cls(items, detector.score(preparation.finish(items)))

    def save(self, folder: Path) -> None:
        np.savez_compressed(folder / FILE, allow_pickle=False, items=self.items, scores=self.scores)

    @classmethod
    def load(cls, folder: Path, file: str) -> Self | None:
        """What `save` left in `folder`; None where there is none."""
        if not (folder / FILE).exists():
            return None
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                return cls(kept["items"], kept["scores"].astype(np.float64))
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(N_("`{file}` was not opened: its member `{member}` is damaged."), file=file, member=FILE) from error

    def moved(self, scores: Scores, cut_off: float) -> Moved:
        """How the `scores` that they have here differ from those they had."""
        differ = scores != self.scores
        spread = float(np.ptp(self.scores)) if len(self.scores) else 0.0
        largest = float(np.abs(scores - self.scores).max(initial=0.0))
        crossed = int(((scores > cut_off) != (self.scores > cut_off)).sum())
        return Moved(
            len(scores), int(differ.sum()), largest, largest / spread if spread else 0.0, crossed, rank_correlation(scores, self.scores)
        )


@dataclass(frozen=True)
class Moved:
    """What became of the canaries under other libraries, or on another machine."""

    count: int
    moved: int
    largest: float
    share: float
    """The largest difference as a share of the spread of their scores."""
    crossed: int
    """How many are on the other side of the threshold."""
    agreement: float

    def message(self, libraries: Mapping[str, str]) -> Message:
        """What moved, or that nothing did; `libraries` are those that differ, as they were."""
        names = ", ".join(f"{name} {number}" for name, number in libraries.items())
        if not self.moved:
            return Message(UNCHANGED, {"libraries": names, "count": self.count})
        return Message(MOVED, {"libraries": names, **vars(self)})


def chosen(ranking: NDArray[np.intp], numbers: int) -> NDArray[np.intp]:
    """Of the rows, from the highest score to the lowest, those that become canaries: evenly spread, each of `numbers` numbers."""
    most = max(1, min(CANARIES, MOST_BYTES // (4 * max(1, numbers)), len(ranking)))
    return np.sort(ranking[np.unique(np.linspace(0, len(ranking) - 1, most).round().astype(np.intp))])


def library_versions() -> dict[str, str]:
    """The versions of what can change a score, of those that are installed, and of Python."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def differing(written: Mapping[str, str], machine: str) -> dict[str, str]:
    """Of the libraries that a file was `written` with those that are others here, as they were then; also the machine."""
    here = library_versions()
    found = {name: number for name, number in written.items() if name in LIBRARIES and here.get(name) != number}
    return found | ({"machine": machine} if machine and machine != platform.machine() else {})
