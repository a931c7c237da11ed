"""A network of dense layers that learns from labelled rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, integers


class MultilayerClassifier(LabelledDetector, StyledNetwork):
    """Dense layers learn from labels how probable an anomaly is: one answer for two classes, one for each kind where there are several."""

    title = N_("Multilayer classifier")
    summary = N_("A neural network learns from labelled rows what makes one an anomaly, and of which kind.")
    reference = "Rumelhart, Hinton & Williams: Learning representations by back-propagating errors, Nature 323, 1986, doi:10.1038/323533a0"
    when = N_("Hundreds of labelled anomalies or more, and columns that tell only together, in curved ways.")
    when_not = N_(
        "Few labelled anomalies: gradient-boosted trees or logistic regression learn more from them. "
        "Also anomalies of a kind that was not labelled yet."
    )
    tells_kinds = True

    layers: tuple[int, ...] = integers(
        (64, 64), title=N_("Layers"), low=1, high=4096, help=N_("Neurons of each layer between the columns and the answer.")
    )  # fmt: skip
    only_for_scores = frozenset(LabelledDetector.fields)
    defaults: ClassVar = {"dropout": 0.1, "l2": 1e-4, "early_stopping": False}
    presets: ClassVar = {
        "plain_32_16": Preset(N_("32-16-1"), N_("Two narrow layers: for few columns or few labelled anomalies."), {"layers": (32, 16)}),
        "plain_64_64": Preset(N_("64-64-1"), N_("Two wider layers: for more columns and more labelled anomalies."), {"layers": (64, 64)}),
    }
    quick: ClassVar = {"layers": [8], "epochs": 8, "batch_size": 16, "learning_rate": 0.03}

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from detectors.network.training import train

        self._begin()
        targets = y[:, None].astype(np.float32) if self.n_outcomes == 2 else np.eye(self.n_outcomes, dtype=np.float32)[y]
        self.history_ = train(self._network, X, targets, self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        from detectors.network.dense_classifier import dense_classifier, outcome_probabilities

        (columns,) = self.row_shape_
        self._network = dense_classifier(columns, self.layers, self.n_outcomes, self._style())
        self._outcomes = outcome_probabilities(self._network, columns)

    def _options(self, loss: Any = None) -> Any:
        from dataclasses import replace

        options = super()._options(loss or ("binary_crossentropy" if self.n_outcomes == 2 else "categorical_crossentropy"))
        # Every labelled row is learned from, unless some are held back to stop early.
        return options if self.early_stopping else replace(options, validation_share=0.0)

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._outcomes(X)
