"""What each column is for: proposed from its profile, with a reason; checked before anything is learned."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.errors import DataError
from detectors.frames import value_key
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile

#: Names that a column of known anomalies goes by, the clearest first: at most one column becomes the label.
LABEL_NAMES = (
    "label", "is_anomaly", "anomaly", "is_outlier", "outlier", "is_fraud", "isfraud", "fraud", "is_attack", "attack",
    "ground_truth", "target", "class", "labels", "defect", "fault", "failure", "diagnosis", "y",
)  # fmt: skip

#: Names that a column of texts goes by, and one that says which machine, account or place a row is about.
TEXT_NAMES = ("text", "review", "comment", "comments", "message", "body", "content", "description", "tweet", "review_text", "note", "notes")
ENTITY_NAMES = (
    "entity",
    "machine",
    "machine_id",
    "device",
    "device_id",
    "unit",
    "sensor",
    "station",
    "account",
    "store",
    "site",
    "series",
    "symbol",
)

TIME_NAMES = ("time", "timestamp", "date", "datetime", "ts", "epoch", "unix_time", "unixtime", "t", "step", "seconds")

#: A series follows at most this many entities: more, and each has hardly any history.
MOST_ENTITIES = 1000

#: A label has at most this many different values; more, and the column measures something. `y` is also the name of a
#: coordinate, so it needs to have just two.
MOST_LABELS = 20

_ID_NAME = re.compile(r"(^|[ _.-])(id|uuid|guid|key|index|no|nr|num|number)$|^.+num$")
#: How the values of a column that reading adds, `file`, end: the names of the files that rows came from.
_FILE_NAME = re.compile(r"\.(csv|tsv|txt|parquet|feather|arrow|json|jsonl|ndjson|xlsx|xls)(\.gz)?$", re.IGNORECASE)
_CAMEL_ID = re.compile(r"[a-z](Id|ID|Uuid|UUID|Guid|GUID|Num|No)$")

#: From so many rows on, values that all differ, or only grow, are no accident.
ENOUGH_ROWS = 20

#: Texts that nearly all differ are names or sentences; a short one may be a code, a longer one is prose.
NEARLY_ALL = 0.9
LONGEST_CODE = 40

#: Labels that mean "nothing unusual here", in lower case.
NORMAL_WORDS = frozenset(
    {
        "0", "false", "f", "no", "n", "none", "negative", "normal", "good", "ok", "okay", "benign", "nominal", "healthy",
        "legit", "legitimate", "genuine", "inlier",
    }
)  # fmt: skip

#: What the rarest kinds of anomalies are called together, where there are too many.
OTHER_KINDS = "(other)"

#: Values of a label that a sentence names.
MOST_NAMED = 20


@dataclass(frozen=True)
class Role:
    """What `column` is for: feature, text, time, entity, label, id or ignored; and why."""

    column: str
    role: str
    reason: Message = field(default_factory=lambda: Message(""))


@dataclass(frozen=True)
class LabelReading:
    """How the values of a label are read: value → rows, the most frequent first; and rows without a label."""

    normal: dict[str, int]
    anomalies: dict[str, int]
    unknown: int

    @property
    def is_one_sided(self) -> bool:
        """Whether all known rows are read as the same kind, so that nothing can be judged by them."""
        return bool(self.normal) != bool(self.anomalies)


def propose_table(profiles: Sequence[ColumnProfile], rows: int) -> list[Role]:
    """A role for every column of a table of `rows` rows, in their order."""
    label = _label(profiles, rows)
    return [_labelled(profile) if profile is label else _proposed(profile, rows) for profile in profiles]


def propose_series(profiles: Sequence[ColumnProfile], rows: int) -> list[Role]:
    """A role for every column of a series: its time, the label, and every other column of numbers as a value."""
    time = _time(profiles)
    entity = None if time is None or time.increasing else _entity(profiles, rows)
    found = []
    for role in propose_table(profiles, rows):
        profile = next(each for each in profiles if each.name == role.column)
        if profile is time:
            found.append(Role(profile.name, "time", Message(N_("It says when a row was measured."))))
        elif profile is entity:
            found.append(
                Role(
                    profile.name,
                    "entity",
                    Message(N_("The times start over for each of its {distinct} values."), {"distinct": profile.distinct}),
                )
            )
        elif role.role == "feature" and profile.type not in ("number", "boolean"):
            found.append(Role(profile.name, "ignored", Message(N_("A series is made of numbers; this column holds none."))))
        else:
            found.append(role)
    return found


def propose_text(profiles: Sequence[ColumnProfile], rows: int) -> list[Role]:
    """A role for every column of texts: the longest of them is the text, and nothing else is learned from."""
    texts = [profile for profile in profiles if profile.type == "text"]
    named = next((profile for profile in texts if _key(profile.name) in TEXT_NAMES), None)
    text = named or max(texts, key=lambda profile: profile.longest or 0, default=None)
    found = []
    for role in propose_table(profiles, rows):
        if text is not None and role.column == text.name:
            found.append(
                Role(
                    role.column,
                    "text",
                    Message(N_("It holds the longest texts.") if text is not named else N_("Its name says that it holds the text.")),
                )
            )
        elif role.role == "feature":
            found.append(Role(role.column, "ignored", Message(N_("Only the text is learned from."))))
        else:
            found.append(role)
    return found


def propose_images(profiles: Sequence[ColumnProfile], rows: int) -> list[Role]:
    """A role for every column that reading pictures leaves: the innermost folder is the label where it tells kinds apart."""
    found = []
    for profile in profiles:
        if profile.name == "class" and profile.distinct > 1:
            found.append(
                Role(
                    "class",
                    "label",
                    Message(
                        N_(
                            "The innermost folder tells {distinct} kinds apart. It is used to judge results, and to learn only by detectors that say so."
                        ),
                        {"distinct": profile.distinct},
                    ),
                )
            )
        elif profile.name == "name":
            found.append(Role("name", "id", Message(N_("It names the picture."))))
        else:
            found.append(Role(profile.name, "ignored", Message(N_("A fact about the file. The picture itself is learned from."))))
    return found


def check(roles: Sequence[Role], profiles: Sequence[ColumnProfile], known_roles: Sequence[str], single: Sequence[str]) -> None:
    """Raises `DataError` unless each column is there and has one of `known_roles`, and each of the `single` roles one column at most."""
    columns = [profile.name for profile in profiles]
    for role in roles:
        if role.column not in columns:
            raise DataError(
                N_("There is no column `{column}`. The columns are {known}."), column=role.column, known=", ".join(columns[:50])
            )
        if role.role not in known_roles:
            raise DataError(
                N_("`{role}` is no role for column `{column}`. The roles are {known}."),
                role=role.role, column=role.column, known=", ".join(known_roles),
            )  # fmt: skip
    column, times = Counter(role.column for role in roles).most_common(1)[0] if roles else ("", 0)
    if times > 1:
        raise DataError(N_("Column `{column}` was given {times} roles. Give it one."), column=column, times=times)
    for name in single:
        twice = [role.column for role in roles if role.role == name]
        if len(twice) > 1:
            raise DataError(
                N_("`{first}` and `{second}` both have the role {role}. Give one of them another role."),
                first=twice[0], second=twice[1], role=name,
            )  # fmt: skip


def labels(given: Mapping[str, str]) -> list[str]:
    """The columns whose role is label: one at most, where the roles were checked."""
    return [column for column, role in given.items() if role == "label"]


def with_role(given: Mapping[str, str], column: str, role: str, single: Sequence[str] = ("label",)) -> dict[str, str]:
    """The roles with another one for `column`. Of the `single` roles there is one at most: an earlier one becomes ignored."""
    replaced = [name for name, its_role in given.items() if its_role == role] if role in single else []
    return {**given, **dict.fromkeys(replaced, "ignored"), column: role}


def anomaly_labels(values: ArrayLike | pd.Series, anomaly: object = None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows are anomalies, and for which rows that is known; both (rows,).

    0, false, no, normal, good, ok and other `NORMAL_WORDS` are normal, anything else is an anomaly; where `anomaly` is
    given, that value alone is one. Upper and lower case are the same, ``1`` and ``1.0`` too, and a full stop at the end
    does not count. A missing label is not known.
    """
    codes, different = pd.factorize(pd.Series(values), use_na_sentinel=True)
    words = [_word(value) for value in different]
    wanted = None if anomaly is None else _word(anomaly)
    unusual = [bool(word) and (word not in NORMAL_WORDS if wanted is None else word == wanted) for word in words]
    known = [bool(word) for word in words]
    return np.array([*unusual, False])[codes], np.array([*known, False])[codes]


