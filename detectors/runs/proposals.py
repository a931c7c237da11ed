"""Which rows are worth a look next: those whose verdict would tell most, not only those with the highest score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.arrays import drawn
from detectors.base import Detector, Progress, Scores
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.judged import DETECTOR, Judged
from detectors.together.detector import Together
from detectors.together.surprise import Surprise
from detectors.together.verdict_model import LIKENESSES, Ideas, VerdictModel, few_verdicts, likenesses, prior, to_itself
from detectors.together.verdict_spaces import Spaces
from detectors.together.verdicts import VerdictsOf

#: Rows that are compared with those judged, at most: half of them the most unusual ones, the others drawn at random …
MOST_ROWS = 20_000

#: … and fewer of wide ones: so many numbers in all.
MOST_NUMBERS = 4_000_000

#: To propose rows: bolder than to learn, so that verdicts from elsewhere are asked for; and how many spreads of what is not known
#: yet a row is worth looking at for.
PROPOSING, CURIOSITY = Ideas.of((1.0, 3.0, 9.0), (0.5,)), 2.0


#: Verdicts that proposals follow from, at most.
MOST_VERDICTS = 100


class Proposer:
    """Proposes rows of one run; compares each row with a judged one only once, however often it is asked."""

    def __init__(self, rows: NDArray[np.intp], numbers: NDArray[np.float32], surprises: NDArray[np.float64], seed: int) -> None:
        """
        Args:
            rows: positions in the data of the rows that may be proposed or were judged.
            numbers: what they are compared by, (rows, numbers).
            surprises: how surprising their score is and, where the detector is made of others, what each of these says, (rows, …).
        """
        self.rows, self._seed = rows, seed
        spaces = Spaces.fit(numbers, surprises, seed)
        self._placed, self._near = spaces.of(numbers, surprises), spaces.near
        self._opinion, self._itself = prior(surprises[:, 0]), to_itself(self._placed)
        self._alike = np.empty((len(LIKENESSES), 0, len(rows)))
        self._compared_with: list[int] = []

    def propose(self, judged: Judged, count: int) -> NDArray[np.intp]:
        """At most `count` rows that were not judged, the most useful first; each is chosen as if those before it were as expected."""
        at, known = _places(self.rows, judged.rows)
        chosen = few_verdicts(judged.is_anomaly[known], self._seed, MOST_VERDICTS)
        places, said = at[chosen].tolist(), np.where(judged.is_anomaly[known][chosen], 1.0, -1.0).tolist()
        taken, found = set(at.tolist()), []
        for _ in range(min(count, len(self.rows) - len(taken))):
            worth, expected = self._worth(places, said)
            worth[list(taken)] = -np.inf
            best = int(np.argmax(worth))
            found.append(best)
            taken.add(best)
            places.append(best)
            said.append(float(np.clip(expected[best], -1, 1)))
        return self.rows[found]

    def _worth(self, places: Sequence[int], said: Sequence[float]) -> tuple[Scores, Scores]:
        """How useful a verdict on each row is (an upper confidence bound, Srinivas et al. 2010, arXiv:0912.3995), and what is expected."""
        alike = self._compared(places)
        model = VerdictModel.fit(alike[:, :, places], self._opinion[places], np.array(said), PROPOSING)
        expected = model.expected(alike, self._opinion)
        return expected + CURIOSITY * model.unsure(alike, self._itself), expected

    def _compared(self, places: Sequence[int]) -> NDArray[np.float64]:
        """How alike all rows are to those at `places`, (likenesses, places, rows)."""
        new = [place for place in places if place not in self._compared_with]
        if new:
            others = {name: rows[new] for name, rows in self._placed.items()}
            self._alike = np.concatenate([self._alike, likenesses(self._placed, others, self._near)], axis=1)
            self._compared_with += new
        where = {place: number for number, place in enumerate(self._compared_with)}
        chosen = [where[place] for place in places]
        return self._alike[:, : len(chosen)] if chosen == list(range(len(chosen))) else self._alike[:, chosen]


def proposer(folder: RunFolder, run: ExplainedRun) -> Proposer:
    """One for a finished run that was opened: of very many rows it compares the most unusual ones, and others at random."""
    seed, scores, ranking = folder.request().seed, np.asarray(folder.array("scores")), folder.array("ranking")
    most = max(1000, min(MOST_ROWS, MOST_NUMBERS // max(1, run.preparation.units.size)))
    top = np.asarray(ranking[: most // 2])
    rows = np.union1d(top, drawn(len(scores), most // 2, seed))
    return Proposer(rows, *seen_by(run.detector, run.seen(rows), scores, rows), seed)


def seen_by(
    detector: Detector, X: NDArray[np.float32], scores: Scores, rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """What items, `X`, are compared by, and how surprising they are, for rows at `rows` of those with `scores`."""
    learning = registry.get(detector.representation(), DETECTOR)
    assert issubclass(learning, VerdictsOf)
    surprise = Surprise.fit(scores).of(scores[rows])[:, None]
    surprises = np.concatenate([surprise, detector._surprises(X)], axis=1) if isinstance(detector, Together) else surprise
    return learning.looks_by().fit(X, detector.seed, Progress()).transform(X), surprises


def _places(rows: NDArray[np.intp], judged: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where in `rows`, growing, those judged are, and which of these."""
    at = np.searchsorted(rows, judged)
    known = np.flatnonzero((at < len(rows)) & (rows[np.minimum(at, len(rows) - 1)] == judged))
    return at[known], known
