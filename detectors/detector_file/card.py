"""The card of a detector file: for whoever is handed it. What it learned from, how it was judged, its limits, what it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from detectors.detector_file.form import Form
from detectors.detector_file.manifest import Manifest
from detectors.messages import N_, Message, Translate, shown

#: Columns and categories that the card names; the manifest has them all.
MOST_COLUMNS, MOST_CATEGORIES = 60, 8

CARRIES_NOTHING = N_("The detector keeps nothing of single training rows, only what it has made of all of them.")
BACKGROUND = N_("usual rows that explanations compare with")
CANARIES = N_("rows with their scores, by which another installation checks that it scores alike")

#: Markdown that would be markup in a table or a sentence.
_MARKUP = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|~"})


def card(manifest: Manifest, when: str = "", when_not: str = "", translate: Translate = str) -> str:
    """The card as Markdown. `when` and `when_not` are what the detector says of itself, templates."""

    def say(template: str, **values: Any) -> str:
        return Message(template, values).text(translate, lambda value: escaped(shown(value)))

    parts = [
        f"# {say(manifest.title or manifest.detector)}",
        say(N_("A detector for {kind} data, written {written}. Higher scores are more unusual; a row is flagged above {cut_off}."),
            kind=manifest.kind, written=manifest.written[:10], cut_off=manifest.threshold.cut_off),
        *_section(say(N_("What it learned from")), _learned(manifest, say)),
        *_section(say(N_("Where unusual begins")), _threshold(manifest, say)),
        *_section(say(N_("How it was judged")), _judged(manifest.judged, say)),
        *(_section(say(N_("Made smaller")), _smaller(manifest.form, say)) if manifest.form else []),
        *_section(say(N_("Known limits")), _limits(manifest, when, when_not, say)),
        *_section(say(N_("Training rows inside this file")), _carried(manifest, say)),
        *_section(say(N_("Columns")), ["\n".join(_columns(manifest.columns, say))]),
        *_section(say(N_("How to use it")), _use(manifest, say)),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """`text` as it stands, whatever Markdown would make of it; on one line."""
    return " ".join(text.split()).translate(_MARKUP)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return [f"## {title}", *lines]


def _learned(manifest: Manifest, say: Any) -> list[str]:
    data = manifest.data
    lines = [say(N_("{fitted} of {rows} rows of {name}."), fitted=manifest.fitted_rows, rows=manifest.rows, name=data.get("name", "?"))]
    if data.get("sha256"):
        lines.append(say(N_("SHA-256 of that file: {digest}"), digest=data["sha256"]))
    values = ", ".join(f"{name} = {value}" for name, value in manifest.parameters.items())
    lines.append(say(N_("Detector {detector} on {representation}, seed {seed}: {values}."),
                     detector=manifest.detector, representation=manifest.representation, seed=str(manifest.seed), values=values))  # fmt: skip
    return lines


def _threshold(manifest: Manifest, say: Any) -> list[str]:
    kept = manifest.threshold
    lines = [say(N_("Cut-off {cut_off}, by the rule {rule} with {value}."), cut_off=kept.cut_off, rule=kept.rule, value=kept.value)]
    if kept.reason:
        lines.append(say(N_("Reason: {reason}"), reason=kept.reason))
    if kept.chosen_by:
        lines.append(say(N_("Chosen by {name}."), name=kept.chosen_by))
    if kept.segments:
        own = kept.segments
        lines.append(
            say(N_("{count} values of the column {column} have a cut-off of their own."), count=len(own["cut_offs"]), column=own["column"])
        )
    if "flagged" in manifest.scores:
        lines.append(say(N_("It flags {share} % of the rows learned from."), share=100 * float(manifest.scores["flagged"])))
    if manifest.suppressions:
        lines.append(say(N_("{count} suppressions of the run travel with it."), count=len(manifest.suppressions)))
    return lines


def _judged(judged: Mapping[str, Any], say: Any) -> list[str]:
    if not judged:
        return [say(N_("No row was labelled, so nobody knows how many of its flags are right."))]
    who = (
        N_("On {rows} labelled rows, {anomalies} of them anomalies, that it did not learn from:")
        if judged.get("held_out")
        else N_("On {rows} labelled rows, {anomalies} of them anomalies; the labels were never learned from:")
    )
    names = {
        "auroc": N_("AUROC {value}"), "average_precision": N_("average precision {value}"), "precision": N_("precision {value}"),
        "recall": N_("recall {value}"), "f1": N_("F1 {value}"),
    }  # fmt: skip
    figures = [say(template, value=float(judged[name])) for name, template in names.items() if judged.get(name) is not None]
    return [f"{say(who, rows=judged['rows'], anomalies=judged['anomalies'])} {', '.join(figures)}."]


def _smaller(kept: Mapping[str, Any], say: Any) -> list[str]:
    form, measured = Form.from_json(kept), kept.get("measured") or {}
    lines = [say(N_("Weights: {form}."), form=form.title.text())]
    if not form.engine:
        lines.append(say(N_("Without the source that `score.py` runs: it scores where Anomalyst is installed.")))
    if form.of_weights and measured:
        told = N_("Compared with the file that it was made of, on {rows} rows: the ranks agree to {agreement}, none moved by more than "
                  "{largest}, {changed} rows are on the other side of the cut-off.")  # fmt: skip
        figures = {"rows": int(measured["rows"]), "largest": int(measured["largest"]), "changed": int(measured["changed"])}
        lines.append(say(told, agreement=f"{float(measured['agreement']):.5f}", **figures))
    return lines


def _limits(manifest: Manifest, when: str, when_not: str, say: Any) -> list[str]:
    lines = [
        say(N_("Good for: {when}"), when=say_plain(when)) if when else "",
        say(N_("Not for: {when_not}"), when_not=say_plain(when_not)) if when_not else "",
    ]
    return [
        *lines,
        say(N_("It knows only what its training rows were like: values outside the ranges below, new categories and data of another time may be flagged because they are new.")),
        say(N_("Scores are the same to the last bit under the library versions below, on the same kind of machine ({machine})."), machine=manifest.machine or "?"),
        say(N_("Library versions: {libraries}."), libraries=", ".join(f"{name} {number}" for name, number in manifest.libraries.items())),
    ]  # fmt: skip


def say_plain(template: str) -> str:
    """A template without values as text."""
    return template


def _carried(manifest: Manifest, say: Any) -> list[str]:
    whole = [each for each in manifest.carries if each.get("whole", True)]
    parts = [each for each in manifest.carries if not each.get("whole", True)]
    lines = []
    if not [each for each in manifest.carries if each.get("of") == "detector"]:
        lines.append(say(CARRIES_NOTHING))
    if whole:
        lines.append(say(N_("Whole rows, as they were prepared. Whoever has this file can read them; look at this before you share it:")))
        lines.append("\n".join(f"- {say(N_('{count} {what}'), count=each['count'], what=each['what'])}" for each in whole))
    if parts:
        lines.append(say(N_("Values of single columns or parts, of which no whole row can be put together:")))
        lines.append("\n".join(f"- {say(N_('{count} {what}'), count=each['count'], what=each['what'])}" for each in parts))
    lines.append(
        say(N_("Besides, the names of columns, their ranges and distributions, and the categories or words that the preparation knows."))
    )
    return lines


def _columns(columns: Iterable[Mapping[str, Any]], say: Any) -> list[str]:
    found = list(columns)
    heads = [N_("Column"), N_("Role"), N_("Type"), N_("Values"), N_("Missing")]
    rows = ["| " + " | ".join(say(head) for head in heads) + " |", "|" + " --- |" * len(heads)]
    for column in found[:MOST_COLUMNS]:
        cells = [
            escaped(column["name"]),
            escaped(column["role"]),
            escaped(column["type"]),
            _values(column, say),
            f"{100 * column['missing']:.3g} %",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    if len(found) > MOST_COLUMNS:
        rows += ["", say(N_("… and {count} more, all in manifest.json."), count=len(found) - MOST_COLUMNS)]
    return rows if found else [say(N_("None: the data are pictures."))]


def _values(column: Mapping[str, Any], say: Any) -> str:
    if column.get("low") is not None:
        low, high = (_as_read(column["type"], column[end]) for end in ("low", "high"))
        return say(N_("{low} to {high}"), low=low, high=high)
    if column.get("categories"):
        names = list(column["categories"])
        named = ", ".join(escaped(name) for name in names[:MOST_CATEGORIES])
        return (
            named
            if len(names) <= MOST_CATEGORIES
            else say(N_("{named} and {count} more"), named="…", count=len(names) - MOST_CATEGORIES).replace("…", named)
        )
    return say(N_("too many to name"))


def _as_read(kind: str, value: float) -> Any:
    if kind == "date":
        from datetime import UTC, datetime, timedelta

        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
        return moment.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _use(manifest: Manifest, say: Any) -> list[str]:
    with_it = [
        say(N_("With Anomalyst installed:")),
        "```\npython -m detectors score detector.zip DATA --out scores.csv\npython -m detectors explain detector.zip DATA --rows 3,17 --out reasons.csv\n```",
    ]
    if not manifest.form.get("engine", True):
        return with_it
    return [
        *with_it,
        say(N_("Without it, in a folder of its own (score.py runs the source in engine.zip: only from someone you trust):")),
        "```\nunzip detector.zip -d detector\npip install -r detector/requirements.txt\npython detector/score.py DATA --out scores.csv\n```",
    ]  # fmt: skip
