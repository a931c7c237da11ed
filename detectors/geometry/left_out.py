"""What a Mahalanobis distance would be if the row itself had not been learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def without_itself(distances: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Mahalanobis distances of rows in whose covariance they have `weight`, as if it had been learned without them.

    The covariance without a row is the one with it minus the row's own part (Sherman & Morrison), and the mean
    moves away from it. Without this, usual training rows would lie nearer than any new one, and a threshold
    learned from them would flag too many.
    """
    squared = np.square(distances)
    mean_moved = 1 / (1 - weight)
    return np.asarray(mean_moved * np.sqrt(squared / np.maximum(1 - weight * squared, weight)), dtype=np.float64)
