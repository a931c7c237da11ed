"""Columns with a very long tail: their largest values alone look unusual."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.messages import N_, Message

#: From this skewness on; the exponential distribution has 2.
EXTREME = 5.0

#: Columns named in one sentence.
MOST_NAMED = 3

_ONE = N_("`{column}` is extremely skewed (skewness {skewness}): a few values are far beyond all others and will dominate.")
_MORE = N_("{count} columns are extremely skewed, most of all `{column}` (skewness {skewness}): their few far values will dominate.")


def check(facts: Facts) -> Iterator[Finding]:
    found = {
        profile.name: _skewness(facts.sample[profile.name])
        for profile in facts.features
        if profile.type == "number" and profile.distinct > 2
    }
    extreme = {name: value for name, value in found.items() if abs(value) >= EXTREME}
    if extreme and facts.preparation.get("scaling") != "quantile":
        column = max(extreme, key=lambda name: abs(extreme[name]))
        values = {"column": column, "skewness": round(extreme[column], 1), "count": len(extreme)}
        remedy = Remedy(N_("Make them symmetric"), preparation={"skew": "yeo_johnson"})
        yield Finding("skew", "notable", Message(_ONE if len(extreme) == 1 else _MORE, values), (remedy,))


def _skewness(values: pd.Series) -> float:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return 0.0
    numbers = numbers / (np.abs(numbers).max() or 1.0)
    distances = numbers - numbers.mean()
    spread = distances.std()
    return float(np.mean((distances / spread) ** 3)) if spread > 1e-12 else 0.0
