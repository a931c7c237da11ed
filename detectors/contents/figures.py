"""The figures that are told of a picture, of a text, and of the times of a series: names, and sentences about new values."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.messages import N_

PICTURES, TEXTS, TIMES = "images", "text", "series"


@dataclass(frozen=True)
class Figure:
    """One figure. Sentences are templates with `count`, `share`, `rows`, `value` (the furthest), `high` and `range`."""

    name: str
    title: str
    below: str | None = None
    """What is said of values below all that were learned from; None where these say nothing."""
    above: str | None = None
    moved: str | None = None
    """What is said where most values lie elsewhere, none of them outside: `found` and `learned` are the medians."""


_PICTURES = (
    Figure("size", N_("width × height, pixels")),
    Figure("width", N_("width, pixels"), N_("{share} of the pictures ({count} of {rows}) are narrower than any it learned from: {value} pixels; there {range}."),
           N_("{share} of the pictures ({count} of {rows}) are wider than any it learned from: {value} pixels; there {range}.")),
    Figure("height", N_("height, pixels"), N_("{share} of the pictures ({count} of {rows}) are less high than any it learned from: {value} pixels; there {range}."),
           N_("{share} of the pictures ({count} of {rows}) are higher than any it learned from: {value} pixels; there {range}.")),
    Figure("aspect", N_("width ÷ height"), N_("{share} of the pictures ({count} of {rows}) are more upright than any it learned from: {value} times as wide as high; there {range}."),
           N_("{share} of the pictures ({count} of {rows}) are more oblong than any it learned from: {value} times as wide as high; there {range}.")),
    Figure("colour", N_("colour or grey")),
    Figure("brightness", N_("brightness, % of white"),
           N_("{share} of the pictures ({count} of {rows}) are darker than any it learned from: {value} % of white; there {range} %."),
           N_("{share} of the pictures ({count} of {rows}) are brighter than any it learned from: {value} % of white; there {range} %."),
           N_("The brightness of the pictures has moved: {found} % of white in the middle; {learned} % among those it learned from.")),
    Figure("contrast", N_("contrast, spread of brightness in %"),
           N_("{share} of the pictures ({count} of {rows}) have less contrast than any it learned from: {value} %; there {range} %."),
           N_("{share} of the pictures ({count} of {rows}) have more contrast than any it learned from: {value} %; there {range} %."),
           N_("The contrast of the pictures has moved: {found} % in the middle; {learned} % among those it learned from.")),
    Figure("sharpness", N_("sharpness, spread of edges in %"),
           N_("{share} of the pictures ({count} of {rows}) are more blurred than any it learned from: edges of {value} %; there {range} %."),
           N_("{share} of the pictures ({count} of {rows}) are sharper or noisier than any it learned from: edges of {value} %; there {range} %."),
           N_("The sharpness of the pictures has moved: edges of {found} % in the middle; {learned} % among those it learned from.")),
    Figure("saturated", N_("pixels all black or white, %"), None,
           N_("{share} of the pictures ({count} of {rows}) have more pixels all black or white than any it learned from: {value} %; there at most {high} %."),
           N_("More or fewer pixels are all black or white: {found} % in the middle picture; {learned} % among those it learned from.")),
)  # fmt: skip

_TEXTS = (
    Figure("length", N_("characters"), N_("{share} of the texts ({count} of {rows}) are shorter than any it learned from: {value} characters; there {range}."),
           N_("{share} of the texts ({count} of {rows}) are longer than any it learned from: {value} characters; there {range}."),
           N_("The texts are of another length: {found} characters in the middle; {learned} among those it learned from.")),
    Figure("words", N_("words")),
    Figure("known", N_("words it knows, %"), N_("{share} of the texts ({count} of {rows}) hold fewer words that it knows than any it learned from: {value} %; there {range} %."),
           None, N_("Of half of the texts it knows at most {found} % of the words; of those it learned from {learned} %.")),
    Figure("letters", N_("letters")),
    Figure("digits", N_("digits, % of the signs"), None,
           N_("{share} of the texts ({count} of {rows}) hold more digits than any it learned from: {value} % of their signs; there at most {high} %."),
           N_("More or fewer signs are digits: {found} % in the middle text; {learned} % among those it learned from.")),
    Figure("marks", N_("punctuation, % of the signs"), None,
           N_("{share} of the texts ({count} of {rows}) hold more punctuation than any it learned from: {value} % of their signs; there at most {high} %."),
           N_("More or fewer signs are punctuation: {found} % in the middle text; {learned} % among those it learned from.")),
    Figure("empty", N_("without a word")),
    Figure("repeated", N_("said before")),
)  # fmt: skip

_TIMES = (Figure("step", N_("time between rows")), Figure("order", N_("order of the rows")))

FIGURES: dict[str, dict[str, Figure]] = {
    kind: {figure.name: figure for figure in figures} for kind, figures in ((PICTURES, _PICTURES), (TEXTS, _TEXTS), (TIMES, _TIMES))
}
