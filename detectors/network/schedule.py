"""How the learning rate changes while a network learns."""

from __future__ import annotations

import math
from typing import Any

#: A loss that has not become smaller for so many epochs has come to a plateau, and the rate falls to this share: with the
#: usual patience it falls twice before training stops early.
PLATEAU_EPOCHS, PLATEAU_SHARE = 2, 0.3


class Schedule:
    """The factor on the learning rate: ``constant``, ``cosine`` (falls to nothing over all epochs; Loshchilov & Hutter 2017,
    arXiv:1608.03983, without restarts) or ``plateau``; over the first `warm_up` epochs it rises from nothing."""

    def __init__(self, kind: str, epochs: int, warm_up: float) -> None:
        import tensorflow as tf

        self.kind, self.epochs, self.warm_up = kind, epochs, warm_up
        self.changes = kind != "constant" or warm_up > 0
        self._share = tf.Variable(1.0, trainable=False)
        self._least, self._epochs_since = math.inf, 0

    def factor(self, at: Any) -> Any:
        """The factor after `at` epochs, a tensor that may lie within one."""
        import tensorflow as tf

        factor = tf.convert_to_tensor(self._share)
        if self.kind == "cosine":
            factor *= (1 + tf.cos(math.pi * at / self.epochs)) / 2
        if self.warm_up:
            factor *= tf.minimum(1.0, at / self.warm_up)
        return factor

    def epoch_ended(self, loss: float) -> None:
        """Takes note of an epoch's loss; on a plateau the rate falls."""
        self._epochs_since += 1
        if loss < self._least:
            self._least, self._epochs_since = loss, 0
        if self.kind == "plateau" and self._epochs_since >= PLATEAU_EPOCHS:
            self._share.assign(self._share * PLATEAU_SHARE)
            self._epochs_since = 0
