"""A text into words, each with its place in the text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

#: What stands for a link, for a mail address or a user's name, and for a number: which one it was hardly ever matters.
LINK, ADDRESS, NUMBER = "<link>", "<address>", "<number>"

#: Of a sign that is repeated so many are kept: "!!!!!!" and "!!!" say the same, "!" does not.
REPEATS_KEPT = 3

#: A link without spaces, or a word that somebody leant on, may be any length; a word's form is cut here.
LONGEST_FORM = 64

#: Characters that are segmented into words by a dictionary (Chinese, and the same characters in Japanese).
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

#: Scripts without spaces between words and without a dictionary here: Thai, Lao, Burmese, Khmer, Japanese kana.
#: Each character is a word of its own; whole sentences would be words that no other text has.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff"


_HAN = re.compile(f"[{HAN}]")


class Word(NamedTuple):
    """A word's lower-cased form, or placeholder, and where it stands: the characters `start` to `end` of the text."""

    form: str
    start: int
    end: int


def words(text: Any) -> list[Word]:
    """The words of `text` in their order; none where the text is missing (None, NaN). Signs and emoji are words too."""
    if not isinstance(text, str):
        if text is None or text != text:  # noqa: PLR0124 - only what is not a number differs from itself
            return []
        text = str(text)
    return list(_found(text))


def forms(text: Any) -> list[str]:
    """The words of `text` without their places."""
    return [word.form for word in words(text)]


def words_outside_han(text: str) -> tuple[list[str], list[str]]:
    """The forms of the words of `text` that need no dictionary, and its Chinese characters one by one: quick to import."""
    forms, characters = [], []
    for word in _found(text, lambda run, start: [Word(run, start, start + len(run))]):
        if _HAN.match(word.form):
            characters += list(word.form)
        else:
            forms.append(word.form)
    return forms, characters


def _found(text: str, segmented: Callable[[str, int], Iterable[Word]] | None = None) -> Iterator[Word]:
    for match in _pattern().finditer(text):
        kind, found = match.lastgroup, match.group()
        start, end = match.span()
        if kind == "han":
            yield from (segmented or _segmented)(found, start)
        elif kind == "word":
            yield Word(_form(found), start, end)
        elif kind == "sign":
            yield Word(match["first"] * min(len(found), REPEATS_KEPT), start, end)
        elif kind == "entity":
            yield Word(_form(html.unescape(found)), start, end)
        elif kind == "single":
            yield Word(found, start, end)
        else:
            yield Word({"link": LINK, "address": ADDRESS, "number": NUMBER}[str(kind)], start, end)


def _segmented(run: str, start: int) -> Iterator[Word]:
    import rjieba

    for form in rjieba.cut(run):
        yield Word(form, start, start + len(form))
        start += len(form)


def _form(found: str) -> str:
    if not found.isascii():
        # Full-width letters and ligatures are written as the letters they are.
        found = unicodedata.normalize("NFKC", found).replace("’", "'")
    return found.lower()[:LONGEST_FORM]


@cache
def _pattern() -> re.Pattern[str]:
    """Alternatives in the order in which they are tried at every place of a text."""
    marks = _marks()
    letter = rf"(?:[^\W{HAN}{UNSPACED}]|[{marks}])"
    return re.compile(
        rf"""
        (?P<link> (?:https?://|www\.) [^\s<>"{HAN}]+ )
        |(?P<address> [a-z0-9][\w.+-]{{0,63}}@[\w-]+(?:\.[\w-]+)+ | @[a-z0-9_]+ )
        |(?P<entity> &(?:\#\d+|\#x[0-9a-f]+|[a-z]+[0-9]*); )
        |(?P<number> \d+(?:[.,:/-]\d+)* (?!{letter}) )
        |(?P<han> [{HAN}]+ )
        |(?P<single> [{UNSPACED}][{marks}]* )
        |(?P<word> [^\W{HAN}{UNSPACED}]{letter}*(?:['’]{letter}+)* )
        |(?P<sign> (?P<first>[^\w\s{marks}\u200d])(?P=first)* )
        """,
        re.VERBOSE | re.IGNORECASE,
    )


def _marks() -> str:
    """Accents and vowel signs that Unicode sets apart from their letter, as ranges of a character class."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0xFFFF):
        if unicodedata.category(chr(code)) in {"Mn", "Mc"}:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


__all__ = ["ADDRESS", "LINK", "NUMBER", "Word", "forms", "words", "words_outside_han"]
