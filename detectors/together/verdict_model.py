"""A model of few verdicts: how much like a confirmed anomaly a row is, beginning with what a detector says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.together.verdict_spaces import COMPONENTS, RANKS, SURPRISES, VALUES, WHITENED, Placed

FILE = "verdicts.npz"

#: What the model takes two rows to have in common: the space that they are compared in, and how.
LIKENESSES = (
    (VALUES, "laplace"), (VALUES, "linear"), (RANKS, "additive"), (COMPONENTS, "near"), (WHITENED, "linear"), (WHITENED, "near"),
    (SURPRISES, "additive"), (SURPRISES, "near"),
)  # fmt: skip

#: What each of them counts where all count together.
ALL_TOGETHER = (0.5, 0.5, 0.5, 1.0, 0.5, 0.25, 0.25, 0.5)

#: How strongly the verdicts may move a row: ideas of all strengths are weighed by the verdicts.
STRENGTHS = (0.1, 0.3, 1.0, 3.0)

#: The detector's own score counts from minus to plus this, where a verdict counts -1 or 1; weighed in the same way.
TRUST = (0.25, 0.5, 1.0)

#: The variance of a verdict around what is true of rows like it, and of what all verdicts have in common.
NOISE, SHARED = 0.3, 1.0

#: Surprises up to here count in full, those above by this share: the order stays.
FULL_SURPRISE, BEYOND = 6.0, 0.02

#: An idea of less weight than this is passed over.
NEGLIGIBLE = 0.002

#: Verdicts that are learned from, at most; of more, as many of each sort as there is room for are drawn.
MOST_VERDICTS = 300


def prior(surprises: Scores) -> Scores:
    """What is expected of rows before any verdict, (rows,), by how surprised the detector is: from -1 to a little above 1."""
    full = np.minimum(surprises, FULL_SURPRISE)
    return np.asarray(2 * full / FULL_SURPRISE - 1 + BEYOND * (surprises - full), dtype=np.float64)


@dataclass(frozen=True)
class Ideas:
    """Ideas of what rows have in common, and of how far the detector is right."""

    parts: NDArray[np.float64]
    """(ideas, likenesses): what each likeness counts in each idea."""
    trust: NDArray[np.float64]
    """(ideas,): what the detector's own opinion counts."""

    @classmethod
    def of(cls, strengths: Sequence[float], trust: Sequence[float]) -> Self:
        """Every likeness by itself, and all of them together, in every strength, with every trust."""
        every = np.concatenate([np.eye(len(LIKENESSES)), [ALL_TOGETHER]])
        parts = (np.array(strengths)[:, None, None] * every).reshape(-1, len(LIKENESSES))
        return cls(np.repeat(parts, len(trust), axis=0), np.tile(trust, len(parts)))


#: To learn from verdicts: careful, the verdicts choose.
LEARNING = Ideas.of(STRENGTHS, TRUST)


