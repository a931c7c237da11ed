"""Laying rows of many numbers into a plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.maps import Map, Method

#: t-SNE looks at so many principal components at most, as its authors advise.
MOST_NUMBERS = 50

#: Neighbours that t-SNE tries to keep beside a row.
PERPLEXITY = 30.0


def map_of(rows: NDArray[np.intp], X: NDArray[np.float32], method: Method, seed: int) -> Map:
    """The rows at the positions `rows`, whose numbers are `X`, (points, …), in a plane.

    By principal components (Pearson 1901, doi:10.1080/14786440109462720) or by t-SNE (van der Maaten & Hinton: Visualizing
    data using t-SNE, JMLR 9, 2008), which keeps neighbours together and says nothing of distances.
    """
    from sklearn.decomposition import PCA

    flat = _varied(X.reshape(len(X), -1).astype(np.float64))
    if not np.ptp(flat, axis=0).any():  # nothing varies: all in one place
        return Map(rows, np.zeros((len(rows), 2), dtype=np.float32), np.zeros(2))
    components = PCA(min(len(flat), flat.shape[1], MOST_NUMBERS), random_state=seed % 2**32).fit(flat)
    seen = _two_at_least(components.transform(flat))
    if method == "pca" or len(flat) < 5:
        return Map(rows, seen[:, :2].astype(np.float32), _two_at_least(components.explained_variance_ratio_[None])[0, :2])
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(flat) - 1) / 3)
    places = TSNE(2, perplexity=perplexity, init="pca", random_state=seed % 2**32).fit_transform(seen)
    return Map(rows, places.astype(np.float32), np.zeros(2))


def _varied(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the columns that are the same in every row, as long as any other is left."""
    varied = X[:, np.ptp(X, axis=0) > 0]
    return varied if varied.shape[1] else X


def _two_at_least(X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(X, ((0, 0), (0, max(0, 2 - X.shape[1]))))
