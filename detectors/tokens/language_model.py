"""A model of language: which word comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.messages import N_
from detectors.network.text_detector import TextNetwork
from detectors.params import Preset, integer, number


class LanguageModel(TextNetwork):
    """A network reads each text word by word and says what comes next; a text that keeps surprising it is unusual.

    The surprise at a word is minus the logarithm of how probable it was after the words before. The score is the mean
    surprise over a text's words, mixed with the mean over its most surprising ones. Both are shrunk towards what is usual
    by a few words' worth, so that a text of two rare words is not at once the most unusual of all.
    """

    title = N_("Language model")
    summary = N_("Reads every text word by word, guesses the next word and measures how much it is surprised.")
    reference = "Bengio, Ducharme, Vincent & Jauvin: A neural probabilistic language model, JMLR 3, 2003, pages 1137–1155"
    when = N_(
        "Texts of one kind, at least some hundred: messages, comments, log lines. Best when the training texts are known to be usual; "
        "it shows which words were unexpected."
    )
    when_not = N_(
        "Anomalies that say something unusual in usual words, such as spam that repeats itself: those are easier to predict, "
        "not harder. With known anomalies a detector that learns from labels is far better."
    )
    score_name = N_("surprise")

    worst_weight: float = number(
        0.5, title=N_("Weight of the most surprising words"), low=0.0, high=1.0,
        help=N_("0: the score is the mean over all words. 1: over the most surprising ones alone, which finds a few odd words."),
    )  # fmt: skip
    worst_share: float = number(
        0.5, title=N_("Share of the most surprising words"), low=0.01, high=1.0, advanced=True,
        help=N_("How many of a text's words count as the most surprising ones."),
    )  # fmt: skip
    shrinkage: float = number(
        10.0, title=N_("Shrinkage, in words"), low=0.0, high=1000.0, advanced=True,
        help=N_("Texts are scored as if they had so many more words of usual surprise. Larger holds short texts closer to the middle."),
    )  # fmt: skip
    predicted_words: int = integer(
        1000, title=N_("Predicted words"), low=2, high=20_000, advanced=True,
        help=N_("So many of the most frequent words are told apart by context, all others only by how rare they are. More takes longer."),
    )  # fmt: skip

    only_for_scores = frozenset({"worst_weight", "worst_share", "shrinkage"})
    defaults: ClassVar = {"epochs": 6, "dropout": 0.2, "learning_rate": 0.006}
    presets: ClassVar = {
        "transformer": Preset(N_("Transformer"), N_("Two small transformer blocks."), {"cell": "transformer", "layers": 2, "learning_rate": 0.003, "epochs": 10}),
        "large": Preset(
            N_("Large"), N_("For tens of thousands of texts: more units, more words, more patience."),
            {"cell": "lstm", "embedding": 128, "units": 256, "predicted_words": 8000, "epochs": 30, "learning_rate": 0.002},
        ),
    }  # fmt: skip
    quick: ClassVar = {"cell": "rnn", "embedding": 8, "units": 16, "epochs": 6, "batch_size": 16, "learning_rate": 0.02}

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.language import WordClasses
        from detectors.network.training import train

        self._classes = self._earlier._classes if self._earlier else WordClasses.learn(X, self.predicted_words)
        self._begin()
        self.history_ = train(self._network, self._shown(X, self._classes.n_ids), None, self._options(), progress)
        self._usual = self._mean_and_worst(self._surprise(X), X > 0, np.zeros(2)).mean(axis=0)

    def _build(self) -> None:
        from detectors.network.language import language_model, word_surprise

        self._network = language_model(self._shape(self._classes.n_ids), self._classes)
        self._surprise = word_surprise(self._network, self._classes.n_ids)

    def _options(self, loss: Any = None) -> Any:
        from detectors.network.language import mean_surprise

        return super()._options(loss or mean_surprise)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        mean, worst = self._mean_and_worst(self._surprise(X), X > 0, self._usual).T
        return (1 - self.worst_weight) * mean + self.worst_weight * worst

    def _mean_and_worst(self, surprises: NDArray[np.float64], word: NDArray[np.bool_], usual: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean surprise of each text and that of its most surprising words, (rows, 2), shrunk towards the `usual` ones."""
        n_words = word.sum(axis=1)
        n_worst = np.ceil(n_words * self.worst_share)
        largest_first = -np.sort(-surprises, axis=1)
        counts = np.arange(surprises.shape[1])[None, :] < n_worst[:, None]
        means = [surprises.sum(axis=1) / np.maximum(n_words, 1), np.where(counts, largest_first, 0).sum(axis=1) / np.maximum(n_worst, 1)]
        held = (self.shrinkage / np.maximum(self.shrinkage + n_words, 1e-9))[:, None]
        return (1 - held) * np.stack(means, axis=1) + held * usual

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._surprise(X)

    def _record(self) -> dict[str, Any]:
        return {"ids": self._classes.n_ids, "classes": self._classes.n_classes, "usual": self._usual.tolist()}

    def _take_record(self, record: Mapping[str, Any]) -> None:
        from detectors.network.language import WordClasses

        self._classes = WordClasses.unlearned(record["ids"], record["classes"])
        self._usual = np.asarray(record["usual"])