@dataclass(frozen=True)
class VerdictModel:
    """Gaussian processes, one for every idea of what rows have in common, weighed by how well each foretells the verdicts (its evidence).

    Their mean before any verdict is the detector's own opinion, to which a row goes back that is like none that was judged.
    Rasmussen & Williams: Gaussian processes for machine learning, 2006, chapters 2 and 5.
    """

    ideas: Ideas
    weights: NDArray[np.float64]
    """(ideas,)"""
    pulls: NDArray[np.float64]
    """(likenesses, judged rows): how much each verdict moves rows that are like it."""
    shift: float
    """What all rows are moved by."""
    left_out: Scores
    """What each judged row would be expected to be by the other verdicts, (judged rows,)."""
    inverses: NDArray[np.float64]
    """(ideas, judged rows, judged rows), of their covariances: for what is not known yet."""

    @classmethod
    def fit(cls, alike: NDArray[np.float64], opinion: Scores, said: Scores, ideas: Ideas = LEARNING) -> Self:
        """
        Args:
            alike: how alike the judged rows are to each other, (likenesses, judged rows, judged rows); there may be none.
            opinion: what was expected of them before, (judged rows,).
            said: -1 where the verdict is normal, 1 where it is anomaly, (judged rows,).
            ideas: what is thought possible.
        """
        count = len(said)
        surplus = said - ideas.trust[:, None] * opinion
        evidence, inverses = np.empty(len(surplus)), np.empty((len(surplus), count, count))
        before: NDArray[np.float64] | None = None
        for number, parts in enumerate(ideas.parts):
            if before is None or not np.array_equal(parts, before):  # ideas that differ in trust alone follow one another
                covariance = _sum_of(parts, alike) + SHARED + NOISE * np.eye(count)
                before, inverse, size = parts, np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]
            inverses[number] = inverse
            evidence[number] = -0.5 * surplus[number] @ inverse @ surplus[number] - 0.5 * size
        weights = np.exp(evidence - evidence.max())
        weights /= weights.sum()
        pulls = (inverses @ surplus[:, :, None])[:, :, 0]
        left_out = said - pulls / np.diagonal(inverses, axis1=1, axis2=2)
        moved = (weights[:, None] * ideas.parts).T @ pulls
        return cls(ideas, weights, moved, float(SHARED * weights @ pulls.sum(axis=1)), weights @ left_out, inverses)

    def expected(self, alike: Iterable[NDArray[np.float64]], opinion: Scores) -> Scores:
        """What is expected of rows, (rows,): -1 normal, 1 anomaly.

        Args:
            alike: how alike they are to the judged rows: for each likeness (judged rows, rows).
            opinion: what was expected before any verdict, (rows,).
        """
        found = float(self.weights @ self.ideas.trust) * opinion + self.shift
        for likeness, pulls in zip(alike, self.pulls, strict=True):
            for one, pull in zip(likeness, pulls, strict=True):  # not a matrix product, which rounds by the number of rows
                found += pull * one
        return found

    def unsure(self, alike: NDArray[np.float64], itself: NDArray[np.float64]) -> Scores:
        """The spread of what may be true of rows, (rows,); `alike` as above, `itself` to themselves, (likenesses, rows)."""
        variance = np.zeros(itself.shape[1])
        for weight, parts, inverse in zip(self.weights, self.ideas.parts, self.inverses, strict=True):
            if weight > NEGLIGIBLE:
                known = _sum_of(parts, alike) + SHARED
                variance += weight * np.maximum(parts @ itself + SHARED - ((inverse @ known) * known).sum(axis=0), 0)
        return np.asarray(np.sqrt(variance), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Writes what `expected` needs into `folder`, which exists."""
        arrays = {"weights": self.weights, "pulls": self.pulls, "shift": np.array(self.shift), "left_out": self.left_out}
        np.savez(folder / FILE, allow_pickle=False, parts=self.ideas.parts, trust=self.ideas.trust, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                ideas = Ideas(kept["parts"], kept["trust"])
                weights, pulls, shift, left_out = (kept[name] for name in ("weights", "pulls", "shift", "left_out"))
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        return cls(ideas, weights, pulls, float(shift), left_out, np.empty((0, 0, 0)))


def likenesses(placed: Placed, others: Placed, near: Mapping[str, float]) -> NDArray[np.float64]:
    """How alike rows are to others in every way, (likenesses, others, rows)."""
    return np.stack([_likeness(how, placed[space], others[space], near[space]) for space, how in LIKENESSES])


def to_itself(placed: Placed) -> NDArray[np.float64]:
    """How alike each row is to itself, (likenesses, rows)."""
    return np.stack([(placed[space] ** 2).mean(axis=1) if how == "linear" else np.ones(len(placed[space])) for space, how in LIKENESSES])


def _sum_of(parts: NDArray[np.float64], alike: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike rows are by one idea, (judged rows, rows)."""
    first, *others = np.flatnonzero(parts)
    found = parts[first] * alike[first]
    for number in others:
        found += parts[number] * alike[number]
    return np.asarray(found, dtype=np.float64)


def _likeness(how: str, rows: NDArray[np.float64], others: NDArray[np.float64], near: float) -> NDArray[np.float64]:
    """How alike `rows` and `others` are, (others, rows): 1 the same; of the linear one, by how far they lie on the same side.

    Sums go row by row, so that a row's do not round by the number of rows.
    """
    found = np.empty((len(others), len(rows)))
    for number, other in enumerate(others):
        if how == "linear":
            found[number] = (rows * other).mean(axis=1)
            continue
        away = rows - other
        if how == "laplace":
            found[number] = np.exp(-np.abs(away).mean(axis=1))
        elif how == "additive":
            found[number] = np.exp(-(away**2) / 2).mean(axis=1)
        else:
            found[number] = np.exp(-(away**2).sum(axis=1) / (2 * near))
    return found


def few_verdicts(is_anomaly: NDArray[np.bool_], seed: int, most: int = MOST_VERDICTS) -> NDArray[np.intp]:
    """Positions of the verdicts to learn from, growing: all, or of each sort an equal part of `most`, or all there are."""
    if len(is_anomaly) <= most:
        return np.arange(len(is_anomaly))
    chance = np.random.default_rng(seed % 2**32)
    sorts: Sequence[NDArray[np.intp]] = sorted((np.flatnonzero(is_anomaly), np.flatnonzero(~is_anomaly)), key=len)
    fewer = chance.permutation(sorts[0])[: most // 2]
    return np.sort(np.concatenate([fewer, chance.permutation(sorts[1])[: most - len(fewer)]]))