def anomaly_kinds(values: ArrayLike | pd.Series, anomaly: object = None) -> tuple[NDArray[np.int8], list[str]]:
    """For each row 0 normal, 1 an anomaly of the first kind, 2 of the second …, -1 unknown, (rows,); and the names of the kinds.

    What is an anomaly is said by `anomaly_labels`. There are no names, and 1 is any anomaly, where the label has one
    value for them. Of more kinds than `MOST_LABELS` the rarest count as one, the last.
    """
    series = pd.Series(values)
    anomalies, known = anomaly_labels(series, anomaly)
    codes = np.where(known, anomalies.astype(np.int8), np.int8(-1)).astype(np.int8)
    of_row, different = pd.factorize(series.where(anomalies), use_na_sentinel=True)
    words = np.array([_word(value) for value in different], dtype=object)[of_row[anomalies]]
    counts = pd.Series(words, dtype=object).value_counts()
    if len(counts) < 2:
        return codes, []
    order = sorted(counts.index, key=lambda word: (-counts[word], word))
    place = {word: min(number, MOST_LABELS) for number, word in enumerate(order, start=1)}
    codes[anomalies] = [place[word] for word in words]
    written = {_word(value): value_key(value) for value in reversed(different)}
    names = [written[word] for word in order[:MOST_LABELS]]
    return codes, names if len(order) <= MOST_LABELS else [*names[:-1], OTHER_KINDS]


