"""New rows in the columns and types that a detector learned from; what does not fit is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detectors.errors import DataError
from detectors.frames import value_key
from detectors.messages import N_, Message
from detectors.preparation.values import as_numbers, number_type

MISSING_COLUMNS = N_(
    "The data lack {count} of the columns that the detector learned from: {columns}. Add them, or train on the columns there are."
)
UNREAD = N_("{count} values of `{column}` are no {type} and count as missing; the first is `{value}` in row {row}.")
NONE_READ = N_("Column `{column}` holds no {type}: its first value is `{value}`. The detector learned from {type} there.")

#: How the types of a schema read in a sentence.
TYPES = {"number": N_("numbers"), "integer": N_("numbers"), "boolean": N_("yes or no"), "date": N_("dates")}

#: Characters of a value that a sentence quotes.
LONGEST_QUOTE = 40

TRUE, FALSE = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


def conformed(frame: pd.DataFrame, columns: Sequence[Mapping[str, Any]], notes: list[Message]) -> pd.DataFrame:
    """The `columns` of a schema, taken from `frame` by name and in their types, rows numbered from 0; the rest is left out.

    What cannot be read as its column's type counts as missing, and is added to `notes`.

    Raises:
        DataError: columns are missing, or nothing in one of them is of its type.
    """
    if any(not isinstance(name, str) for name in frame.columns):
        frame = frame.rename(columns=str)
    missing = [column["name"] for column in columns if column["name"] not in frame.columns]
    if missing:
        raise DataError(MISSING_COLUMNS, count=len(missing), columns=", ".join(missing[:20]))
    names = [column["name"] for column in columns]
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        frame = frame.reset_index(drop=True)
    if all(_is_as_learned(frame, column) for column in columns):
        return frame if names == list(frame.columns) else frame[names]
    found = {column["name"]: _as_learned(_one(frame, column["name"]), column, notes) for column in columns}
    return pd.DataFrame(found, index=frame.index, copy=False)


def _is_as_learned(frame: pd.DataFrame, column: Mapping[str, Any]) -> bool:
    """Whether a column is of numbers, and was learned from as numbers: then there is nothing to bring into its type."""
    values = frame[column["name"]]
    plain = isinstance(values, pd.Series) and values.dtype.kind in "if"
    return plain and column["type"] in ("number", "integer") and column["role"] != "text"


def _one(frame: pd.DataFrame, name: str) -> pd.Series:
    values = frame[name]
    return values if isinstance(values, pd.Series) else values.iloc[:, 0]  # of two columns of one name the first


def _as_learned(values: pd.Series, column: Mapping[str, Any], notes: list[Message]) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    kind = column["type"]
    if kind == "text" or column["role"] == "text":
        return _as_texts(values)
    if kind in ("number", "integer") and pd.api.types.is_numeric_dtype(values):
        return values
    read = _as_booleans(values) if kind == "boolean" else _as_dates(values) if kind == "date" else _as_numbers(values)
    _note_unread(values, read, column, notes)
    return read


def _as_texts(values: pd.Series) -> pd.Series:
    """Texts as they are; anything else as it would be named among the categories."""
    if pd.api.types.is_string_dtype(values) and not pd.api.types.is_object_dtype(values):
        return values
    return values.astype(object).map(value_key, na_action="ignore")


def _as_numbers(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.Series(np.nan, values.index)
    return pd.to_numeric(values, errors="coerce").astype(np.float64)


def _as_dates(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(pd.NaT, values.index)
    seconds = pd.Series(as_numbers(values.astype(object) if values.dtype == object else values, "date"), values.index)
    return pd.to_datetime((seconds * 1e6).round().astype("Int64"), unit="us")


def _as_booleans(values: pd.Series) -> pd.Series:
    if number_type(values) == "boolean":
        return values
    texts = values.astype(object).map(lambda value: value_key(value).lower(), na_action="ignore")
    return texts.map({**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)})


def _note_unread(values: pd.Series, read: pd.Series, column: Mapping[str, Any], notes: list[Message]) -> None:
    unread = np.flatnonzero((values.notna() & read.isna()).to_numpy())
    if not len(unread):
        return
    told = {"column": column["name"], "type": TYPES[column["type"]], "value": str(values.iloc[unread[0]])[:LONGEST_QUOTE]}
    if len(unread) == int(values.notna().sum()):
        raise DataError(NONE_READ, **told)
    notes.append(Message(UNREAD, {**told, "count": len(unread), "row": int(unread[0])}))
