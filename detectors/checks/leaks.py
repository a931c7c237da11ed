"""Columns that tell the label by themselves: often they were filled in when the answer was known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import metrics
from detectors.checks.finding import Facts, Finding, Remedy
from detectors.checks.identifiers import SET_ASIDE
from detectors.messages import N_, Message
from detectors.roles import anomaly_labels

#: From this AUROC on, a single column tells the label almost perfectly.
TELLS_ALL = 0.99

#: Labelled rows of each kind that there must be.
ENOUGH = 10

#: A column of more categories tells any label apart by chance.
MOST_CATEGORIES = 50

_LEAK = N_("`{column}` alone tells the label `{label}` almost perfectly (AUROC {auroc}). Was it filled in when the answer was known?")
_HELP = N_("What is filled in later is not there yet when tomorrow's rows are scored: figures look better now than they will be.")


def check(facts: Facts) -> Iterator[Finding]:
    if facts.label is None:
        return
    is_anomaly, known = anomaly_labels(facts.sample[facts.label])
    if min((is_anomaly & known).sum(), (~is_anomaly & known).sum()) < ENOUGH:
        return
    for profile in facts.features:
        if profile.distinct > 1 and (profile.type in ("number", "date") or profile.distinct <= MOST_CATEGORIES):
            auroc = _auroc(_as_scores(facts.sample[profile.name], is_anomaly), is_anomaly, known)
            if auroc >= TELLS_ALL:
                values = {"column": profile.name, "label": facts.label, "auroc": round(auroc, 4)}
                remedy = Remedy(SET_ASIDE, roles={profile.name: "ignored"}, help=_HELP)
                yield Finding(f"leak {profile.name}", "serious", Message(_LEAK, values), (remedy,))


def _auroc(scores: NDArray[np.float64], is_anomaly: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    found = metrics.auroc(is_anomaly, scores, known)
    return 0.5 if found is None else max(found, 1 - found)


def _as_scores(values: pd.Series, is_anomaly: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Numbers as they are, gaps in their middle; a category by its share of anomalies."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(numbers)
        return np.where(known, numbers, np.median(numbers[known]) if known.any() else 0.0)
    if pd.api.types.is_datetime64_any_dtype(values):
        return np.asarray(values.astype("datetime64[us]").astype("int64"), dtype=np.float64)
    codes = pd.factorize(values, use_na_sentinel=False)[0]
    shares = np.bincount(codes, weights=is_anomaly) / np.bincount(codes)
    return np.asarray(shares[codes], dtype=np.float64)