def read_label(values: pd.Series, anomaly: object = None) -> LabelReading:
    """How `anomaly_labels` reads each of the different values."""
    return read_label_counts(values.value_counts(), int(values.isna().sum()), anomaly)


def read_label_counts(counts: pd.Series, missing: int, anomaly: object = None) -> LabelReading:
    """The same of values that were counted already; `missing` rows have none."""
    anomalies, known = anomaly_labels(counts.index.to_series(), anomaly)
    named = list(zip([value_key(value) for value in counts.index], counts.tolist(), anomalies, known, strict=True))
    normal = {value: rows for value, rows, is_anomaly, is_known in named if is_known and not is_anomaly}
    unusual = {value: rows for value, rows, is_anomaly, _ in named if is_anomaly}
    return LabelReading(normal, unusual, int(counts.sum()) + missing - sum(normal.values()) - sum(unusual.values()))


def check_anomaly(values: pd.Series, label: str, anomaly: str) -> None:
    """Raises `DataError` unless at least one row of the label reads as `anomaly`."""
    reading = read_label(values, anomaly)
    if not reading.anomalies:
        raise DataError(
            N_("No row has `{anomaly}` in the label `{label}`. Its values are {known}."),
            anomaly=anomaly, label=label, known=", ".join(list(reading.normal)[:MOST_NAMED]),
        )  # fmt: skip


def _word(value: object) -> str:
    """The label as text to compare: numbers without a needless ``.0``, words without a full stop."""
    text = str(value).strip().lower()
    try:
        number = float(text)
    except ValueError:
        return text.removesuffix(".")
    return str(int(number)) if number.is_integer() else text


def _label(profiles: Sequence[ColumnProfile], rows: int) -> ColumnProfile | None:
    named = [profile for profile in profiles if _key(profile.name) in LABEL_NAMES and _can_be_label(profile, rows)]
    return min(named, key=lambda profile: LABEL_NAMES.index(_key(profile.name)), default=None)


def _can_be_label(profile: ColumnProfile, rows: int) -> bool:
    repeats = 2 * profile.distinct <= profile.counted_rows(rows) and profile.distinct <= MOST_LABELS and _key(profile.name) != "y"
    return profile.distinct == 2 or (profile.distinct > 2 and repeats)


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _labelled(profile: ColumnProfile) -> Role:
    reason = N_(
        "Its name says that it marks known anomalies, and it has {distinct} different values. It is used to judge results, never to learn."
    )
    return Role(profile.name, "label", Message(reason, {"distinct": profile.distinct}))


