"""What people say of rows: the verdicts that hold, from all marks that were ever given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Empty where there is only a note, or an earlier mark is taken back."""
    note: str
    run_id: str | None
    """The run in which it was looked at."""
    together: str | None
    author: str
    marked: datetime
    """In UTC, as it is kept."""
    id: int

    @property
    def key(self) -> str:
        """What it shares with the marks that were given in one go; its own number where it was given alone."""
        return self.together or f"#{self.id}"

    @property
    def takes_back(self) -> bool:
        """Whether it only takes others back."""
        return self.together is not None and self.together.startswith(TAKES_BACK)


@dataclass(frozen=True)
class Verdict:
    """What all people say of the same rows, from `first` to `last`: the mark of each person that counts, the latest first."""

    first: int
    last: int
    opinions: tuple[Mark, ...]

    @property
    def holds(self) -> Mark:
        """The latest mark that is a verdict or, where there are notes alone, the latest note."""
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
    def notes(self) -> tuple[Mark, ...]:
        return tuple(opinion for opinion in self.opinions if opinion.note)

    def by(self, author: str) -> Mark | None:
        """What one person says."""
        return next((opinion for opinion in self.opinions if opinion.author == author), None)


class Verdicts(Mapping[int, Verdict]):
    """The verdicts on a data set by row, positions from 0; kept by stretches, which are what was judged in one go.

    Its length and its keys are stretches and their first rows; any row inside one is found.
    """

    def __init__(self, stretches: Sequence[Verdict], latest: int = 0) -> None:
        self.stretches = tuple(stretches)
        self.latest = latest
        """The number of the latest mark, also of one that takes back."""
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

    def over(self, first: int, last: int) -> list[Verdict]:
        """The verdicts on the rows from `first` to `last`, in their order."""
        start = max(0, bisect_right(self._firsts, first) - 1)
        end = bisect_right(self._firsts, last)
        return [stretch for stretch in self.stretches[start:end] if stretch.last >= first]

    def said_of(self, spans: Iterable[tuple[int, int]]) -> list[Mark]:
        """What each person said last of some row of an item, the latest first; its `spans` are from a first to a last row."""
        latest: dict[str, Mark] = {}
        for first, last in spans:
            for stretch in self.over(first, last):
                for mark in stretch.opinions:
                    known = latest.get(mark.author)
                    latest[mark.author] = mark if known is None or mark.id > known.id else known
        return sorted(latest.values(), key=lambda mark: -mark.id)

    def rows(self, *verdicts: str, disputed: bool = True) -> NDArray[np.intp]:
        """The rows with one of these verdicts, in their order; with `disputed` also those of which others say something else."""
        asked = verdicts or tuple(TITLES)
        spans = [
            np.arange(stretch.first, stretch.last + 1)
            for stretch in self.stretches
            if stretch.verdict in asked and (disputed or not stretch.disputed)
        ]
        return np.concatenate(spans).astype(np.intp) if spans else np.empty(0, dtype=np.intp)

    def columns(self, rows: NDArray[np.intp]) -> dict[str, list[str]]:
        """What is said of `rows`, as columns of a table: verdict, note, who gave it, and what others say."""
        found = [self.said_of([(row, row)]) for row in rows.tolist()]
        given = [next((mark for mark in marks if mark.verdict), None) for marks in found]
        others = [
            [f"{mark.author}: {mark.verdict}" for mark in marks if mark is not held and mark.verdict not in ("", held.verdict)]
            if held
            else []
            for marks, held in zip(found, given, strict=True)
        ]
        columns = {
            "verdict": [mark.verdict if mark else "" for mark in given],
            "note": [" · ".join(mark.note for mark in marks if mark.note) for marks in found],
            "author": [mark.author if mark else marks[0].author if marks else "" for mark, marks in zip(given, found, strict=True)],
        }
        return columns | ({"other verdicts": [", ".join(texts) for texts in others]} if any(others) else {})

    def counts(self, *, events: bool = False) -> dict[str, int]:
        """How many rows or stretches have each verdict; notes alone are not counted.

        With `events` what was marked in one go is one: an event whose steps are not beside one another in the data.
        """
        given = {(stretch.holds.key if events else stretch.first): stretch.verdict for stretch in self.stretches}
        return {verdict: list(given.values()).count(verdict) for verdict in TITLES}


def in_force(marks: Sequence[Mark]) -> list[Mark]:
    """The marks that were not taken back, in the order in which they were given."""
    back = {(mark.author, mark.together.removeprefix(TAKES_BACK)) for mark in marks if mark.together and mark.takes_back}
    given = [mark for mark in marks if not mark.takes_back and (mark.author, mark.key) not in back]
    return sorted(given, key=lambda mark: mark.id)


def to_take_back(marks: Sequence[Mark], author: str) -> list[Mark]:
    """What `author` said last and has not taken back: one mark, or all that were given in one go."""
    mine = [mark for mark in in_force(marks) if mark.author == author]
    return [mark for mark in mine if mark.key == mine[-1].key]


def verdicts_of(marks: Sequence[Mark]) -> Verdicts:
    """The verdicts that hold: of every person the latest mark on a row that was not taken back."""
    valid = in_force(marks)
    latest = max((mark.id for mark in marks), default=0)
    if not valid:
        return Verdicts([], latest)
    edges = np.unique([edge for mark in valid for edge in (mark.first, mark.last + 1)])
    said = _latest(valid, edges)
    stretches: list[Verdict] = []
    before: tuple[int, ...] = ()
    for place, column in enumerate(said.T.tolist()):
        numbers = tuple(sorted((number for number in column if number >= 0), reverse=True))
        if numbers and numbers == before and stretches[-1].last + 1 == edges[place]:
            stretches[-1] = Verdict(stretches[-1].first, int(edges[place + 1]) - 1, stretches[-1].opinions)
        elif numbers:
            opinions = tuple(valid[number] for number in numbers)
            stretches.append(Verdict(int(edges[place]), int(edges[place + 1]) - 1, opinions))
        before = numbers
    return Verdicts(stretches, latest)


def _latest(marks: Sequence[Mark], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of every person, between any two edges, the number of the mark that counts, -1 for none, (people, edges - 1)."""
    people = {author: number for number, author in enumerate(dict.fromkeys(mark.author for mark in marks))}
    said = np.full((len(people), len(edges) - 1), -1, dtype=np.int64)
    starts = np.searchsorted(edges, [mark.first for mark in marks])
    ends = np.searchsorted(edges, [mark.last + 1 for mark in marks])
    for number, (mark, start, end) in enumerate(zip(marks, starts, ends, strict=True)):
        said[people[mark.author], start:end] = number if mark.verdict or mark.note else -1
    return said
