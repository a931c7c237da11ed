"""What a network sees at every place of a picture: its deeper maps, laid over each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.network.scoring import CHUNK_PICTURES, in_chunks

#: Places around a place that describe it too, along each side; as in Roth et al. 2022.
AROUND = 3

#: So many of the deepest maps describe a place; the first ones see edges only.
DEPTHS = 2


def picture_places(maps: Any, picture: tuple[int, ...]) -> Any:
    """A function from pictures to their places, (rows, height, width, features).

    `maps` gives the maps of every depth, a list of (rows, height, width, filters). A place of the larger map is
    described by the mean of its surroundings in both.
    """
    import tensorflow as tf

    def places(rows: Any) -> Any:
        found = maps(rows, training=False)
        used = (found if isinstance(found, list) else [found])[-DEPTHS:]
        means = [tf.nn.avg_pool2d(values, AROUND, 1, "SAME") for values in used]
        size = tf.shape(means[0])[1:3]
        return tf.concat([means[0], *(tf.image.resize(values, size) for values in means[1:])], axis=-1)

    return in_chunks(places, picture, np.float32, CHUNK_PICTURES)
