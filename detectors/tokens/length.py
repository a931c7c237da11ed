"""The number of words alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.messages import N_
from detectors.params import choice, number

FILE = "length.json"

#: From a quartile's distance to a standard deviation, where lengths were normally distributed.
QUARTILE_TO_DEVIATION = 0.7413

#: All training texts of one length have no spread; a text twice as long is then this many units away.
UNITS_WITHOUT_SPREAD = 10.0


class Length(Detector):
    """How far a text's length is from the usual one: a plain baseline that every other detector on texts should beat.

    The score is the distance of the logarithm of (`added` + words) from its median, in interquartile ranges brought to the
    size of standard deviations.
    """

    title = N_("Length")
    family = N_("Baseline")
    summary = N_("Counts the words and measures how far a text is from the usual length.")
    reference = "Hoaglin, Mosteller & Tukey: Understanding robust and exploratory data analysis, Wiley 1983"
    when = N_("As a comparison for every other detector on texts, or where unusually long or short texts are what is looked for.")
    when_not = N_(
        "As the only detector: what a text says plays no part. Texts beyond the positions that preparation keeps all count as equal."
    )
    score_name = N_("distance from the usual length")

    unusual: str = choice(
        "far", title=N_("What is unusual"),
        choices={"far": N_("Far from the usual length, longer or shorter"), "long": N_("Longer"), "short": N_("Shorter")},
        help=N_("Whether long texts, short ones or both get high scores."),
    )  # fmt: skip

    added: float = number(
        1.0, title=N_("Words added"), low=0.01, high=1000.0, advanced=True,
        help=N_("Every text counts as so many words longer. The more, the less it matters whether a short text has two words or three."),
    )  # fmt: skip

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        lengths = self._log_length(X)
        low, self._middle, high = (float(value) for value in np.quantile(lengths, [0.25, 0.5, 0.75]))
        spread = (high - low) * QUARTILE_TO_DEVIATION
        self._spread = spread if spread > 0 else float(np.log(2)) / UNITS_WITHOUT_SPREAD
        progress.report("fitting", 1, 1)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        distance = (self._log_length(X) - self._middle) / self._spread
        return {"far": np.abs(distance), "long": distance, "short": -distance}[self.unusual]

    def _save(self, folder: Path) -> None:
        record: dict[str, Any] = {"middle": self._middle, "spread": self._spread}
        (folder / FILE).write_text(json.dumps(record), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
        self._middle, self._spread = float(record["middle"]), float(record["spread"])

    def _log_length(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.log(self.added + (X > 0).sum(axis=1))
