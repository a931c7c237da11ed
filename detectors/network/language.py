"""A network that says which word comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.term_weights import UNKNOWN
from detectors.network.texts import by_length, vocabulary_size
from detectors.network.words_in_context import TextShape, words_in_context


@dataclass(frozen=True)
class WordClasses:
    """The words that are told apart by context: each common one is a class of its own, all rare ones together are one.

    What comes before hardly says which rare word it is, only that it is one, and predicting thousands of them is most of
    the work (Goodman: Classes for fast maximum entropy training, 2001, arXiv:cs/0108006).
    """

    class_of: NDArray[np.int32]
    """For each id its class, (ids,)."""
    share: NDArray[np.float32]
    """For each id how much of its class it is, (ids,)."""
    start: NDArray[np.float32]
    """For each class the logarithm of how frequent it is, (classes,)."""

    @property
    def n_ids(self) -> int:
        return len(self.class_of)

    @property
    def n_classes(self) -> int:
        return len(self.start)

    @classmethod
    def learn(cls, X: NDArray[np.float32], most: int) -> WordClasses:
        """At most `most` classes, from how often each id is in the rows; ids that are not there count once as well."""
        size = vocabulary_size(X)
        counts = np.bincount(X[X > 0].astype(np.int64), minlength=size) + 1.0
        counts[0] = 0
        ranked = np.argsort(-counts, kind="stable")
        class_of = np.empty(size, np.int32)
        class_of[ranked] = np.minimum(np.arange(size), most - 1)
        of_class = np.bincount(class_of, counts)
        share = np.where(counts > 0, counts, 1) / np.maximum(of_class[class_of], 1)
        # Unknown words are frequent together, but hardly two are the same: each is as rare as a word that came up once.
        share[UNKNOWN] /= counts[UNKNOWN]
        return cls(class_of, share.astype(np.float32), np.log(np.maximum(of_class, 1) / counts.sum()).astype(np.float32))

    @classmethod
    def unlearned(cls, ids: int, classes: int) -> WordClasses:
        """Of the right sizes, for weights that are read from a file."""
        return cls(np.zeros(ids, np.int32), np.ones(ids, np.float32), np.zeros(classes, np.float32))


def language_model(shape: TextShape, classes: WordClasses) -> Any:
    """A network that reads ids, (rows, positions), and gives each word's surprise: minus the log of how probable it was
    after the words before it, 0 where there is no word."""
    from keras import Input, Model, layers

    ids = Input((None,), name="words")
    hidden = _words_before()(ids)
    hidden = layers.Embedding(shape.ids, shape.embedding, name="embedding")(hidden)
    hidden = words_in_context(hidden, shape)
    surprise = _surprise(classes)([hidden, ids])
    return Model(ids, surprise)


def mean_surprise(ids: Any, surprise: Any) -> Any:
    """The loss of a language model: the mean surprise over the words of a batch."""
    import tensorflow as tf

    return tf.reduce_sum(surprise) / tf.maximum(tf.reduce_sum(tf.cast(ids > 0, tf.float32)), 1.0)


def word_surprise(network: Any, size: int) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """A function from ids, (rows, positions), to the surprise at each word; every row's own, to the last bit."""
    from keras import Model

    surprise = network.layers[-1]
    context = Model(network.input, surprise.input[0])
    return by_length(lambda rows: surprise.everywhere(context(rows, training=False), rows), size)


def _words_before() -> Any:
    import tensorflow as tf
    from keras import layers

    class WordsBefore(layers.Layer):
        """In each word's place the word before it. 0, no word, comes before the first."""

        def call(self, ids: Any) -> Any:
            return tf.pad(ids[:, :-1], [[0, 0], [1, 0]])

    return WordsBefore(name="words_before")


def _surprise(classes: WordClasses) -> Any:
    import tensorflow as tf
    from keras import layers

    class Surprise(layers.Layer):
        """How improbable each word was in its context."""

        def build(self, shapes: Any) -> None:
            self.kernel = self.add_weight(name="kernel", shape=(shapes[0][-1], classes.n_classes), initializer="glorot_uniform")
            self.bias = self.add_weight(name="bias", shape=(classes.n_classes,), initializer="zeros")
            self.class_of = self.add_weight(name="class_of", shape=(classes.n_ids,), dtype="int32", trainable=False, initializer="zeros")
            self.share = self.add_weight(name="share", shape=(classes.n_ids,), trainable=False, initializer="ones")
            # Training starts from how frequent every class is.
            self.bias.assign(classes.start)
            self.class_of.assign(classes.class_of)
            self.share.assign(classes.share)

        def call(self, inputs: Any) -> Any:
            hidden, ids = inputs
            # Only places with a word: most are empty, and the scalar products with all classes are most of the work.
            places = tf.where(ids > 0)
            surprise = self._of(tf.gather_nd(hidden, places), tf.gather_nd(ids, places))
            return tf.scatter_nd(places, surprise, tf.shape(ids, tf.int64))

        def everywhere(self, hidden: Any, ids: Any) -> Any:
            """The same, but with as many numbers in every step whatever the texts, so that it is equal to the last bit."""
            places = tf.transpose(hidden, (1, 0, 2)), tf.transpose(ids)
            surprise = tf.transpose(tf.map_fn(lambda place: self._of(*place), places, fn_output_signature=tf.float32))
            return tf.where(ids > 0, tf.cast(surprise, tf.float64), 0)

        def _of(self, hidden: Any, ids: Any) -> Any:
            words = tf.cast(ids, tf.int32)
            wanted = tf.gather(self.class_of.value, words)
            logits = hidden @ self.kernel.value + self.bias.value
            return tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits) - tf.math.log(tf.gather(self.share.value, words))

        def compute_output_shape(self, shapes: Any) -> Any:
            return shapes[1]

    return Surprise(name="surprise")
