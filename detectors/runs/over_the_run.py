"""What a finished run's detector does over all of its rows: rules that imitate it, what it depends on, whether explanations hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.explanations.imitation import Imitation, imitate
from detectors.explanations.permutation_importance import Sample, Shuffled, rows_and_repeats, shuffle
from detectors.explanations.shapley import Explainer
from detectors.explanations.trust import PutBack, put_back
from detectors.messages import N_
from detectors.preparation import Preparation
from detectors.preparation.series import SeriesPreparation
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder

#: Rows that an imitation looks at: so many, and no more numbers than these.
MOST_ROWS, MOST_NUMBERS = 20_000, 30_000_000

#: A look at a run may take one part in so many of what explaining many rows at once takes.
PART_OF_EXPLAINING = 3


def imitation(run: ExplainedRun, folder: RunFolder, flagged: NDArray[np.intp]) -> Imitation:
    """A shallow tree that says which rows are `flagged`, (flagged,), in the data's own words.

    Raises:
        DataError: it cannot be told in rules, or too few rows are flagged.
    """
    rows, seed = len(folder.array("scores")), folder.request().seed
    most = int(np.clip(MOST_NUMBERS // run.preparation.units.size, 1000, MOST_ROWS))
    sample = Sample.of(flagged, rows, most, seed)
    described = run.preparation.for_rules(run.data, sample.rows, run.detector)
    if described is None:
        raise DataError(N_("What is in a picture cannot be told in short rules."))
    return imitate(described.X, np.isin(sample.rows, flagged), sample.weights, described.in_words, seed)


def shuffling(run: ExplainedRun, folder: RunFolder, names: Sequence[str], flagged: NDArray[np.intp]) -> Shuffled:
    """How scores move when each of the parts `names` is shuffled among rows that stand for all, half of them `flagged` ones."""
    rows, repeats = rows_and_repeats(len(names), scores_at_once(run.explainer))
    seed = folder.request().seed
    sample = Sample.of(flagged, len(folder.array("scores")), rows, seed)
    parts = run.preparation.parts_of(run.data, sample.rows, names)
    return shuffle(
        run.explainer.game, run.explained(sample.rows), parts, sample,
        n_parts=len(names), repeats=repeats, hidden=run.preparation.hidden, seed=seed,
    )  # fmt: skip


def putting_back(run: ExplainedRun, rows: NDArray[np.intp], values: NDArray[np.float64]) -> PutBack:
    """What putting parts of `rows` back to what was expected does to their scores, the heaviest by SHAP `values`, (rows, units), first.

    What was expected is what the detector expects of the row, or its nearest usual rows: usual variants of it, which rows of
    tables are explained by, differ in the named columns alone, and a check by them would find what it was told. Of windows
    with several columns a part is a whole column.
    """
    game, columns = replace(run.explainer.game, levels=()), columns_put_back(run.preparation)
    if columns is not None:
        parts = run.preparation.parts_of(run.data, rows[:1], columns)[0]
        game = replace(game, units=parts[game.units])
        values = np.stack([values[:, parts == part].sum(axis=1) for part in range(len(columns))], axis=1)
    return put_back(game, run.explained(rows), values, run.explainer.seed)


def columns_put_back(preparation: Preparation) -> list[str] | None:
    """The columns that are put back as a whole where units are stretches of them; None: units are put back."""
    if not isinstance(preparation, SeriesPreparation) or len(preparation.columns) < 2:
        return None
    return preparation.columns


def scores_at_once(explainer: Explainer) -> int:
    """Scores that a look at a run may take: about as many as take a second."""
    return explainer.rows_at_once * explainer.walk // PART_OF_EXPLAINING
