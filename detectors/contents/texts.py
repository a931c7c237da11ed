"""Figures of texts: how long they are, in which letters, of which words; whether there is one, and whether it was there before."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.preparation.words import words_outside_han

#: Characters of a text that are looked at; its length is that of all of it.
LONGEST_READ = 20_000

#: Characters of texts that are looked at at once.
AT_ONCE = 2_000_000

#: Letters by script, and the code points where they are; the first script that claims a letter has it.
SCRIPTS: dict[str, str] = {
    N_("Latin"): "0041-024f 1e00-1eff 2c60-2c7f a720-a7ff fb00-fb06 ff21-ff5a",
    N_("Greek"): "0370-03ff 1f00-1fff",
    N_("Cyrillic"): "0400-052f 1c80-1c8f 2de0-2dff a640-a69f",
    N_("Armenian"): "0530-058f",
    N_("Hebrew"): "0590-05ff fb1d-fb4f",
    N_("Arabic"): "0600-06ff 0750-077f 0860-08ff fb50-fdff fe70-fefe",
    N_("Devanagari"): "0900-097f a8e0-a8ff",
    N_("other Indian"): "0980-0dff",
    N_("Thai"): "0e00-0e7f",
    N_("Georgian"): "10a0-10ff 1c90-1cbf 2d00-2d2f",
    N_("Korean"): "1100-11ff 3130-318f ac00-d7ff",
    N_("Japanese"): "3040-30ff 31f0-31ff ff66-ff9d",
    N_("Chinese"): "2e80-2fdf 3005-3007 3400-4dbf 4e00-9fff f900-faff 20000-3ffff",
}
OTHER, NONE = N_("other"), N_("none")

#: What a character is: a gap, a digit, a mark, a letter of another script, then the scripts in their order.
_GAP, _DIGIT, _MARK, _OTHER, _FIRST = 0, 1, 2, 3, 4

#: Characters above this are looked up as letters of a script alone.
_CATEGORISED = 0x20000
_CODES = 0x40000


def text_figures(texts: Sequence[str | None], vocabulary: Collection[str] | None, repeated: NDArray[np.bool_]) -> pd.DataFrame:
    """A row of figures for each of `texts`; those of texts without a word are missing.

    Args:
        vocabulary: the words that are known, as `preparation.words` forms them; None: not told.
        repeated: (texts,), whether an equal text came before.
    """
    found = [_together(texts[start:end]) for start, end in _groups(texts)]
    frame = pd.concat(found, ignore_index=True) if found else _together([])
    is_empty = frame["words"].isna().to_numpy()
    if vocabulary is not None:
        frame.insert(3, "known", _known(texts, vocabulary))
    return frame.assign(empty=is_empty, repeated=np.asarray(repeated, dtype=bool) & ~is_empty)


def repeated(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(texts,): whether an equal one came before."""
    return pd.Series(hashes).duplicated().to_numpy()


def hashes(texts: pd.Series) -> NDArray[np.uint64]:
    """What tells texts apart, white space at their ends aside; 0 where there is none."""
    plain = texts.fillna("").astype(str).str.strip()
    return np.where(plain.to_numpy() == "", np.uint64(0), pd.util.hash_array(plain.to_numpy(dtype=object)))


def _groups(texts: Sequence[str | None]) -> list[tuple[int, int]]:
    """From where to where texts are looked at at once."""
    lengths = np.array([min(len(text), LONGEST_READ) if text else 0 for text in texts] or [0])
    parts = np.flatnonzero(np.diff(np.cumsum(lengths) // AT_ONCE)) + 1
    bounds = [0, *parts.tolist(), len(texts)]
    return [(start, end) for start, end in pairwise(bounds) if end > start]


def _together(texts: Sequence[str | None]) -> pd.DataFrame:
    read = [(text or "")[:LONGEST_READ] for text in texts]
    lengths = np.array([len(text) for text in read], dtype=np.intp)
    codes = np.frombuffer("".join(read).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _kinds()[np.minimum(codes, _CODES - 1)]
    width = _FIRST + len(SCRIPTS)
    of_text = np.repeat(np.arange(len(read)), lengths)
    counts = np.bincount(of_text * width + kinds, minlength=len(read) * width).reshape(len(read), width)
    signs = counts[:, _DIGIT:].sum(axis=1)
    known = np.where(signs > 0, signs, np.nan)
    return pd.DataFrame({
        "length": np.where(signs > 0, [len(text or "") for text in texts], np.nan),
        "words": _word_counts(kinds, of_text, len(read), signs), "letters": _letters(counts),
        "digits": 100 * counts[:, _DIGIT] / known, "marks": 100 * counts[:, _MARK] / known,
    })  # fmt: skip


def _word_counts(kinds: NDArray[np.uint8], of_text: NDArray[np.intp], texts: int, signs: NDArray[np.intp]) -> NDArray[np.float64]:
    """How many stretches without a gap each text has; missing where it has no sign."""
    is_sign = kinds != _GAP
    starts = is_sign.copy()
    starts[1:] &= ~is_sign[:-1] | (of_text[1:] != of_text[:-1])
    return np.where(signs > 0, np.bincount(of_text[starts], minlength=texts), np.nan)


def _letters(counts: NDArray[np.intp]) -> NDArray[np.object_]:
    """The script that most letters of each text are of; missing where it has no sign at all."""
    scripts = counts[:, _OTHER:]
    names = np.array([OTHER, *SCRIPTS], dtype=object)
    found = names[scripts.argmax(axis=1)]
    found[scripts.sum(axis=1) == 0] = NONE
    found[counts[:, _DIGIT:].sum(axis=1) == 0] = None
    return found


def _known(texts: Sequence[str | None], vocabulary: Collection[str]) -> NDArray[np.float64]:
    """The share of known words in each text, in %; of Chinese characters those are known that are in a known word."""
    chinese = {character for word in vocabulary for character in words_outside_han(word)[1]}
    shares = np.full(len(texts), np.nan)
    for place, text in enumerate(texts):
        forms, characters = words_outside_han((text or "")[:LONGEST_READ])
        count = len(forms) + len(characters)
        if count:
            known = sum(form in vocabulary for form in forms) + sum(character in chinese for character in characters)
            shares[place] = 100 * known / count
    return shares


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point is, (code points,)."""
    kinds = np.full(_CODES, _OTHER, dtype=np.uint8)
    of_category = {"Z": _GAP, "C": _GAP, "N": _DIGIT, "P": _MARK, "S": _MARK}
    kinds[:_CATEGORISED] = [of_category.get(unicodedata.category(chr(code))[0], _OTHER) for code in range(_CATEGORISED)]
    for place, ranges in enumerate(SCRIPTS.values(), start=_FIRST):
        for part in ranges.split():
            first, last = (int(end, 16) for end in part.split("-"))
            stretch = kinds[first : last + 1]
            stretch[stretch == _OTHER] = place
    return kinds
