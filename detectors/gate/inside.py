"""What the gate says of what is inside pictures and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from detectors.contents import FIGURES, Figure, Measured
from detectors.contents.texts import NONE
from detectors.detector_file.manifest import Manifest
from detectors.drift import Categories, Drift, Numbers
from detectors.gate.columns import watched
from detectors.gate.findings import AS_NEW, Noticed, percent
from detectors.messages import N_, Message

#: Names that a sentence quotes.
NAMED = 3

#: Sizes that are named as those learned from; of more of them only the ranges of width and height are compared.
FEW_SIZES = 12
OF_SIZE = ("width", "height", "aspect")

#: So many times as often as chance would have it, and a few items more, lie beyond the range that was learned from.
BY_CHANCE, SOME = 3.0, 2

#: What lies beyond the range by less than this is not told: percents that hardly anybody would see.
SLACK = dict.fromkeys(("brightness", "contrast", "saturated", "known", "digits", "marks"), 1.0)

#: A share of texts without a word, or said before, that has grown by this is named.
GROWN = 0.05

SIZES = N_("{share} of the pictures ({count} of {rows}) have a size that none had that it learned from: {found}; there {learned}.")
FITTED = {
    "stretch": N_("Scoring goes on: every picture is brought to {size} × {size} pixels, stretched where it has another shape."),
    "crop": N_("Scoring goes on: the middle of every picture is brought to {size} × {size} pixels."),
    "pad": N_("Scoring goes on: every picture is brought to {size} × {size} pixels, with a border where it has another shape."),
}
ALL_SIZES = N_("All {rows} pictures are {found}; those that it learned from are {learned}.")
COLOURED = N_("{share} of the pictures ({count} of {rows}) are in colour; all that it learned from are grey.")
GREYED = N_("{share} of the pictures ({count} of {rows}) are grey; all that it learned from are in colour.")
MADE_GREY = N_("Scoring goes on: they are made grey, colour is not looked at.")
LETTERS = N_(
    "{share} of the texts ({count} of {rows}) are in letters that none of those was in that it learned from: {found}; there {learned}."
)
UNREADABLE = N_("Scoring goes on: words that it does not know are all the same to it, so these texts differ by their length at most.")
WORDLESS = N_("{share} of the texts ({count} of {rows}) are without a word; of those it learned from {before}.")
REPEATED = N_("{share} of the texts ({count} of {rows}) repeat one before them; of those it learned from {before}.")
EACH_ALONE = N_("Scoring goes on: equal texts have equal scores, each is flagged.")
AS_ONE = N_("Scoring goes on: they all have the same score.")


def of_contents(manifest: Manifest, learned: Mapping[str, Any], found: Measured) -> tuple[list[Noticed], list[Drift]]:
    """Findings, and the drift of each figure, of pictures or of a column of texts; `learned` is what the manifest has of them."""
    known = FIGURES.get(found.what, {})
    noticed: list[Noticed] = []
    drifts: list[Drift] = []
    few_sizes = _has_few_sizes(learned)
    left_out = () if few_sizes is None else OF_SIZE if few_sizes else ("size",)
    for name, watch in watched(learned["figures"]).items():
        if name not in found.figures or name not in known or name in left_out:
            continue
        watch.add(found.figures[name])
        drift = watch.drift(int(learned["items"]))
        if drift is None:
            continue
        of = "" if manifest.kind == "text" else found.column  # there is one column of texts, and nothing else
        drifts += [replace(drift, column=of, figure=known[name].title)]
        if isinstance(watch, Numbers):
            told = _of_numbers(watch, known[name], drift, found, int(learned["items"]))
            noticed += [replace(each, then=shown_sizes(manifest) or each.then) for each in told] if name in OF_SIZE else told
        else:
            noticed += _of_names(watch, found, manifest)
    return noticed, drifts


def _has_few_sizes(learned: Mapping[str, Any]) -> bool | None:
    """Whether pictures were of a few sizes, which are named then; None where it is not about pictures."""
    size = next((column for column in learned["figures"] if column["name"] == "size"), None)
    return None if size is None else 0 < len(size.get("categories") or {}) <= FEW_SIZES


def _of_numbers(watch: Numbers, figure: Figure, drift: Drift, found: Measured, items: int) -> list[Noticed]:
    """Values beyond those of the `items` learned from, more than chance brings; else where most lie."""
    low, high = float(watch.quantiles[0]), float(watch.quantiles[-1])
    noticed = []
    for count, value, template in ((watch.below, watch.lowest, figure.below), (watch.above, watch.highest, figure.above)):
        beyond = low - value if value < low else value - high
        if template is None or beyond < SLACK.get(figure.name, 0.0) or count <= SOME + BY_CHANCE * watch.count / max(1, items):
            continue
        shown = {name: _figure(number) for name, number in (("value", value), ("low", low), ("high", high))}
        shown["range"] = shown["low"] if shown["low"] == shown["high"] else f"{shown['low']} – {shown['high']}"
        noticed.append(_noticed(template, count, len(found.figures), **shown))
    if not noticed and figure.moved is not None and drift.size == "large":
        medians = {"found": float(np.nanmedian(found.figures[figure.name])), "learned": float(watch.quantiles[len(watch.quantiles) // 2])}
        if abs(medians["found"] - medians["learned"]) >= SLACK.get(figure.name, 0.0):
            told = {name: _figure(number) for name, number in medians.items()}
            noticed.append(Noticed(Message(figure.moved, told), Message(AS_NEW)))
    return noticed


def _of_names(watch: Categories, found: Measured, manifest: Manifest) -> list[Noticed]:
    """Sizes, colours and letters that were not learned from; texts without a word, and repeated ones."""
    name, rows = str(watch.column["name"]), len(found.figures)
    if name in ("empty", "repeated"):
        return _of_shares(watch, found)
    unseen = [pair for pair in watch.unseen if pair[0] != NONE]
    if not unseen:
        return []
    values = {"found": _named(unseen), "learned": _named(sorted(watch.learned.items(), key=lambda pair: -pair[1]))}
    count = sum(count for _, count in unseen)
    if name == "size":
        then = shown_sizes(manifest)
        return [replace(_noticed(ALL_SIZES if count == rows else SIZES, count, rows, **values), then=then or Message(AS_NEW))]
    if name == "colour":
        is_made_grey = manifest.preparation.get("channels") == 1
        told = _noticed(COLOURED if unseen[0][0] == "colour" else GREYED, count, rows)
        return [replace(told, then=Message(MADE_GREY)) if is_made_grey else told]
    return [replace(_noticed(LETTERS, count, rows, **values), then=Message(UNREADABLE))]


def _of_shares(watch: Categories, found: Measured) -> list[Noticed]:
    """Texts without a word, and repeated ones, where there are clearly more of them."""
    count, before = watch.counts.get("true", 0), watch.learned.get("true", 0) / max(1, sum(watch.learned.values()))
    share = count / max(1, len(found.figures))
    is_empty = watch.column["name"] == "empty"
    is_new = before == 0 and count > SOME if is_empty else share > before + GROWN
    if not is_new and share <= before + GROWN:
        return []
    told = _noticed(WORDLESS if is_empty else REPEATED, count, len(found.figures), before=percent(before))
    return [replace(told, then=Message(AS_ONE if is_empty else EACH_ALONE))]


def _noticed(template: str, count: int, rows: int, **values: str) -> Noticed:
    what = Message(template, {"count": count, "rows": rows, "share": percent(count / max(1, rows)), **values})
    return Noticed(what, Message(AS_NEW))


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _named(counts: list[tuple[str, int]]) -> str:
    return ", ".join(name for name, _ in counts[:NAMED]) + (" …" if len(counts) > NAMED else "")


def shown_sizes(manifest: Manifest) -> Message | None:
    """What becomes of a picture of any size; None where it is not about pictures.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the manifest does not say so.
    """
    if manifest.kind != "images":
        return None
    fit_to = str(manifest.preparation.get("parameters", {}).get("fit_to", "pad"))
    return Message(FITTED.get(fit_to, FITTED["pad"]), {"size": int(manifest.preparation.get("size", 0))})