def _proposed(profile: ColumnProfile, rows: int) -> Role:
    for applies, role, template in _RULES:
        if applies(profile, rows):
            return Role(profile.name, role, Message(template, {"distinct": profile.distinct, "rows": profile.counted_rows(rows)}))
    return Role(profile.name, "feature", _feature_reason(profile))


def _feature_reason(profile: ColumnProfile) -> Message:
    if profile.type == "number":
        return Message(N_("Numbers from {low} to {high}."), {"low": _whole(profile.low), "high": _whole(profile.high)})
    return Message(N_("Categories: {distinct} different values."), {"distinct": profile.distinct})


def _whole(end: float | str | None) -> float | str | None:
    """Whole numbers as such: a sentence shows them with all their digits."""
    return int(end) if isinstance(end, float) and end.is_integer() and abs(end) < 1e15 else end


def _is_all_missing(profile: ColumnProfile, rows: int) -> bool:
    return profile.distinct == 0


def _is_constant(profile: ColumnProfile, rows: int) -> bool:
    return profile.distinct == 1 and (not profile.missing or profile.type == "number")


def _is_date(profile: ColumnProfile, rows: int) -> bool:
    return profile.type == "date"


def _is_file(profile: ColumnProfile, rows: int) -> bool:
    return profile.name.startswith("file") and profile.type == "text" and bool(_FILE_NAME.search(profile.example or ""))


def _is_named_id(profile: ColumnProfile, rows: int) -> bool:
    named = bool(_ID_NAME.search(profile.name.strip().lower()) or _CAMEL_ID.search(profile.name.strip()))
    return named and _all_differ(profile, rows) and (profile.integer or profile.type == "text")


def _is_counter(profile: ColumnProfile, rows: int) -> bool:
    return profile.integer and profile.increasing and rows >= ENOUGH_ROWS


def _is_code(profile: ColumnProfile, rows: int) -> bool:
    short = profile.type == "text" and (profile.longest or 0) <= LONGEST_CODE
    return short and _all_differ(profile, rows) and rows >= ENOUGH_ROWS


def is_prose(profile: ColumnProfile, rows: int) -> bool:
    """Whether nearly all its texts differ: names or sentences."""
    filled = (rows - profile.missing) * profile.counted_rows(rows) / max(1, rows)
    return profile.type == "text" and filled >= ENOUGH_ROWS and profile.distinct >= NEARLY_ALL * filled


def _time(profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says when: a date, a growing one first; else a growing whole number that is called so."""
    dates = [profile for profile in profiles if profile.type == "date"]
    if dates:
        return next((profile for profile in dates if profile.increasing), dates[0])
    counted = [profile for profile in profiles if profile.type == "number" and _key(profile.name) in TIME_NAMES]
    return next(iter(counted), None)


def _entity(profiles: Sequence[ColumnProfile], rows: int) -> ColumnProfile | None:
    few = [profile for profile in profiles if 1 < profile.distinct <= min(MOST_ENTITIES, rows // 10)]
    return next((profile for profile in few if _key(profile.name) in ENTITY_NAMES), None)


def _all_differ(profile: ColumnProfile, rows: int) -> bool:
    return profile.distinct == profile.counted_rows(rows) > 1


#: Asked in this order; a column that no rule claims is a feature.
_RULES: tuple[tuple[Callable[[ColumnProfile, int], bool], str, str], ...] = (
    (_is_all_missing, "ignored", N_("Every value is missing.")),
    (_is_constant, "ignored", N_("There is only one value, so it cannot tell rows apart.")),
    (_is_date, "ignored", N_("Dates are set aside: every moment is new, so the moment alone would make rows look unusual.")),
    (_is_file, "id", N_("It says which file a row came from: the next data come from others.")),
    (_is_named_id, "id", N_("Its name and its {distinct} different values in {rows} rows say that it names the row.")),
    (_is_counter, "id", N_("It grows from row to row, so it counts the rows instead of describing them.")),
    (_is_code, "id", N_("Each of the {rows} rows has a short text of its own, which names it.")),
    (is_prose, "ignored", N_("Nearly every text is different ({distinct} in {rows} rows), so there is no category to learn.")),
)
