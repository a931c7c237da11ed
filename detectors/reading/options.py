"""What can be said about how a file is to be read. Everything is found by itself unless it is said; the report keeps what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from detectors.messages import N_
from detectors.params import Parametrised, choice, integer, text

AUTO = "auto"

#: The word for each delimiter.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
QUOTES = {"double": '"', "single": "'", "none": ""}
HEADER_ROWS = {"none": 0, "one": 1, "two": 2, "three": 3}

#: Words that say a value is missing, wherever they stand.
MISSING = "NA, N/A, nan, NaN, null, NULL, None, ?"

_FOUND = N_("Found by itself")


class ReadingOptions(Parametrised):
    """How a file is to be read; `auto` and 0 are decided by what the file holds."""

    sheet: str = text("", title=N_("Sheet"), help=N_("The sheet of a workbook. Empty: the first that holds data."), longest=100)
    header: str = choice(
        AUTO, title=N_("Column names"), help=N_("How many rows of names stand above the data; several are joined into one."),
        choices={AUTO: _FOUND, "none": N_("No row"), "one": N_("One row"), "two": N_("Two rows"), "three": N_("Three rows")},
    )  # fmt: skip
    first_line: int = integer(
        0, title=N_("Table begins on line"),
        help=N_("The line of the column names, or of the first row where there are none. What stands above is left out. 0: found by itself."),
        low=0, high=100_000,
    )  # fmt: skip
    delimiter: str = choice(
        AUTO, title=N_("Values separated by"), help=N_("The character between two values of a row."),
        choices={AUTO: _FOUND, "comma": N_("Comma"), "semicolon": N_("Semicolon"), "tab": N_("Tab"), "bar": N_("Vertical bar")},
    )  # fmt: skip
    decimal: str = choice(
        AUTO, title=N_("Decimal mark"), help=N_("With a comma, `1.234,5` is a number; with a point, `1,234.5` is. By itself: each column as its values say."),
        choices={AUTO: _FOUND, "point": N_("Point: 1,234.5"), "comma": N_("Comma: 1.234,5")},
    )  # fmt: skip
    dates: str = choice(
        AUTO, title=N_("Dates like 03/04/2024"), help=N_("Which number is the day. Dates that begin with the year, or name the month, need no saying."),
        choices={AUTO: _FOUND, "day_first": N_("Day first: 3 April"), "month_first": N_("Month first: March 4")},
    )  # fmt: skip
    missing: str = text(
        MISSING, title=N_("Words for missing"), help=N_("Values that say that something is missing, with commas between them. An empty value always is."),
        longest=1000,
    )  # fmt: skip
    encoding: str = choice(
        AUTO, title=N_("Encoding"), help=N_("How letters were written as bytes. Wrong where ä, é or 中 look odd."),
        choices={AUTO: _FOUND, "utf-8": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030", "windows-1252": "Latin-1 (Windows-1252)"},
    )  # fmt: skip
    quote: str = choice(
        AUTO, title=N_("Quotes"), help=N_("What stands around values that hold the separating character."),
        choices={AUTO: _FOUND, "double": N_('Double: "a"'), "single": N_("Single: 'a'"), "none": N_("None")},
    )  # fmt: skip

    @classmethod
    def as_learned(cls, learned: Mapping[str, Any], said: Sequence[str] = ()) -> Self:
        """For new data: of how values read, what held for the file that was `learned` from, so that a date means the same every day.

        What was `said`, words ``NAME=VALUE``, comes before.

        Raises:
            ParameterError: a word names no option, or its value is none.
        """
        kept = {name: value for name, value in learned.items() if name in OF_VALUES}
        return cls(**{**kept, **cls.parse_parameters(list(said))})

    @property
    def missing_words(self) -> list[str]:
        """The words for missing, the empty one among them."""
        return ["", *filter(None, (word.strip() for word in self.missing.split(",")))]


def word_for(words: Mapping[str, Any], meant: object) -> str:
    """The word that stands for what is meant."""
    return next(word for word, value in words.items() if value == meant)


#: What may be said of everything that arrives as text.
OF_VALUES = ("decimal", "dates", "missing")
