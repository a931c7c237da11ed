"""Values from the data as they are shown: at most four significant digits, the raw value where there is room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detectors.messages import N_, shown
from pages.shared.language import plain


def value_text(value: Any) -> str:
    """One value of the data: numbers to four digits, whole numbers in full, dates without an empty time, missing as a word."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return plain(N_("missing"))
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return shown(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return shown(int(number)) if number.is_integer() and abs(number) < 1e15 else shown(number)
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    return str(value)
