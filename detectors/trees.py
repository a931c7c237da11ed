"""A tree of decisions in words: its questions in the data's columns and units, and its answers as rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from detectors.base import Decisions
from detectors.messages import N_, Message

#: A path asks of a column more than once; what is left of it is a lower and an upper bound, or what it is and is not.
Bounds = dict[tuple[str, str], "Cut"]


@dataclass(frozen=True)
class Cut:
    """Where one number of an item is cut in two: `column` is above `value` or not; where it `is_equal`, it is `value` or not.

    Where it `is_word`, a text holds the word `column` or not.
    """

    column: str
    value: Any
    is_equal: bool = False
    is_word: bool = False

    def words(self, *, high: bool) -> Message:
        """What is true of the rows on one side."""
        values = {"column": self.column, "value": self.value}
        if self.is_word:
            return Message(N_("it holds “{column}”") if high else N_("it does not hold “{column}”"), values)
        if self.is_equal:
            return Message(N_("{column} is {value}") if high else N_("{column} is not {value}"), values)
        return Message(N_("{column} > {value}") if high else N_("{column} ≤ {value}"), values)


@dataclass(frozen=True)
class Node:
    """A question, with where it leads, or an answer, where there is no `cut`."""

    rows: tuple[int, ...]
    """How many rows that were learned from came by: normal ones, then anomalies, of each kind where it tells them."""
    cut: Cut | None = None
    low: int = -1
    high: int = -1

    @property
    def total(self) -> int:
        return sum(self.rows)

    @property
    def anomalies(self) -> int:
        return sum(self.rows[1:])

    @property
    def share(self) -> float:
        """Of the rows that came by the share that are anomalies."""
        return self.anomalies / max(1, self.total)


@dataclass(frozen=True)
class Rule:
    """One way through the tree: what all rows that go it have in common, and where it ends."""

    conditions: tuple[Message, ...]
    end: Node
    kind: str | None
    """The most frequent kind of the anomalies there; None where no kinds are told, or there are no anomalies."""


@dataclass(frozen=True)
class WordedTree:
    """The nodes, the root first, and the names of the kinds of anomalies that it tells apart."""

    nodes: tuple[Node, ...]
    kinds: tuple[str, ...] = ()

    def rules(self) -> list[Rule]:
        """All ways through the tree, the one with the largest share of anomalies first."""
        found = [Rule(tuple(conditions), end, self.kind(end)) for conditions, end in self._ways(0, {})]
        return sorted(found, key=lambda rule: (-rule.end.share, -rule.end.total))

    def _ways(self, place: int, bounds: Bounds) -> Iterator[tuple[list[Message], Node]]:
        node = self.nodes[place]
        if node.cut is None:
            yield [cut.words(high=side in ("high", "is")) for (_, side), cut in bounds.items()], node
            return
        for high, child in ((False, node.low), (True, node.high)):
            yield from self._ways(child, bounds | {_side(node.cut, high=high): node.cut})

    def kind(self, end: Node) -> str | None:
        """The most frequent kind of the anomalies that came by."""
        if not self.kinds or not end.anomalies:
            return None
        return self.kinds[max(range(len(self.kinds)), key=lambda kind: end.rows[1 + kind])]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        nodes = [
            {**node, "rows": tuple(node["rows"]), "cut": None if node["cut"] is None else Cut(**node["cut"])} for node in record["nodes"]
        ]
        return cls(tuple(Node(**node) for node in nodes), tuple(record["kinds"]))


def tree_in_words(decisions: Decisions, in_words: Callable[[int, float], Cut], kinds: Sequence[str]) -> WordedTree:
    """The tree with its questions as `in_words` puts that a number of an item, at a position, is above a value."""
    nodes = [
        Node(
            tuple(int(count) for count in rows),
            in_words(int(number), float(value)) if number >= 0 else None,
            int(low),
            int(high),
        )
        for number, value, low, high, rows in zip(
            decisions.number, decisions.value, decisions.low, decisions.high, decisions.rows, strict=True
        )
    ]
    return WordedTree(tuple(nodes), tuple(kinds))


def _side(cut: Cut, *, high: bool) -> tuple[str, str]:
    """What a later question on the same path replaces: the narrower bound of the same column, never what it is not."""
    if cut.is_equal:
        return (cut.column, "is") if high else (f"{cut.column} {cut.value}", "is not")
    return cut.column, "high" if high else "low"
