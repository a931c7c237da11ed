"""Auto: several detectors that look at a text in different ways, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.together.detector import Asked, Together
from detectors.together.text_views import Topics
from detectors.together.views import View

#: Its element scores are the surprise at each word, which is shown in the text.
MARKING = "word_order"


class Auto(Together):
    """The mean of how surprised several detectors are: at a text's length, its topics, its words and their order."""

    title = N_("Auto")
    family = N_("Several together")
    summary = N_("Length, topics, rare words and word order, each judged on its own; what surprises most of them comes out on top.")
    reference = "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549"
    when = N_("You do not know yet which detector suits your texts: begin here. Learns in seconds.")
    when_not = N_(
        "You know what an anomaly looks like: with a few known ones, a detector that learns from labels is far better; for one sign alone, "
        "such as length, that detector is easier to explain."
    )
    score_name = N_("surprise")
    views: ClassVar = {View.name: View, Topics.name: Topics}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        topics = [Asked("vectors", name, view=Topics.name) for name in ("ecod", "local_outlier_factor")]
        # Ten words' worth, as in the others: without it, every text without a word would look the most unusual of all.
        length = Asked("tokens", "length", {"added": 10.0})
        return [length, *topics, Asked("tokens", MARKING), Asked("tokens", "rare_words", {"measure": "total"})]

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64] | None:
        marking = [member.detector for member in self._members if member.asked.name == MARKING]
        return marking[0].element_scores(X) if marking else None
