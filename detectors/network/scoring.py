"""Scores rows by how badly a network gives them back, in one compiled function."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores

Reconstruct = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Score = Callable[[NDArray[np.float32]], Scores]


#: A network always sees this many rows at once, the last ones padded. Kernels add up in another order, and the ends of
#: arrays go through other code, when the number of rows is another: a row's score would depend on the rows beside it.
CHUNK_ROWS = 256

#: A small network sees more rows at once, or going from chunk to chunk would cost more than its arithmetic: as many as
#: meet this many weights. It depends on the network alone, so every row of it still goes through the same code. Never
#: more than what stays in a core's cache from layer to layer: twice as many took a quarter longer.
CHUNK_WEIGHTS, MOST_CHUNK_ROWS = 1 << 25, 1024

#: The same for pictures, whose maps are large: one picture alone must not cost as much as hundreds.
CHUNK_PICTURES = 16


def reconstruction(network: Any, row_shape: tuple[int, ...]) -> Reconstruct:
    """A function from rows, (rows, *row_shape), to what `network` gives back for them."""
    return in_chunks(lambda rows: network(rows, training=False), row_shape, np.float32, rows_together(network, row_shape))


def reconstruction_error(network: Any, row_shape: tuple[int, ...], *, squared: bool) -> Score:
    """A function from rows, (rows, *row_shape), to one error each: the mean over the row of the squared or absolute difference."""
    import tensorflow as tf

    size = tf.square if squared else tf.abs
    axes = list(range(1, len(row_shape) + 1))

    def error(rows: Any) -> Any:
        # In double precision: a far row's square would overflow, and close scores would tie.
        difference = tf.cast(network(rows, training=False), tf.float64) - tf.cast(rows, tf.float64)
        return tf.reduce_mean(size(difference), axis=axes)

    return in_chunks(error, row_shape, np.float64, rows_together(network, row_shape))


def rows_together(network: Any, row_shape: tuple[int, ...]) -> int:
    """How many rows `network` sees at once, a power of two; in a row of many steps each step meets its weights."""
    fitting = CHUNK_WEIGHTS // max(1, network.count_params() * prod(row_shape[:-1]))
    return min(MOST_CHUNK_ROWS, max(CHUNK_ROWS, 1 << max(0, fitting.bit_length() - 1)))


def pixel_error(network: Any, rows: Any) -> Any:
    """The error of every pixel, (rows, height, width): the mean over the channels of the squared difference. A tensor."""
    import tensorflow as tf

    # In double precision, as above.
    difference = tf.cast(network(rows, training=False), tf.float64) - tf.cast(rows, tf.float64)
    return tf.reduce_mean(tf.square(difference), axis=-1)


def region_errors(network: Any, rows: Any, region: int) -> Any:
    """For each picture its mean error and the largest mean over a square of `region` pixels, (rows, 2). A tensor."""
    import tensorflow as tf

    errors = pixel_error(network, rows)
    worst = tf.reduce_max(tf.nn.avg_pool2d(errors[..., None], region, strides=1, padding="VALID"), axis=[1, 2, 3])
    return tf.stack([tf.reduce_mean(errors, axis=[1, 2]), worst], axis=1)


def gradients_of(score: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function from rows to the derivatives of their scores, in double precision and the shape of the rows. All are tensors."""
    import tensorflow as tf

    def gradients(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            # A row's score depends on that row alone: the sum has each row's own derivatives.
            total = tf.reduce_sum(score(rows))
        return tf.cast(tape.gradient(total, rows), tf.float64)

    return gradients


def in_chunks(
    function: Callable[[Any], Any], row_shape: tuple[int, ...], dtype: Any, chunk_rows: int = CHUNK_ROWS
) -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    """`function` of rows, compiled once, always called with `chunk_rows` rows, so that each row's value is its own alone."""
    import tensorflow as tf

    # With the signature it is traced once, not anew for every number of rows.
    @tf.function(input_signature=[tf.TensorSpec((None, *row_shape), tf.float32)])
    def run(rows: Any) -> Any:
        n_rows = tf.shape(rows)[0]
        chunks = tf.reshape(rows, (n_rows // chunk_rows, chunk_rows, *row_shape))
        answers = tf.map_fn(function, chunks, fn_output_signature=dtype)
        return tf.reshape(answers, tf.concat([[n_rows], tf.shape(answers)[2:]], axis=0))

    # Called through its concrete function: TensorFlow warns when several functions of one name are traced in a
    # process, as if it were by mistake, and a process that trains many detectors does so.
    return lambda rows: run.get_concrete_function()(tf.constant(_padded(rows, chunk_rows))).numpy()[: len(rows)]


def _padded(rows: NDArray[np.float32], chunk_rows: int) -> NDArray[np.float32]:
    missing = -len(rows) % chunk_rows
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
