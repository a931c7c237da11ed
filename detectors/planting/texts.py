"""Anomalies planted in texts: in their own words, before they are prepared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detectors.arrays import drawn
from detectors.messages import N_, Message
from detectors.planting.contract import AnomalyKind, Ground, Plant, Planted, PlantedData
from detectors.planting.foreign_texts import SPAM, TEXTS, foreign_sentences, language_of

KIND = "text"

#: Anomalies of each kind.
PLACES = 100

#: Texts by which language and usual words are told.
USUAL_TEXTS = 1_000

#: What is a word where words are not set apart by spaces: Chinese characters, in pairs.
PAIRS = re.compile(r"[一-鿿]{1,2}|[^\s一-鿿]+")

_UNKNOWN_LANGUAGE = N_("The texts are in none of the languages that foreign texts are kept in ({languages}).")


@dataclass(frozen=True)
class _Texts:
    """Texts to change, and what their language is."""

    chosen: list[str]
    language: str | None
    foreign: Sequence[str]
    """Sentences in that language on a topic that is foreign to the data."""

    @classmethod
    def of(cls, ground: Ground, chance: np.random.Generator) -> _Texts:
        column = ground.data.columns("text")[0]
        learned = np.flatnonzero(ground.learned)
        usual = [str(text) for text in ground.data.frame([column], learned[drawn(len(learned), USUAL_TEXTS, 0)])[column].dropna()]
        allowed = np.flatnonzero(ground.allowed)
        rows = np.sort(chance.choice(allowed, min(ground.places, len(allowed)), replace=False))
        chosen = ground.data.frame([column], rows)[column]
        language = language_of(usual)
        foreign = foreign_sentences(usual, language) if language else ()
        return cls([str(text) for text in chosen.fillna("")], language, foreign)


def _planted(change: Callable[[str, _Texts, np.random.Generator], str], *, by_language: bool) -> Plant:
    def plant(ground: Ground, chance: np.random.Generator) -> Planted | Message:
        texts = _Texts.of(ground, chance)
        if by_language and texts.language is None:
            return Message(_UNKNOWN_LANGUAGE, {"languages": ", ".join(TEXTS)})
        column = ground.data.columns("text")[0]
        changed = [change(text, texts, chance) for text in texts.chosen]
        values = pd.DataFrame({column: changed})
        return Planted.in_rows(PlantedData(ground.data.folder, ground.data.roles, values=values), ground)

    return plant


def _foreign(text: str, texts: _Texts, chance: np.random.Generator) -> str:
    """As long as the text was, about."""
    return _as_long(texts.foreign, text, chance)


def _other_language(text: str, texts: _Texts, chance: np.random.Generator) -> str:
    others = [language for language in TEXTS if language != texts.language]
    language = str(chance.choice(others))
    return _as_long([sentence for subject in TEXTS[language].values() for sentence in subject], text, chance)


def _as_long(sentences: Sequence[str], text: str, chance: np.random.Generator) -> str:
    """Sentences in any order until they are about as long as `text`; one at least."""
    made: list[str] = []
    while not made or sum(map(len, made)) + len(made) < len(text):
        made += [str(sentence) for sentence in chance.permutation(list(sentences))]
    keep = 1
    while keep < len(made) and sum(map(len, made[:keep])) + keep < len(text):
        keep += 1
    return " ".join(made[:keep])


def _shuffled(text: str, texts: _Texts, chance: np.random.Generator) -> str:
    chinese = texts.language == "chinese"
    words = PAIRS.findall(text) if chinese else text.split()
    return ("" if chinese else " ").join(str(words[place]) for place in chance.permutation(len(words)))


def _spammed(text: str, texts: _Texts, chance: np.random.Generator) -> str:
    assert texts.language is not None
    return f"{text} {chance.choice(list(SPAM[texts.language]))}".strip()


ANOMALIES: dict[AnomalyKind, Plant] = {
    AnomalyKind(
        "subject", N_("Foreign topic"), N_("The text was replaced by one as long, in its language, on a topic that is foreign to the data."),
    ): _planted(_foreign, by_language=True),
    AnomalyKind("shuffled", N_("Shuffled words"), N_("The text's own words in any order.")): _planted(_shuffled, by_language=False),
    AnomalyKind("spam", N_("Spam phrase"), N_("A phrase such as advertisers write was put behind the text.")): _planted(
        _spammed, by_language=True
    ),
    AnomalyKind("language", N_("Other language"), N_("The text was replaced by one as long in another language.")): _planted(
        _other_language, by_language=False
    ),
}  # fmt: skip
