"""Columns that say the same twice: together they weigh double."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.messages import N_, Message

#: From this correlation on, one column hardly says more than the other.
SAME = 0.99

#: Gaps, which come to lie in the middle, make a correlation look smaller: from here on it is looked at without them.
WORTH_A_LOOK = 0.8

#: Columns compared with each other at most: the first ones of a very wide table.
MOST_COLUMNS = 500

_COPY = N_("`{copy}` says nearly the same as `{column}` (correlation {correlation}), so together they count twice.")
_HELP = N_("Keep both where they should agree, and a row in which they do not is what you look for.")
_SAME_CATEGORIES = N_("`{copy}` has the same categories as `{column}`, so together they count twice.")


def check(facts: Facts) -> Iterator[Finding]:
    told: set[str] = set()
    for column, copy, correlation in [*_numbers(facts), *_categories(facts)]:
        if column in told or copy in told:
            continue
        told.add(copy)
        template = _SAME_CATEGORIES if correlation is None else _COPY
        values = {"column": column, "copy": copy} | ({} if correlation is None else {"correlation": correlation})
        remedy = Remedy(N_("Set aside the copy"), roles={copy: "ignored"}, help=_HELP)
        yield Finding(f"copy {copy}", "notable", Message(template, values), (remedy,))


def _numbers(facts: Facts) -> Iterator[tuple[str, str, float | None]]:
    names = [profile.name for profile in facts.features if profile.type == "number" and profile.distinct > 2][:MOST_COLUMNS]
    scaled = [_scaled(facts.sample[name]) for name in names]
    if len(scaled) < 2:
        return
    matrix = np.stack(scaled)
    correlations = matrix @ matrix.T
    for first, second in np.argwhere(np.triu(np.abs(correlations) >= WORTH_A_LOOK, 1)):
        found = _correlation(facts.sample[names[first]], facts.sample[names[second]])
        if abs(found) >= SAME:
            yield names[first], names[second], round(found, 4)


def _correlation(first: pd.Series, second: pd.Series) -> float:
    """Over the rows in which neither is missing."""
    known = np.isfinite(first.to_numpy(dtype=np.float64, na_value=np.nan)) & np.isfinite(second.to_numpy(dtype=np.float64, na_value=np.nan))
    return float(_scaled(first[known]) @ _scaled(second[known]))


def _scaled(values: pd.Series) -> NDArray[np.float64]:
    """Mean 0 and length 1, gaps filled by the mean; all zeros for a constant."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    if not known.any():
        return np.zeros(len(numbers))
    largest = np.abs(numbers[known]).max() or 1.0
    shares = np.where(known, numbers / largest, 0.0)
    centered = np.where(known, shares - shares[known].mean(), 0.0)
    length = np.linalg.norm(centered)
    return centered / length if length > 1e-12 else np.zeros(len(numbers))


def _categories(facts: Facts) -> Iterator[tuple[str, str, float | None]]:
    """Pairs of which each value of one always comes with the same value of the other."""
    first_with: dict[bytes, str] = {}
    for profile in facts.features:
        if profile.type in ("text", "boolean") and profile.distinct > 1:
            codes = pd.factorize(facts.sample[profile.name], use_na_sentinel=False)[0].tobytes()
            if codes in first_with:
                yield first_with[codes], profile.name, None
            first_with.setdefault(codes, profile.name)
