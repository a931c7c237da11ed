"""What people say of rows: the verdicts that hold, from all marks that were ever given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_

ANOMALY, NORMAL, UNSURE = "anomaly", "normal", "unsure"

#: The verdicts, by their names.
TITLES = {ANOMALY: N_("anomaly"), NORMAL: N_("normal"), UNSURE: N_("unsure")}

#: No verdict, or none any longer.
NONE = ""

#: What `together` of a mark begins with that takes others back; what they have in common follows.
TAKES_BACK = "undo "


@dataclass(frozen=True)
class Mark:
    """What one person said once of the rows from `first` to `last`; the later one has the higher id."""

    first: int
    last: int
    verdict: str
    note: str
    run_id: str | None
    together: str | None
    author: str
    marked: datetime
    id: int


@dataclass(frozen=True)
class Opinion:
    """What one person says of a row: the verdict (empty where there is only a note), and where it was looked at."""

    verdict: str
    note: str
    author: str
    marked: datetime
    """In UTC, as it is kept."""
    run_id: str | None
    first: int
    last: int


@dataclass(frozen=True)
class Verdict:
    """What all people say of the same rows, from `first` to `last`: one opinion of each person, the latest first."""

    first: int
    last: int
    opinions: tuple[Opinion, ...]

    @property
    def holds(self) -> Opinion:
        """The latest opinion that is a verdict or, where there are notes alone, the latest note."""
        return next((opinion for opinion in self.opinions if opinion.verdict), self.opinions[0])

    @property
    def verdict(self) -> str:
        """The verdict given last; empty where there are notes alone."""
        return self.holds.verdict

    @property
    def disputed(self) -> bool:
        """Whether two people give different verdicts."""
        return len({opinion.verdict for opinion in self.opinions if opinion.verdict}) > 1

    @property
    def notes(self) -> tuple[Opinion, ...]:
        return tuple(opinion for opinion in self.opinions if opinion.note)

    def by(self, author: str) -> Opinion | None:
        """What one person says."""
        return next((opinion for opinion in self.opinions if opinion.author == author), None)


class Verdicts(Mapping[int, Verdict]):
    """The verdicts on a data set by row, positions from 0; kept by stretches, which are what was judged in one go.

    Its length and its keys are stretches and their first rows; any row inside one is found.
    """

    def __init__(self, stretches: Sequence[Verdict]) -> None:
        self.stretches = tuple(stretches)
        self._firsts = [stretch.first for stretch in self.stretches]

    def __getitem__(self, row: int) -> Verdict:
        place = bisect_right(self._firsts, row) - 1
        if place < 0 or self.stretches[place].last < row:
            raise KeyError(row)
        return self.stretches[place]

    def __iter__(self) -> Iterator[int]:
        return iter(self._firsts)

    def __len__(self) -> int:
        return len(self.stretches)

    def within(self, first: int, last: int) -> Verdict | None:
        """The verdict on some row from `first` to `last`: the one that was given last."""
        start = max(0, bisect_right(self._firsts, first) - 1)
        found = []
        for stretch in self.stretches[start:]:
            if stretch.first > last:
                break
            if stretch.last >= first:
                found.append(stretch)
        return max(found, key=lambda stretch: (stretch.verdict != NONE, stretch.holds.marked), default=None)

    def rows(self, *verdicts: str, disputed: bool = True) -> NDArray[np.intp]:
        """The rows with one of these verdicts, in their order; with `disputed` also those of which others say something else."""
        asked = verdicts or tuple(TITLES)
        spans = [
            np.arange(stretch.first, stretch.last + 1)
            for stretch in self.stretches
            if stretch.verdict in asked and (disputed or not stretch.disputed)
        ]
        return np.concatenate(spans).astype(np.intp) if spans else np.empty(0, dtype=np.intp)

    def counts(self) -> dict[str, int]:
        """How many rows or stretches have each verdict; notes alone are not counted."""
        given = [stretch.verdict for stretch in self.stretches]
        return {verdict: given.count(verdict) for verdict in TITLES}


def key_of(mark: Mark) -> str:
    """What a mark shares with those that were given in one go; its own id where it was given alone."""
    return mark.together or f"#{mark.id}"


def in_force(marks: Sequence[Mark]) -> list[Mark]:
    """The marks that were not taken back, in the order in which they were given."""
    back = {(mark.author, mark.together.removeprefix(TAKES_BACK)) for mark in marks if _takes_back(mark) and mark.together}
    return sorted((mark for mark in marks if not _takes_back(mark) and (mark.author, key_of(mark)) not in back), key=lambda mark: mark.id)


def to_take_back(marks: Sequence[Mark], author: str) -> list[Mark]:
    """What `author` said last and has not taken back: one mark, or all that were given in one go."""
    mine = [mark for mark in in_force(marks) if mark.author == author]
    return [mark for mark in mine if key_of(mark) == key_of(mine[-1])]


def verdicts_of(marks: Sequence[Mark]) -> Verdicts:
    """The verdicts that hold: of every person the latest mark on a row that was not taken back."""
    valid = in_force(marks)
    if not valid:
        return Verdicts([])
    edges = np.unique([edge for mark in valid for edge in (mark.first, mark.last + 1)])
    said = _latest(valid, edges)
    stretches: list[Verdict] = []
    before: tuple[int, ...] = ()
    for place, column in enumerate(said.T.tolist()):
        numbers = tuple(sorted((number for number in column if number >= 0), reverse=True))
        if numbers and numbers == before and stretches[-1].last + 1 == edges[place]:
            stretches[-1] = Verdict(stretches[-1].first, int(edges[place + 1]) - 1, stretches[-1].opinions)
        elif numbers:
            opinions = tuple(_opinion(valid[number]) for number in numbers)
            stretches.append(Verdict(int(edges[place]), int(edges[place + 1]) - 1, opinions))
        before = numbers
    return Verdicts(stretches)


def _latest(marks: Sequence[Mark], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of every person, between any two edges, the number of the mark that counts, -1 for none, (people, edges - 1)."""
    people = {author: number for number, author in enumerate(dict.fromkeys(mark.author for mark in marks))}
    said = np.full((len(people), len(edges) - 1), -1, dtype=np.int64)
    starts = np.searchsorted(edges, [mark.first for mark in marks])
    ends = np.searchsorted(edges, [mark.last + 1 for mark in marks])
    for number, (mark, start, end) in enumerate(zip(marks, starts, ends, strict=True)):
        said[people[mark.author], start:end] = number if mark.verdict or mark.note else -1
    return said


def _opinion(mark: Mark) -> Opinion:
    return Opinion(mark.verdict, mark.note, mark.author, mark.marked, mark.run_id, mark.first, mark.last)


def _takes_back(mark: Mark) -> bool:
    return mark.together is not None and mark.together.startswith(TAKES_BACK)
