"""The contract of a preparation: from a kind of data to a representation that detectors take, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.arrays import taken
from detectors.base import Detector, Progress, Scores
from detectors.data_set import DataSet
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import Around, Ladder, unit_ways
from detectors.messages import Message
from detectors.params import Parametrised
from detectors.storage.files import read_json, write_json
from detectors.trees import Cut

#: The file in which a preparation says what it is and what it has learned.
FILE = "preparation.json"

#: Parts of a row that are tried when the smallest change of it is looked for, and parts that are changed together.
CHANGED_PARTS, CHANGED_TOGETHER = 60, 4


class Reason(Protocol):
    """One thing about a row that raised its score."""

    @property
    def weight(self) -> float:
        """How much it added to the score."""
        ...

    @property
    def message(self) -> Message:
        """The reason in the data's own words."""
        ...

    @property
    def cause(self) -> Message:
        """What sort of reason it is, without this row's values: rows with the same causes belong together."""
        ...


@dataclass(frozen=True)
class Made:
    """Rows made of rows of the data: varied copies, mixtures of two, or new ones by what has learned from all of them."""

    X: NDArray[np.float32]
    """(rows, …)"""
    parents: NDArray[np.intp]
    """(rows, 2): the positions of the two rows that each one was made of; twice the same for a copy, twice -1 for what was made of all."""

    @classmethod
    def copies(cls, X: NDArray[np.float32], of: NDArray[np.intp]) -> Self:
        """`X`, (rows, …), each made of the one row `of`, (rows,)."""
        return cls(X, np.column_stack([of, of]))

    @classmethod
    def of_all(cls, X: NDArray[np.float32]) -> Self:
        """`X`, (rows, …), each made of all rows alike: not for detectors that learn from labels, for it has none."""
        return cls(X, np.full((len(X), 2), -1))


@dataclass(frozen=True)
class Learned:
    """What a detector learns from: rows of the data first, then rows made of them.

    Made rows never have a score of their own, and are not learned from where one of the rows they were made of is judged.
    """

    X: NDArray[np.float32]
    """(rows, …)"""
    y: NDArray[np.int8] | None
    """(rows,): 0 normal, 1 anomaly, or 1, 2 … its kind; None where nothing learns from labels."""
    parents: NDArray[np.intp] | None = None
    """(rows, 2): what each one was made of, a row of the data of itself; None where every one is a row of the data."""

    def and_also(self, made: Sequence[Made]) -> Learned:
        """These rows, then those `made` of them, each with the label of its first parent."""
        if not made:
            return self
        parents = np.repeat(np.arange(len(self.X))[:, None], 2, axis=1) if self.parents is None else self.parents
        y = None if self.y is None else np.concatenate([self.y, *(self.y[each.parents[:, 0]] for each in made)])
        return Learned(np.concatenate([self.X, *(each.X for each in made)]), y, np.concatenate([parents, *(each.parents for each in made)]))


@dataclass(frozen=True)
class Described:
    """Rows in numbers that people know, for rules about them."""

    X: NDArray[np.float32]
    """(rows, numbers)"""
    in_words: Callable[[int, float], Cut]
    """What it says of a row that its number at a position is above a value."""


