"""A table into vectors: one item a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.arrays import room_for
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.explanations.changes import column_change
from detectors.explanations.reasons import Reason, reasons
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import Around, Ladder
from detectors.messages import N_, Message
from detectors.params import choice, integer, number, switch
from detectors.preparation.columns import ColumnEncoding, EncodingChoices
from detectors.preparation.contract import CHANGED_PARTS, CHANGED_TOGETHER, Described, Items, Learned, Made, Preparation
from detectors.preparation.more_rows import Variation, new_rows, rare_rows, varied_copies
from detectors.preparation.rows import TableItems, gaps, row_keys, without_empty
from detectors.preparation.table_ways import ColumnInRow
from detectors.preparation.values import number_type
from detectors.trees import Cut

#: How numbers are scaled, for every preparation that scales some.
SCALINGS = {
    "standard": N_("Mean 0, standard deviation 1"),
    "robust": N_("Median 0, interquartile range 1"),
    "min_max": N_("Smallest 0, largest 1"),
}

#: What the form calls the parameters that belong together, in its order.
GAPS, NUMBERS, CATEGORIES, ROWS, MORE_ROWS = (
    N_("Missing values"), N_("Numbers"), N_("Categories, dates and texts"), N_("Rows to learn from"), N_("More rows, made of those there are"),
)  # fmt: skip


class TablePreparation(Preparation):
    """Missing values filled, categories one-hot encoded, numbers scaled."""

    kind = "table"
    representation = "vectors"
    native = True
    raw_columns = True

    missing_numbers: str = choice(
        "median", title=N_("Missing numbers become"), group=GAPS,
        choices={"median": N_("The column's median"), "most_frequent": N_("The most frequent value")},
        help=N_("What takes the place of a missing number. It is learned from the training rows; infinite values count as missing."),
    )  # fmt: skip
    missing_categories: str = choice(
        "own", title=N_("Missing categories become"), group=GAPS,
        choices={"own": N_("A category of their own"), "most_frequent": N_("The most frequent value")},
        help=N_("What takes the place of a missing text or category."),
    )  # fmt: skip
    missing_flags: bool = switch(
        False, title=N_("Say what was missing"), group=GAPS,
        help=N_("Each column with gaps gets one more number, 1 where its value is missing: for data in which a gap itself is telling."),
    )  # fmt: skip
    scaling: str = choice(
        "standard", title=N_("Scaling"), group=NUMBERS, choices={**SCALINGS, "quantile": N_("Ranks on a normal distribution")},
        help=N_("How numbers are brought to one size before training. Ranks take out every skew, and some of what is extreme with it."),
    )  # fmt: skip
    skew: str = choice(
        "none", title=N_("Skewed columns"), group=NUMBERS,
        choices={"none": N_("As they are"), "yeo_johnson": N_("Made symmetric (Yeo-Johnson)")},
        help=N_("Columns with a long tail, of a skewness above 1, can be bent so that their tail alone does not look unusual."),
    )  # fmt: skip
    winsorise: float = number(
        0.0, title=N_("Winsorised, share at each end"), low=0.0, high=0.25, group=NUMBERS,
        help=N_("Share of the smallest and of the largest values of each column that count as the value next to them: for measurements whose extremes are noise. It hides extreme values from the detector. 0 pulls in none."),
    )  # fmt: skip
    one_hot_limit: int = integer(
        20, title=N_("Categories kept per column"), low=2, high=1000, group=CATEGORIES,
        help=N_("The most frequent values of a text column get a number of their own."),
    )  # fmt: skip
    many_categories: str = choice(
        "pooled", title=N_("Columns with more categories"), group=CATEGORIES,
        choices={"pooled": N_("The rest share one number"), "frequency": N_("How frequent each value is"), "hashing": N_("Hashed into a few numbers")},
        help=N_("What happens to columns with more categories than are kept. Frequency makes rare values stand out; hashing suits thousands of values."),
    )  # fmt: skip
    hash_numbers: int = integer(
        32, title=N_("Numbers of a hashed column"), low=2, high=1024, group=CATEGORIES,
        help=N_("The fewer numbers, the more values share one."),
    )  # fmt: skip
    dates: str = choice(
        "moment", title=N_("Dates as"), group=CATEGORIES,
        choices={"moment": N_("The moment, one number"), "parts": N_("Year, month, day, weekday, hour"), "cyclic": N_("On circles: year, week, day")},
        help=N_("On a circle, 23:59 is next to 0:00 and December next to January; which year it is stays a number. Only dates with the role feature are learned from."),
    )  # fmt: skip
    topics: int = integer(
        20, title=N_("Topics of a text column"), low=1, high=500, group=CATEGORIES,
        help=N_("Numbers by which a column with the role text says what its texts are about."),
    )  # fmt: skip
    most_missing: float = number(
        0.5, title=N_("Most missing per row"), low=0.0, high=1.0, group=ROWS,
        help=N_("A row with a larger share of missing values is not learned from; it is filled and scored like any other. Where most rows are like that, all are learned from."),
    )  # fmt: skip
    duplicates: str = choice(
        "keep", title=N_("Equal rows"), group=ROWS,
        choices={"keep": N_("Learned from as often as they are there"), "weigh": N_("Weigh less: of 100, 10 are learned from"), "once": N_("Learned from once")},
        help=N_("What is there very often looks usual. Every one of them has a score, the same for all that are equal."),
    )  # fmt: skip
    copies: int = integer(
        0, title=N_("Varied copies of each row"), low=0, high=20, group=MORE_ROWS,
        help=N_("Of each row to learn from, so many copies are learned from as well, varied by chance. For few rows. Copies have no scores."),
    )  # fmt: skip
    variation: str = choice(
        "noise", title=N_("Copies are varied by"), group=MORE_ROWS,
        choices={"noise": N_("Noise"), "mix": N_("Mixing with a similar row"), "generator": N_("A generator: new rows")},
        help=N_(
            "Noise moves every number a little. Mixing gives a row between two similar ones, of the same label where there are labels. "
            "A generator first learns, against a discriminator, what rows look like and then makes as many new ones; not for detectors that learn from labels."
        ),
    )  # fmt: skip
    noise: float = number(
        0.05, title=N_("Noise"), low=0.0, high=2.0, group=MORE_ROWS,
        help=N_("Standard deviation of the noise, as a share of each number's own. Categories are never blurred."),
    )  # fmt: skip
    rare_labels: str = choice(
        "as_they_are", title=N_("The rarer label"), group=MORE_ROWS,
        choices={"as_they_are": N_("As often as it is there"), "repeat": N_("Repeated"), "mix": N_("Mixed with similar rows (SMOTE)")},
        help=N_("For detectors that learn from known anomalies, where those are rare. What they learned from is still scored by ones that did not."),
    )  # fmt: skip
    rare_share: float = number(
        0.2, title=N_("Share of the rarer label"), low=0.01, high=0.5, group=MORE_ROWS,
        help=N_("How much of what is learned from has the rarer label, once it is repeated or mixed."),
    )  # fmt: skip

    for_labels = frozenset({"rare_labels", "rare_share"})

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.encoding = ColumnEncoding(EncodingChoices.among(self.parameters))

    @property
    def columns(self) -> list[str]:
        """The original columns: the units of an explanation."""
        return self.encoding.columns

    @property
    def names(self) -> list[str]:
        return self.encoding.names

    @property
    def units(self) -> NDArray[np.intp]:
        return self.encoding.origins

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        self.encoding = self._encoded(data, data.frame_to_fit(_learned_columns(data), fitted, seed), seed)
        return self

    def _encoded(self, data: DataSet, frame: pd.DataFrame, seed: int = 0) -> ColumnEncoding:
        """An encoding that has learned from the rows of `frame`, but for the nearly empty ones."""
        full = without_empty(np.ones(len(frame), dtype=bool), gaps(frame), self.most_missing)
        choices = EncodingChoices.among(self.parameters, tuple(data.columns("text")))
        return ColumnEncoding(choices).fit(frame if full.all() else frame.loc[full], seed=seed)

    def serve(self, detector: Detector) -> None:
        self.encoding.ask(detector.asked())

    def items(self, data: DataSet) -> Items:
        X, missing = room_for((data.rows, len(self.names))), np.empty(data.rows, dtype=np.float32)
        keys = None if self.duplicates == "keep" else np.empty(data.rows, dtype=np.uint64)
        for rows, frame in data.blocks(self.columns):
            X[rows], missing[rows] = self.encoding.transform(frame), gaps(frame)
            if keys is not None:
                keys[rows] = row_keys(X[rows])
        return TableItems(X, missing, self.most_missing, keys, self.duplicates)

    def new_items(self, data: DataSet) -> Items:
        X = room_for((data.rows, len(self.names)))
        for rows, frame in data.blocks(self.columns):
            X[rows] = self.encoding.transform(frame)
        return Items(X)

    def in_words(self, number: int, value: float) -> Cut:
        return self.encoding.in_words(number, value)

    def augmented(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, seed: int) -> Learned:
        made: list[Made] = []
        if y is not None and self.rare_labels != "as_they_are":
            made += rare_rows(X, y, self.rare_share, self._variation("mix") if self.rare_labels == "mix" else None, seed)
        if self.copies and self.variation == "generator":
            made.append(new_rows(X, y, self.encoding.measured, self.copies * len(X), seed))
        elif self.copies:
            made += varied_copies(X, y, self._variation(self.variation), self.copies, seed)
        return Learned(X, y).and_also(made)

    def _variation(self, way: str) -> Variation:
        return Variation(way, self.noise, self.encoding.measured)

    def preview(self, data: DataSet, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """``X``, (rows, numbers): the rows as numbers; of each number its name, ``names``, and its ``column``."""
        names = _learned_columns(data)
        if not names:
            return {}
        frame = data.frame(names, rows)
        encoding = self._encoded(data, frame)
        columns = np.array(encoding.columns)[encoding.origins]
        return {"X": encoding.transform(frame), "names": np.array(encoding.names), "column": columns}

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        return self.encoding.transform(data.frame(self.columns, rows))

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[Reason]]:
        return reasons(values, self.columns, data.frame(self.columns, rows), self.encoding.restore(expected))

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        return self.columns, np.abs(values).mean(axis=0)

    def parts_of(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> NDArray[np.intp]:
        return np.broadcast_to(np.arange(len(names)), (len(rows), len(names)))

    def held(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> pd.DataFrame:
        return data.frame(names, rows).reset_index(drop=True)

    def for_rules(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> Described:
        return Described(self.explained(data, rows, detector)[:, : self.encoding.own_numbers], self.in_words)

    def ladders(self, data: DataSet, around: Around) -> Sequence[Ladder]:
        """Columns, with values that normal rows hold."""
        columns = [self.columns[unit] for unit in around.heaviest(CHANGED_PARTS)]
        actual, normal = data.frame(columns, [around.row]), data.frame(columns, around.normal)
        expected = self.encoding.restore(around.towards[None])
        ways = [ColumnInRow(self.encoding, name, actual[name].iloc[0], normal[name], expected[name].iloc[0]).way() for name in columns]
        return [Ladder([way for way in ways if way is not None], CHANGED_TOGETHER)]

    def told(self, data: DataSet, around: Around, moves: Sequence[Move]) -> Sequence[Message]:
        row = data.frame(self.columns, [around.row])
        names = [self.columns[move.way.part] for move in moves]
        return [
            column_change(name, move, row[name].iloc[0], dates=number_type(row[name]) == "date")
            for name, move in zip(names, moves, strict=True)
        ]

    def _to_json(self) -> dict[str, Any]:
        return self.encoding.to_json()

    def _from_json(self, record: Mapping[str, Any]) -> None:
        self.encoding = ColumnEncoding.from_json(record)


def _learned_columns(data: DataSet) -> list[str]:
    """The columns that become numbers, in the data's order."""
    return [column for column, role in data.roles.items() if role in ("feature", "text")]
