"""The smallest change that would un-flag a row: as few parts of it as possible, each moved as little as possible.

Sparse counterfactuals in the sense of Wachter, Mittelstadt & Russell: Counterfactual explanations without opening the black
box, 2017, arXiv 1711.00399, found by search: one part after the other is tried with all that it could be instead, then
two parts together, three … Whatever is found was scored as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.ways import Way

#: Sets of changes that are tried together with every further one; of those the parts, and the options of each, that looked best alone.
BEAM, LIKELY_PARTS, LIKELY_OPTIONS = 4, 12, 4

#: Sets that suffice, of which as many are made as small as possible.
SHRUNK = 6

#: Places between enough and not enough that are scored together, and how often: a move is found to a 300th of its length.
POINTS, ROUNDS = 16, 2

#: A move may be longer than it has to be by this share, for the sake of a round number.
ROUNDED_BY = 0.02

#: Other changes told, each of which would be enough on its own.
OTHERS = 3

#: Numbers of rows that are scored together, so that memory stays small.
NUMBERS_TOGETHER = 4_000_000

Score = Callable[[NDArray[np.float32]], Scores]


@dataclass(frozen=True)
class Move:
    """One part of the row changed."""

    way: Way
    value: Any
    """What it becomes."""
    until: float | None = None
    """Where a move of one part alone stops being enough when it goes further, as far as was tried; None: nowhere."""
    only_this: bool = True
    """Whether nothing beyond `value` was tried or is enough: then it is not said of more than this very value."""

    @property
    def cost(self) -> float:
        return self.way.cost(self.value)


@dataclass(frozen=True)
class SmallestChange:
    """What would un-flag a row."""

    moves: tuple[Move, ...]
    """All of them together, the largest first."""
    row: NDArray[np.float32]
    """The changed row, in the shape of the row."""
    score: float
    """The score of the changed row."""
    others: tuple[Move, ...] = ()
    """Each of these would be enough on its own as well, the smallest first; none where it takes several parts."""


@dataclass(frozen=True)
class Flagged:
    """A row above the cut-off, and how a changed one is scored."""

    row: NDArray[np.float32]
    """(…)"""
    score: Score
    """Of changed rows, (rows, …)."""
    cut_off: float

    def scores(self, changed: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Scores:
        """The scores of `changed` rows, each flat."""
        together = max(1, NUMBERS_TOGETHER // self.row.size)
        parts = [changed[start : start + together] for start in range(0, len(changed), together)]
        found = [self.score(np.asarray(part, dtype=np.float32).reshape(-1, *self.row.shape)) for part in parts]
        return np.concatenate(found) if found else np.empty(0)


def smallest_change(flagged: Flagged, ways: Sequence[Way], most: int) -> SmallestChange | None:
    """The smallest change of at most `most` parts after which the row is not above the cut-off; None where none was found.

    Fewer parts are smaller than more, whatever it takes to move them; of as many the ones that cost least.
    """
    ways = [way for way in ways if len(way.values)]
    search = _Search(flagged, ways)
    states, options = [_State(flagged.row.reshape(-1), {})], [np.arange(len(way.values)) for way in ways]
    for _ in range(min(most, len(ways))):
        tried = search.tried(states, options)
        enough = [found for found in tried if (found.scores <= flagged.cut_off).any()]
        if enough:
            return search.smallest(enough)
        options = options if states[0].values else search.likely(tried)
        states = search.best(tried)
    return None


@dataclass(frozen=True)
class _State:
    """A row with some parts changed."""

    row: NDArray[np.float32]
    """(numbers,)"""
    values: dict[int, Any]
    """What each part, by its position among the ways, has become."""


@dataclass(frozen=True)
class _Tried:
    """A state with one more part changed to each of its options."""

    state: _State
    way: int
    scores: Scores
    """(options,): infinite where one was not tried."""


@dataclass(frozen=True)
class _Bracket:
    """A part of a state that is enough at `enough` and not at `short`, which is nearer to where it starts."""

    state: _State
    way: int
    short: float
    enough: float


@dataclass(frozen=True)
class _Search:
    flagged: Flagged
    ways: Sequence[Way]

    @cached_property
    def _written(self) -> list[NDArray[np.float32]]:
        """The numbers of each option of each way, (options, places)."""
        return [way.write(way.values) for way in self.ways]

    def tried(self, states: Sequence[_State], options: Sequence[NDArray[np.intp]]) -> list[_Tried]:
        """`options` of every part, by their positions, in every state that has not changed that part yet."""
        pairs = [(state, way) for state in states for way in range(len(self.ways)) if way not in state.values and len(options[way])]
        found: list[_Tried] = []
        for together in self._parts(pairs, options):
            rows = [self._rows(state, way, options[way]) for state, way in together]
            ends = np.cumsum([len(block) for block in rows])[:-1]
            for (state, way), scores in zip(together, np.split(self.flagged.scores(np.concatenate(rows)), ends), strict=True):
                every = np.full(len(self.ways[way].values), np.inf)
                every[options[way]] = scores
                found.append(_Tried(state, way, every))
        return found

    def _rows(self, state: _State, way: int, options: NDArray[np.intp]) -> NDArray[np.float32]:
        rows = np.repeat(state.row[None], len(options), axis=0)
        rows[:, self.ways[way].places] = self._written[way][options]
        return rows

    def _parts(self, pairs: Sequence[tuple[_State, int]], options: Sequence[NDArray[np.intp]]) -> Iterator[list[tuple[_State, int]]]:
        """Some pairs of a state and a way at a time, so that what is made of them fits into memory."""
        part, numbers = [], 0
        for pair in pairs:
            part.append(pair)
            numbers += len(options[pair[1]]) * self.flagged.row.size
            if numbers >= NUMBERS_TOGETHER:
                yield part
                part, numbers = [], 0
        if part:
            yield part

    def likely(self, tried: Sequence[_Tried]) -> list[NDArray[np.intp]]:
        """Of the ways the most promising ones, with the options that did most: the others are not tried together."""
        likely = [np.empty(0, dtype=np.intp)] * len(self.ways)
        for found in sorted(tried, key=lambda found: float(found.scores.min()))[:LIKELY_PARTS]:
            likely[found.way] = np.argsort(found.scores, kind="stable")[:LIKELY_OPTIONS]
        return likely

    def best(self, tried: Sequence[_Tried]) -> list[_State]:
        """The states of the lowest scores, each set of parts once."""
        states: list[_State] = []
        for found in sorted(tried, key=lambda found: float(found.scores.min())):
            if len(states) == BEAM:
                break
            state = self._with(found.state, found.way, self.ways[found.way].values[int(found.scores.argmin())])
            if all(state.values.keys() != other.values.keys() for other in states):
                states.append(state)
        return states

    def smallest(self, enough: Sequence[_Tried]) -> SmallestChange:
        """The smallest of what is enough, made as small as it can be."""
        states = sorted(self._shrunk(self._enough(enough)), key=self._cost)[:BEAM]
        if len(states[0].values) > 1:
            states = self._all_shrunk(states)
        first, *others = sorted(self._rounded(states), key=self._cost)
        moves = self._moves(first, enough)
        score = float(self.flagged.scores(first.row[None])[0])
        alone = tuple(self._moves(state, enough)[0] for state in others if len(state.values) == 1) if len(moves) == 1 else ()
        return SmallestChange(moves, first.row.reshape(self.flagged.row.shape), score, alone[:OTHERS])

    def _enough(self, enough: Sequence[_Tried]) -> list[_Bracket | _State]:
        """Of each set that suffices the nearest options that do: between them and those that do not lies the smallest move.

        The cheapest sets come first, of equal ones those of the lowest score.
        """
        found: list[tuple[float, float, _Bracket | _State]] = []
        for tried in enough:
            way, is_enough = self.ways[tried.way], tried.scores <= self.flagged.cut_off
            before = self._cost(tried.state)
            if way.start is None:
                cheapest = min(np.flatnonzero(is_enough), key=lambda option: way.costs[option])
                found.append(
                    (before + way.costs[cheapest], tried.scores[cheapest], self._with(tried.state, tried.way, way.values[cheapest]))
                )
                continue
            for side in (-1, 1):
                there = np.flatnonzero(is_enough & (np.sign(way.values - way.start) == side))
                if len(there):
                    away = np.abs(way.values - way.start)
                    nearest = there[away[there].argmin()]
                    nearer = way.values[(np.sign(way.values - way.start) == side) & (away < away[nearest])]
                    short = nearer[np.abs(nearer - way.start).argmax()] if len(nearer) else way.start
                    bracket = _Bracket(tried.state, tried.way, float(short), float(way.values[nearest]))
                    found.append((before + way.costs[nearest], tried.scores[nearest], bracket))
        return [each for _, _, each in sorted(found, key=lambda each: each[:2])[:SHRUNK]]

    def _shrunk(self, found: Sequence[_Bracket | _State]) -> list[_State]:
        """Each with its last move as short as it can be; the shorter one where a part can move to either side."""
        states = [each for each in found if isinstance(each, _State)]
        brackets = self._narrow([each for each in found if isinstance(each, _Bracket)])
        states += [self._with(each.state, each.way, each.enough) for each in brackets]
        smallest: dict[frozenset[int], _State] = {}
        for state in sorted(states, key=self._cost):
            smallest.setdefault(frozenset(state.values), state)
        return list(smallest.values())

    def _narrow(self, brackets: Sequence[_Bracket]) -> Sequence[_Bracket]:
        for _ in range(ROUNDS):
            brackets = self._narrowed(brackets)
        return brackets

    def _narrowed(self, brackets: Sequence[_Bracket]) -> list[_Bracket]:
        """The brackets, each cut to the step between two of its points in which it becomes enough."""
        points = [self.ways[each.way].between(each.short, each.enough, POINTS) for each in brackets]
        rows = [self._with(each.state, each.way, value).row for each, values in zip(brackets, points, strict=True) for value in values]
        parts = (
            np.split(self.flagged.scores(rows), np.cumsum([len(values) for values in points])[:-1]) if rows else [np.empty(0)] * len(points)
        )
        narrowed = []
        for each, values, scores in zip(brackets, points, parts, strict=True):
            first = next((place for place, score in enumerate(scores) if score <= self.flagged.cut_off), len(values))
            short = float(values[first - 1]) if first else each.short
            narrowed.append(replace(each, short=short, enough=float(values[first]) if first < len(values) else each.enough))
        return narrowed

    def _all_shrunk(self, states: Sequence[_State]) -> list[_State]:
        """The states without the moves that they do not need, and with all others as short as the rest of them allows."""
        orders = [sorted(state.values, key=lambda way: -self.ways[way].cost(state.values[way])) for state in states]
        shrunk = list(states)
        for place in range(len(orders[0])):
            ways = [order[place] for order in orders]
            without = [self._without(state, way) for state, way in zip(shrunk, ways, strict=True)]
            is_needed = self.flagged.scores([state.row for state in without]) > self.flagged.cut_off
            brackets = {}
            for number, way in enumerate(ways):
                start = self.ways[way].start
                if not is_needed[number]:
                    shrunk[number] = without[number]
                elif start is not None:
                    brackets[number] = _Bracket(without[number], way, start, float(shrunk[number].values[way]))
            for number, each in zip(brackets, self._narrow(list(brackets.values())), strict=True):
                shrunk[number] = self._with(each.state, each.way, each.enough)
        return shrunk

    def _rounded(self, states: Sequence[_State]) -> list[_State]:
        """The states with rounder numbers, where those are hardly further away and still enough."""
        rounded = list(states)
        for place in range(max(len(state.values) for state in states)):
            tried = [self._rounder(state, list(state.values)[place]) if place < len(state.values) else [] for state in rounded]
            every = [state for each in tried for state in each]
            scores = iter(self.flagged.scores([state.row for state in every]))
            is_enough = [[float(next(scores)) <= self.flagged.cut_off for _ in each] for each in tried]
            for number, (each, is_one) in enumerate(zip(tried, is_enough, strict=True)):
                rounded[number] = next((state for state, one in zip(each, is_one, strict=True) if one), rounded[number])
        return rounded

    def _rounder(self, state: _State, way: int) -> list[_State]:
        """The state with what one part has become rounded further away, the roundest first."""
        line, value = self.ways[way], state.values[way]
        if line.rounder is None or line.start is None:
            return []
        up = value > line.start
        end, most = (line.values.max() if up else line.values.min()), ROUNDED_BY * abs(value - line.start)
        near = [other for other in line.rounder(float(value), up) if abs(other - value) <= most and (other <= end if up else other >= end)]
        return [self._with(state, way, other) for other in near if other != value]

    def _moves(self, state: _State, enough: Sequence[_Tried]) -> tuple[Move, ...]:
        """The moves of a state, the largest first; of one part alone, how far it may go."""
        moves = [Move(self.ways[way], value) for way, value in state.values.items()]
        if len(moves) == 1 and moves[0].way.start is not None:
            tried = next((found for found in enough if not found.state.values and self.ways[found.way] is moves[0].way), None)
            if tried is not None:
                moves = [self._with_reach(moves[0], tried.scores)]
        return tuple(sorted(moves, key=lambda move: -move.cost))

    def _with_reach(self, move: Move, scores: Scores) -> Move:
        """The move, and how much further it may go: as far as one option after the other is enough."""
        assert move.way.start is not None
        away = np.abs(move.way.values - move.way.start)
        beyond = (np.sign(move.way.values - move.way.start) == np.sign(move.value - move.way.start)) & (
            away > abs(move.value - move.way.start)
        )
        further = np.flatnonzero(beyond)[np.argsort(away[beyond])]
        is_enough = scores[further] <= self.flagged.cut_off
        if is_enough.all():
            return replace(move, only_this=False)
        reached = int(is_enough.argmin())
        return move if not reached else replace(move, until=float(move.way.values[further[reached - 1]]), only_this=False)

    def _with(self, state: _State, way: int, value: Any) -> _State:
        row = state.row.copy()
        row[self.ways[way].places] = self.ways[way].write(np.array([value]))[0]
        return _State(row, {**state.values, way: value})

    def _without(self, state: _State, way: int) -> _State:
        row = state.row.copy()
        row[self.ways[way].places] = self.flagged.row.reshape(-1)[self.ways[way].places]
        return _State(row, {other: value for other, value in state.values.items() if other != way})

    def _cost(self, state: _State) -> float:
        return sum(self.ways[way].cost(value) for way, value in state.values.items())