class Items:
    """What a detector sees of a data set: one item a row, in the order of the rows.

    A subclass may make its items only when they are asked for, may have other items than rows, and then says how
    scores of items become scores of rows.
    """

    most_to_fit: int | None = None
    """Of more items than this so many are learned from; None where all of them are."""

    def __init__(self, X: NDArray[np.float32]) -> None:
        self.X = X

    def __len__(self) -> int:
        return len(self.X)

    def at(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The items at `positions`, (positions, …)."""
        return taken(self.X, positions)

    def to_fit(self, fitted: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The positions of the items to learn from, where `fitted`, (rows,), are the rows to learn from."""
        return np.flatnonzero(fitted)

    def rows_of(self, positions: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which rows the items at `positions` stand for, (rows,)."""
        rows = np.zeros(len(self), dtype=bool)
        rows[positions] = True
        return rows

    def labels(self, labels: NDArray[np.int8], positions: NDArray[np.intp]) -> NDArray[np.int8]:
        """Labels of the items at `positions`, from the labels of rows."""
        return labels[positions]

    def groups(self, positions: NDArray[np.intp]) -> NDArray[np.intp] | None:
        """For the items at `positions` a number that those share which have much in common, and are judged together; None: none do."""
        return None

    def row_kinds(self, kinds: NDArray[np.int8]) -> NDArray[np.int8]:
        """Kinds of rows, (rows,), from those of items."""
        return kinds

    def row_scores(self, detector: Detector, scores: Scores, progress: Progress) -> Scores:
        """Scores of rows, (rows,), from the scores of items."""
        return scores

    def row_expected(self, detector: Detector, progress: Progress) -> NDArray[np.float32] | None:
        """What the detector expected of every row, (rows, columns) in the data's units; None where nobody asks for all of it."""
        return None


class Preparation(Parametrised):
    """Fitted on training rows only; saved with the detector; able to say where every number comes from.

    A subclass declares `kind` and `representation`, and its parameters; it is found because its file is in this folder.

    Explanations hide parts of a row, its *units*, and look at what that does to the score. They work on the row as
    `explained` gives it; `finish` makes of that what the detector takes.
    """

    kind: ClassVar[str]
    representation: ClassVar[str]
    native: ClassVar[bool] = False
    """Whether this is the kind's own representation, which comes first."""
    for_labels: ClassVar[frozenset[str]] = frozenset()
    """Parameters that matter only to detectors that learn from labels; the forms of others leave them out."""
    hidden: ClassVar[float | None] = None
    """What stands in the place of a hidden number; None: what the detector expected, or what similar usual rows have."""
    raw_columns: ClassVar[bool] = False
    """Whether it can tell a detector which conditions on the data's own columns a row meets."""
    finishes: ClassVar[bool] = False
    """Whether `finish` changes anything."""

    @property
    def names(self) -> list[str] | None:
        """A name for every number of an item, where items are vectors."""
        return None

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        """Learns from the rows where `fitted`, (rows,), is true.

        Raises:
            DataError: there is nothing to learn from.
        """
        raise NotImplementedError

    def items(self, data: DataSet) -> Items:
        """What the detector sees of `data`."""
        raise NotImplementedError

    def new_items(self, data: DataSet) -> Items:
        """The same of `data` that are only to be scored: nothing is kept that only learning asks for."""
        return self.items(data)

    def serve(self, detector: Detector) -> None:
        """Is told, once fitted, which detector its items are for."""

    def in_words(self, number: int, value: float) -> Cut:
        """What it says of a row that its number at position `number` is above `value`, in the data's units where they can be told."""
        names = self.names
        return Cut(names[number] if names else str(number + 1), float(value))

    def augmented(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, seed: int) -> Learned:
        """The items to learn from, `X` with labels `y` first and unchanged, then any number made of them."""
        return Learned(X, y)

    def preview(self, data: DataSet, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """What it makes of some `rows`, learning from them alone, as named arrays for a page to show; empty where there is nothing to see."""
        return {}

    # ── explaining ──

    @property
    def units(self) -> NDArray[np.intp]:
        """For every number of an explained row the unit it belongs to, in the row's shape; units count from 0."""
        raise NotImplementedError

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        """The rows at the positions `rows` as explanations take them apart, (rows, …)."""
        raise NotImplementedError

    def place(self, data: DataSet, row: int, detector: Detector) -> int:
        """Where in what `explained` gives the row itself stands."""
        return 0

    def finish(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Explained rows, parts of them hidden, as the detector takes them."""
        return rows

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[Reason]]:
        """For each of `rows` what raised its score most, strongest first, from SHAP `values`, (rows, units).

        `expected`, (rows, …), is what each explained row was compared with.
        """
        raise NotImplementedError

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        """What weighs most over `rows`: names, and the mean absolute SHAP value of each."""
        raise NotImplementedError

    def parts_of(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> NDArray[np.intp]:
        """For each unit of each of `rows` which of `names`, as `weigh` gives them, it is part of, (rows, units); -1: of none."""
        raise NotImplementedError

    def held(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> pd.DataFrame:
        """What each of `rows` holds in each of `names`, as `weigh` gives them: its own values, or a number that tells much of them."""
        raise NotImplementedError

    def for_rules(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> Described | None:
        """The rows in numbers that people know; None where there are none, as of pictures."""
        return None

    def apart(self, row: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far the explained `row`, (…), is from each of `others`, (others, …): (others,)."""
        return np.sqrt(np.square(others - row, dtype=np.float64).reshape(len(others), -1).sum(axis=1))

    def overlap(self, data: DataSet, row: int, others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of the rows at `others` share so much with `row` that they are no rows of their own beside it, (others,)."""
        return others == row

    def ladders(self, data: DataSet, around: Around) -> Sequence[Ladder]:
        """What could be changed of a row so that it is not flagged any longer: small parts first, larger ones if they are not enough."""
        return [Ladder(unit_ways(around, self.units, CHANGED_PARTS), CHANGED_TOGETHER)]

    def told(self, data: DataSet, around: Around, moves: Sequence[Move]) -> Sequence[Message]:
        """Changes of `around` by ways of its `ladders`, each in the data's own words, as what follows “if”."""
        raise NotImplementedError

    quickly_rescored: ClassVar[bool] = True
    """Whether `rescored` takes no longer than to score the changed rows themselves."""

    def rescored(self, data: DataSet, row: int, detector: Detector, changed: NDArray[np.float32]) -> Scores:
        """The score that `row` would have as a new one, if it were as each of `changed`, (rows, …), is: (rows,)."""
        return detector.score(self.finish(changed))

    # ── keeping ──

    def save(self, folder: Path) -> None:
        """Writes everything `load` needs into `folder`, without pickle."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, self.to_json())
        self._save(folder)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "representation": self.representation, "parameters": self.parameters, **self._to_json()}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        record = read_json(folder / FILE)
        preparation = cls(**record["parameters"])
        preparation._from_json(record)
        preparation._load(folder)
        return preparation

    def _to_json(self) -> dict[str, Any]:
        """What it has learned, where that is small."""
        return {}

    def _from_json(self, record: Mapping[str, Any]) -> None:
        """Takes back what `_to_json` gave."""

    def _save(self, folder: Path) -> None:
        """Writes what is too large for JSON."""

    def _load(self, folder: Path) -> None:
        """Reads what `_save` wrote."""
