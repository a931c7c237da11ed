"""What is asked about one row of a finished run beside its explanation: its smallest change, a second opinion, its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.local_surrogate import Surrogate, local_surrogate
from detectors.explanations.shapley import nearest_of_one
from detectors.explanations.smallest_change import Flagged, Move, SmallestChange, smallest_change
from detectors.explanations.stand_in import StandIn, smallest_by_stand_in
from detectors.explanations.ways import Around, Ladder
from detectors.messages import Message
from detectors.runs.explained import ExplainedRow, ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.normal_rows import DrawnRows, Neighbours, rows_to_draw

#: Rows whose explanation is kept for the next question about them.
KEPT_ROWS = 16

#: Normal rows whose values a row's columns are tried with, beside those of its nearest.
TRIED_ROWS, NEAREST = 2000, 5

#: How a search for the smallest change ended: with one; without; the row is not above the cut-off, as it would be scored as a new
#: one; what is around it is as unusual as the row itself.
Ending = Literal["found", "none", "below", "around"]


@dataclass(frozen=True)
class ChangeFound:
    """The smallest change of a row as it is told."""

    ending: Ending
    before: float
    """The score that the row would get as a new one."""
    after: float | None = None
    """Its score once it is changed."""
    changes: Sequence[Message] = ()
    """What has to be so, all together."""
    others: Sequence[Message] = ()
    """What would be enough as well, each on its own."""
    most: int = 0
    """How many parts were changed together at most; 0 where that did not matter."""
    towards: Literal["expected", "normal"] = "expected"
    """What changed parts look like: as expected, or as in the most similar normal row."""

    def to_json(self) -> dict[str, Any]:
        told = {"changes": [told.to_json() for told in self.changes], "others": [told.to_json() for told in self.others]}
        return {**vars(self), **told}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        told = {name: [Message.from_json(message) for message in record[name]] for name in ("changes", "others")}
        return cls(**{**record, **told})


class RowAnswers:
    """Answers questions about rows of one run."""

    def __init__(self, run: ExplainedRun, folder: RunFolder) -> None:
        self.run, self.folder = run, folder
        self.explained = lru_cache(KEPT_ROWS)(run.row)

    def smallest_change(self, row: int, cut_off: float) -> tuple[ChangeFound, NDArray[np.float32] | None]:
        """What would un-flag `row`, and the changed row, (…), where that was found."""
        explained = self.explained(row)
        flagged = Flagged(explained.actual, self._scores_of(row), cut_off)
        before = float(flagged.scores(explained.actual.reshape(1, -1))[0])
        if before <= cut_off:
            return ChangeFound("below", before), None
        around, towards = self._around(row, cut_off, explained, flagged)
        if towards == "around":
            return ChangeFound("around", before), None
        most = 0
        for ladder in self.run.preparation.ladders(self.run.data, around):
            most = max(most, ladder.most)
            if found := self._searched(flagged, around, ladder):
                told = self._told(around, found)
                return ChangeFound("found", before, found.score, *told, towards=towards), found.row
        return ChangeFound("none", before, most=most, towards=towards), None

    def _searched(self, flagged: Flagged, around: Around, ladder: Ladder) -> SmallestChange | None:
        preparation, detector = self.run.preparation, self.run.detector
        if preparation.quickly_rescored:
            return smallest_change(flagged, ladder.ways, ladder.most)
        stand_in = StandIn(lambda rows: detector.score(preparation.finish(rows)), around.towards)
        return smallest_by_stand_in(flagged, stand_in, ladder.ways, ladder.most)

    def second_opinion(self, row: int) -> Surrogate:
        """A local surrogate of the score around `row`, against the background that its SHAP values have."""
        game, actual = self.run.explainer.game, self.explained(row).actual
        background = game.backgrounds(actual[None], nearest_of_one(game.n_units))[0]
        return local_surrogate(game, actual, background, self.run.explainer.seed)

    def nearest(self, row: int, cut_off: float, count: int) -> Neighbours:
        """The `count` nearest rows that are not flagged."""
        return self._drawn.nearest(row, self.explained(row).actual, cut_off, count)

    def _scores_of(self, row: int) -> Any:
        def scores(changed: NDArray[np.float32]) -> Scores:
            return self.run.preparation.rescored(self.run.data, row, self.run.detector, changed)

        return scores

    def _around(
        self, row: int, cut_off: float, explained: ExplainedRow, flagged: Flagged
    ) -> tuple[Around, Literal["expected", "normal", "around"]]:
        """Parts move to what was expected, if a row that is all as expected is not flagged, else to the nearest normal row.

        Where that one would be flagged in its place, too, the row's score is made by what is around it.
        """
        nearest = self.nearest(row, cut_off, NEAREST)
        others = self._drawn.rows[self._drawn.normal(cut_off)]
        others = others[np.random.default_rng(self.run.explainer.seed % 2**32).permutation(len(others))[:TRIED_ROWS]]
        normal = np.concatenate([nearest.rows, others[~np.isin(others, [*nearest.rows, row])]])
        expected, values = explained.explanation.expected[0], explained.explanation.values[0]
        ends = np.concatenate([expected[None], nearest.items[:1]])
        is_enough = flagged.scores(ends.reshape(len(ends), -1)) <= cut_off
        around = Around(row, explained.actual, ends[0 if is_enough[0] else -1], values, normal)
        if not is_enough.any() and not self.run.preparation.quickly_rescored:
            return around, "around"
        return around, "expected" if is_enough[0] or len(ends) == 1 else "normal"

    def _told(self, around: Around, found: SmallestChange) -> tuple[Sequence[Message], Sequence[Message]]:
        def told(moves: Sequence[Move]) -> Sequence[Message]:
            return self.run.preparation.told(self.run.data, around, moves)

        changes = told(found.moves)
        others: list[Message] = []
        for move in found.others:
            other = told([move])[0]
            if other not in [*changes, *others]:
                others.append(other)
        return changes, others

    @cached_property
    def _drawn(self) -> DrawnRows:
        scores = self.folder.array("scores")
        preparation, seed = self.run.preparation, self.run.explainer.seed
        rows = rows_to_draw(preparation.kind, len(scores), int(preparation.units.size), seed)
        return DrawnRows(self.run.data, preparation, rows, self.run.explained(rows), np.asarray(scores)[rows])
