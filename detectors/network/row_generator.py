"""Rows made by a generator that has learned, against a discriminator, what rows look like."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress

#: Sizes that suit small tables; the generator is for those.
SIZES, CODE, REBUILD_WEIGHT = (64, 32), 8, 10.0

#: Rows that a generator learns from, at most.
MOST_ROWS = 20_000

#: An epoch shows few rows so often that it has this many of them.
ROWS_AN_EPOCH, EPOCHS = 4096, 20


def generated_rows(X: NDArray[np.float32], count: int, seed: int) -> NDArray[np.float32]:
    """`count` rows like those of `X`, (rows, columns), none of them made of any one of these; within the range of each column."""
    from detectors.network.contest import ContestShape, contest, rebuilding_and_contest
    from detectors.network.layers import LayerStyle
    from detectors.network.scoring import in_chunks
    from detectors.network.training import TrainingOptions, seed_everything, train

    seed_everything(seed)
    code = min(CODE, X.shape[1])
    pair = contest(ContestShape(X.shape[1], SIZES, SIZES, code), LayerStyle("leaky_relu"))
    rows = X[drawn(len(X), MOST_ROWS, seed)]
    options = TrainingOptions(
        loss=rebuilding_and_contest(REBUILD_WEIGHT), batch_size=64, epochs=EPOCHS, validation_share=0.0, patience=None, seed=seed
    )
    train(pair.network, np.tile(rows, (math.ceil(ROWS_AN_EPOCH / len(rows)), 1)), None, options, Progress())
    codes = np.random.default_rng([seed % 2**32, 3]).standard_normal((count, code)).astype(np.float32)
    made = in_chunks(lambda drawn_codes: pair.generator(drawn_codes, training=False), (code,), np.float32)(codes)
    return np.clip(made, X.min(axis=0), X.max(axis=0)).astype(np.float32)
